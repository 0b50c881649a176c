"""Data of masked language modelling: texts, or texts that are split into words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from torso.architecture import Task
from torso.errors import InputError
from torso.language import say
from torso.model import Model
from torso.text import Encoding, Tokenizer
from torso.training.columns import TEXTS, TOKENS, column, column_if_any, nth
from torso.training.data_checks import unusable_row
from torso.training.data_files import Table
from torso.training.examples import Example, Tokens
from torso.training.masked_objective import SHARE, MaskedObjective, Unmasked
from torso.training.metrics import token_scores
from torso.training.objective import Objective, evaluated
from torso.training.task_data import TaskData
from torso.training.text_reader import Text, TextReader, require_text
from torso.training.train_settings import TrainSettings


class MaskedData(TaskData):
    """Texts whose words are masked whole: as the tokenizer divides them, or as lists of words in the table do.

    In Chinese the tokenizer's words are single characters; give lists of words, and all of a word is masked.

    Args:
        table: rows.
        text: column of the text or of its words; None finds it.
        label: no column: labels are the texts' own tokens.

    Raises:
        InputError: ``E_COLUMN``; ``E_ARGUMENT`` for a label.
    """

    task = Task.MASKED_LM
    metric = "loss"

    def __init__(self, table: Table, text: Sequence[str] | None, label: str | None) -> None:
        super().__init__(table)
        refuse_label(label)
        words = None if text is not None else column_if_any(table, TOKENS, None, "text")
        self.text = words or (
            table.columns[0] if len(table.columns) == 1 else column(table, TEXTS, nth(text, 0), "text")
        )
        self.tokenizer: Tokenizer | None = None

    def _text(self, row: int) -> Text:
        cell = self.table.rows[row].get(self.text)
        if isinstance(cell, (list, tuple)):
            words = cast("Sequence[object]", cell)
            if not all(isinstance(each, str) for each in words):
                raise unusable_row(self.table, row, f"column {self.text} holds no list of words")
            return list(cast("Sequence[str]", words))
        return require_text(cell, self.table.lines[row], self.text, self.table.name)

    def with_table(self, table: Table) -> MaskedData:
        """Return the data of another table, with the same column."""
        return MaskedData(table, (self.text,), None)

    def keys(self) -> list[str]:
        """Return the text of each row."""
        texts = (self._text(row) for row in range(len(self.table.rows)))
        return [" ".join(each) if isinstance(each, list) else str(each) for each in texts]

    def answers(self) -> list[Any]:
        """Return nothing for each row: texts have no label."""
        return [None] * len(self.table.rows)

    def examples(self, rows: Sequence[int], reader: TextReader) -> list[Example]:
        """Return texts with their words; which are masked is drawn in each epoch."""
        self.tokenizer = reader.tokenizer
        if reader.tokenizer.mask_token_id is None:
            raise InputError(
                "E_MASK_TOKEN",
                "This tokenizer has no mask token, which masked language modelling needs.",
                cure="Take a model that has one, or learn to write on: --task causal-lm.",
            )
        texts, lines = [self._text(row) for row in rows], [self.table.lines[row] for row in rows]
        return [
            Example((Tokens.of(encoding),), None, line, Unmasked(_words(encoding)))
            for encoding, line in zip(reader.read(texts, lines), lines, strict=True)
            if encoding is not None
        ]

    def notes(self, examples: Sequence[Example], tokenizer: Tokenizer) -> list[tuple[str, str]]:
        """Say how much is masked."""
        words = sum(len(each.extra.words) for each in examples)
        tokens = sum(len(word) for each in examples for word in each.extra.words)
        values = dict(share=f"{SHARE:.0%}", size=f"{tokens / max(words, 1):.2f}")
        text = say("{share} of the tokens in each epoch, whole words of {size} tokens on average", values)
        return [(say("masked"), text)]

    def objective(self, train: Sequence[Example], settings: TrainSettings) -> Objective[Any]:
        """Return the objective."""
        assert self.tokenizer is not None, "examples are made first"
        return MaskedObjective(self.tokenizer, seed=settings.seed)

    def evaluated(
        self,
        model: Model[Any],
        tokenizer: Tokenizer,
        objective: Objective[Any],
        examples: Sequence[Example],
        tokens: int,
    ) -> tuple[list[Any], float]:
        """Return for each text the sum of losses, right and all foretold tokens, with masks that never change."""
        masked = cast("MaskedObjective", objective).fixed(examples)
        return evaluated(model, objective, masked, tokens=tokens)

    def scores(self, predictions: Sequence[Any], examples: Sequence[Example]) -> dict[str, float]:
        """Return perplexity, and the share of masked tokens that are foretold."""
        return token_scores(predictions)

    def prediction_row(self, prediction: Any, example: Example) -> dict[str, Any]:
        """Return the mean loss of a text's masked tokens."""
        loss, right, count = prediction
        return {"row": example.row, "loss": loss / max(count, 1), "tokens": count, "foretold": right}


def refuse_label(label: str | None) -> None:
    """Refuse a column of labels where texts are their own.

    Raises:
        InputError: ``E_ARGUMENT``.
    """
    if label is not None:
        raise InputError("E_ARGUMENT", "label would have no effect here: the texts are learnt.", cure="Leave it out.")


def _words(encoding: Encoding) -> list[list[int]]:
    """Return the places of each word's tokens."""
    found: dict[tuple[int | None, int], list[int]] = {}
    for place, (word, special) in enumerate(zip(encoding.words, encoding.special, strict=True)):
        if word is not None and not special:
            found.setdefault((encoding.sequence[place], word), []).append(place)
    return list(found.values())
