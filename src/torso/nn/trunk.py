"""The trunk (backbone) of a model: embeddings and blocks."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn

from torso import blocks
from torso.batch import Batch, Layout
from torso.errors import ConfigError
from torso.nn.context import Context
from torso.nn.embeddings import Embeddings, counted
from torso.nn.key_value_cache import Step
from torso.nn.key_value_prefix import Past, PrefixedRows
from torso.nn.module import Builder, Module
from torso.outputs import Hidden


class Trunk(Module[blocks.Trunk]):
    """Backbone of a model: embeddings, blocks, and a final norm where the architecture has one."""

    embed: Embeddings
    shared: nn.ModuleList | None
    layers: nn.ModuleList
    norm: nn.Module
    score_bias: nn.Module | None

    def __init__(self, of: blocks.Trunk, build: Builder) -> None:
        super().__init__(of, build)
        self.depth = len(self.layers)

    def forward(
        self,
        batch: Batch,
        *,
        hidden_states: Container[int] = (),
        attentions: Container[int] = (),
        cache: Past | None = None,
        memory: Hidden | None = None,
    ) -> Hidden:
        """Compute the last layer's rows [T, D], or the pooled rows [N, D] if the batch sets ``pool``.

        Args:
            batch: token ids and their layout.
            hidden_states: layers whose rows are returned: 0 the embeddings, i the output of block i, the last normed.
            attentions: blocks, from 0, whose attention weights are returned; the others use the fast backends.
            cache: key/value cache of the sequences' past tokens, to which the batch's are appended; or a prefix.
            memory: the encoder's rows, for blocks with cross-attention.
        """
        step = None if cache is None else cache.advance(batch.layout)
        layout = batch.layout if step is None else step.layout
        active = self._active_layers()
        pool = None if batch.pool is None else batch.layout.pooled_rows(batch.pool)
        # Rows that are not pooled are not computed in the last block, unless they are asked for or go into a cache.
        needs_all = step is not None or self.depth in hidden_states or not active or active[-1] in attentions
        weights: dict[int, list[Tensor]] = {i: [] for i in active if i in attentions}
        cross_weights: dict[int, list[Tensor]] = {i: [] for i in weights if memory is not None}
        rows = self.embed(self._counted(batch, layout, step))
        rows = rows if self.depth else self.norm(rows)
        states = {0: rows}
        for i, layer in enumerate(self.layers):
            if i in active:
                last = None if needs_all or i != active[-1] else pool
                rows = layer(rows, Context(layout, weights.get(i), i, step, memory, cross_weights.get(i), last))
            states[i + 1] = rows = self.norm(rows) if i + 1 == self.depth else rows
        states = {i: states[i] for i in states if i in hidden_states}
        if pool is None:
            return Hidden(rows, layout, states, weights, memory, cross_weights)
        rows = rows[pool.rows] if needs_all else rows
        return Hidden(rows, pool.layout, states, weights, memory, cross_weights, pool.which)

    def _counted(self, batch: Batch, layout: Layout, step: Step | PrefixedRows | None) -> Batch:
        """Return the batch with positions that do not count the padding token, in families where it counts none."""
        padding, placed = self.embed.of.uncounted, replace(batch, layout=layout)
        if padding is None or not isinstance(step, Step):
            return self.embed.counted(placed)
        first = step.keys.starts[layout.owner()].long()
        here = step.cache.mark(step.rows, batch.tokens == padding)
        return replace(batch, layout=replace(layout, positions=counted(here, first, first + layout.positions)))

    def _active_layers(self) -> Sequence[int]:
        """Draw the blocks that run: all of them, without those that LayerDrop skips in training."""
        if not (self.training and self.of.layer_dropout):
            return range(self.depth)
        return [i for i in range(self.depth) if float(torch.rand(())) >= self.of.layer_dropout]


class EncoderDecoder(Module[blocks.EncoderDecoder]):
    """Encoder and decoder trunks: the decoder reads the target and attends to the encoder's rows of the source.

    A batch without a source is its own source: the decoder reads it shifted right by one behind the first token, as
    BART's and T5's classifiers do.
    """

    shared: nn.Embedding | None
    encoder: Trunk
    decoder: Trunk

    @property
    def embed(self) -> Embeddings:
        """The decoder's embeddings."""
        return self.decoder.embed

    @property
    def start(self) -> int | None:
        """Id of the token that a target begins with; None where the config names none."""
        return self.of.start

    @property
    def depth(self) -> int:
        """Number of decoder blocks."""
        return self.decoder.depth

    def forward(
        self,
        batch: Batch,
        *,
        hidden_states: Container[int] = (),
        attentions: Container[int] = (),
        cache: Past | None = None,
        memory: Hidden | None = None,
    ) -> Hidden:
        """Compute the decoder's rows [T, D]; the encoder's are their ``memory``.

        Args:
            batch: the target, with its source.
            hidden_states: layers of both whose rows are returned.
            attentions: blocks of both whose attention weights are returned.
            cache: key/value cache of the targets' past tokens; or a prefix of theirs.
            memory: the encoder's rows, if already computed; then no source is read.
        """
        if memory is None:
            memory = self.encoder(
                replace(batch.source or batch, pool=None), hidden_states=hidden_states, attentions=attentions
            )
            batch = batch if batch.source is not None else replace(self.shifted(batch), source=batch)
        return self.decoder(batch, hidden_states=hidden_states, attentions=attentions, cache=cache, memory=memory)

    def shifted(self, batch: Batch) -> Batch:
        """Return decoder inputs for teacher forcing: targets shifted right by one."""
        tokens = batch.tokens.roll(1).index_copy(0, batch.layout.first(), self.start_tokens(batch))
        return replace(batch, tokens=tokens, positioned=False)

    def start_tokens(self, batch: Batch) -> Tensor:
        """Return the first token [N] of each text's target.

        Raises:
            ConfigError: ``E_START``, if the config names none.
        """
        if self.start is None:
            raise ConfigError(
                "E_START",
                "The config does not say what a target begins with.",
                cure="Give decoder_input_ids, or load with changes={{'decoder_start_token_id': ...}}.",
            )
        return batch.tokens.new_full((len(batch.layout.sizes),), self.start)


class WrappedEncoderDecoder(EncoderDecoder):
    """An `EncoderDecoder` whose targets begin with their own last token."""

    def start_tokens(self, batch: Batch) -> Tensor:
        """Return each text's last token [N]."""
        return batch.tokens[batch.layout.last()]


class EncoderOnly(Module[blocks.EncoderOnly]):
    """The encoder of an `EncoderDecoder` alone, with the same parameter names."""

    encoder: Trunk

    @property
    def embed(self) -> Embeddings:
        """The encoder's embeddings."""
        return self.encoder.embed

    @property
    def depth(self) -> int:
        """Number of blocks."""
        return self.encoder.depth

    def forward(self, batch: Batch, *, hidden_states: Container[int] = (), attentions: Container[int] = ()) -> Hidden:
        """Compute rows [T, D]; see `Trunk.forward`."""
        return self.encoder(batch, hidden_states=hidden_states, attentions=attentions)


AnyTrunk = Trunk | EncoderDecoder | EncoderOnly
