"""The one model class: a config, a trunk and a head."""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

import torch

from torso import blocks
from torso.architecture import Architecture, Task, find, fused_parts
from torso.batch import Batch, Layout
from torso.config.fields import field_info
from torso.config.hub_config import HubConfig
from torso.errors import ConfigError, UnsupportedError
from torso.host_batch import require_length
from torso.io.arguments import checked_calls, known_arguments
from torso.nn.batch_invariant import rowwise_products
from torso.nn.heads import Head
from torso.nn.id_checks import check_batch
from torso.nn.key_value_prefix import KeyValuePrefix, Past
from torso.nn.low_rank import Adapted
from torso.nn.meta_init import place, weightless
from torso.nn.module import Builder
from torso.nn.trunk import AnyTrunk, EncoderDecoder, Trunk
from torso.outputs import Hidden
from torso.weights.names import Names, Parts
from torso.weights.report import LoadReport

if TYPE_CHECKING:
    from torso.adapters.adapter_config import Adapter
    from torso.text import Tokenizer

Out = TypeVar("Out")


@checked_calls
class Model(torch.nn.Module, Generic[Out]):
    """Model of one task: a trunk and a head. There is no other model class.

    Attributes:
        config: the config that the model was built from; frozen, see `set`.
        architecture: its family.
        task: its task, which fixes the type of its output.
        description: what it consists of; see `torso.blocks`.
        trunk: embeddings and blocks.
        head: maps the trunk's rows to the task's output.
        report: report of loading; None for a model that was not loaded.
        head_trained: whether the head's weights are trained: set by loading, and by the user after training a new head.
        adapter: the low-rank adapter that learns in place of the model, see `torso.lora`; None without one.
        fixed: names of parameters that never learn, while an adapter is there.
    """

    def __init__(self, config: HubConfig, architecture: Architecture[Any], task: Task[Out]) -> None:
        super().__init__()
        self.config = config
        self.architecture = architecture
        self.task = task
        self.description = architecture.describe(config, task)
        build = Builder()
        self.trunk: AnyTrunk = build(self.description.trunk)
        self.head: Head[Any, Out] = build(self.description.head)
        self.report: LoadReport | None = None
        self.head_trained = False
        self.adapter: Adapter | None = None
        self.fixed: tuple[str, ...] = ()

    def forward(
        self,
        batch: Batch,
        *,
        hidden_states: Container[int] = (),
        attentions: Container[int] = (),
        cache: Past | None = None,
        memory: Hidden | None = None,
    ) -> Out:
        """Run the trunk and the head on a batch.

        Args:
            batch: packed texts; for an encoder-decoder the targets, with their ``source``.
            hidden_states: layers whose rows are returned: 0 the embeddings, i the output of block i.
            attentions: blocks, from 0, whose attention weights are returned; only these use the explicit softmax.
            cache: key/value cache of a decoder's past tokens, to which the batch's are appended; or a prefix, whose
                batch has positions that go on from it.
            memory: output of an encoder-decoder's encoder, in place of a source.

        Raises:
            TooLongError: ``E_TOO_LONG``, naming the first text that is longer than the model takes. Nothing was run.
            InputError: ``E_IDS``, on the CPU, for ids outside the embedding tables.
            UnsupportedError: ``E_NO_CACHE`` and ``E_STALE_CACHE``, for a cache where later tokens change the rows of
                earlier ones. Nothing was run.
        """
        self.check_length(batch.layout, () if cache is None else cache.sizes)
        if batch.source is not None:
            self.check_length(batch.source.layout)
        given: dict[str, Any] = {"hidden_states": hidden_states, "attentions": attentions}
        if cache is not None or memory is not None:
            self._refuse_cache(cache, batch.layout)
            given |= {"cache": cache, "memory": memory}
        try:
            with rowwise_products(batch.tokens, self.dtype):
                return self.head(self.trunk(batch, **given), batch)
        except IndexError:
            # Some id is outside its table; finding which one reads every id, so only now.
            check_batch(self.trunk, batch)
            raise

    if TYPE_CHECKING:  # torch declares that calls return Any

        def __call__(  # noqa: D102
            self,
            batch: Batch,
            *,
            hidden_states: Container[int] = (),
            attentions: Container[int] = (),
            cache: Past | None = None,
            memory: Hidden | None = None,
        ) -> Out: ...

    def _refuse_cache(self, cache: Past | None, layout: Layout) -> None:
        is_prefix = isinstance(cache, KeyValuePrefix)
        if not (isinstance(self.trunk, (Trunk, EncoderDecoder)) if is_prefix else self.architecture.decodes):
            raise UnsupportedError(
                "E_NO_CACHE",
                "{family} is an encoder: it has no key/value cache.",
                cure="Leave cache and memory out.",
                values=dict(family=self.architecture.family),
            )
        # No rotary has turned the keys of a prefix, so that none can be invalid.
        before = () if cache is None or is_prefix else cache.sizes
        for index, (past, size) in enumerate(zip(before, layout.sizes, strict=False)):
            if past and size and not self.config.reads_on(past, past + size):
                raise UnsupportedError(
                    "E_STALE_CACHE",
                    "Text {index} grows from {past} tokens to {size}: this model's cached keys are invalid there.",
                    cure="Run all of its tokens again, with an empty cache.",
                    values=dict(index=index, past=past, size=past + size),
                )

    def check_length(self, layout: Layout, before: Sequence[int] = ()) -> None:
        """Raise if a text, with the cached tokens ``before`` of each, is longer than the model takes.

        Raises:
            TooLongError: ``E_TOO_LONG``, naming the first text that is longer.
        """
        require_length(layout.sizes, self.max_tokens, before)

    @property
    def max_tokens(self) -> int | None:
        """Maximum length of a text in tokens; None for no limit."""
        return self.config.max_tokens

    @property
    def device(self) -> torch.device:
        """Device of the weights."""
        return next(self.parameters()).device

    @property
    def dtype(self) -> torch.dtype:
        """Dtype of the weights."""
        return next(self.parameters()).dtype

    def set(self, changes: Mapping[str, Any]) -> None:
        """Change config values that do not affect shapes: ``model.set({"hidden_dropout_prob": 0})``.

        The weights stay the same tensors, so an optimiser's references stay valid.

        Raises:
            ConfigError: ``E_NEEDS_RELOAD``, for a value that determines the shapes of the weights.
            UnknownParameterError, ConfigError, UnsupportedError: as the config's constructor does.
        """
        rebuilt = changed(self, changes)
        self.config, self.description = rebuilt.config, rebuilt.description
        self.trunk, self.head = rebuilt.trunk, rebuilt.head

    def drop(self, modules: Collection[str]) -> None:
        """Remove optional modules of the head that a checkpoint does not hold."""
        for module in modules:
            setattr(self.head, module, None)
        self.description = self.description.without_in_head(modules)
        self.head.of = self.description.head

    def named_shapes(self) -> Iterator[tuple[str, tuple[int, ...]]]:
        """Yield every parameter's name and shape."""
        for name, parameter in self.named_parameters():
            yield name, tuple(parameter.shape)

    def fused(self) -> dict[str, Parts]:
        """Return the parts of each fused module, such as queries, keys and values of one projection."""
        return fused_parts(self.description)

    def names_of(self, parameter: str) -> Names:
        """Return the name table of a parameter: the trunk's or the head's."""
        return self.architecture.names if parameter.startswith("trunk.") else self.architecture.plan(self.task).names

    def save(self, folder: str | Path, *, tokenizer: Tokenizer | None = None) -> None:
        """Save a folder that transformers and torso load with equal outputs; of an adapted model, one that PEFT loads.

        Args:
            folder: created if missing.
            tokenizer: saved with the weights.

        Raises:
            AccessError, DiskError: if the folder cannot be written; no half file is left.
        """
        from torso.loading.save import save

        save(self, Path(folder), tokenizer)


@known_arguments
def new_model(config: HubConfig, task: Task[Out], *, seed: int | None = None) -> Model[Out]:
    """Create a model with random weights for pretraining: std ``initializer_range``, norms at one.

    Args:
        config: determines all shapes; ``num_labels`` for a labelled task.
        task: task of the head.
        seed: makes the weights repeatable; None takes torch's own state.
    """
    if seed is not None:
        torch.manual_seed(seed)
    return drawn_model(config, find(config.model_type), task)


def drawn_model(config: HubConfig, architecture: Architecture[Any], task: Task[Out]) -> Model[Out]:
    """Create a model of an architecture with random weights, from torch's own state."""
    model = Model(config, architecture, task)
    initialise(model, dict(model.named_parameters()), config.initializer_range)
    return model


@torch.no_grad()
def initialise(model: Model[Any], parameters: Mapping[str, torch.Tensor], spread: float) -> None:
    """Initialise new parameters as the model's description says; those that are never trained keep their values.

    Args:
        model: any.
        parameters: tensors to fill, by the names of the model's parameters.
        spread: standard deviation of matrices.
    """
    weights = dict(blocks.named_weights(model.description))
    for name, value in parameters.items():
        weight = weights[name]
        if weight.initial == "normal":
            value.normal_(0.0, spread)
        elif weight.trained:
            value.fill_(1.0 if weight.initial == "ones" else 0.0)


def changed(model: Model[Any], changes: Mapping[str, Any]) -> Model[Any]:
    """Return a model of the changed config that shares the weights; see `Model.set` for what can change.

    Raises:
        ConfigError: ``E_NEEDS_RELOAD``, for a value that determines the shapes of the weights.
        UnknownParameterError, ConfigError, UnsupportedError: as the config's constructor does.
    """
    model.config.refuse_unknown(changes)
    for declared in model.config.declared():
        if declared.name in changes and field_info(declared).acts == "shape":
            raise ConfigError(
                "E_NEEDS_RELOAD",
                "{name} gives the weights their shape; a built model cannot change it.",
                cure="Load again: load(source, task, changes={{'{name}': ...}}).",
                values=dict(name=declared.name),
            )
    config = model.config.replace(changes)
    if config.num_labels != model.config.num_labels:
        raise ConfigError(
            "E_NEEDS_RELOAD",
            "The head has {there} labels; {given} names were given.",
            cure="Name as many, or load again with labels=[...] and new_head=True.",
            values=dict(there=model.config.num_labels, given=config.num_labels),
        )
    with weightless():
        rebuilt = Model(config, model.architecture, model.task)
    if model.report is not None:
        rebuilt.drop(model.report.absent)
    own = dict(model.named_parameters())
    for name, _ in rebuilt.named_parameters():
        place(rebuilt, name, own[name])
    modules = cast("Iterable[tuple[str, torch.nn.Module]]", model.named_modules())
    for name, module in modules:
        if isinstance(module, Adapted):
            module.carry(rebuilt.get_submodule(name))
    return rebuilt.train(model.training)
