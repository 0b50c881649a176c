"""The modules of a model under their names on the Hub: ``bert.encoder.layer.0.attention.output.dense``.

torso names its modules otherwise. This tree holds the very same modules under the Hub's names, so that
``named_parameters``, freezing by name, ``state_dict``, PEFT's ``target_modules`` and parts such as ``model.bert`` are
those of a notebook. Models of the Auto classes keep projections apart as the Hub does, see `torso.loading.unfusing`; in
one of `torso.load` a fused module is one module here, ``query_key_value``, and three in a ``state_dict``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

from torch import Tensor, nn

from torso.compat.hub_leaves import FusedPart, Leaf, Tensors, converted, joined, under
from torso.errors import NotAvailableError, UnsupportedError
from torso.io.arguments import nearest
from torso.loading.contents import part_views

if TYPE_CHECKING:
    from torso.model import Model


class Root:
    """What a tree of names belongs to. A part of it that is copied alone belongs to nothing.

    Args:
        model: the model.
        tree: the module at the top of the tree.
    """

    def __init__(self, model: Model[Any], tree: nn.Module) -> None:
        # By number: a reference back would keep a model in memory until cycles are collected.
        self.model, self._tree = model, id(tree)

    def __deepcopy__(self, memo: dict[int, Any]) -> Root | None:
        return Root(deepcopy(self.model, memo), memo[self._tree]) if self._tree in memo else None


class HubHolder(nn.Module):
    """Holds parts of a model under their names on the Hub; a module assigned to one of them takes its place there.

    Attributes:
        _root: where the model is; None for a copy, whose modules are its own.
        _leaves: what stands directly here, by name.
        _nodes: what stands under each name that holds others, by the rest of its name.
    """

    _root: Root | None
    _leaves: dict[str, Leaf]
    _nodes: dict[str, dict[str, Leaf]]

    def place_leaves(self, root: Root, leaves: Mapping[str, Leaf]) -> None:
        """Hold some leaves under their names, in nodes of their own where a name has several parts."""
        self.__dict__["_root"] = root
        self.__dict__["_leaves"] = own = {name: leaf for name, leaf in leaves.items() if "." not in name}
        for name, leaf in own.items():
            if isinstance(leaf.value, nn.Parameter):
                self._parameters[name] = leaf.value
            else:
                self._modules[name] = leaf.value
        self.__dict__["_nodes"] = nodes = {
            top: under(leaves, f"{top}.")
            for top in dict.fromkeys(name.partition(".")[0] for name in leaves if "." in name)
        }
        for top, some in nodes.items():
            self._modules[top] = wrapper_of(some) or node_of(root, some)

    def __getattr__(self, name: str) -> Any:
        children: dict[str, Leaf] = self.__dict__.get("_leaves", {})
        for leaf in children.values():
            if name in leaf.names and len(leaf.names) > 1:
                return FusedPart(leaf, leaf.names.index(name))
        return super().__getattr__(name)

    def __setattr__(self, name: str, value: Any) -> None:
        children: dict[str, Leaf] = self.__dict__.get("_leaves", {})
        if name in children and isinstance(value, nn.Module):
            self._modules[name] = value
            if self._root is None:
                children[name] = replace(children[name], value=value)
            else:
                self._root.model.set_submodule(children[name].path, value)
                self._replaced(children[name], value)
        elif name not in self.__dict__.get("_nodes", ()):
            super().__setattr__(name, value)
        elif not self._placed(name, value):
            raise UnsupportedError(
                "E_PART",
                "{name} holds parts of the model under their names on the Hub; it cannot be replaced as a whole.",
                cure="For fewer layers load with changes={{'num_hidden_layers': ...}}; single modules can be replaced.",
                values=dict(name=name),
            )

    def _placed(self, name: str, value: object) -> bool:
        """Put a node of the same modules, or a module around one, in the place of a node; say whether it was one."""
        leaves, root, here = self._nodes[name], self._root, self._modules[name]
        if not isinstance(value, nn.Module) or not all(isinstance(each.value, nn.Module) for each in leaves.values()):
            return False
        inside = [each for each in value.modules() if isinstance(each, HubNode) and each.names() == leaves.keys()]
        if not inside or isinstance(here, HubList):
            return False
        if root is not None:
            for rest, leaf in leaves.items():
                root.model.set_submodule(
                    leaf.path, value.get_submodule(rest) if value in inside else Wrapped(value, rest)
                )
        for node in inside:
            node.set_root(root if node is value else None)
        self._modules[name] = value
        return True

    def set_root(self, root: Root | None) -> None:
        """Belong to a model from now on; or to none, so that what is assigned here replaces a module here alone."""
        self.__dict__["_root"] = root
        for each in self._modules.values():
            if isinstance(each, HubNode):
                each.set_root(root)

    def names(self) -> set[str]:
        """The names of all leaves below."""
        return {*self._leaves, *(f"{top}.{rest}" for top, some in self._nodes.items() for rest in some)}

    def _replaced(self, leaf: Leaf, module: nn.Module) -> None:
        """Take note of a module that has taken the place of a leaf."""

    def state_dict(self, *args: Any, destination: Any = None, prefix: str = "", keep_vars: bool = False) -> Any:
        """Return the tensors under the Hub's names and in its layouts, fused ones in parts: views of the parameters."""
        found: Tensors = super().state_dict(*args, destination=destination, prefix=prefix, keep_vars=keep_vars)
        for name, leaf in self.__dict__.get("_leaves", {}).items():
            for kind in converted(leaf):
                value: Tensor = found.pop(f"{prefix}{name}.{kind}")
                views = part_views(value, len(leaf.names), leaf.form, leaf.parts)
                for theirs, view in zip(leaf.names, views, strict=True):
                    found[f"{prefix}{theirs}.{kind}"] = view
        return found

    def _load_from_state_dict(
        self,
        state_dict: Tensors,
        prefix: str,
        local_metadata: Any,
        strict: bool,
        missing_keys: list[str],
        unexpected_keys: list[str],
        error_msgs: list[str],
    ) -> None:
        for name, leaf in self.__dict__.get("_leaves", {}).items():
            for kind, parameter in converted(leaf).items():
                fused, absent, wrong = joined(leaf, parameter, prefix, kind, state_dict)
                state_dict[f"{prefix}{name}.{kind}"] = fused
                missing_keys.extend(absent)
                error_msgs.extend(wrong)
        super()._load_from_state_dict(
            state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs
        )


class HubNode(HubHolder):
    """A named part of a model that holds others, such as ``encoder``: its parameters are the model's own.

    It can be listed, frozen, and set to training or evaluation; it is not called, since torso computes in its own
    modules. A module that is put around it, such as PEFT's of a head that is saved, decides at each call which of its
    nodes computes: it calls one of them, see `Wrapped`.
    """

    def __call__(self, *inputs: object, **named: object) -> object:
        """Return the module that a `Wrapped` asks for; refuse anything else.

        Raises:
            UnsupportedError: ``E_PART``.
        """
        if inputs and isinstance(inputs[0], _Asked):
            return self.get_submodule(inputs[0].name)
        raise UnsupportedError(
            "E_PART",
            "This is a part of a model under its name on the Hub, with the model's own weights; it does not run alone.",
            cure="Call the model or its base_model; for the hidden states: model(..., output_hidden_states=True).",
        )

    def __getattr__(self, name: str) -> Any:
        try:
            return super().__getattr__(name)
        except AttributeError:
            if name.startswith("_") or isinstance(self, nn.ModuleList):
                raise
        known = [*self._modules, *self._parameters]
        near = nearest(name, known)
        raise NotAvailableError(
            "E_NAME",
            "There is no {name!r} here.",
            cure="Did you mean {nearest}?" if near else "There are: {known}.",
            values=dict(name=name, nearest=near, known=", ".join(known)),
        )


class HubList(HubNode, nn.ModuleList):
    """Layers under their numbers: counted, sliced and iterated as an ``nn.ModuleList``."""

    def __iter__(self) -> Iterator[nn.Module]:
        return iter(self._modules.values())  # type: ignore[arg-type]

    def __getitem__(self, index: Any) -> Any:
        layers: Any = list(self)
        return nn.ModuleList(layers[index]) if isinstance(index, slice) else layers[index]


@dataclass(frozen=True, slots=True)
class _Asked:
    """Asks a node for the module of a name."""

    name: str


class Wrapped(nn.Module):
    """Stands in a model for one module of a node that another module was put around.

    Args:
        wrapper: that module. Called, it calls the node that computes now, as it would with rows.
        name: of the module within the node.
    """

    def __init__(self, wrapper: nn.Module, name: str) -> None:
        super().__init__()
        self.wrapper, self.name = wrapper, name

    def forward(self, *inputs: Any) -> Any:
        """Call the module of the name within the node that the wrapper chooses."""
        return self.wrapper(_Asked(self.name))(*inputs)


def wrapper_of(leaves: Mapping[str, Leaf]) -> nn.Module | None:
    """Return the module that was put around the node of just these leaves; None without one."""
    found = {
        each.value.wrapper if isinstance(each.value, Wrapped) and each.value.name == name else None
        for name, each in leaves.items()
    }
    return found.pop() if len(found) == 1 else None


def node_of(root: Root, leaves: Mapping[str, Leaf]) -> HubNode:
    """Return a node that holds some leaves: a list where all of their names begin with numbers."""
    tops = {name.partition(".")[0] for name in leaves}
    node = HubList() if all(top.isdecimal() for top in tops) else HubNode()
    node.place_leaves(root, leaves)
    return node


def stamp_of(model: Model[Any]) -> tuple[int, ...]:
    """Return which modules and parameters a model has now: another after one of them was replaced."""
    modules = list(cast("Iterable[nn.Module]", model.modules()))
    own = (module.named_parameters(recurse=False, remove_duplicate=False) for module in modules)
    return (*map(id, modules), *(id(each) for some in own for _, each in some))
