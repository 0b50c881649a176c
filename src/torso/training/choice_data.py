"""Data of multiple choice: a question with alternatives, any number of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, cast

from torso.architecture import Task
from torso.training.columns import CHOICES, CHOSEN, CONTEXTS, QUESTIONS, column, column_if_any
from torso.training.data_checks import unusable_row
from torso.training.data_files import Table
from torso.training.examples import Example, Tokens
from torso.training.objective import Objective
from torso.training.span_objective import ChoiceObjective
from torso.training.task_data import TaskData
from torso.training.text_reader import TextReader, require_text
from torso.training.train_settings import TrainSettings

_NUMBERED = re.compile(r"(choice|option|ending|alternative|选项)[_ ]?(\d+|[a-h])", re.IGNORECASE)


class ChoiceData(TaskData):
    """Questions with alternatives; the label is the number of the right one from 0, its letter, or its text.

    Alternatives are a list, or columns such as ``choice0``, ``ending1`` or ``option_a``. A passage, if there is one,
    is read before the question.

    Args:
        table: rows.
        text: columns of what is read before each alternative, and of the alternatives last; None finds them.
        label: column of the right one; None finds it.

    Raises:
        InputError: ``E_COLUMN``; ``E_ROW`` for a row without two alternatives, or with a label that is none of them.
    """

    task = Task.MULTIPLE_CHOICE
    metric = "accuracy"
    grouped = True

    def __init__(self, table: Table, text: Sequence[str] | None, label: str | None) -> None:
        super().__init__(table)
        self.numbered = [each for each in table.columns if _NUMBERED.fullmatch(each.strip())] if text is None else []
        self.choices = None if self.numbered else column(table, CHOICES, None if text is None else text[-1], "text")
        if text is not None and len(text) > 1:
            self.read = tuple(column(table, QUESTIONS, each, "text") for each in text[:-1])
        else:
            question = column(table, (*QUESTIONS, "premise", "sent1", "ctx"), None, "text")
            passage = column_if_any(table, CONTEXTS, None, "text")
            self.read = (question,) if passage is None else (passage, question)
        self.given = text
        self.label = column(table, CHOSEN, label, "label")
        self.alternatives = [self._alternatives(row) for row in range(len(table.rows))]
        self.values = [self._value(row) for row in range(len(table.rows))]

    def _alternatives(self, row: int) -> list[str]:
        cells = self.table.rows[row]
        given = [cells.get(each) for each in self.numbered] if self.choices is None else cells.get(self.choices)
        if isinstance(given, dict):  # {"text": [...], "label": ["A", ...]}, as ARC has it
            given = cast("dict[str, object]", given).get("text")
        found = [each for each in cast("Sequence[object]", given or ()) if isinstance(each, str) and each]
        if not isinstance(given, (list, tuple)) or len(found) < 2:
            raise unusable_row(self.table, row, "it has no list of two alternatives or more")
        return found

    def _value(self, row: int) -> int:
        given = self.table.rows[row].get(self.label)
        known = self.alternatives[row]
        if isinstance(given, str) and given in known:
            return known.index(given)
        if isinstance(given, str) and re.fullmatch(r"[A-Ha-h]", given):
            given = "ABCDEFGH".index(given.upper())
        if str(given).isdecimal() and int(str(given)) < len(known):
            return int(str(given))
        raise unusable_row(self.table, row, f"{str(given)[:40]!r} is none of its {len(known)} alternatives")

    def with_table(self, table: Table) -> ChoiceData:
        """Return the data of another table, with the same columns."""
        return ChoiceData(table, self.given, self.label)

    def _question(self, row: int) -> str:
        cells = self.table.rows[row]
        texts = [
            require_text("\n".join(cast("list[str]", cell)) if isinstance(cell, list) else cell, line, name, file)
            for name in self.read
            for cell, line, file in [(cells.get(name), self.table.lines[row], self.table.name)]
        ]
        return "\n".join(texts)

    def keys(self) -> list[str]:
        """Return the first text of each row: all questions about one passage are on one side of a split."""
        return [self._question(row).split("\n")[0] for row in range(len(self.table.rows))]

    def answers(self) -> list[Any]:
        """Return question, alternatives and the right one of each row."""
        return [(self._question(row), self.alternatives[row], value) for row, value in enumerate(self.values)]

    def examples(self, rows: Sequence[int], reader: TextReader) -> list[Example]:
        """Return each question with each of its alternatives; where one is dropped, the question is."""
        found: list[Example] = []
        for row in rows:
            question, line = self._question(row), self.table.lines[row]
            read = reader.read(
                [(question, each) for each in self.alternatives[row]], [line] * len(self.alternatives[row])
            )
            kept = [Tokens.of(each) for each in read if each is not None]
            if len(kept) == len(read):
                found.append(Example(tuple(kept), self.values[row], line, (question, self.alternatives[row])))
        return found

    def objective(self, train: Sequence[Example], settings: TrainSettings) -> Objective[Any]:
        """Return the objective."""
        return ChoiceObjective()

    def scores(self, predictions: Sequence[Any], examples: Sequence[Example]) -> dict[str, float]:
        """Return the share of questions with the right alternative."""
        right = [_best(each) == example.label for each, example in zip(predictions, examples, strict=True)]
        return {"accuracy": sum(right) / max(len(right), 1)}

    def baseline(self, train: Sequence[Example], test: Sequence[Example]) -> dict[str, float]:
        """Return the accuracy of guessing."""
        return {"accuracy": sum(1 / len(each.inputs) for each in test) / max(len(test), 1)}

    def prediction_row(self, prediction: Any, example: Example) -> dict[str, Any]:
        """Return question, alternatives, the right one and the predicted one."""
        question, alternatives = example.extra
        best = _best(prediction)
        row = {"row": example.row, "question": question, "choices": alternatives, "label": example.label}
        return {**row, "predicted": best, "confidence": prediction[best], "right": best == example.label}


def _best(scores: Sequence[float]) -> int:
    return max(range(len(scores)), key=scores.__getitem__)
