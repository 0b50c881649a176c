"""Data of one task: rows become examples, predictions become scores."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from torso.architecture import Task
from torso.config.hub_config import HubConfig
from torso.errors import InputError
from torso.model import Model
from torso.text import Tokenizer
from torso.training.data_files import Table
from torso.training.examples import Example
from torso.training.objective import Objective, evaluated
from torso.training.text_reader import TextReader
from torso.training.train_settings import TrainSettings

OWN = ("class_weights", "loss", "dimensions")
"""Settings that act in some tasks alone."""


class TaskData(ABC):
    """Base class of the data of a task.

    Args:
        table: rows.

    Attributes:
        task: whose head learns.
        metric: score of which the best model is kept, where none is named; higher is better.
        labels: names of the head's labels, in order; None for a task without labels.
        grouped: whether rows of one key belong together, see `splitting.split`.
        config: changes to the model's config.
        uses: settings of some tasks alone that act here, of `OWN`.
    """

    task: Task[Any]
    metric: str
    uses: frozenset[str] = frozenset()
    grouped = False

    def __init__(self, table: Table) -> None:
        self.table = table
        self.labels: list[str] | None = None
        self.config: dict[str, Any] = {}

    def refuse_settings(self, settings: TrainSettings) -> None:
        """Refuse settings that would have no effect.

        Raises:
            InputError: ``E_ARGUMENT``.
        """
        for name in OWN:
            if name not in self.uses and getattr(settings, name):
                raise InputError(
                    "E_ARGUMENT",
                    "{name} would have no effect in {task}.",
                    cure="Leave it out.",
                    values=dict(name=name, task=self.task.name),
                )

    @abstractmethod
    def keys(self) -> list[str]:
        """Return for each row what must not be on two sides of a split, such as its text."""

    @abstractmethod
    def answers(self) -> list[Any]:
        """Return the label of each row, as it is in the table."""

    @abstractmethod
    def with_table(self, table: Table) -> TaskData:
        """Return the data of another table, with the same columns and labels."""

    def of_model(self, config: HubConfig) -> TaskData:
        """Return the data as a trained model reads it: with its labels in its order.

        Raises:
            InputError: ``E_LABELS``, for a label that the model does not have.
        """
        if self.labels is not None:
            names = config.id2label or {}
            self.order_labels([names.get(number, f"LABEL_{number}") for number in range(config.labels)])
            return self.with_table(self.table)
        return self

    def order_labels(self, labels: Sequence[str]) -> None:
        """Take the order of labels that a model already has."""
        self.labels = list(labels)

    def require_learnable(self) -> None:  # noqa: B027 - most data can always be learnt from
        """Raise if there is nothing to learn from these rows."""

    def adapt(self, model: Model[Any]) -> None:  # noqa: B027 - most models are taken as they are
        """Follow what the folder of a model says, before examples are made."""

    @abstractmethod
    def examples(self, rows: Sequence[int], reader: TextReader) -> list[Example]:
        """Return the examples of rows; dropped ones are left out, and counted by the reader."""

    @abstractmethod
    def objective(self, train: Sequence[Example], settings: TrainSettings) -> Objective[Any]:
        """Return the objective of the training examples."""

    def evaluated(
        self,
        model: Model[Any],
        tokenizer: Tokenizer,
        objective: Objective[Any],
        examples: Sequence[Example],
        tokens: int,
    ) -> tuple[list[Any], float]:
        """Return what `scores` needs of each example, in order, and the loss.

        Args:
            model: its mode is restored afterwards.
            tokenizer: of the model.
            objective: of the task.
            examples: at least one.
            tokens: of one batch.
        """
        return evaluated(model, objective, examples, tokens=tokens)

    @abstractmethod
    def scores(self, predictions: Sequence[Any], examples: Sequence[Example]) -> dict[str, float]:
        """Return scores by name."""

    def baseline(self, train: Sequence[Example], test: Sequence[Example]) -> dict[str, float]:
        """Return the score of always answering the most frequent label; empty where that means nothing."""
        return {}

    def per_label(self, predictions: Sequence[Any], examples: Sequence[Example]) -> list[dict[str, Any]]:
        """Return precision, recall, F1 and count of each label; empty for a task without labels."""
        return []

    def confusion(self, predictions: Sequence[Any], examples: Sequence[Example]) -> list[list[int]]:
        """Return how often each label (rows) was predicted as each (columns); empty where that means nothing."""
        return []

    @abstractmethod
    def prediction_row(self, prediction: Any, example: Example) -> dict[str, Any]:
        """Return a prediction as JSON values, with ``right`` and ``confidence`` where they mean something."""

    def prediction_rows(self, predictions: Sequence[Any], examples: Sequence[Example]) -> list[dict[str, Any]]:
        """Return the predictions as JSON values, one for each thing that was asked."""
        return [self.prediction_row(each, example) for each, example in zip(predictions, examples, strict=True)]

    def notes(self, examples: Sequence[Example], tokenizer: Tokenizer) -> list[tuple[str, str]]:
        """Return heading and text of what should be seen of the examples before they are learnt."""
        return []

    def complete(self, folder: Path, tokenizer: Tokenizer, model: Model[Any]) -> None:  # noqa: B027 - most need no more
        """Write what a saved model needs beside its weights, config and tokenizer."""

    def shares(self, examples: Sequence[Example]) -> Mapping[str, int]:
        """Return how many examples have each label; empty for a task without labels."""
        return {}
