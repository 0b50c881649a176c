"""What of a model has a name on the Hub: modules and parameters, fused ones in parts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from torch import Tensor, nn

from torso.architecture import Task
from torso.errors import NotAvailableError
from torso.loading.contents import part_views, write_back
from torso.nn.projections import UnfusedLinear
from torso.weights.names import Form, Parts

if TYPE_CHECKING:
    from torso.model import Model

Tensors = dict[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class Leaf:
    """A module or a bare parameter that has a name on the Hub.

    Attributes:
        path: its name in torso's model.
        value: the module or parameter.
        names: what the Hub calls it, relative to the node that holds it: several where it is fused.
        form: layout of the Hub's tensors.
        parts: sizes of its fused parts, if it is fused.
    """

    path: str
    value: nn.Module | nn.Parameter
    names: tuple[str, ...]
    form: Form
    parts: Parts | None

    @property
    def name(self) -> str:
        """Its name in the tree: the Hub's, or those of the fused parts joined."""
        return "_".join(each.replace(".", "_") for each in self.names)


def hub_prefix(model: Model[Any]) -> str:
    """Return the prefix of the trunk's names in the class of transformers for the model's task, such as ``bert.``."""
    own = model.architecture.plan(model.task).prefix
    return own if own is not None else "" if model.task is Task.FEATURES else model.architecture.names.prefix[0]


def leaves_of(model: Model[Any]) -> dict[str, Leaf]:
    """Return a model's modules and bare parameters by their names on the Hub; ours where the Hub has none."""
    prefix, fused = hub_prefix(model), model.fused()
    found: dict[str, Leaf] = {}
    covered: list[str] = []
    modules = cast("Iterable[tuple[str, nn.Module]]", model.named_modules())
    for path, module in modules:
        if path and not any(path.startswith(each) for each in covered):
            apart = isinstance(module, UnfusedLinear) or any(
                _keys(model, f"{path}.{name}.weight", prefix) for name, _ in module.named_children()
            )
            keys = None if apart else _keys(model, f"{path}.weight", prefix)
            if keys is not None and any(True for _ in module.parameters()):
                covered.append(f"{path}.")
                _add(found, model, path, module, tuple(key.removesuffix(".weight") for key in keys), fused.get(path))
    for path, parameter in model.named_parameters():
        if not any(path.startswith(each) for each in covered):
            _add(found, model, path, parameter, _keys(model, path, prefix) or (path,), None)
    return found


def _keys(model: Model[Any], parameter: str, prefix: str) -> tuple[str, ...] | None:
    own = parameter.removeprefix("trunk.").removeprefix("head.")
    try:
        return model.names_of(parameter).keys(own, prefix)
    except KeyError:
        return None


def _add(
    found: dict[str, Leaf],
    model: Model[Any],
    path: str,
    value: nn.Module | nn.Parameter,
    keys: tuple[str, ...],
    parts: Parts | None,
) -> None:
    stems = [key.split(".") for key in keys]
    depth = next(
        (i for i in range(min(map(len, stems))) if len({tuple(stem[: i + 1]) for stem in stems}) > 1),
        min(map(len, stems)) - 1,
    )
    form = model.names_of(path).form(path.partition(".")[2])
    leaf = Leaf(path, value, tuple(".".join(stem[depth:]) for stem in stems), form, parts)
    found[".".join([*stems[0][:depth], leaf.name])] = leaf


def converted(leaf: Leaf) -> dict[str, nn.Parameter]:
    """Return the parameters of a leaf that the Hub stores in another layout."""
    if not isinstance(leaf.value, nn.Module) or (len(leaf.names) == 1 and leaf.form == "straight"):
        return {}
    return dict(leaf.value.named_parameters(recurse=False))


def under(leaves: Mapping[str, Leaf], prefix: str) -> dict[str, Leaf]:
    """Return the leaves whose names begin with a prefix, without it."""
    return {name.removeprefix(prefix): leaf for name, leaf in leaves.items() if name.startswith(prefix)}


def joined(
    leaf: Leaf, parameter: nn.Parameter, prefix: str, kind: str, state_dict: Tensors
) -> tuple[Tensor, list[str], list[str]]:
    """Return a parameter's value from the Hub's tensors, which are popped; missing keys, and shape errors."""
    whole = parameter.detach().clone()
    absent: list[str] = []
    wrong: list[str] = []
    for theirs, view in zip(leaf.names, part_views(whole, len(leaf.names), leaf.form, leaf.parts), strict=True):
        key = f"{prefix}{theirs}.{kind}"
        given: Tensor | None = state_dict.pop(key, None)
        if given is None:
            absent.append(key)
        elif given.shape != view.shape:
            wrong.append(f"size mismatch for {key}: {list(given.shape)}, and the model has {list(view.shape)}.")
        else:
            view.copy_(given)
            write_back(whole, view, leaf.form, leaf.parts)
    return whole, absent, wrong


class FusedPart:
    """One of several matrices that torso keeps in one module, such as ``query``: its numbers can be read.

    Attributes:
        weight: [rows, D] view of the fused parameter; gradients pass through it.
        bias: [rows] view; None without one.
    """

    def __init__(self, leaf: Leaf, index: int) -> None:
        self._leaf, self._index = leaf, index

    @property
    def weight(self) -> Tensor:
        """The part's rows of the fused matrix."""
        return self._view("weight")

    @property
    def bias(self) -> Tensor | None:
        """The part's rows of the fused bias."""
        return None if getattr(self._leaf.value, "bias", None) is None else self._view("bias")

    def _view(self, kind: str) -> Tensor:
        leaf = self._leaf
        return part_views(getattr(leaf.value, kind), len(leaf.names), leaf.form, leaf.parts)[self._index]

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        raise NotAvailableError(
            "E_PART",
            "{part} is a part of {whole}, one matrix of several; it has weight and bias to read, and no {name}.",
            cure="Freeze, train or replace {whole}.",
            values=dict(part=self._leaf.names[self._index], whole=self._leaf.name, name=name),
        )
