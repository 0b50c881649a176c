"""The encoding that ``--encoding`` names, kept for the call."""

from __future__ import annotations

from typing import cast

import click

from torso.io.text_file import check_encoding

_KEY = "torso.encoding"


def remember(ctx: click.Context, parameter: click.Parameter, value: str | None) -> None:
    """Keep what ``--encoding`` names for the call.

    Raises:
        InputError: E_ARGUMENT for an encoding that Python does not know.
    """
    if value is not None:
        check_encoding(value)
        ctx.meta[_KEY] = value


def named() -> str | None:
    """Return the encoding that the call named."""
    context = click.get_current_context(silent=True)
    return None if context is None else cast("str | None", context.meta.get(_KEY))
