"""Keyword arguments of public functions: an unknown one is an error that names its neighbour. Loads no torch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from functools import wraps
from inspect import Parameter, signature
from typing import ParamSpec, TypeVar

from torso.errors import InputTypeError

Given = ParamSpec("Given")
Value = TypeVar("Value")

ALIASES: Mapping[str, str] = {
    "aggregation_strategy": "aggregation",
    "candidate_labels": "labels",
    "dtype": "torch_dtype",
    "max_len": "max_length",
    "model_name": "model",
    "model_name_or_path": "model",
    "normalize_embeddings": "normalize",
    "sentences": "texts",
    "top_k": "top",
    "torch_dtype": "dtype",
}
"""Names of other libraries for what is called otherwise here."""


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that was plausibly meant: another library's word for it, or one a slip away; else None."""
    there = list(known)
    if ALIASES.get(name) in there:
        return ALIASES[name]
    return next(iter(get_close_matches(name, there, 1, 0.75)), None)


def unknown_argument(function: str, name: str, known: Iterable[str]) -> InputTypeError:
    """Return the error for a keyword argument that a function does not have."""
    there = list(known)
    meant = nearest(name, there)
    if meant is None:
        return InputTypeError(
            "E_ARGUMENT",
            "{function}() has no argument {name!r}.",
            cure="Leave it out. It takes: {known}.",
            values=dict(function=function, name=name, known=", ".join(there)),
        )
    return InputTypeError(
        "E_ARGUMENT",
        "{function}() has no argument {name!r}.",
        cure="Did you mean {nearest}?",
        values=dict(function=function, name=name, nearest=meant),
    )


def own_arguments(function: Callable[..., object]) -> list[str]:
    """Return the names of the arguments that a function documents."""
    kinds = (Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY)
    return [name for name, each in signature(function).parameters.items() if each.kind in kinds and name != "self"]


def known_arguments(function: Callable[Given, Value]) -> Callable[Given, Value]:
    """Make a function refuse unknown arguments, and missing ones, as a `TorsoError`.

    Raises:
        InputTypeError: ``E_ARGUMENT``, with the plausible nearest name.
    """
    takes = signature(function).parameters
    named = [
        name for name, each in takes.items() if each.kind in (Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY)
    ]
    needed = [name for name in named if takes[name].default is Parameter.empty]
    by_place = [name for name, each in takes.items() if each.kind is Parameter.POSITIONAL_OR_KEYWORD]
    any_number = any(each.kind is Parameter.VAR_POSITIONAL for each in takes.values())
    offered = [name for name in named if name not in ("self", "cls")]
    known = frozenset(named)
    # A function with a closed table of more arguments checks their names itself.
    open_ended = any(each.kind is Parameter.VAR_KEYWORD for each in takes.values())

    @wraps(function)
    def checked(*places: Given.args, **names: Given.kwargs) -> Value:
        for name in names:
            if name not in known and not open_ended:
                raise unknown_argument(function.__name__, name, offered)
        if len(places) > len(by_place) and not any_number:
            raise InputTypeError(
                "E_ARGUMENT",
                "{function}() takes {most} arguments by place; {count} were given.",
                cure="Name the others: {known}.",
                values=dict(
                    function=function.__name__, most=len(by_place), count=len(places), known=", ".join(offered)
                ),
            )
        for name in needed:
            if name not in names and name not in by_place[: len(places)]:
                raise InputTypeError(
                    "E_ARGUMENT",
                    "{function}() was called without {name}.",
                    cure="Give it: {function}({name}=...).",
                    values=dict(function=function.__name__, name=name),
                )
        return function(*places, **names)

    return checked
