"""Scoring a trained model on rows of texts and labels."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from torso.config.arguments import known_arguments
from torso.model import Model
from torso.tasks.ready import make_ready
from torso.training.data_files import Data, read_table
from torso.training.objective import evaluated
from torso.training.task_data import TaskData
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
    ready = make_ready(model, found.task, device=device)
    data_for_model = _of_model(found, ready.model, columns, label)
    reader = TextReader(ready.tokenizer, settings.long)
    examples = data_for_model.examples(range(len(table.rows)), reader)
    reader.refuse_long()
    objective = data_for_model.objective(examples, TrainSettings())
    predictions, loss = evaluated(ready.model, objective, examples, tokens=settings.tokens)
    return Evaluation(
        {"loss": loss, **data_for_model.scores(predictions, examples)},
        data_for_model.per_label(predictions, examples),
        [data_for_model.prediction_row(each, example) for each, example in zip(predictions, examples, strict=True)],
    )


def _of_model(data: TaskData, model: Model[Any], text: Sequence[str] | None, label: str | None) -> TaskData:
    """Return the data with the labels and the problem of a model."""
    problem = model.config.problem_type
    if problem is not None:
        data = data_of(data.table, data.task.name, text, label, problem)
    if data.labels is not None:
        there = [(model.config.id2label or {}).get(number, f"LABEL_{number}") for number in range(model.config.labels)]
        if problem != "regression":
            data.order_labels(there)
            data = data.with_table(data.table)
    return data
