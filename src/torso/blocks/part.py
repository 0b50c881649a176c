"""Descriptions of the parts of a model: what it is made of, not how it is computed. Loads no torch."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from copy import copy
from dataclasses import dataclass, field
from math import prod
from typing import ClassVar, Literal, Self


@dataclass(frozen=True, slots=True)
class Weight:
    """One tensor of a part.

    Attributes:
        shape: its axes.
        initial: values of a new one: normally distributed around zero, ones, or zeros.
        trained: whether training changes it.
        exact: whether it is loaded in float32 whatever the dtype of the others.
    """

    shape: tuple[int, ...]
    initial: Literal["normal", "ones", "zeros"] = "normal"
    trained: bool = True
    exact: bool = False


@dataclass(frozen=True, eq=False)
class Part:
    """Description of a part of a model: a frozen dataclass with the options of the part.

    Descriptions are compared by identity: a part that occurs twice in a model is one part, with one set of weights.

    Attributes:
        parts: the parts that it consists of, by name and in order; None for one that it was described without. They are
            created with it, once.
        tensors: its own weights, by name, without those of its parts.
        implementation: the PyTorch module, as ``package.module.Class``, of a description from outside this package;
            those of the package have the module of the same name in `torso.nn`.
    """

    parts: Mapping[str, Part | None] = field(init=False, repr=False)
    tensors: Mapping[str, Weight] = field(init=False, repr=False)
    implementation: ClassVar[str] = ""

    def __post_init__(self) -> None:
        """Create parts and tensors."""
        object.__setattr__(self, "parts", self.children())
        object.__setattr__(self, "tensors", self.weights())

    def children(self) -> Mapping[str, Part | None]:
        """Create the parts that it consists of, by name and in order."""
        return {}

    def weights(self) -> Mapping[str, Weight]:
        """Create its own weights, by name, without those of its parts."""
        return {}

    def without(self, names: Collection[str]) -> Self:
        """Return a copy without some of its parts or tensors; the others are the same."""
        made = copy(self)
        kept = {name: None if name in names else part for name, part in self.parts.items()}
        object.__setattr__(made, "parts", kept)
        object.__setattr__(made, "tensors", {name: each for name, each in self.tensors.items() if name not in names})
        return made


def walk(part: Part, name: str = "") -> Iterator[tuple[str, Part]]:
    """Yield a part and all within it, each once, under its first name and before its own parts."""
    seen: set[int] = set()
    remaining = [(name, part)]
    while remaining:
        place, each = remaining.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        yield place, each
        inner = [(f"{place}.{own}" if place else own, child) for own, child in each.parts.items() if child is not None]
        remaining += reversed(inner)


def replace_parts(whole: Part, instead: Callable[[str, Part], Part]) -> None:
    """Exchange parts within a description that was just made, in place; its owners stay, and so who shares them.

    Args:
        whole: nobody else has it, and nothing was built of it.
        instead: takes the full name of a part and the part; returns what takes its place.
    """
    for name, owner in list(walk(whole)):
        lead = f"{name}." if name else ""
        given = {own: None if part is None else instead(lead + own, part) for own, part in owner.parts.items()}
        object.__setattr__(owner, "parts", given)


def named_weights(part: Part) -> Iterator[tuple[str, Weight]]:
    """Yield all weights of a part by their full names, in the order of a state dict; a shared one once."""
    for place, each in walk(part):
        for own, weight in each.tensors.items():
            yield f"{place}.{own}" if place else own, weight


def parameter_count(part: Part) -> int:
    """Return the number of values of all weights; times the size of a dtype it is the bytes that they take."""
    return sum(prod(weight.shape) for _, weight in named_weights(part))
