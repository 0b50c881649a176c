"""Scoring a trained model on rows of texts and labels."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from torso.architecture import Task
from torso.engines.device import choose
from torso.io.arguments import known_arguments
from torso.loading.load import load
from torso.model import Model
from torso.tasks.ready import make_ready
from torso.training.data_files import Data, read_table
from torso.training.task_kinds import data_of
from torso.training.text_reader import TextReader
from torso.training.train_settings import TrainSettings

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Scores of a model on data.

    Attributes:
        scores: by name, the loss among them.
        labels: precision, recall, F1 and count of each label.
        predictions: one row per example.
    """

    scores: dict[str, float]
    labels: list[dict[str, Any]]
    predictions: list[dict[str, Any]]


@known_arguments
def evaluate(
    model: str | os.PathLike[str] | Model[Any],
    data: Data,
    *,
    task: str | None = None,
    text: str | Sequence[str] | None = None,
    label: str | None = None,
    settings: TrainSettings | None = None,
    encoding: str | None = None,
    device: str | torch.device | None = None,
) -> Evaluation:
    """Score a trained model on rows of texts and labels.

    Args:
        model: a folder, a name or a loaded model, with a trained head.
        data: as `train` takes it.
        task: its name; None finds it in the columns.
        text: column of the text, two for pairs; None finds it.
        label: column of the label; None finds it.
        settings: of which ``tokens`` and ``long`` act; None for the defaults.
        encoding: of text files; None for UTF-8.
        device: where to run; None for an accelerator if there is one.

    Raises:
        UntrainedError: ``E_UNTRAINED``, for a head that was never trained.
        InputError: ``E_LABELS`` for a label that the model does not have.
        TorsoError: as `train`.
    """
    settings = settings or TrainSettings()
    columns = (text,) if isinstance(text, str) else text
    table = read_table(data, encoding=encoding)
    found = data_of(table, task, columns, label, None)
    ready = make_ready(_loaded(model, found.task, device), found.task)
    own = found.of_model(ready.model.config)
    own.adapt(ready.model)
    reader = TextReader(ready.tokenizer, settings.long)
    examples = own.examples(range(len(table.rows)), reader)
    reader.refuse_long()
    objective = own.objective(examples, TrainSettings())
    predictions, loss = own.evaluated(ready.model, ready.tokenizer, objective, examples, settings.tokens)
    return Evaluation(
        {"loss": loss, **own.scores(predictions, examples)},
        own.per_label(predictions, examples),
        own.prediction_rows(predictions, examples),
    )


def _loaded(model: str | os.PathLike[str] | Model[Any], task: Task[Any], device: Any) -> Model[Any]:
    """Return a model in PyTorch, which the objectives compute with."""
    return model if isinstance(model, Model) else load(model, task, device=choose(device))
