"""The border to the ecosystem: padded tensors in, padded tensors out, around the same `Model`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from functools import cache, partial
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar, Unpack

import torch
from torch import Tensor, nn

from torso.architecture import Architecture, Task, find
from torso.compat.call_arguments import CallArguments, check_call_arguments
from torso.compat.loading_models import LoadingArguments, check_family, config_of, load_for
from torso.compat.named_modules import Named
from torso.compat.padded_generation import Writes
from torso.compat.padded_inputs import Inputs, read
from torso.compat.padded_outputs import PaddedOutput
from torso.compat.padded_results import PADDED
from torso.compat.pretrained_model import pretrained_class, require_safetensors
from torso.compat.recording import refuse_recording
from torso.config.hub_config import HubConfig
from torso.errors import InputError, InputTypeError
from torso.io.arguments import checked_calls, own_arguments
from torso.io.html_table import html_table
from torso.language import say
from torso.loading.load import Source
from torso.loading.unfusing import fused_family, unfused
from torso.model import Model, drawn_model

if TYPE_CHECKING:
    from torso.text import Tokenizer

Out = TypeVar("Out", bound=PaddedOutput)

EVERY = range(1 << 16)
"""Every layer there may be."""


@checked_calls
class PaddedModel(Writes, Named, Generic[Out]):
    """A model under the ecosystem's calling convention: ``model(**tokenizer(texts, return_tensors="pt"))``.

    Its modules and parameters have the Hub's names, see `torso.compat.hub_modules`. A class of a family and a task,
    such as ``BertModel``, is made from a config with random weights, and loaded by `from_pretrained`.

    Args:
        config: a config; or a model, which is then used as it is.
        add_pooling_layer: whether a model of features has a pooler, where its family has one.

    Attributes:
        packed: the model itself, for everything that has no padding.
    """

    packed: Model[Any]

    accepts_loss_kwargs = True
    """Asked by transformers' Trainer: a call takes ``num_items_in_batch``, see `CallArguments`."""

    def __init__(self, config: HubConfig | Model[Any], *, add_pooling_layer: bool = True) -> None:
        made = config if isinstance(config, Model) else self._new(config)
        super().__init__(made.config)
        if not add_pooling_layer and self.task is Task.FEATURES:
            made.drop(("pooler",))
        self.__dict__["packed"] = made
        self.hold()
        self.train(made.training)

    def part(self, features: Model[Any]) -> nn.Module:
        """Return the trunk as a model of its own, such as the ``bert`` of a classifier."""
        return class_of(features.architecture, features.task)(features)

    def _new(self, config: HubConfig) -> Model[Any]:
        task = self.task
        if task is None:
            raise InputTypeError(
                "E_AUTO",
                "{kind} is of no task.",
                cure="Use a class of one, such as BertModel, or AutoModel.from_config(config).",
                values=dict(kind=type(self).__name__),
            )
        config = config_of(config)
        check_family(type(self).__name__, self.family, task, find(config.model_type))
        if task.labelled and not config.num_labels:
            config = config.replace({"num_labels": 2})
        return drawn_model(config, unfused(find(config.model_type)), task)

    @classmethod
    def from_pretrained(cls, pretrained_model_name_or_path: Source, **more: Unpack[LoadingArguments]) -> Self:
        """Load a checkpoint into a model of this class, in evaluation mode; see `PreTrainedModel.from_pretrained`."""
        if cls.__init__ is not PaddedModel.__init__ or cls.task is None:
            return super().from_pretrained(pretrained_model_name_or_path, **more)
        check = partial(check_family, cls.__name__, cls.family, cls.task)
        return cls(load_for(cls.task, pretrained_model_name_or_path, more, PaddedModel.from_pretrained, check))

    @classmethod
    def from_config(cls, config: HubConfig, *, seed: int | None = None) -> Self:
        """Make a model of random weights, for training from nothing; ``seed`` makes them repeatable."""
        if seed is not None:
            torch.manual_seed(seed)
        return cls(config)

    def set(self, changes: Mapping[str, Any]) -> None:
        """Change config values that do not affect shapes; see `Model.set`."""
        self.packed.set(changes)
        self.hold()

    @property
    def config(self) -> HubConfig:
        """The model's config; values that change no shape can be assigned, see also `set`."""
        return self.packed.config

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.packed.device

    @property
    def dtype(self) -> torch.dtype:
        """The number format of the weights."""
        return self.packed.dtype

    def _repr_html_(self) -> str:
        model, config = self.packed, self.config
        size = sum(each.numel() * each.element_size() for each in self.parameters())
        rows = [
            (say("task"), model.task.name),
            (say("parameters"), f"{self.num_parameters():,} ({size / 1e6:,.1f} MB, {str(self.dtype)[6:]})"),
            (say("blocks and width"), f"{model.trunk.depth} x {getattr(config, 'hidden_size', None) or '-'}"),
            (say("device"), str(self.device)),
        ]
        if model.report is not None:
            rows.insert(0, (say("source"), model.report.source))
        if model.task.labelled:
            rows.append((say("labels"), ", ".join((config.id2label or {}).values())))
        notes = () if self.head_trained else (say("The head is untrained: these scores mean nothing yet."),)
        return html_table(type(self).__name__, (), rows, notes)

    @property
    def head_trained(self) -> bool:
        """Whether every part of the head came from the checkpoint."""
        return self.packed.head_trained

    def forward(
        self,
        input_ids: Tensor | None = None,
        attention_mask: Tensor | None = None,
        token_type_ids: Tensor | None = None,
        position_ids: Tensor | None = None,
        labels: Tensor | None = None,
        *,
        inputs_embeds: Tensor | None = None,
        decoder_input_ids: Tensor | None = None,
        decoder_attention_mask: Tensor | None = None,
        start_positions: Tensor | None = None,
        end_positions: Tensor | None = None,
        past_key_values: object = None,
        output_attentions: bool | None = None,
        output_hidden_states: bool | None = None,
        return_dict: bool | None = None,
        **more: Unpack[CallArguments],
    ) -> Out:
        """Return the padded outputs of a padded batch; rows of padding are zeros.

        Args:
            input_ids: [N, S] whole numbers, or [N, alternatives, S] for multiple choice.
            attention_mask: same shape, 1 for a token, 0 for padding on either side or anywhere; None for no padding.
            token_type_ids: same shape, 0 for a first text and 1 for a second; None for all 0.
            position_ids: same shape or [1, S]; None counts from each text's first token, whatever side the padding is.
                Of RoBERTa, XLM-R, CamemBERT and MPNet they are rows of the table, as in the reference: the first is
                behind the padding token's id. Left out, these families count no padding token, wherever it stands.
            labels: what the task learns from, see `torso.losses`; gives ``out.loss``.
            inputs_embeds: [N, S, W] rows of the token embeddings, in place of ``input_ids``; gradients reach them.
            decoder_input_ids: [N, target] whole numbers, what a decoder behind an encoder reads. None: the labels
                behind the start token, or without labels the input behind it, as BART does.
            decoder_attention_mask: same shape, 0 for padding.
            start_positions: [N] int64, first token of each answer.
            end_positions: [N] int64, last token of each answer.
            past_key_values: keys and values that each layer attends to before the tokens, as PEFT's prefix tuning
                gives them: P of each, whose ones stand first in the attention mask, [N, P + S]; behind an encoder
                before the decoder's tokens. A call reads them, and fills no cache.
            output_attentions: whether to return every block's attention weights; None: as the config says.
            output_hidden_states: whether to return every layer's rows; None: as the config says.
            return_dict: True or None; outputs are always typed, and unpack like tuples.
            more: see `CallArguments`: what changes nothing here, and what is refused.

        Raises:
            InputError: ``E_IDS``, ``E_MASK``, ``E_LABELS``, ``E_EMPTY``, ``E_EMPTY_TEXT``: inputs that do not fit.
            InputTypeError: ``E_IDS``, ``E_LABELS``: an argument that is no tensor.
            TooLongError: ``E_TOO_LONG``: a text is longer than the model takes.
        """
        if more:
            check_call_arguments(more, own_arguments(type(self).forward))
        if return_dict is False:
            raise InputError(
                "E_RETURN_DICT",
                "return_dict=False is not needed: outputs unpack like tuples.",
                cure="Leave return_dict out.",
            )
        inputs = Inputs(
            input_ids,
            attention_mask,
            token_type_ids,
            position_ids,
            labels,
            inputs_embeds,
            decoder_input_ids,
            decoder_attention_mask,
            start_positions,
            end_positions,
        )
        batch, given, prefix = read(self.packed, inputs, past_key_values)
        hidden = self.config.output_hidden_states if output_hidden_states is None else output_hidden_states
        weights = self.config.output_attentions if output_attentions is None else output_attentions
        out = self.packed(
            batch, hidden_states=EVERY if hidden else (), attentions=EVERY if weights else (), cache=prefix
        )
        return PADDED[type(out)](self.packed, out, replace(given, items=more.get("num_items_in_batch")))

    if TYPE_CHECKING:  # torch declares calls as giving anything

        def __call__(  # noqa: D102
            self,
            input_ids: Tensor | None = None,
            attention_mask: Tensor | None = None,
            token_type_ids: Tensor | None = None,
            position_ids: Tensor | None = None,
            labels: Tensor | None = None,
            *,
            inputs_embeds: Tensor | None = None,
            decoder_input_ids: Tensor | None = None,
            decoder_attention_mask: Tensor | None = None,
            start_positions: Tensor | None = None,
            end_positions: Tensor | None = None,
            past_key_values: object = None,
            output_attentions: bool | None = None,
            output_hidden_states: bool | None = None,
            return_dict: bool | None = None,
            **more: Unpack[CallArguments],
        ) -> Out: ...

    else:

        def __call__(self, *inputs: Any, **named: Any) -> Any:
            """Call `forward`, unless the call is recorded: see `refuse_recording`."""
            refuse_recording()
            return super().__call__(*inputs, **named)

    @property
    def name_or_path(self) -> str:
        """The folder that the model was loaded from; empty for one that was made."""
        report = self.packed.report
        return "" if report is None else str(report.source)

    def save_pretrained(
        self,
        save_directory: str | os.PathLike[str],
        *,
        tokenizer: Tokenizer | None = None,
        safe_serialization: bool = True,
    ) -> None:
        """Write a folder that transformers and torso load with equal outputs; see `Model.save`."""
        require_safetensors(safe_serialization)
        if set(self._modules) | set(self._parameters) <= self.__dict__["_hub"]:
            self.packed.save(os.fspath(save_directory), tokenizer=tokenizer)
        else:  # a class of one's own, with modules of its own
            super().save_pretrained(save_directory, tokenizer=tokenizer)


@cache
def class_of(architecture: Architecture[Any], task: Task[Any]) -> type[PaddedModel[Any]]:
    """Return the class of a family and a task under the Hub's name, such as ``BertForMaskedLM``."""
    if (family := fused_family(architecture)) is not architecture:
        return class_of(family, task)
    name = architecture.class_name(task)
    own = {
        "family": architecture.family,
        "task": task,
        "__module__": "torso",
        "__qualname__": name,
        "__doc__": f"A {architecture.family} model for {task}; see `PaddedModel`.",
    }
    return type(name, (PaddedModel, pretrained_class(architecture.family)), own)
