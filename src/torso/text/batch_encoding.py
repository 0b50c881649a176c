"""Batch of tokenized texts: named fields for a model, as lists, tensors or arrays."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from torso.errors import NotAvailableError
from torso.language import say
from torso.text.encoding import Encoding

if TYPE_CHECKING:
    import torch

_HOW = {
    "token_type_ids": "return_token_type_ids=True",
    "attention_mask": "return_attention_mask=True",
    "special_tokens_mask": "return_special_tokens_mask=True",
    "offset_mapping": "return_offsets_mapping=True",
    "overflow_to_sample_mapping": "return_overflowing_tokens=True",
    "length": "return_length=True",
}


class CharSpan(NamedTuple):
    """Span of characters in the original text: from ``start`` to before ``end``."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Row:
    """Row of a batch: an encoding, and the padding on each side of it."""

    encoding: Encoding
    pad_token: str = ""
    left: int = 0
    right: int = 0

    def padded(self, values: list[Any], pad_value: Any) -> list[Any]:
        """Return ``values``, one per token, with ``pad_value`` at the padding."""
        return [pad_value] * self.left + values + [pad_value] * self.right if self.left or self.right else values


class BatchEncoding(MutableMapping[str, Any]):
    """Fields of one text or of a batch, by name: ``model(**inputs)``, ``inputs["input_ids"]``, ``inputs.input_ids``.

    Lists of int, or [N, length] int64 tensors or arrays where they were asked for. It behaves as the class of that name
    in transformers, except that ``encodings`` holds no padding.
    """

    __slots__ = ("_fields", "_rows")

    def __init__(self, fields: dict[str, Any], rows: tuple[Row, ...] = ()) -> None:
        self._fields = fields
        self._rows = rows

    def __getitem__(self, key: str) -> Any:
        """Return the field ``key``.

        Raises:
            NotAvailableError: E_NOT_ASKED, a KeyError too.
        """
        try:
            return self._fields[key]
        except KeyError:
            raise _not_asked(key, tuple(self._fields)) from None

    def __setitem__(self, key: str, value: Any) -> None:
        self._fields[key] = value

    def __delitem__(self, key: str) -> None:
        del self._fields[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        """Return the number of fields."""
        return len(self._fields)

    def __repr__(self) -> str:
        return repr(self._fields)

    def _repr_html_(self) -> str:
        """Return the first texts as a table: each token with its fields."""
        rows: list[tuple[object, ...]] = []
        per_token = [name for name in ("input_ids", "token_type_ids", "attention_mask") if name in self._fields]
        for index, row in enumerate(self._rows[:_SHOWN]):
            tokens = row.padded(row.encoding.tokens, row.pad_token)
            columns = [_listed(self._fields[name], index, len(tokens)) for name in per_token]
            rows += [(index, *each) for each in zip(tokens, *columns, strict=True)]
        notes = [f"{name}: {_kind(value)}" for name, value in self._fields.items()]
        from torso.io.html_table import html_table

        return html_table("BatchEncoding", (say("text"), say("token"), *per_token), rows, notes)

    def __getattr__(self, name: str) -> Any:
        """Return the field ``name``."""
        if name.startswith("_"):
            raise AttributeError(name)
        return self[name]

    @property
    def input_ids(self) -> Any:
        """Token ids."""
        return self["input_ids"]

    @property
    def token_type_ids(self) -> Any:
        """Segment ids: 0 for a first text and 1 for a second."""
        return self["token_type_ids"]

    @property
    def attention_mask(self) -> Any:
        """Attention mask: 1 for tokens, 0 for padding."""
        return self["attention_mask"]

    @property
    def encodings(self) -> list[Encoding]:
        """Encoding of each row, without its padding."""
        return [row.encoding for row in self._rows]

    def to(self, device: str | int | torch.device) -> BatchEncoding:
        """Return the same batch, its tensors moved to ``device``."""
        for key, value in self._fields.items():
            if hasattr(value, "to"):
                self._fields[key] = value.to(device)
        return self

    def tokens(self, batch_index: int = 0) -> list[str]:
        """Return the tokens of a row, padding included."""
        row = self._row(batch_index)
        return row.padded(row.encoding.tokens, row.pad_token)

    def word_ids(self, batch_index: int = 0) -> list[int | None]:
        """Return the word index of each token; None for special tokens and padding."""
        row = self._row(batch_index)
        return row.padded(row.encoding.words, None)

    def sequence_ids(self, batch_index: int = 0) -> list[int | None]:
        """Return 0 for tokens of the first text, 1 for the second; None for special tokens and padding."""
        row = self._row(batch_index)
        return row.padded(row.encoding.sequence, None)

    def char_to_token(
        self, batch_or_char_index: int, char_index: int | None = None, sequence_index: int = 0
    ) -> int | None:
        """Return the index of the token that holds a character of the original text; None if none does.

        Args:
            batch_or_char_index: the row; or the character, where there is one row and no ``char_index``.
            char_index: the character, counted in its own text.
            sequence_index: 0 for the first text, 1 for the second.
        """
        index, place = _place(batch_or_char_index, char_index)
        row = self._row(index)
        encoding = row.encoding
        for token, (start, end) in enumerate(encoding.spans):
            if encoding.sequence[token] == sequence_index and start <= place < end:
                return row.left + token
        return None

    def token_to_chars(self, batch_or_token_index: int, token_index: int | None = None) -> CharSpan | None:
        """Return the original characters of a token; None for special tokens and padding.

        Args:
            batch_or_token_index: the row; or the token, where there is one row and no ``token_index``.
            token_index: the token, padding counted.
        """
        index, place = _place(batch_or_token_index, token_index)
        row = self._row(index)
        token = place - row.left
        if not 0 <= token < len(row.encoding) or row.encoding.sequence[token] is None:
            return None
        return CharSpan(*row.encoding.spans[token])

    def _row(self, index: int) -> Row:
        try:
            return self._rows[index]
        except IndexError:
            raise NotAvailableError(
                "E_NOT_ASKED",
                "This batch knows the texts of {count} rows; there is no row {index}.",
                cure="Ask the batch that the tokenizer gave.",
                values=dict(count=len(self._rows), index=index),
            ) from None


_SHOWN = 8


def _listed(field: Any, index: int, length: int) -> list[Any]:
    """One row of a field, whatever form it has."""
    values: Any = field.tolist() if hasattr(field, "tolist") else field
    if values and isinstance(values[0], list):
        values = values[index] if index < len(values) else []
    return list(values) if len(values) == length else [""] * length


def _kind(value: Any) -> str:
    shape = getattr(value, "shape", None)
    return f"{len(value)} x list" if shape is None else f"{list(shape)} {value.dtype}"


def _place(first: int, second: int | None) -> tuple[int, int]:
    return (0, first) if second is None else (first, second)


def _not_asked(name: str, have: tuple[str, ...]) -> NotAvailableError:
    if name in _HOW:
        return NotAvailableError(
            "E_NOT_ASKED",
            "{name} was not asked for.",
            cure="Ask for it: tokenizer(text, {how})",
            values=dict(name=name, how=_HOW[name]),
        )
    return NotAvailableError(
        "E_NOT_ASKED",
        "There is no field {name} here.",
        cure="There are: {have}.",
        values=dict(name=name, have=", ".join(have)),
    )
