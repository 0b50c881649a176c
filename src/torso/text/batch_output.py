"""Batch assembly as transformers does it: truncation, windows, padding and named fields, per call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from torso.errors import InputError, InputTypeError
from torso.text.backend_tokenizer import BackendTokenizer, Pieces, cut
from torso.text.batch_encoding import BatchEncoding, Row
from torso.text.encoding import Encoding
from torso.text.request import Request, kept_lengths
from torso.text.return_tensors import PAD_VALUES, convert, listed


@dataclass(frozen=True, slots=True)
class Fields:
    """Fields that a call returns beside ``input_ids``."""

    segments: bool
    mask: bool
    special: bool = False
    spans: bool = False
    length: bool = False
    overflow: bool = False


@dataclass(frozen=True, slots=True)
class PadToken:
    """Padding token and side; the token is None if the tokenizer has none."""

    token: str | None
    number: int | None
    side: str


def finish(
    backend: BackendTokenizer,
    first: Sequence[Pieces],
    second: Sequence[Pieces | None] | None,
    *,
    special: bool,
    request: Request,
    side: str,
) -> list[list[Encoding]]:
    """Return each text's encoding, truncated as the request says, followed by the windows that were cut off.

    Raises:
        InputError: E_ARGUMENT where a limit is below the special tokens, or windows could not advance.
    """
    added = [backend.special_count(pair=pair) if special else 0 for pair in (False, True)]
    finished: list[list[Encoding]] = []
    for index, one in enumerate(first):
        other = second[index] if second is not None else None
        if request.strategy is not None and request.limit is not None:
            _truncate(one, other, request, added[other is not None], side)
        finished.append(backend.join(one, other, special=special))
    return finished


def _truncate(one: Pieces, other: Pieces | None, request: Request, added: int, side: str) -> None:
    limit = (request.limit or 0) - added
    if limit < 0:
        raise InputError(
            "E_ARGUMENT",
            "max_length={limit} has no room for the {added} special tokens.",
            cure="Give a larger max_length, or add_special_tokens=False.",
            values=dict(limit=request.limit, added=added),
        )
    size = len(other) if other is not None else None
    kept = kept_lengths(len(one), size, limit, request.strategy or "longest_first")
    for pieces, length in zip((one, other), kept, strict=True):
        if pieces is None or length >= len(pieces):
            continue
        if 0 < length <= request.stride:
            raise InputError(
                "E_ARGUMENT",
                "Windows of {length} tokens cannot repeat {stride} tokens of the one before.",
                cure="Give a smaller stride, or a larger max_length.",
                values=dict(length=length, stride=request.stride),
            )
        cut(pieces, length, request.stride, side)


def batch_encoding(
    finished: Sequence[Sequence[Encoding]],
    *,
    request: Request,
    fields: Fields,
    pad: PadToken,
    tensors: str | None,
    single: bool,
) -> BatchEncoding:
    """Return the named fields of finished encodings.

    Args:
        finished: each text's encoding and its windows.
        request: how rows are padded.
        fields: which fields are wanted.
        pad: padding token and side.
        tensors: ``pt``, ``np`` or None.
        single: whether one text was passed, and not a list of one.

    Raises:
        InputError: E_NO_PADDING_TOKEN; E_RAGGED.
        UnsupportedError: another kind of tensor.
    """
    taken = [pieces if fields.overflow else pieces[:1] for pieces in finished]
    encodings = [encoding for pieces in taken for encoding in pieces]
    rows = _padded([len(encoding) for encoding in encodings], encodings, request, pad)
    table = _columns(rows, fields, pad.number or 0)
    if fields.overflow:
        table["overflow_to_sample_mapping"] = [index for index, pieces in enumerate(taken) for _ in pieces]
    if single and tensors is None and not fields.overflow:
        table = {name: value[0] if isinstance(value[0], list) else value for name, value in table.items()}
    return BatchEncoding(convert(table, tensors), tuple(rows))


def _padded(sizes: list[int], encodings: list[Encoding], request: Request, pad: PadToken) -> list[Row]:
    if request.padding is None:
        return [Row(encoding) for encoding in encodings]
    length = request.padded_length(sizes)
    rows: list[Row] = []
    for size, encoding in zip(sizes, encodings, strict=True):
        missing = max(length - size, 0)
        if missing and pad.token is None:
            raise no_padding_token()
        left = missing if pad.side == "left" else 0
        rows.append(Row(encoding, pad.token or "", left, missing - left))
    return rows


def no_padding_token() -> InputError:
    """Build the error for padding with a tokenizer that has no padding token."""
    return InputError(
        "E_NO_PADDING_TOKEN",
        "This tokenizer has no padding token, and the texts differ in length.",
        cure='Pass one text at a time, or name a token as "pad_token" in tokenizer_config.json.',
    )


def _columns(rows: Sequence[Row], fields: Fields, number: int) -> dict[str, Any]:
    table: dict[str, Any] = {"input_ids": [row.padded(row.encoding.ids, number) for row in rows]}
    if fields.segments:
        table["token_type_ids"] = [row.padded(row.encoding.segments, 0) for row in rows]
    if fields.mask:
        table["attention_mask"] = [row.padded([1] * len(row.encoding), 0) for row in rows]
    if fields.special:
        table["special_tokens_mask"] = [row.padded([int(flag) for flag in row.encoding.special], 1) for row in rows]
    if fields.spans:
        table["offset_mapping"] = [row.padded(row.encoding.spans, (0, 0)) for row in rows]
    if fields.length:
        table["length"] = [row.left + len(row.encoding) + row.right for row in rows]
    return table


def pad_fields(
    encoded: Mapping[str, Any] | Sequence[Mapping[str, Any]],
    *,
    request: Request,
    pad: PadToken,
    mask: bool,
    tensors: str | None,
) -> BatchEncoding:
    """Pad rows tokenized earlier to equal length; fields that torso does not know are unchanged.

    Raises:
        InputTypeError: E_TEXT where there are no ``input_ids``.
        InputError: as `batch_encoding`.
    """
    table = _gathered(encoded)
    ids: Any = table.get("input_ids")
    if not isinstance(ids, list):
        raise InputTypeError(
            "E_TEXT",
            "There are no input_ids to pad.",
            cure="Pass what the tokenizer gave, or a list of it.",
        )
    flat = isinstance(encoded, Mapping) and not all(isinstance(row, list) for row in cast("list[object]", ids))
    if flat:
        table = {name: [value] for name, value in table.items()}
    rows = cast("list[list[int]]", table["input_ids"])
    if mask and "attention_mask" not in table:
        table["attention_mask"] = [[1] * len(row) for row in rows]
    table = _pad_columns(table, [len(row) for row in rows], request, pad)
    if flat and tensors is None:
        table = {name: value[0] for name, value in table.items()}
    return BatchEncoding(convert(table, tensors))


def _gathered(encoded: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    if isinstance(encoded, Mapping):
        return {name: listed(value) for name, value in encoded.items()}
    names = list(encoded[0].keys()) if encoded else ["input_ids"]
    return {name: [listed(item[name]) for item in encoded] for name in names}


def _pad_columns(table: dict[str, Any], sizes: list[int], request: Request, pad: PadToken) -> dict[str, Any]:
    length = request.padded_length(sizes) if request.padding is not None else 0
    missing = [max(length - size, 0) for size in sizes]
    if any(missing) and pad.token is None:
        raise no_padding_token()
    pad_values = {"input_ids": pad.number, **PAD_VALUES}
    padded = dict(table)
    for name in pad_values.keys() & table.keys():
        lists = cast("list[list[Any]]", table[name])
        padded[name] = [
            [pad_values[name]] * count + row if pad.side == "left" else row + [pad_values[name]] * count
            for row, count in zip(lists, missing, strict=True)
        ]
    return padded
