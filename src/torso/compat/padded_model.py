"""The border to the ecosystem: padded tensors in, padded tensors out, around the same `Model`."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import torch
from torch import Tensor, nn

from torso.architecture import Task
from torso.batch import Batch
from torso.compat.padded_generation import Writes
from torso.compat.padded_outputs import PaddedOutput
from torso.compat.padded_results import PADDED, Given
from torso.compat.padding import Padding, targets_of
from torso.config.hub_config import HubConfig
from torso.errors import InputError
from torso.model import Model
from torso.nn.id_checks import check_rows, rows_of
from torso.nn.trunk import EncoderDecoder

if TYPE_CHECKING:
    from torso.text import Tokenizer

Out = TypeVar("Out", bound=PaddedOutput)

EVERY = range(1 << 16)
"""Every layer there may be."""


class PaddedModel(Writes, nn.Module, Generic[Out]):
    """A model under the ecosystem's calling convention: ``model(**tokenizer(texts, return_tensors="pt"))``.

    Attributes:
        model: the model itself, for everything that has no padding.
    """

    def __init__(self, model: Model[Any]) -> None:
        super().__init__()
        self.model = model
        self.train(model.training)

    @property
    def config(self) -> HubConfig:
        """The model's config; frozen, see `set`."""
        return self.model.config

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.model.device

    @property
    def dtype(self) -> torch.dtype:
        """The number format of the weights."""
        return self.model.dtype

    @property
    def head_trained(self) -> bool:
        """Whether every part of the head came from the checkpoint."""
        return self.model.head_trained

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor | None = None,
        token_type_ids: Tensor | None = None,
        position_ids: Tensor | None = None,
        labels: Tensor | None = None,
        *,
        decoder_input_ids: Tensor | None = None,
        decoder_attention_mask: Tensor | None = None,
        start_positions: Tensor | None = None,
        end_positions: Tensor | None = None,
        output_attentions: bool | None = None,
        output_hidden_states: bool | None = None,
        return_dict: bool | None = None,
    ) -> Out:
        """The padded outputs of a padded batch; rows of padding are zeros.

        Args:
            input_ids: [N, S] int64, or [N, alternatives, S] for multiple choice.
            attention_mask: same shape, 0 for padding on either side or anywhere; None for no padding.
            token_type_ids: same shape, 0 for a first text and 1 for a second; None for all 0.
            position_ids: same shape or [1, S]; None counts from each text's first token, whatever side the padding is.
            labels: what the task learns from, see `torso.losses`; gives ``out.loss``.
            decoder_input_ids: [N, target] int64, what a decoder behind an encoder reads. None: the labels behind the
                start token, or without labels the input behind it, as BART does.
            decoder_attention_mask: same shape, 0 for padding.
            start_positions: [N] int64, first token of each answer.
            end_positions: [N] int64, last token of each answer.
            output_attentions: whether to return every block's attention weights; None: as the config says.
            output_hidden_states: whether to return every layer's rows; None: as the config says.
            return_dict: True or None; outputs are always typed, and unpack like tuples.

        Raises:
            InputError: ``E_IDS``, ``E_MASK``, ``E_LABELS``, ``E_EMPTY_TEXT``: inputs that do not fit together.
            TooLongError: ``E_TOO_LONG``: a text is longer than the model takes.
        """
        if return_dict is False:
            raise InputError(
                "E_RETURN_DICT",
                "return_dict=False is not needed: outputs unpack like tuples.",
                cure="Leave return_dict out.",
            )
        choices = None
        if self.model.task is Task.MULTIPLE_CHOICE and input_ids.ndim == 3:
            choices = (input_ids.shape[1],) * input_ids.shape[0]
        ids, mask, segments, positions = (
            each if each is None or choices is None else each.flatten(0, 1)
            for each in (input_ids, attention_mask, token_type_ids, position_ids)
        )
        assert ids is not None
        trunk = self.model.trunk
        reads = trunk.encoder.embed if isinstance(trunk, EncoderDecoder) else trunk.embed
        self._check(reads, ids, mask, segments, positions)
        padding = self._padding(ids, mask, positions)
        batch = Batch(
            padding.take(ids),
            padding.layout,
            None if segments is None else padding.take(segments),
            choices=choices,
        )
        given = Given(padding, None, labels, start_positions, end_positions)
        if isinstance(trunk, EncoderDecoder):
            taught = labels if self.model.task is Task.SEQ2SEQ_LM and decoder_input_ids is None else None
            if taught is not None:
                decoder_input_ids, decoder_attention_mask = targets_of(taught, self.config)
            given = replace(given, source=padding)
            # Without targets the decoder reads the source, from a table that may be its own.
            targets = ids if decoder_input_ids is None else decoder_input_ids
            self._check(trunk.embed, targets, decoder_attention_mask, None, None)
            if decoder_input_ids is not None:
                padding = self._padding(decoder_input_ids, decoder_attention_mask, None)
                given = replace(given, padding=padding)
                target = Batch(padding.take(decoder_input_ids), padding.layout, source=batch)
                batch = target if taught is None else trunk.shifted(target)
        elif decoder_input_ids is not None or decoder_attention_mask is not None:
            raise InputError(
                "E_ARGUMENT",
                "{name} is for models with a decoder behind an encoder; this one reads input_ids alone.",
                cure="Leave it out.",
                values=dict(name="decoder_input_ids" if decoder_input_ids is not None else "decoder_attention_mask"),
            )
        config = self.config
        wants_hidden = config.output_hidden_states if output_hidden_states is None else output_hidden_states
        wants_weights = config.output_attentions if output_attentions is None else output_attentions
        out = self.model(batch, hidden_states=EVERY if wants_hidden else (), attentions=EVERY if wants_weights else ())
        return PADDED[type(out)](self.model, out, given)

    def _padding(self, ids: Tensor, mask: Tensor | None, positions: Tensor | None) -> Padding:
        padding = Padding.of(torch.ones_like(ids) if mask is None else mask, positions)
        if positions is None:
            self.model.check_length(padding.layout)
            check_rows("attention_mask", padding.layout.positions, self.model.max_tokens)
        return padding

    if TYPE_CHECKING:  # torch declares calls as giving anything

        def __call__(  # noqa: D102
            self,
            input_ids: Tensor,
            attention_mask: Tensor | None = None,
            token_type_ids: Tensor | None = None,
            position_ids: Tensor | None = None,
            labels: Tensor | None = None,
            *,
            decoder_input_ids: Tensor | None = None,
            decoder_attention_mask: Tensor | None = None,
            start_positions: Tensor | None = None,
            end_positions: Tensor | None = None,
            output_attentions: bool | None = None,
            output_hidden_states: bool | None = None,
            return_dict: bool | None = None,
        ) -> Out: ...

    def _check(
        self, embed: nn.Module, ids: Tensor, mask: Tensor | None, segments: Tensor | None, positions: Tensor | None
    ) -> None:
        if ids.ndim != 2 or ids.is_floating_point():
            raise InputError(
                "E_IDS",
                "input_ids is {kind} {shape}; it must be whole numbers [texts, tokens].",
                cure="Pass what the tokenizer gives: model(**tokenizer(texts, return_tensors='pt')).",
                values=dict(kind=str(ids.dtype).removeprefix("torch."), shape=list(ids.shape)),
            )
        for name, each in (("attention_mask", mask), ("token_type_ids", segments)):
            if each is not None and each.shape != ids.shape:
                raise InputError(
                    "E_MASK",
                    "{name} is {shape}; it must have the shape of input_ids, {wanted}.",
                    cure="Pass all that the tokenizer gives, unchanged.",
                    values=dict(name=name, shape=list(each.shape), wanted=list(ids.shape)),
                )
        tables = (
            ("input_ids", ids, rows_of(embed, "tokens")),
            # A model without segments knows the first alone.
            ("token_type_ids", segments, rows_of(embed, "segments") or 1),
            ("position_ids", positions, self.model.max_tokens),
        )
        for name, each, limit in tables:
            if each is not None:
                check_rows(name, each, limit)

    def save_pretrained(self, save_directory: str | os.PathLike[str], *, tokenizer: Tokenizer | None = None) -> None:
        """Writes a folder that transformers and torso load with equal outputs; see `Model.save`."""
        self.model.save(os.fspath(save_directory), tokenizer=tokenizer)

    def num_parameters(self) -> int:
        """How many numbers the model has learned."""
        return sum(parameter.numel() for parameter in self.parameters())
