"""Arguments of tasks, checked. Loads no torch."""

from __future__ import annotations

from collections.abc import Iterable

from torso.errors import InputError, InputTypeError


def one_or_more(texts: str | Iterable[str]) -> list[str]:
    """Return texts as a list; a text alone is one, and not its letters."""
    return [texts] if isinstance(texts, str) else list(texts)


def at_least(name: str, value: int | None, least: int) -> None:
    """Raise unless ``value`` is a whole number and not below ``least``; None means not given.

    Raises:
        InputError: E_ARGUMENT.
    """
    if value is not None and (isinstance(value, bool) or not hasattr(value, "__index__")):
        raise InputTypeError(
            "E_ARGUMENT",
            "{name} is {value}; it must be a whole number of at least {least}.",
            cure="Give such a number, or leave it out.",
            values=dict(name=name, value=repr(value)[:60], least=least),
        )
    if value is not None and value < least:
        raise InputError(
            "E_ARGUMENT",
            "{name} is {value}; it must be at least {least}.",
            cure="Give a larger number, or leave it out.",
            values=dict(name=name, value=value, least=least),
        )


def yes_or_no(name: str, value: object) -> None:
    """Raise unless ``value`` is True, False, or None for not given: a text such as "no" would count as true.

    Raises:
        InputTypeError: E_ARGUMENT.
    """
    if value is not None and type(value).__name__ != "bool":  # NumPy's has that name too
        raise InputTypeError(
            "E_ARGUMENT",
            "{name} is {value}; it must be True or False.",
            cure="Write {name}=True, or leave it out.",
            values=dict(name=name, value=repr(value)[:60]),
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
