"""Truncation and padding request of a call: transformers' parameters, checked and resolved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from torso.errors import InputError

Padding = bool | Literal["longest", "max_length", "do_not_pad"]
Truncation = bool | Literal["longest_first", "only_first", "only_second", "do_not_truncate"] | None
Side = Literal["left", "right"]
Tensors = Literal["pt", "np"] | None


@dataclass(frozen=True, slots=True)
class Request:
    """Resolved truncation and padding of one call.

    Attributes:
        strategy: ``longest_first``, ``only_first`` or ``only_second``; None to truncate nothing.
        limit: tokens at most, where something is truncated, or at least, where padded to a fixed length.
        stride: tokens that a window repeats of the one before.
        padding: ``longest`` or ``max_length``; None to pad nothing.
        multiple: padded lengths are a multiple of it.
    """

    strategy: str | None
    limit: int | None
    stride: int
    padding: str | None
    multiple: int

    def padded_length(self, sizes: Sequence[int]) -> int:
        """Return the length that rows of ``sizes`` are padded to; longer ones are unchanged."""
        length = max(sizes, default=0) if self.padding == "longest" else self.limit or 0
        return -(-length // self.multiple) * self.multiple


def resolve(
    *,
    padding: Padding,
    truncation: Truncation,
    max_length: int | None,
    stride: int,
    multiple: int | None,
    known_limit: int | None,
    tensors_of_many: bool = False,
) -> Request:
    """Resolve the parameters of a call, as transformers understands them, with nothing ignored.

    Args:
        padding: whether to pad, and to what.
        truncation: whether to truncate, and which text of a pair. None with a ``max_length`` and no padding truncates.
        max_length: tokens, special ones included.
        stride: tokens that a window repeats.
        multiple: padded lengths are a multiple of it.
        known_limit: what ``max_length`` is where none is given; None where the tokenizer knows none.
        tensors_of_many: whether rows must be of equal length: then they are padded even without ``padding``.

    Raises:
        InputError: E_ARGUMENT for a value that cannot be or would have no effect; E_NO_LIMIT where something is to be
            truncated or padded to an unknown limit.
    """
    if max_length is not None and padding is False and truncation is None:
        truncation = True
    strategy = _choice("truncation", truncation, ("longest_first", "only_first", "only_second"))
    pad_strategy = _choice("padding", padding, ("longest", "max_length"))
    _require_whole("max_length", max_length, least=0)
    _require_whole("stride", stride, least=0)
    _require_whole("pad_to_multiple_of", multiple, least=1)
    if multiple is not None and pad_strategy is None:
        raise _no_effect("pad_to_multiple_of", "padding=True")
    if pad_strategy is None and tensors_of_many and padding is False:
        pad_strategy = "longest"
    if max_length is not None and strategy is None and pad_strategy != "max_length":
        raise _no_effect("max_length", "truncation=True")
    if stride and strategy is None:
        raise _no_effect("stride", "truncation=True")
    limit = max_length
    if limit is None and (strategy is not None or pad_strategy == "max_length"):
        limit = known_limit
        if limit is None:
            raise InputError(
                "E_NO_LIMIT",
                "This tokenizer has no maximum length, so there is nothing to truncate or pad to.",
                cure="Say how many tokens: max_length=512",
            )
    if (
        strategy is not None
        and pad_strategy is not None
        and multiple is not None
        and limit is not None
        and limit % multiple
    ):
        raise InputError(
            "E_ARGUMENT",
            "max_length={limit} is not a multiple of pad_to_multiple_of={multiple}.",
            cure="Make one fit the other.",
            values=dict(limit=limit, multiple=multiple),
        )
    return Request(strategy, limit, stride, pad_strategy, multiple or 1)


def _choice(name: str, value: object, known: tuple[str, ...]) -> str | None:
    """Return ``value`` as one of ``known``, the first of them for True; None for a value without effect."""
    if value is True:
        return known[0]
    if value is None or value is False or value in ("do_not_pad", "do_not_truncate"):
        return None
    if isinstance(value, str) and value in known:
        return str(value)
    raise InputError(
        "E_ARGUMENT",
        "{name}={value} is not a choice.",
        cure="Choose True, False, or one of: {known}.",
        values=dict(name=name, value=repr(value), known=", ".join(known)),
    )


def checked_side(value: str | None, default: str) -> str:
    """Return ``left`` or ``right``; ``default`` for None."""
    if value is None:
        return default
    if value not in ("left", "right"):
        raise InputError(
            "E_ARGUMENT",
            "{name}={value} is not a choice.",
            cure="Choose True, False, or one of: {known}.",
            values=dict(name="padding_side", value=repr(value), known="left, right"),
        )
    return value


def _require_whole(name: str, value: object, *, least: int) -> None:
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < least):
        raise InputError(
            "E_ARGUMENT",
            "{name}={value} must be a whole number from {least}.",
            cure="Correct it, or leave it out.",
            values=dict(name=name, value=repr(value), least=least),
        )


def _no_effect(name: str, needed: str) -> InputError:
    return InputError(
        "E_ARGUMENT",
        "{name} would have no effect here.",
        cure="Add {needed}, or leave {name} out.",
        values=dict(name=name, needed=needed),
    )


def kept_lengths(first: int, second: int | None, limit: int, strategy: str) -> tuple[int, int]:
    """Return how many tokens of each text are kept so that both fit ``limit``, as `tokenizers` itself truncates.

    Args:
        first: tokens of the first text.
        second: tokens of the second; None without one.
        limit: tokens there is room for, special ones taken off.
        strategy: ``longest_first`` shortens the longer text until both are equally long; ``only_first`` and
            ``only_second`` shorten that one.

    Raises:
        InputError: E_ARGUMENT where the text to be shortened is not there, or is shorter than what must go.
    """
    excess = first + (second or 0) - limit
    if excess <= 0:
        return first, second or 0
    if strategy == "longest_first":
        if second is None:
            return limit, 0
        shorter = min(first, second)
        longer = shorter if shorter > limit else max(shorter, limit - shorter)
        if shorter + longer > limit:
            shorter, longer = limit // 2, limit - limit // 2
        return (longer, shorter) if first > second else (shorter, longer)
    target = first if strategy == "only_first" else second
    if target is None or (limit and target <= excess):
        raise InputError(
            "E_ARGUMENT",
            "truncation={strategy} cannot make {have} tokens fit {limit}: that text has {length}.",
            cure="Use truncation=True, which shortens the longer text.",
            values=dict(strategy=repr(strategy), have=first + (second or 0), limit=limit, length=target or 0),
        )
    if not limit:
        return 0, 0
    return (first - excess, second or 0) if strategy == "only_first" else (first, target - excess)
