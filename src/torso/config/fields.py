"""Field declarations of config parameters: default, meaning, limits and effect, each stated once."""

from __future__ import annotations

import types
from collections.abc import Iterable, Sequence
from dataclasses import Field, dataclass, field
from difflib import get_close_matches
from math import isfinite
from numbers import Real
from operator import index
from typing import Any, Literal, SupportsIndex, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from torso.errors import ConfigError, TorsoError, UnknownParameterError, UnsupportedError
from torso.language import say

Acts = Literal["shape", "run", "train", "none"]


ACTIVATIONS = (
    "gelu",
    "gelu_10",
    "gelu_accurate",
    "gelu_fast",
    "gelu_new",
    "gelu_python",
    "gelu_python_tanh",
    "gelu_pytorch_tanh",
    "hardswish",
    "laplace",
    "leaky_relu",
    "linear",
    "mish",
    "quick_gelu",
    "relu",
    "relu2",
    "relu6",
    "sigmoid",
    "silu",
    "sqrtsoftplus",
    "swish",
    "tanh",
)
"""The names in `torso.nn.activations.TABLE`, known here without loading torch."""


@dataclass(frozen=True, slots=True)
class Axis:
    """Axis of a trunk weight whose size a parameter states, as axis 1 of ``embed.tokens``."""

    module: str
    axis: int


@dataclass(frozen=True, slots=True)
class Count:
    """Module list whose length a parameter states, as ``layers``."""

    modules: str


@dataclass(frozen=True, slots=True)
class FieldInfo:
    """Metadata of a parameter beside its default.

    Attributes:
        meaning: one line of help.
        acts: ``shape`` (the weights follow it), ``run`` (results change), ``train`` (only training does), ``none``.
        least: smallest value allowed.
        most: largest value allowed.
        choices: every value allowed.
        fixed: the one value implemented, and whatever other values mean the same.
        measures: where a weight file shows the value.
    """

    meaning: str
    acts: Acts
    least: float | None = None
    most: float | None = None
    choices: tuple[str, ...] | None = None
    fixed: tuple[object, ...] | None = None
    measures: Axis | Count | None = None


def option(
    default: Any,
    meaning: str,
    *,
    acts: Acts,
    least: float | None = None,
    most: float | None = None,
    choices: tuple[str, ...] | None = None,
    measures: Axis | Count | None = None,
) -> Any:
    """Declare a parameter of a config; see `FieldInfo`. For a dataclass field."""
    about = FieldInfo(meaning, acts, least, most, choices, None, measures)
    return field(default=default, metadata={"info": about})


def size(default: int, meaning: str, measures: Axis | Count) -> Any:
    """Declare a parameter that states a size of the weights."""
    return option(default, meaning, acts="shape", least=1, measures=measures)


def probability(default: float | None, meaning: str) -> Any:
    """Declare a probability that matters in training alone."""
    return option(default, meaning, acts="train", least=0, most=1)


def fixed(value: Any, meaning: str = "", *, alike: tuple[object, ...] = ()) -> Any:
    """Declare a parameter with one implemented value; others are refused by name, except those in ``alike``."""
    return field(default=value, metadata={"info": FieldInfo(meaning, "run", fixed=(value, *alike))})


def field_info(declared: Field[Any]) -> FieldInfo:
    """Return the declaration of a dataclass field."""
    return declared.metadata["info"]


_HINTS: dict[type, dict[str, Any]] = {}


def check_value(owner: type, declared: Field[Any], value: object) -> None:
    """Check one value against its declaration.

    Raises:
        ConfigError: ``E_CONFIG``, for a wrong type or a value out of range.
        UnsupportedError: ``E_UNSUPPORTED``, for a value that is real elsewhere and not implemented here.
    """
    about = field_info(declared)
    values: dict[str, object] = {"name": declared.name, "value": value, "default": declared.default}
    if about.fixed is not None and value not in about.fixed:
        raise UnsupportedError(
            "E_UNSUPPORTED",
            "{name} is {value!r}; torso implements only {default!r}.",
            cure="Choose a checkpoint with {name} = {default!r}: another value would change every number.",
            values=values,
        )
    wanted = _hint(owner, declared)
    if not is_of(value, wanted):
        raise ConfigError(
            "E_CONFIG",
            "{name} is {value!r}; it must be {wanted}.",
            # None is no example of what to write: whoever gives another kind means a value.
            cure="Write it as {wanted}." if declared.default is None else "Write it as {wanted}, such as {default!r}.",
            values={**values, "wanted": words(wanted)},
        )
    if isinstance(value, int | float) and not isinstance(value, bool):
        low, high = about.least, about.most
        if not _is_finite(value) or (low is not None and value < low) or (high is not None and value > high):
            raise ConfigError(
                "E_CONFIG",
                "{name} is {value!r}; it must be between {low} and {high}.",
                cure="Use a value in that range; the default is {default!r}.",
                values={**values, "low": "-inf" if low is None else low, "high": "inf" if high is None else high},
            )
    if about.choices is not None and isinstance(value, str) and value not in about.choices:
        nearest = get_close_matches(value, about.choices, 1)
        raise UnsupportedError(
            "E_UNSUPPORTED",
            "{name} is {value!r}, which torso does not have.",
            cure="Nearest: {nearest}. It has: {known}.",
            values={**values, "nearest": nearest[0] if nearest else "none", "known": ", ".join(about.choices)},
        )


def plain(owner: type, declared: Field[Any], value: object) -> object:
    """Convert a value's numbers to Python's own types: from NumPy's, and 20.0 to 20 where an int is declared.

    Sizes of the weights must be written as whole numbers, as transformers wants them; a bool is never a number.
    """
    if value is None or type(value) in (str, bool, int) or (type(value) is float and _hint(owner, declared) is float):
        return value
    wanted = _hint(owner, declared)
    return value if is_of(value, wanted) else _plain(value, whole=field_info(declared).acts != "shape")


def _plain(value: object, *, whole: bool) -> object:
    if isinstance(value, list | tuple):
        items = [_plain(item, whole=whole) for item in cast("list[object]", value)]
        return items if isinstance(value, list) else tuple(items)
    if isinstance(value, dict):
        return {key: _plain(item, whole=whole) for key, item in cast("dict[object, object]", value).items()}
    if isinstance(value, str | int):
        return value
    if isinstance(value, SupportsIndex):
        try:
            return index(value)
        except TypeError:  # a NumPy bool, or an array of several numbers
            return value
    if isinstance(value, Real):
        number = float(value)
        return int(number) if whole and abs(number) < 2**53 and number == int(number) else number
    return value


def _hint(owner: type, declared: Field[Any]) -> Any:
    if owner not in _HINTS:
        _HINTS[owner] = get_type_hints(owner)
    return _HINTS[owner][declared.name]


def is_of(value: object, wanted: Any) -> bool:
    """Return whether a value is of an annotated type; an int is accepted as float, a bool only as bool."""
    origin = get_origin(wanted)
    if wanted is Any or wanted is object:
        return True
    if origin in (Union, types.UnionType):
        return any(is_of(value, part) for part in get_args(wanted))
    if origin is not None:
        return isinstance(value, origin) and _parts_are_of(value, get_args(wanted))
    if wanted is type(None):
        return value is None
    if wanted is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if wanted is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, wanted)


def _is_finite(value: float) -> bool:
    try:
        return isfinite(value)
    except OverflowError:  # a whole number of hundreds of digits
        return False


def _parts_are_of(value: Any, parts: tuple[Any, ...]) -> bool:
    if isinstance(value, dict):
        pairs = cast("dict[object, object]", value)
        return all(is_of(key, parts[0]) and is_of(item, parts[1]) for key, item in pairs.items())
    return all(is_of(item, parts[0]) for item in value)


def words(wanted: Any) -> str:
    """Return a type in words, in the language in force: ``a whole number``, ``a number or null``."""
    named = {int: "a whole number", float: "a number", bool: "true or false", str: "a word", type(None): "null"}
    if get_origin(wanted) in (Union, types.UnionType):
        return say(" or ").join(words(part) for part in get_args(wanted))
    return say(named.get(wanted) or {list: "a list", dict: "a table"}.get(get_origin(wanted) or wanted, str(wanted)))


Kind = TypeVar("Kind", bound=TorsoError)


def refuse_unknown(owner: type, given: Iterable[str], known: Sequence[str]) -> None:
    """Raise on parameters that do not exist.

    Raises:
        UnknownParameterError: ``E_UNKNOWN_PARAMETER``, with the nearest known name.
    """
    for name in given:
        if name not in known:
            raise unknown(UnknownParameterError, owner, name, known)


def unknown(kind: type[Kind], owner: type, name: str, known: Sequence[str]) -> Kind:
    """Build the error for a parameter that ``owner`` does not have, with the nearest one that it has."""
    meant = _nearest(name, known)
    return kind(
        "E_UNKNOWN_PARAMETER",
        "{kind} has no parameter {name!r}.",
        cure="Did you mean {nearest}? All of them: torso config MODEL" if meant else "All of them: torso config MODEL",
        values=dict(kind=owner.__name__, name=name, nearest=meant),
    )


def _nearest(name: str, known: Sequence[str]) -> str | None:
    """Return the known name most like ``name``: a slip away, else with all its words, else similar; or None."""
    if close := get_close_matches(name, known, 1, 0.88):
        return close[0]
    words = set(name.split("_"))
    holding = [each for each in known if words <= set(each.split("_"))]
    return next(iter(get_close_matches(name, holding, 1, 0.0) or get_close_matches(name, known, 1, 0.72)), None)
