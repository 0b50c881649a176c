"""PyTorch modules of descriptions: a module is built of its description's parts, and adds how it is computed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, Generic, TypeVar

import torch
from torch import nn

from torso import blocks

P = TypeVar("P", bound=blocks.Part)


class Module(nn.Module, Generic[P]):
    """A module with the parts and weights of its description, under the same names.

    Args:
        of: the description.
        build: builds the module of a part.

    Attributes:
        of: the description.
    """

    def __init__(self, of: P, build: Builder) -> None:
        super().__init__()
        self.of = of
        for name, part in of.parts.items():
            self.register_module(name, None if part is None else build(part))
        for name, weight in of.tensors.items():
            value = torch.ones(weight.shape) if weight.initial == "ones" else torch.zeros(weight.shape)
            self.register_parameter(name, nn.Parameter(value, requires_grad=weight.trained))


def _plain(p: blocks.LayerNorm) -> nn.Module:
    return nn.LayerNorm(p.width, p.eps, elementwise_affine=p.elementwise_affine, bias=p.bias)


PLAIN: Mapping[type[blocks.Part], Callable[[Any, Builder], nn.Module]] = {
    blocks.Linear: lambda p, build: nn.Linear(p.in_features, p.out_features, bias=p.bias),
    blocks.Embedding: lambda p, build: nn.Embedding(p.num_embeddings, p.embedding_dim, p.padding_idx),
    blocks.Convolution: lambda p, build: nn.Conv1d(p.width, p.width, p.size, padding=p.size // 2, groups=p.groups),
    blocks.LayerNorm: lambda p, build: _plain(p),
    blocks.Dropout: lambda p, build: nn.Dropout(p.p),
    blocks.Identity: lambda p, build: nn.Identity(),
    blocks.Sequential: lambda p, build: nn.Sequential(*map(build, p.items)),
    blocks.ModuleList: lambda p, build: nn.ModuleList(map(build, p.items)),
}
"""Descriptions of which PyTorch itself has the module: adapters and quantisation replace them by type."""


PLAIN_TYPES: Mapping[type[blocks.Part], type[nn.Module]] = {
    blocks.Convolution: nn.Conv1d,
    **{kind: getattr(nn, kind.__name__) for kind in PLAIN if kind is not blocks.Convolution},
}
"""The types of those modules."""


class Builder:
    """Builds modules of descriptions. The same description gives the same module, and so shares its weights."""

    def __init__(self) -> None:
        # Each description is held with its module, so that its id is not reused.
        self._built: dict[int, tuple[blocks.Part, nn.Module]] = {}

    def __call__(self, part: blocks.Part) -> Any:
        """Return the module of a description.

        Raises:
            TypeError: for a description from outside this package that does not name its module.
        """
        if id(part) not in self._built:
            plain = PLAIN.get(type(part))
            made = implementation(type(part))(part, self) if plain is None else plain(part, self)
            self._built[id(part)] = part, made
        return self._built[id(part)][1]


def implementation(kind: type[blocks.Part]) -> type[Module[Any]]:
    """Return the class of modules of a kind of description, importing it if need be.

    Raises:
        TypeError: for one from outside this package that does not name its module.
    """
    stated = vars(kind).get("implementation", "")
    own = f"torso.nn.{kind.__name__}" if kind.__module__.startswith("torso.") else ""
    home, _, name = (stated or own).rpartition(".")
    if not home:
        raise TypeError(f"{kind.__module__}.{kind.__qualname__} names no module in its attribute implementation")
    return getattr(import_module(home), name)


def build(part: blocks.Part) -> Any:
    """Build the PyTorch module of a description, with new weights.

    Raises:
        TypeError: for a description from outside this package that does not name its module.
    """
    return Builder()(part)


def differs(module: Module[Any]) -> str | None:
    """Return the name of a submodule that is not as its description says; None if all are.

    Adapters, quantisation and pruning replace modules, or weights by others of another shape.
    """
    for name, part in blocks.walk(module.of):
        found = module.get_submodule(name)
        children = {own for own, child in part.parts.items() if child is not None}
        registered: Mapping[str, nn.Module | None] = vars(found)["_modules"]  # with those that occur twice
        shapes = {own: weight.shape for own, weight in part.tensors.items()}
        parameters = found.named_parameters(recurse=False)
        if (
            type(found) is not (PLAIN_TYPES.get(type(part)) or implementation(type(part)))
            or {own for own, child in registered.items() if child is not None} != children
            or {own: tuple(each.shape) for own, each in parameters} != shapes
            or (isinstance(found, nn.LayerNorm) and found.normalized_shape[0] != getattr(part, "width", 0))
            or (isinstance(found, Module) and found.of is not part)
        ):
            return name
    return None
