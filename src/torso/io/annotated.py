"""Whether a value is of a type that an annotation states, as far as that can be checked. Loads no torch."""

from __future__ import annotations

import ast
import builtins
import collections.abc
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from types import NoneType, UnionType
from typing import Any, ForwardRef, Literal, Union, cast, get_args, get_origin

_SAMPLE = 64  # items of a sequence that are looked at
_WIDER: Mapping[type, tuple[type, ...]] = {float: (float, int), complex: (complex, float, int)}


def fits(value: object, annotation: str, names: Mapping[str, object]) -> bool:
    """Return whether a value may be of an annotated type; True where the annotation names what is not known here.

    Args:
        value: an argument.
        annotation: as it stands in the source, such as ``Sequence[str] | None``.
        names: the module's, by which the annotation is read.
    """
    try:
        return _fits(value, ast.parse(annotation, mode="eval").body, names)
    except (SyntaxError, LookupError, AttributeError):
        return True


def _fits(value: object, node: ast.expr, names: Mapping[str, object]) -> bool:
    match node:
        case ast.BinOp(left, ast.BitOr(), right):
            return _fits(value, left, names) or _fits(value, right, names)
        case ast.Constant(None):
            return value is None
        case ast.Constant(str() as text):
            return fits(value, text, names)
        case ast.Subscript(inner, of):
            kind = _named(inner, names)
            if isinstance(kind, str):
                return _is_of(value, kind)
            if kind is Literal:
                return value in [each.value for each in _parts(of) if isinstance(each, ast.Constant)]
            if not _is_of(value, kind) or kind not in (collections.abc.Sequence, list, collections.abc.Iterable):
                return _is_of(value, kind)
            if isinstance(value, str | bytes):  # a sequence of texts, and of nothing else
                return _fits("", of, names)
            return not isinstance(value, Sequence) or all(
                _fits(each, of, names) for each in islice(_items(cast("object", value)), _SAMPLE)
            )
        case _:
            return _is_of(value, _named(node, names))


def _items(value: object) -> Iterable[object]:
    return cast("Sequence[object]", value)


def _parts(node: ast.expr) -> list[ast.expr]:
    return node.elts if isinstance(node, ast.Tuple) else [node]


def _named(node: ast.expr, names: Mapping[str, object]) -> Any:
    """Return what a name stands for.

    Raises:
        LookupError, AttributeError: it is not known here.
    """
    match node:
        case ast.Name(name):
            if name in names:
                return names[name]
            return getattr(builtins, name) if hasattr(builtins, name) else _loaded(name)
        case ast.Attribute(ast.Name(module), name):
            return getattr(names.get(module) or sys.modules[module], name)
        case _:
            raise LookupError


def _loaded(name: str) -> Any:
    """Return a class of torso's by its name, which modules may import for checkers alone, if it is loaded."""
    package = __name__.partition(".")[0]
    for module in list(sys.modules.values()):
        if module.__name__.partition(".")[0] == package and isinstance(found := vars(module).get(name), type | str):
            return found
    if name in sys.modules[package].__all__:  # nothing can be of a class that is not loaded
        return _NotLoaded
    raise LookupError


class _NotLoaded:
    """Stands for a class of which there is nothing yet."""


def _is_of(value: object, kind: Any) -> bool:
    if get_origin(kind) is Literal:
        return value in get_args(kind)
    if get_origin(kind) in (Union, UnionType):
        return any(_is_of(value, NoneType if each is None else each) for each in get_args(kind))
    if isinstance(kind, ForwardRef | str):  # an alias that is written as text
        return fits(value, kind if isinstance(kind, str) else kind.__forward_arg__, {"os": os})
    kind = get_origin(kind) or kind
    if kind is os.PathLike:
        return isinstance(value, os.PathLike)
    if not isinstance(kind, type):
        raise LookupError
    if getattr(kind, "_is_protocol", False) and not getattr(kind, "_is_runtime_protocol", False):
        return all(hasattr(value, name) for name in vars(kind) if not name.startswith("_"))
    return isinstance(value, _WIDER.get(kind, kind))
