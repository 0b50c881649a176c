"""Tensors in one line, for people."""

from __future__ import annotations

from typing import Any, cast

_FEW = 24
"""Numbers of a tensor that are shown; of a larger one its shape alone."""


def short_repr(value: Any) -> str:
    """Return a field in one line: shape and number format of a tensor, with the numbers of a small one."""
    if isinstance(value, tuple):
        items = cast("tuple[Any, ...]", value)
        return f"{len(items)} x {_shape(items[0])}" if items and hasattr(items[0], "shape") else repr(items)[:80]
    if not hasattr(value, "ndim"):
        return repr(value)[:80]
    if value.ndim > 2 or value.numel() > _FEW:
        return _shape(value)
    digits = ".6f" if value.ndim == 0 else ".4f"
    return f"{_shape(value)} = {_numbers(value.detach().cpu().tolist(), digits)}"


def _shape(value: Any) -> str:
    return f"{list(value.shape)} {str(value.dtype).removeprefix('torch.')}"


def _numbers(values: Any, digits: str) -> str:
    if isinstance(values, list):
        return f"[{', '.join(_numbers(each, digits) for each in cast('list[Any]', values))}]"
    return format(values, digits) if isinstance(values, float) else str(values)
