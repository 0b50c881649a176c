"""Arguments of tasks, checked. Loads no torch."""

from __future__ import annotations

from collections.abc import Iterable

from torso.errors import InputError


def one_or_more(texts: str | Iterable[str]) -> list[str]:
    """Return texts as a list; a text alone is one, and not its letters."""
    return [texts] if isinstance(texts, str) else list(texts)


def at_least(name: str, value: int | None, least: int) -> None:
    """Raise if ``value < least``; None means not given.

    Raises:
        InputError: E_ARGUMENT.
    """
    if value is not None and value < least:
        raise InputError(
            "E_ARGUMENT",
            "{name} is {value}; it must be at least {least}.",
            cure="Give a larger number, or leave it out.",
            values=dict(name=name, value=value, least=least),
        )


def no_effect(name: str, value: object) -> None:
    """Raise for an option that is given and does nothing with this model.

    Raises:
        InputError: E_ARGUMENT.
    """
    if value is not None:
        raise InputError(
            "E_ARGUMENT", "{name} would have no effect here.", cure="Leave {name} out.", values=dict(name=name)
        )
