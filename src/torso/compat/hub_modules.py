"""The modules of a model under their names on the Hub: ``bert.encoder.layer.0.attention.output.dense``.

torso names its modules otherwise. This tree holds the very same modules under the Hub's names, so that
``named_parameters``, freezing by name, ``state_dict``, PEFT's ``target_modules`` and parts such as ``model.bert`` are
those of a notebook. Models of the Auto classes keep projections apart as the Hub does, see `torso.loading.unfusing`; in
one of `torso.load` a fused module is one module here, ``query_key_value``, and three in a ``state_dict``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, cast

from torch import Tensor, nn

from torso.compat.hub_leaves import FusedPart, Leaf, Tensors, converted, joined, under
from torso.errors import NotAvailableError, UnsupportedError
from torso.io.arguments import nearest
from torso.loading.contents import part_views

if TYPE_CHECKING:
    from torso.model import Model


class HubHolder(nn.Module):
    """Holds parts of a model under their names on the Hub; a module assigned to one of them takes its place there."""

    _root: Model[Any] | None
    _leaves: dict[str, Leaf]

    def place_leaves(self, model: Model[Any], leaves: Mapping[str, Leaf]) -> None:
        """Hold some leaves under their names, in nodes of their own where a name has several parts."""
        self.__dict__["_root"] = model
        self.__dict__["_leaves"] = own = {name: leaf for name, leaf in leaves.items() if "." not in name}
        for name, leaf in own.items():
            if isinstance(leaf.value, nn.Parameter):
                self._parameters[name] = leaf.value
            else:
                self._modules[name] = leaf.value
        for top in dict.fromkeys(name.partition(".")[0] for name in leaves if "." in name):
            self._modules[top] = node_of(model, under(leaves, f"{top}."))

    def __getattr__(self, name: str) -> Any:
        children: dict[str, Leaf] = self.__dict__.get("_leaves", {})
        for leaf in children.values():
            if name in leaf.names and len(leaf.names) > 1:
                return FusedPart(leaf, leaf.names.index(name))
        return super().__getattr__(name)

    def __setattr__(self, name: str, value: Any) -> None:
        children: dict[str, Leaf] = self.__dict__.get("_leaves", {})
        if name in children and isinstance(value, nn.Module):
            assert self._root is not None
            self._root.set_submodule(children[name].path, value)
            self._modules[name] = value
            self._replaced(children[name], value)
        elif self._names_a_part(name):
            raise UnsupportedError(
                "E_PART",
                "{name} holds parts of the model under their names on the Hub; it cannot be replaced as a whole.",
                cure="For fewer layers load with changes={{'num_hidden_layers': ...}}; single modules can be replaced.",
                values=dict(name=name),
            )
        else:
            super().__setattr__(name, value)

    def _names_a_part(self, name: str) -> bool:
        children: dict[str, Any] = self.__dict__.get("_modules", {})
        return isinstance(children.get(name), HubHolder) and name in self.__dict__.get("_hub", children)

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
    modules.
    """

    def __call__(self, *inputs: object, **named: object) -> object:
        """Refuse to run.

        Raises:
            UnsupportedError: ``E_PART``.
        """
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


def node_of(model: Model[Any], leaves: Mapping[str, Leaf]) -> HubNode:
    """Return a node that holds some leaves: a list where all of their names begin with numbers."""
    tops = {name.partition(".")[0] for name in leaves}
    node = HubList() if all(top.isdecimal() for top in tops) else HubNode()
    node.place_leaves(model, leaves)
    return node


def stamp_of(model: Model[Any]) -> tuple[int, ...]:
    """Return which modules and parameters a model has now: another after one of them was replaced."""
    modules = list(cast("Iterable[nn.Module]", model.modules()))
    own = (module.named_parameters(recurse=False, remove_duplicate=False) for module in modules)
    return (*map(id, modules), *(id(each) for some in own for _, each in some))
