"""Keyword arguments of public functions: an unknown one is an error that names its neighbour. Loads no torch."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from difflib import get_close_matches
from functools import wraps
from inspect import Parameter, isfunction, signature
from typing import Any, ParamSpec, TypeVar, cast
from weakref import WeakSet

from torso.errors import InputTypeError, TorsoError
from torso.io.annotated import fits

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


_SHOWN = 24  # names of arguments in a message: those of loading take every parameter of every config too


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that was plausibly meant: another library's word for it, or one a slip away; else None."""
    there = list(known)
    if ALIASES.get(name) in there:
        return ALIASES[name]
    return next(iter(get_close_matches(name, there, 1, 0.75)), None)


_OTHER_MODALITIES = re.compile(
    r"image|vision|visual|video|pixel|audio|speech|sound|depth|mask-generation|object-?detection|segmentation|ctc"
    r"|wav2vec|whisper|^clip|siglip|^vit(for|model|config|$)|featureextractor|_vl|vlfor|multimodal"
)


def is_other_modality(name: str) -> bool:
    """Return whether a name of another library speaks of images, video or sound, which torso does not read."""
    return _OTHER_MODALITIES.search(name.lower()) is not None


def unknown_argument(function: str, name: str, known: Iterable[str]) -> InputTypeError:
    """Return the error for a keyword argument that a function does not have."""
    there = list(known)
    meant = nearest(name, there)
    if meant is None:
        return InputTypeError(
            "E_ARGUMENT",
            "{function}() has no argument {name!r}.",
            cure="Leave it out. It takes: {known}.",
            values=dict(function=function, name=name, known=", ".join(there[:_SHOWN]) + ", …" * (len(there) > _SHOWN)),
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
    """Make a function refuse unknown arguments, missing ones, too many by place and wrong types, as a `TorsoError`.

    A call that fits costs one more frame: the signature is read only once a call has failed.

    Raises:
        InputTypeError: ``E_ARGUMENT``, with the plausible nearest name.
    """

    @wraps(function)
    def checked(*places: Given.args, **names: Given.kwargs) -> Value:
        try:
            return function(*places, **names)
        except (TypeError, AttributeError) as error:
            # An error of ours has said it already, as a config says it in its own words.
            if isinstance(error, TorsoError):
                raise
            if (misfit := misfit_of(function, places, names)) is not None:
                raise misfit from None
            if (wrong := wrong_type_of(function, places, names)) is not None:
                raise wrong from error
            raise

    _CHECKED.add(checked)
    return checked


Class = TypeVar("Class", bound=type)
_CHECKED: WeakSet[Callable[..., object]] = WeakSet()


def checked_calls(kind: Class) -> Class:
    """Make the constructor and the public methods of a class, inherited from torso too, as `known_arguments` makes one.

    A method that a checked class defines anew is checked only if the decorator stands on its class as well.
    """
    package = __name__.partition(".")[0]
    if kind.__init__ is object.__init__:

        def __init__(self: object) -> None:  # noqa: N807  in place of object's, which names no class and no argument
            super(kind, self).__init__()

        setattr(kind, "__init__", __init__)  # noqa: B010  a checker forbids the assignment
    for base in kind.__mro__:
        if base.__module__.partition(".")[0] != package:
            continue
        for name, value in list(vars(base).items()):
            if name.startswith("_") and name not in ("__init__", "__call__"):
                continue
            if isinstance(value, classmethod | staticmethod):
                inner = cast("Callable[..., Any]", value.__func__)
                if inner not in _CHECKED:
                    setattr(base, name, type(cast("Any", value))(known_arguments(inner)))
            elif isfunction(value) and value not in _CHECKED:
                setattr(base, name, known_arguments(value))
    return kind


def misfit_of(
    function: Callable[..., object], places: Sequence[object], names: Mapping[str, object]
) -> InputTypeError | None:
    """Return the error for arguments that a function does not take, or None where it takes them."""
    shape = signature(function)
    with suppress(TypeError):
        shape.bind(*places, **names)
        return None
    takes = shape.parameters
    known = [
        name for name, each in takes.items() if each.kind in (Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY)
    ]
    by_place = [name for name, each in takes.items() if each.kind <= Parameter.POSITIONAL_OR_KEYWORD]
    offered = [name for name in known if name not in ("self", "cls")]
    hidden = len(by_place) - len([name for name in by_place if name not in ("self", "cls")])
    called = _called(function, places)
    # A function with a closed table of more arguments checks their names itself.
    if not any(each.kind is Parameter.VAR_KEYWORD for each in takes.values()):
        for name in names:
            if name not in known:
                return unknown_argument(called, name, offered)
    any_number = any(each.kind is Parameter.VAR_POSITIONAL for each in takes.values())
    if len(places) > len(by_place) and not any_number:
        return InputTypeError(
            "E_ARGUMENT",
            "{function}() takes {most} arguments by place; {count} were given.",
            cure="Name the others: {known}.",
            values=dict(
                function=called, most=len(by_place) - hidden, count=len(places) - hidden, known=", ".join(offered)
            ),
        )
    for name in by_place[: len(places)]:
        if name in names:
            return InputTypeError(
                "E_ARGUMENT",
                "{function}() was given {name} twice: by place and by name.",
                cure="Leave one of them out.",
                values=dict(function=called, name=name),
            )
    for name in known:
        if takes[name].default is Parameter.empty and name not in names and name not in by_place[: len(places)]:
            if name in ("self", "cls"):
                return None  # called on the class: Python's own words say it
            return InputTypeError(
                "E_ARGUMENT",
                "{function}() was called without {name}.",
                cure="Give it: {function}({name}=...).",
                values=dict(function=called, name=name),
            )
    return None


def wrong_type_of(
    function: Callable[..., object], places: Sequence[object], names: Mapping[str, object]
) -> InputTypeError | None:
    """Return the error for the first argument that is not of its annotated type, or None where none is found."""
    with suppress(TypeError):
        shape = signature(function)
        for name, value in shape.bind(*places, **names).arguments.items():
            each = shape.parameters[name]
            if each.kind <= Parameter.KEYWORD_ONLY and each.kind is not Parameter.VAR_POSITIONAL:
                wanted = str(each.annotation)
                if name not in ("self", "cls") and not fits(value, wanted, function.__globals__):
                    return InputTypeError(
                        "E_ARGUMENT",
                        "{function}() takes {name} as {wanted}; it was given {kind}.",
                        cure="Give it such a one. help({function}) says what it is.",
                        values=dict(
                            function=_called(function, places), name=name, wanted=wanted, kind=type(value).__name__
                        ),
                    )
    return None


def _called(function: Callable[..., object], places: Sequence[object]) -> str:
    """Return what a caller wrote before the brackets: a class's name for its constructor and for calls of it."""
    if function.__name__ == "__init__" and places:
        return type(places[0]).__name__
    if function.__name__ == "__call__" and places:
        return f"{type(places[0]).__name__}.__call__"
    return function.__name__
