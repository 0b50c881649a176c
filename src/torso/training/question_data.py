"""Data of extractive question answering: questions with a text and the answers in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from torso.architecture import Task
from torso.language import clauses, say
from torso.tasks.windows import EncodedText
from torso.text import Tokenizer
from torso.training.answer_metrics import answer_scores, exact
from torso.training.columns import ANSWERS, CONTEXTS, QUESTIONS, column, nth
from torso.training.data_checks import unusable_row
from torso.training.data_files import Table
from torso.training.examples import Example, Tokens
from torso.training.objective import Objective
from torso.training.span_objective import SpanObjective
from torso.training.task_data import TaskData
from torso.training.text_reader import TextReader, require_text
from torso.training.train_settings import TrainSettings

WINDOW = 384
"""Tokens of a window, as `torso.answer` reads texts."""

LONGEST = 30
"""Tokens of a predicted answer, as in SQuAD's own scripts."""

Side = list[tuple[int, float]]
"""Tokens with their logits."""


@dataclass(frozen=True, slots=True)
class Window:
    """What evaluation needs to know of a window.

    Attributes:
        question: number of the row in its data.
        spans: characters of each token of the text; (-1, -1) for other tokens.
        first: whether it is the question's first window.
    """

    question: int
    spans: list[tuple[int, int]]
    first: bool


class QuestionData(TaskData):
    """Questions with their texts and answers, in SQuAD's form or with plain answers.

    A long text is read in windows, each an example; an answer outside its window is the first token. Answers are
    ``{"text": [...], "answer_start": [...]}``, a list of such or of strings, or a string, which is then looked for; an
    empty one says that the text does not answer.

    Args:
        table: rows.
        text: columns of the question and of the text; None finds them.
        label: column of the answers; None finds it.

    Raises:
        InputError: ``E_COLUMN``; ``E_ROW`` for an answer that is not in its text.
    """

    task = Task.QUESTION_ANSWERING
    metric = "f1"
    grouped = True

    def __init__(self, table: Table, text: Sequence[str] | None, label: str | None) -> None:
        super().__init__(table)
        self.question = column(table, QUESTIONS, nth(text, 0), "text")
        self.context = column(table, CONTEXTS, nth(text, 1), "text")
        self.label = column(table, ANSWERS, label, "label")
        self.values = [self._answers(row) for row in range(len(table.rows))]
        self.outside = 0

    def _cell(self, row: int, name: str) -> str:
        return require_text(self.table.rows[row].get(name), self.table.lines[row], name, self.table.name)

    def _answers(self, row: int) -> list[tuple[str, int]]:
        """Return each answer with its first character."""
        given = self.table.rows[row].get(self.label)
        starts = self.table.rows[row].get("answer_start")
        return [self._checked(row, text, start) for text, start in _listed(given, starts) if text]

    def _checked(self, row: int, text: str, start: int | None) -> tuple[str, int]:
        context = self._cell(row, self.context)
        at = context.find(text) if start is None or context[start : start + len(text)] != text else start
        if at < 0:
            raise unusable_row(self.table, row, f"its text does not hold the answer {text[:40]!r}")
        return text, at

    def with_table(self, table: Table) -> QuestionData:
        """Return the data of another table, with the same columns."""
        return QuestionData(table, (self.question, self.context), self.label)

    def keys(self) -> list[str]:
        """Return the text of each row: all its questions are on one side of a split."""
        return [self._cell(row, self.context) for row in range(len(self.table.rows))]

    def answers(self) -> list[Any]:
        """Return question and answers of each row."""
        return [(self._cell(row, self.question), value) for row, value in enumerate(self.values)]

    def examples(self, rows: Sequence[int], reader: TextReader) -> list[Example]:
        """Return the windows of each row, with the first and the last token of its first answer."""
        found: list[Example] = []
        for row in rows:
            line = self.table.lines[row]
            windows = reader.windows(self._cell(row, self.question), self._cell(row, self.context), line, WINDOW)
            labels = [self._label(row, each) for each in windows]
            if self.values[row] and not any(any(each) for each in labels):
                self.outside += 1
            for number, (window, label) in enumerate(zip(windows, labels, strict=True)):
                pairs = zip(window.spans, window.sequence, strict=True)
                spans = [span if text == 1 else (-1, -1) for span, text in pairs]
                found.append(Example((Tokens.of(window),), label, line, Window(row, spans, number == 0)))
        return found

    def _label(self, row: int, window: EncodedText) -> tuple[int, int]:
        if not self.values[row]:
            return 0, 0
        text, begin = self.values[row][0]
        inside = [
            place
            for place, (span, side) in enumerate(zip(window.spans, window.sequence, strict=True))
            if side == 1 and span[0] < begin + len(text) and begin < span[1]
        ]
        if not inside or window.spans[inside[0]][0] > begin or window.spans[inside[-1]][1] < begin + len(text):
            return 0, 0
        return inside[0], inside[-1]

    def notes(self, examples: Sequence[Example], tokenizer: Tokenizer) -> list[tuple[str, str]]:
        """Say how many windows there are, how many questions have no answer, and which answers no window holds."""
        absent = sum(not each for each in self.values)
        values = dict(windows=f"{len(examples):,}", size=WINDOW, absent=f"{absent:,}", outside=self.outside)
        said = [say("{windows} windows of at most {size} tokens to learn from", values)]
        if absent:
            said.append(say("{absent} questions without an answer", values))
        if self.outside:
            said.append(say("{outside} answers are in no window whole", values))
        return [(say("windows"), clauses(said))]

    def objective(self, train: Sequence[Example], settings: TrainSettings) -> Objective[Any]:
        """Return the objective."""
        return SpanObjective()

    def _found(self, predictions: Sequence[tuple[Side, Side]], examples: Sequence[Example]) -> dict[int, str]:
        """Return the answer to each question: the best span of its windows, or none where that is likelier."""
        best: dict[int, tuple[float, str]] = {}
        absent: dict[int, float] = {}
        for (starts, ends), example in zip(predictions, examples, strict=True):
            window = cast("Window", example.extra)
            nothing = dict(starts)[0] + dict(ends)[0]
            absent[window.question] = min(nothing, absent.get(window.question, nothing))
            text = self._cell(window.question, self.context)
            for score, first, last in _spans(starts, ends, window.spans):
                if score > best.get(window.question, (float("-inf"), ""))[0]:
                    best[window.question] = (score, text[window.spans[first][0] : window.spans[last][1]])
        may_lack = any(not each for each in self.values)
        return {
            question: "" if question not in best or (may_lack and nothing > best[question][0]) else best[question][1]
            for question, nothing in absent.items()
        }

    def scores(self, predictions: Sequence[Any], examples: Sequence[Example]) -> dict[str, float]:
        """Return F1 and exact match over questions."""
        found = self._found(predictions, examples)
        return answer_scores(list(found.values()), [[text for text, _ in self.values[row]] for row in found])

    def prediction_rows(self, predictions: Sequence[Any], examples: Sequence[Example]) -> list[dict[str, Any]]:
        """Return each question with its answers and the one that was found."""
        return [self._row(question, answer) for question, answer in self._found(predictions, examples).items()]

    def prediction_row(self, prediction: Any, example: Example) -> dict[str, Any]:
        """Return what one window alone answers."""
        return self.prediction_rows([prediction], [example])[0]

    def _row(self, row: int, answer: str) -> dict[str, Any]:
        answers = [text for text, _ in self.values[row]]
        asked = {"row": self.table.lines[row], "question": self._cell(row, self.question), "answers": answers}
        return {**asked, "predicted": answer, "right": bool(exact(answer, answers))}


def _spans(starts: Side, ends: Side, spans: Sequence[tuple[int, int]]) -> list[tuple[float, int, int]]:
    return [
        (low + high, first, last)
        for first, low in starts
        for last, high in ends
        if first <= last < first + LONGEST and spans[first][0] >= 0 and spans[last][0] >= 0
    ]


def _listed(given: object, starts: object) -> list[tuple[str, int | None]]:
    """Return answers and their first characters, None where they are not said."""
    if isinstance(given, Mapping):
        table = cast("Mapping[str, Any]", given)
        return _listed(table.get("text"), table.get("answer_start"))
    if isinstance(given, str):
        several = cast("Sequence[object]", starts) if isinstance(starts, (list, tuple)) else [starts]
        return [(given, _number(next(iter(several), None)))]
    texts = cast("Sequence[Any]", given or ())
    if any(isinstance(each, Mapping) for each in texts):
        return [pair for each in texts for pair in _listed(each, None)]
    places = list(cast("Sequence[Any]", starts)) if isinstance(starts, (list, tuple)) else []
    return [(str(each), _number(place)) for each, place in zip(texts, places or [None] * len(texts), strict=False)]


def _number(value: object) -> int | None:
    return int(cast("str", value)) if isinstance(value, int) or str(value).isdecimal() else None
