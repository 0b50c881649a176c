"""What is said of a parameter that does not exist."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import TypeVar

from torso.errors import TorsoError, UnknownParameterError

Kind = TypeVar("Kind", bound=TorsoError)


def refuse_unknown(owner: type, given: Iterable[str], known: Sequence[str]) -> None:
    """Refuses parameters that do not exist.

    Raises:
        UnknownParameterError: ``E_UNKNOWN_PARAMETER``, with the nearest known name.
    """
    for name in given:
        if name not in known:
            raise unknown(UnknownParameterError, owner, name, known)


def unknown(kind: type[Kind], owner: type, name: str, known: Sequence[str]) -> Kind:
    """The error of a parameter that ``owner`` does not have, with the nearest one that it has."""
    return kind(
        "E_UNKNOWN_PARAMETER",
        "{kind} has no parameter {name!r}.",
        cure="Did you mean {nearest}? All of them: torso config MODEL",
        values=dict(kind=owner.__name__, name=name, nearest=_nearest(name, known)),
    )


def _nearest(name: str, known: Sequence[str]) -> str:
    """The known name most like ``name``: one that holds all its words, else one that looks like it, else the first."""
    words = set(name.split("_"))
    holding = [each for each in known if words <= set(each.split("_"))]
    return (get_close_matches(name, holding, 1, 0.0) or get_close_matches(name, known, 1, 0.4) or known)[0]
