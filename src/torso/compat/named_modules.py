"""A padded model's modules under the Hub's names, kept in step with the model that they belong to."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from copy import copy
from functools import partial
from typing import Any, Self, cast

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint  # pyright: ignore[reportUnknownVariableType]

from torso.architecture import Task
from torso.compat.hub_leaves import Leaf, Tensors, hub_prefix, leaves_of, under
from torso.compat.hub_modules import HubHolder, Root, stamp_of
from torso.compat.pretrained_model import PreTrainedModel
from torso.compat.resizing import resize, rows_asked
from torso.errors import InputError, UnsupportedError
from torso.loading.plan import copies_of
from torso.model import Model
from torso.nn.batch_invariant import rowwise_products
from torso.nn.meta_init import weightless
from torso.nn.module import Builder
from torso.nn.trunk import EncoderDecoder


class Named(HubHolder, PreTrainedModel):
    """A holder of the whole of a model: what torch lists, moves, saves and loads is the model's, by the Hub's names."""

    packed: Model[Any]

    def hold(self) -> None:
        """Hold the model's modules, after they were made or replaced."""
        model, state = self.packed, self.__dict__
        for name in state.get("_hub", ()):
            self._modules.pop(name, None)
            self._parameters.pop(name, None)
        before = {*self._modules, *self._parameters}
        leaves, trunk = leaves_of(model), hub_prefix(model).removesuffix(".")
        has_features = model.task is not Task.FEATURES and Task.FEATURES in model.architecture.tasks
        if trunk and "." not in trunk and has_features:
            inner = under(leaves, f"{trunk}.")
            features = features_of(model, inner)
            if leaves_of(features).keys() == inner.keys():
                part = self.part(features)
                part.__dict__["_is_part"] = True
                self._modules[trunk] = part
                leaves = {name: leaf for name, leaf in leaves.items() if not name.startswith(f"{trunk}.")}
        self.place_leaves(Root(model, self), leaves)
        state["_hub"] = {*self._modules, *self._parameters} - before
        state["_stamp"] = stamp_of(model)

    def part(self, features: Model[Any]) -> nn.Module:
        """The trunk as a model of its own."""
        raise NotImplementedError

    def _renewed(self) -> None:
        if self.__dict__.get("_stamp") not in (None, stamp_of(self.packed)):
            self.hold()

    def _replaced(self, leaf: Leaf, module: nn.Module) -> None:
        model = self.packed
        if model.task.labelled and leaf.path.endswith(("head.out", "scorer.out")) and isinstance(module, nn.Linear):
            model.head_trained = False
            if module.out_features != model.config.num_labels:
                model.config = model.config.replace({"num_labels": module.out_features})
        self.__dict__["_stamp"] = stamp_of(model)

    @contextmanager
    def _own_alone(self) -> Generator[None]:
        """The modules and parameters that a class of one's own has added, without the model's."""
        modules, parameters, hub = dict(self._modules), dict(self._parameters), self.__dict__["_hub"]
        for name in hub:
            self._modules.pop(name, None)
            self._parameters.pop(name, None)
        try:
            yield
        finally:
            self._modules.clear()
            self._parameters.clear()
            self._modules.update(modules)
            self._parameters.update(parameters)

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        self.packed._apply(fn, recurse)  # pyright: ignore[reportPrivateUsage]
        with self._own_alone():
            super()._apply(fn, recurse)
        self.hold()
        return self

    def train(self, mode: bool = True) -> Self:
        """Set training or evaluation mode."""
        self.packed.train(mode)
        return super().train(mode)

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Set whether gradients of the parameters are computed."""
        self.packed.requires_grad_(requires_grad)
        return super().requires_grad_(requires_grad)

    def named_modules(
        self, memo: set[nn.Module] | None = None, prefix: str = "", remove_duplicate: bool = True
    ) -> Generator[tuple[str, nn.Module]]:
        """Yield the modules under the Hub's names."""
        self._renewed()
        yield from super().named_modules(memo, prefix, remove_duplicate)

    def named_children(self) -> Iterator[tuple[str, nn.Module]]:
        """Yield the modules directly below."""
        self._renewed()
        yield from super().named_children()

    def state_dict(self, *args: Any, destination: Any = None, prefix: str = "", keep_vars: bool = False) -> Any:
        """Return the tensors under the Hub's names, tied ones under each of theirs, as transformers does."""
        self._renewed()
        found: Tensors = super().state_dict(*args, destination=destination, prefix=prefix, keep_vars=keep_vars)
        for copied, original in self._tied().items():
            if f"{prefix}{original}" in found:
                found.setdefault(f"{prefix}{copied}", found[f"{prefix}{original}"])
        return found

    def _tied(self) -> Mapping[str, str]:
        """The Hub's second names of tensors, each with the first."""
        model, prefix = self.packed, hub_prefix(self.packed)
        first = {id(each): name for name, each in model.named_parameters()}
        every = dict(model.named_parameters(remove_duplicate=False))
        owned = {name: _keys_of(model, name, prefix) for name in first.values()}
        taken = {key for keys in owned.values() for key in keys}
        return {
            key: owned[first[id(every[parameter])]][0]
            for key, parameter in copies_of(model.architecture, model.task, prefix).items()
            if parameter in every and key not in taken
        }

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
        self._renewed()
        for copied, original in self._tied().items():
            value = state_dict.pop(f"{prefix}{copied}", None)
            if value is not None:
                state_dict.setdefault(f"{prefix}{original}", value)
        super()._load_from_state_dict(
            state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs
        )

    # -- the table of tokens -------------------------------------------------------------------------------------------

    def get_input_embeddings(self) -> nn.Embedding:
        """The table of tokens [V, W]; of an encoder-decoder the encoder's."""
        trunk = self.packed.trunk
        return (trunk.encoder if isinstance(trunk, EncoderDecoder) else trunk).embed.tokens

    def get_output_embeddings(self) -> nn.Module | None:
        """The linear layer that scores the vocabulary, with the table as its weight where tied; None without it."""
        head = self.packed.head
        if not hasattr(head, "tokens"):
            return None
        out = getattr(head, "out", None)
        if out is not None:
            return out
        weight, bias = self.get_input_embeddings().weight, getattr(head, "bias", None)
        tied = nn.Linear(weight.shape[1], weight.shape[0], bias=bias is not None, device="meta")
        tied.weight = weight
        if bias is not None:
            tied.bias = bias
        return tied

    def resize_token_embeddings(
        self, new_num_tokens: int | None = None, pad_to_multiple_of: int | None = None, mean_resizing: bool = True
    ) -> nn.Embedding:
        """Give the vocabulary another size, in the table of tokens and in the head that scores it; return the table.

        Args:
            new_num_tokens: rows, such as ``len(tokenizer)`` after `Tokenizer.add_tokens`; None leaves them.
            pad_to_multiple_of: rows are filled up to a multiple of it.
            mean_resizing: whether new rows are the mean of those there; False draws them at random.

        Raises:
            InputError: ``E_ROWS``, for what is no number of rows.
            UnsupportedError: ``E_PART``, for a part of a larger model.
        """
        model = self.packed
        if new_num_tokens is None and pad_to_multiple_of is None:
            return self.get_input_embeddings()
        if self.__dict__.get("_is_part"):
            raise UnsupportedError(
                "E_PART",
                "This is the trunk of a larger model, whose head may score the same vocabulary.",
                cure="Resize the whole: model.resize_token_embeddings({rows}).",
                values=dict(rows=new_num_tokens),
            )
        rows = rows_asked(model.config.vocab_size if new_num_tokens is None else new_num_tokens, pad_to_multiple_of)
        if rows != model.config.vocab_size:
            resize(model, rows, mean=mean_resizing)
            self.hold()
        return self.get_input_embeddings()

    def set_input_embeddings(self, value: nn.Embedding) -> None:
        """Take the weight of another table of tokens [rows, W]; the vocabulary gets as many rows.

        Raises:
            InputError: ``E_ROWS``, for a table of another width.
        """
        table = self.get_input_embeddings()
        if value.weight.ndim != 2 or value.weight.shape[1] != table.embedding_dim:
            raise InputError(
                "E_ROWS",
                "The table is {given}; this model's has rows of {width}.",
                cure="Give it that width: nn.Embedding(rows, {width}).",
                values=dict(given=list(value.weight.shape), width=table.embedding_dim),
            )
        self.resize_token_embeddings(len(value.weight)).weight = value.weight
        self.hold()

    # -- memory in training --------------------------------------------------------------------------------------------

    def gradient_checkpointing_enable(self, gradient_checkpointing_kwargs: dict[str, Any] | None = None) -> None:
        """Keep no activations inside blocks for the backward pass, in training: less memory, about a third more time.

        Args:
            gradient_checkpointing_kwargs: ``{"use_reentrant": False}`` or None; there is one way.
        """
        for block in self._blocks():
            block.__dict__["forward"] = partial(_recomputed, block)

    def gradient_checkpointing_disable(self) -> None:
        """Keep activations again."""
        for block in self._blocks():
            block.__dict__.pop("forward", None)

    @property
    def is_gradient_checkpointing(self) -> bool:
        """Whether activations inside blocks are computed again in the backward pass."""
        return any("forward" in block.__dict__ for block in self._blocks())

    def _blocks(self) -> list[nn.Module]:
        trunk = self.packed.trunk
        sides = [trunk.encoder, trunk.decoder] if isinstance(trunk, EncoderDecoder) else [trunk]
        return [cast("nn.Module", block) for side in sides for block in getattr(side, "layers", ())]


def _keys_of(model: Model[Any], parameter: str, prefix: str) -> tuple[str, ...]:
    try:
        return model.names_of(parameter).keys(parameter.removeprefix("trunk.").removeprefix("head."), prefix)
    except KeyError:  # of a module that was put around one of the model's
        return (parameter,)


def _recomputed(block: nn.Module, *inputs: Any) -> Any:
    """A block's output, computed a second time in the backward pass."""
    run: Callable[..., Any] = type(block).forward
    if not (block.training and torch.is_grad_enabled()):
        return run(block, *inputs)
    rows: Tensor = inputs[0]

    def contexts() -> tuple[AbstractContextManager[object], AbstractContextManager[object]]:
        # The first time it runs in the model's own context; the second time, in the backward pass, in none.
        return nullcontext(), rowwise_products(rows, rows.dtype)

    return cast("Any", checkpoint(run, block, *inputs, use_reentrant=False, context_fn=contexts))


def features_of(model: Model[Any], named: Mapping[str, Leaf]) -> Model[Any]:
    """A model of features that shares a model's trunk, and the pooler that its head may hold.

    Args:
        model: of any task.
        named: its modules by their names within the trunk.
    """
    shell = copy(model)
    shell.__dict__["_modules"] = dict(model.named_children())
    shell.task = Task.FEATURES
    plan = model.architecture.plan(Task.FEATURES)
    shell.description = model.architecture.describe(model.config, Task.FEATURES)
    with weightless():
        shell.head = Builder()(shell.description.head)
    for module in plan.names.optional:
        shell.head.__dict__["_modules"][module] = _home(model, plan.names.keys(f"{module}.dense.weight", ""), named)
    return shell.train(model.training)


def _home(model: Model[Any], keys: tuple[str, ...], named: Mapping[str, Leaf]) -> nn.Module | None:
    """The module of a model's head that holds the tensor of a key of the Hub: the pooler's, of its dense layer."""
    leaf = named.get(keys[0].removesuffix(".weight"))
    return None if leaf is None else model.get_submodule(leaf.path.rpartition(".")[0])
