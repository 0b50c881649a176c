"""Data of sequence classification and regression: texts or pairs, with a label, several labels or a number."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, cast

from torso.architecture import Task
from torso.config.hub_config import HubConfig
from torso.errors import InputError
from torso.training.columns import text_and_label
from torso.training.data_checks import balanced_weights, named_weights, require_several
from torso.training.data_files import Table
from torso.training.examples import Example, Tokens
from torso.training.metrics import class_scores, confusion, label_rows, multi_scores, regression_scores
from torso.training.objective import Objective
from torso.training.sequence_objective import Problem, SequenceObjective
from torso.training.task_data import TaskData
from torso.training.text_reader import Text, TextReader, require_text
from torso.training.train_settings import TrainSettings

SINGLE, MULTI, REGRESSION = "single_label_classification", "multi_label_classification", "regression"


class SequenceData(TaskData):
    """Texts or pairs with labels.

    Args:
        table: rows.
        text: column of the text, two for pairs; None finds them.
        label: column of the label; None finds it.
        problem: ``regression`` is never guessed; None takes several labels where cells are lists, else one.

    Raises:
        InputError: ``E_COLUMN``; ``E_ROW`` for a row without a label.
    """

    task = Task.SEQUENCE_CLASSIFICATION

    def __init__(
        self, table: Table, text: Sequence[str] | None, label: str | None, problem: Problem | None = None
    ) -> None:
        super().__init__(table)
        self.text, self.label = text_and_label(table, text, label)
        cells = [row.get(self.label) for row in table.rows]
        several = any(isinstance(each, (list, tuple)) for each in cells)
        self.problem: Problem = problem or (MULTI if several else SINGLE)
        self.values = [self._value(cell, line) for cell, line in zip(cells, table.lines, strict=True)]
        self.metric = {SINGLE: "macro_f1", MULTI: "micro_f1", REGRESSION: "spearman"}[self.problem]
        self.config = {"problem_type": self.problem}
        self.uses = frozenset() if self.problem == REGRESSION else frozenset({"class_weights"})
        if self.problem == REGRESSION:
            self.labels = ["score"]
            return
        self.labels = ordered({name for value in self.values for name in cast("list[str]", value)})

    def require_learnable(self) -> None:
        """Refuse labels that are all the same.

        Raises:
            InputError: ``E_LABELS``.
        """
        if self.problem != REGRESSION:
            require_several(self.labels or (), self.label, self.table)

    def _value(self, cell: object, line: int) -> list[str] | list[float]:
        if self.problem == REGRESSION:
            number = _number(cell)
            if number is not None:
                return [number]
        elif self.problem == MULTI:
            if isinstance(cell, (list, tuple)):
                return [_name(each) for each in cast("Sequence[object]", cell)]
        elif isinstance(cell, (str, int, float)) and _name(cell):
            return [_name(cell)]
        raise InputError(
            "E_ROW",
            "Row {row} of {file} has no label that can be used in column {column}: {value!r}.",
            cure="Correct that row, or leave it out.",
            values=dict(row=line, file=self.table.name, column=repr(self.label), value=str(cell)[:40]),
        )

    def with_table(self, table: Table) -> SequenceData:
        """Return the data of another table; a label that is only there is an error."""
        other = SequenceData(table, self.text, self.label, self.problem)
        if self.problem != REGRESSION:
            assert self.labels is not None
            for value, line in zip(other.values, table.lines, strict=True):
                for name in cast("list[str]", value):
                    if name not in self.labels:
                        raise InputError(
                            "E_LABELS",
                            "Row {row} of {file} has the label {label}, which no training text has.",
                            cure="Correct it, or add training texts of it. Known: {known}.",
                            values=dict(row=line, file=table.name, label=repr(name), known=", ".join(self.labels)),
                        )
        other.labels = self.labels
        return other

    def of_model(self, config: HubConfig) -> TaskData:
        """Return the data as a trained model reads it: with its labels, and its problem where the config names one."""
        problem = config.problem_type
        data = self
        if problem in (SINGLE, MULTI, REGRESSION) and problem != self.problem:
            data = SequenceData(self.table, self.text, self.label, problem)
        return data if data.problem == REGRESSION else super(SequenceData, data).of_model(config)

    def texts(self, rows: Sequence[int]) -> list[Text]:
        """Return the text or pair of each row."""
        table = self.table
        found: list[Text] = []
        for index in rows:
            cells = [
                require_text(table.rows[index].get(name), table.lines[index], name, table.name) for name in self.text
            ]
            found.append(cells[0] if len(cells) == 1 else (cells[0], cells[1]))
        return found

    def keys(self) -> list[str]:
        """Return the text of each row; of a pair both."""
        return [text if isinstance(text, str) else "\n".join(text) for text in self.texts(range(len(self.table.rows)))]

    def answers(self) -> list[Any]:
        """Return the label of each row."""
        return self.values

    def examples(self, rows: Sequence[int], reader: TextReader) -> list[Example]:
        """Return texts with the number of their label, 0 or 1 for each label, or a number."""
        texts, lines = self.texts(rows), [self.table.lines[index] for index in rows]
        found = zip(reader.read(texts, lines), texts, rows, lines, strict=True)
        return [
            Example((Tokens.of(encoding),), self._label(self.values[index]), line, text)
            for encoding, text, index, line in found
            if encoding is not None
        ]

    def _label(self, value: list[str] | list[float]) -> Any:
        assert self.labels is not None
        if self.problem == REGRESSION:
            return value
        if self.problem == MULTI:
            return [float(name in value) for name in self.labels]
        return self.labels.index(cast("str", value[0]))

    def objective(self, train: Sequence[Example], settings: TrainSettings) -> Objective[Any]:
        """Return the objective, with class weights where they are set.

        Raises:
            InputError: ``E_ARGUMENT``, for class weights that mean nothing here; ``E_LABELS`` for an unknown label.
        """
        given = settings.class_weights
        if given is None:
            return SequenceObjective(self.problem)
        assert self.labels is not None
        counts = self.shares(train)
        if isinstance(given, Mapping):
            weights = named_weights(given, self.labels)
        elif self.problem == MULTI:
            weights = [(len(train) - counts.get(name, 0)) / max(counts.get(name, 0), 1) for name in self.labels]
        else:
            weights = balanced_weights(counts, self.labels)
        return SequenceObjective(self.problem, weights)

    def shares(self, examples: Sequence[Example]) -> Mapping[str, int]:
        """Return how many examples have each label."""
        if self.problem == REGRESSION:
            return {}
        assert self.labels is not None
        if self.problem == MULTI:
            return {name: sum(int(each.label[i]) for each in examples) for i, name in enumerate(self.labels)}
        counts = Counter(each.label for each in examples)
        return {name: counts[number] for number, name in enumerate(self.labels)}

    def scores(self, predictions: Sequence[Any], examples: Sequence[Example]) -> dict[str, float]:
        """Return accuracy and macro F1; micro and macro F1 of several labels; correlations of a regression."""
        labels = [each.label for each in examples]
        if self.problem == REGRESSION:
            return regression_scores([each[0] for each in predictions], [each[0] for each in labels])
        if self.problem == MULTI:
            return multi_scores(predictions, labels)
        assert self.labels is not None
        return class_scores(_likeliest(predictions), labels, len(self.labels))

    def baseline(self, train: Sequence[Example], test: Sequence[Example]) -> dict[str, float]:
        """Return the scores of always answering the most frequent label of the training part."""
        if self.problem != SINGLE or not train:
            return {}
        assert self.labels is not None
        most = Counter(each.label for each in train).most_common(1)[0][0]
        return class_scores([most] * len(test), [each.label for each in test], len(self.labels))

    def per_label(self, predictions: Sequence[Any], examples: Sequence[Example]) -> list[dict[str, Any]]:
        """Return precision, recall, F1 and count of each label."""
        if self.problem != SINGLE:
            return []
        assert self.labels is not None
        return label_rows(_likeliest(predictions), [each.label for each in examples], self.labels)

    def confusion(self, predictions: Sequence[Any], examples: Sequence[Example]) -> list[list[int]]:
        """Return the confusion matrix of one label."""
        if self.problem != SINGLE:
            return []
        assert self.labels is not None
        return confusion(_likeliest(predictions), [each.label for each in examples], len(self.labels))

    def prediction_row(self, prediction: Any, example: Example) -> dict[str, Any]:
        """Return the text, its label, what was predicted, and with which probability."""
        row: dict[str, Any] = {"row": example.row, "text": example.extra}
        assert self.labels is not None
        if self.problem == REGRESSION:
            return {**row, "label": example.label[0], "predicted": prediction[0]}
        if self.problem == MULTI:
            wanted = [name for name, each in zip(self.labels, example.label, strict=True) if each]
            found = [name for name, each in zip(self.labels, prediction, strict=True) if each > 0.5]
            return {**row, "label": wanted, "predicted": found, "right": wanted == found}
        best = max(range(len(prediction)), key=lambda index: prediction[index])
        right = bool(best == example.label)
        row |= {"label": self.labels[example.label], "predicted": self.labels[best]}
        return {**row, "confidence": prediction[best], "right": right}


def _likeliest(predictions: Sequence[Sequence[float]]) -> list[int]:
    return [max(range(len(each)), key=lambda index: each[index]) for each in predictions]


def ordered(names: set[str]) -> list[str]:
    """Return label names in order: numbers by value, else by name."""
    if all(_number(name) is not None for name in names):
        return sorted(names, key=lambda name: (float(name), name))
    return sorted(names)


def _name(cell: object) -> str:
    if isinstance(cell, bool):
        return str(cell).lower()
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell).strip()


def _number(cell: object) -> float | None:
    try:
        number = float(cast("float", cell))
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None
