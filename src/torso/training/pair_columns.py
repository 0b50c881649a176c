"""Which columns are the texts of a pair or a triplet, and which one its score. Loads no torch."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from torso.errors import InputError
from torso.training.columns import column
from torso.training.data_checks import unusable_row
from torso.training.data_files import Table

FIRSTS = ("anchor", "query", "question", "sentence1", "text1", "premise", "sentence_a", "问题")
SECONDS = ("positive", "pos", "answer", "passage", "sentence2", "text2", "hypothesis", "sentence_b", "text", "document")
SCORES = ("score", "scores", "similarity", "label", "labels", "分数", "标签")
_NEGATIVE = re.compile(r"(hard_)?neg(ative)?s?[_ ]?\d*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class PairColumns:
    """Columns of pairs.

    Attributes:
        texts: of the texts, the one that others are compared with first.
        label: of the score; None without one.
    """

    texts: tuple[str, ...]
    label: str | None

    @classmethod
    def of(cls, table: Table, text: Sequence[str] | None, label: str | None) -> PairColumns:
        """Return the columns that are named, or found.

        Raises:
            InputError: ``E_COLUMN``.
        """
        if label is None:
            label = next((each for each in table.columns if each.strip().lower() in SCORES), None)
        else:
            label = column(table, SCORES, label, "label")
        if text is not None:
            texts = tuple(column(table, (), each, "text") for each in text)
        else:
            rest = [each for each in table.columns if each != label]
            negatives = [each for each in rest if _NEGATIVE.fullmatch(each.strip())]
            two = [each for each in rest if each not in negatives]
            if len(two) != 2:
                two = [column(table, known, None, "text") for known in (FIRSTS, SECONDS)]
            texts = (*sorted(two, key=lambda each: each.strip().lower() not in FIRSTS), *negatives)
        if len(texts) < 2:
            raise InputError(
                "E_COLUMN",
                "Embeddings are learnt from two columns of texts or more; {file} gives {count}.",
                cure="Name them: --text FIRST --text SECOND. It has: {columns}.",
                values=dict(file=table.name, count=len(texts), columns=", ".join(table.columns)),
            )
        return cls(texts, label)

    def score(self, table: Table, row: int) -> float | None:
        """Return the score of a row; None without a column of them.

        Raises:
            InputError: ``E_ROW``, for one that is no number.
        """
        if self.label is None:
            return None
        given = table.rows[row].get(self.label)
        try:
            number = float(given)  # pyright: ignore[reportArgumentType] - what is no number raises
        except (TypeError, ValueError):
            number = math.nan
        if not math.isfinite(number):
            raise unusable_row(table, row, f"its score is {str(given)[:40]!r}")
        return number
