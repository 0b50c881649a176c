"""Texts of rows to encodings: what is too long is refused, cut or dropped, and everything is counted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from torso.errors import InputError, TooLongError
from torso.tasks.windows import EncodedText, fitted, length_policy
from torso.text import Encoding, Tokenizer
from torso.training.train_settings import LongRule

Text = str | tuple[str, str] | list[str]
"""A text, a pair, or a text that is split into words already."""

_CHUNK = 256


class TextReader:
    """Tokenizes texts of rows.

    Args:
        tokenizer: limited to what the model takes.
        long: what is done with longer texts.

    Attributes:
        sizes: tokens of each text read, before cutting.
        long_rows: rows of texts that are too long.
        empty_rows: rows without a token; they are dropped.
        unknown: tokens that the vocabulary lacks.
    """

    def __init__(self, tokenizer: Tokenizer, long: LongRule) -> None:
        self.tokenizer, self.long = tokenizer, long
        self.sizes: list[int] = []
        self.long_rows: list[int] = []
        self.empty_rows: list[int] = []
        self.unknown = 0
        self._unknown_id = tokenizer.unk_token_id

    @property
    def limit(self) -> int | None:
        """Tokens that the model takes; None for no limit."""
        return self.tokenizer.max_tokens

    def read(self, texts: Sequence[Text], rows: Sequence[int]) -> list[Encoding | None]:
        """Return the encoding of each text; None for one that is dropped.

        Args:
            texts: strings, pairs and lists of words.
            rows: numbers of their rows, for messages.
        """
        found: list[Encoding | None] = []
        for start in range(0, len(texts), _CHUNK):
            chunk = texts[start : start + _CHUNK]
            for text, row, encoding in zip(chunk, rows[start:], self._encodings(chunk), strict=False):
                found.append(self._fitted(text, row, encoding))
        return found

    def _encodings(self, texts: Sequence[Text]) -> list[Encoding]:
        if any(isinstance(each, list) for each in texts):
            return [self.tokenizer.encoding_of_words(cast("list[str]", each)) for each in texts]
        return self.tokenizer.encodings(cast("Sequence[str | tuple[str, str]]", texts))

    def read_target(self, text: str, row: int) -> Encoding | None:
        """Return the encoding of a text that is to be written, in the target's language; None for a dropped one."""
        encoding = self.tokenizer(text_target=text).encodings[0]
        if not self.kept(encoding, row):
            return None
        if self.limit is None or len(encoding) <= self.limit:
            return encoding
        return self.tokenizer(text_target=text, truncation=True, max_length=self.limit).encodings[0]

    def windows(self, question: str, text: str, row: int, window: int) -> list[EncodedText]:
        """Return a question with each window of a text; a text that is not cut is one window.

        Args:
            question: never cut.
            text: of any length.
            row: number of the row, for messages.
            window: tokens of a window, at most; the model's limit holds too.

        Raises:
            TooLongError: ``E_TOO_LONG``, for a question that leaves no room for its text.
        """
        pair = (question, text)
        encoding = self.tokenizer.encoding(*pair)
        self._count(encoding)
        limit = window if self.limit is None else min(window, self.limit)
        policy = length_policy(limit, "window", merges=("sum",), cut="only_second", usual=min(limit // 2, 128))
        return fitted(pair, pair, encoding, row, self.tokenizer, policy, True)

    def kept(self, encoding: Encoding, row: int) -> bool:
        """Count an encoding; return whether it is learnt from, cut where it is longer than `limit`."""
        self._count(encoding)
        if all(encoding.special):
            self.empty_rows.append(row)
            return False
        if self.limit is None or len(encoding) <= self.limit:
            return True
        self.long_rows.append(row)
        return self.long == "truncate"

    def _fitted(self, text: Text, row: int, encoding: Encoding) -> Encoding | None:
        if not self.kept(encoding, row):
            return None
        if self.limit is None or len(encoding) <= self.limit:
            return encoding
        if isinstance(text, list):
            cut = self.tokenizer(text, is_split_into_words=True, truncation=True, max_length=self.limit)
        else:
            one, other = (text, None) if isinstance(text, str) else text
            cut = self.tokenizer(one, other, truncation=True, max_length=self.limit)
        return cut.encodings[0]

    def _count(self, encoding: Encoding) -> None:
        self.sizes.append(len(encoding))
        if self._unknown_id is not None:
            self.unknown += encoding.ids.count(self._unknown_id)

    def refuse_long(self) -> None:
        """Raise if a text was too long and neither cut nor dropped.

        Raises:
            TooLongError: ``E_TOO_LONG``, naming rows.
        """
        if self.long_rows and self.long == "error":
            some = ", ".join(map(str, self.long_rows[:6])) + (", ..." if len(self.long_rows) > 6 else "")
            raise TooLongError(
                "E_TOO_LONG",
                "Longer than the {limit} tokens that this model takes: {count} of the texts; the longest is {longest}.",
                where="Rows {rows}.",
                cure="Read their beginning: --long truncate; or leave them out: --long drop.",
                values=dict(count=len(self.long_rows), limit=self.limit, longest=max(self.sizes), rows=some),
            )


def require_text(value: object, row: int, column: str, name: str) -> str:
    """Return the text of a cell.

    Raises:
        InputError: ``E_ROW``, for a cell that holds no text.
    """
    if isinstance(value, str):
        return value
    raise InputError(
        "E_ROW",
        "Row {row} of {file} holds {kind} in column {column}, where a text is wanted.",
        cure="Correct that row, or name another column.",
        values=dict(row=row, file=name, kind=type(value).__name__, column=repr(column)),
    )
