"""Conversion of token rows to tensors or arrays, and the padding values of their fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from torso.errors import InputError, UnsupportedError

# Padding value of each field; the padding token's own id is not known here.
PAD_VALUES: Mapping[str, Any] = {
    "token_type_ids": 0,
    "attention_mask": 0,
    "special_tokens_mask": 1,
    "offset_mapping": (0, 0),
}


def convert(fields: dict[str, Any], kind: str | None) -> dict[str, Any]:
    """Convert ``fields`` to int64 (or, for fractions, float) tensors for ``pt``, arrays for ``np``; unchanged for None.

    Raises:
        InputError: E_RAGGED for rows of different lengths, naming the field and the rows.
        UnsupportedError: E_UNSUPPORTED for any other kind.
    """
    if kind is None:
        return fields
    if kind not in ("pt", "np"):
        raise UnsupportedError(
            "E_UNSUPPORTED",
            "return_tensors={kind} is not a choice.",
            cure='Choose "pt" for PyTorch, "np" for NumPy, or None for lists.',
            values=dict(kind=repr(kind)),
        )
    return {name: _tensor(name, value, kind) for name, value in fields.items()}


def _tensor(name: str, value: Any, kind: str) -> Any:
    if not isinstance(value, list):
        return value
    rows = cast("list[Any]", value)
    _refuse_ragged(name, rows)
    whole = _is_whole(rows)
    width = (len(rows), 0) if not rows or rows[0] == [] else None  # [0, 0] or [N, 0], which no list can say
    if name not in ("input_ids", *PAD_VALUES) and not rows:
        width = (0,)
    if kind == "np":
        import numpy

        array = numpy.zeros(width) if width else numpy.asarray(rows)
        return array.astype(numpy.int64) if whole else array
    import torch

    if width:
        return torch.zeros(width, dtype=torch.int64)
    return torch.tensor(rows, dtype=torch.int64 if whole else None)


def _is_whole(value: Any) -> bool:
    """Return whether the first number found is an integer; lists without numbers count as integer."""
    while isinstance(value, (list, tuple)):
        items = cast("Sequence[Any]", value)
        if not items:
            return True
        value = items[0]
    return isinstance(value, int) and not isinstance(value, bool)


def _refuse_ragged(name: str, rows: list[Any]) -> None:
    sizes = [len(cast("Sequence[Any]", row)) for row in rows if isinstance(row, (list, tuple))]
    for index, size in enumerate(sizes):
        if size != sizes[0]:
            raise InputError(
                "E_RAGGED",
                "{name} are ragged: row 0 has {first}, row {index} has {size}.",
                cure="Pad them, or ask for lists: return_tensors=None.",
                values=dict(name=name, first=sizes[0], index=index, size=size),
            )


def listed(value: Any) -> Any:
    """Return a tensor or an array as lists; anything else unchanged."""
    as_list = getattr(value, "tolist", None)
    return as_list() if callable(as_list) else value
