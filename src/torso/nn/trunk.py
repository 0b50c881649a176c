"""The trunk (backbone) of a model: embeddings and blocks."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn

from torso.batch import Batch
from torso.errors import ConfigError
from torso.nn.context import Context
from torso.nn.inference_only import Sealable
from torso.nn.key_value_cache import KeyValueCache
from torso.outputs import Hidden


class Trunk(Sealable):
    """Backbone of a model: embeddings, blocks, and a final norm where the architecture has one.

    Args:
        embed: maps a batch to rows [T, D]; its ``tokens`` is the table of token embeddings.
        layers: the blocks, in order; the same block may occur several times.
        norm: final norm.
        score_bias: bias on attention scores that several blocks share.
        layer_dropout: probability of skipping a block, in training (LayerDrop,https://arxiv.org/abs/1909.11556).
    """

    def __init__(
        self,
        embed: nn.Module,
        layers: Sequence[nn.Module],
        *,
        norm: nn.Module | None = None,
        score_bias: nn.Module | None = None,
        layer_dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.embed = embed
        self.layers = nn.ModuleList(layers)
        self.norm = norm or nn.Identity()
        self.score_bias = score_bias
        self.layer_dropout = layer_dropout
        # Runs all of the above as one call, for an inference-only trunk; see torso.kernels.
        self.whole: nn.Module | None = None
        self.depth = len(self.layers)

    def forward(
        self,
        batch: Batch,
        *,
        hidden_states: Container[int] = (),
        attentions: Container[int] = (),
        cache: KeyValueCache | None = None,
        memory: Hidden | None = None,
    ) -> Hidden:
        """Compute the last layer's rows [T, D], or the pooled rows [N, D] if the batch sets ``pool``.

        Args:
            batch: token ids and their layout.
            hidden_states: layers whose rows are returned: 0 the embeddings, i the output of block i, the last normed.
            attentions: blocks, from 0, whose attention weights are returned; the others use the fast backends.
            cache: key/value cache of the sequences' past tokens; the batch's are appended.
            memory: the encoder's rows, for blocks with cross-attention.
        """
        if self.whole is not None:
            return self.whole(batch, hidden_states=hidden_states, attentions=attentions)
        step = None if cache is None else cache.advance(batch.layout)
        layout = batch.layout if step is None else step.layout
        active = self._active_layers()
        pool = None if batch.pool is None else batch.layout.pooled_rows(batch.pool)
        # Rows that are not pooled are not computed in the last block, unless they are asked for or go into a cache.
        needs_all = step is not None or self.depth in hidden_states or not active or active[-1] in attentions
        weights: dict[int, list[Tensor]] = {i: [] for i in active if i in attentions}
        cross_weights: dict[int, list[Tensor]] = {i: [] for i in weights if memory is not None}
        rows = self.embed(replace(batch, layout=layout))
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

    def _active_layers(self) -> Sequence[int]:
        """Draw the blocks that run: all of them, without those that LayerDrop skips in training."""
        if not (self.training and self.layer_dropout):
            return range(self.depth)
        return [i for i in range(self.depth) if float(torch.rand(())) >= self.layer_dropout]


class EncoderDecoder(Sealable):
    """Encoder and decoder trunks: the decoder reads the target and attends to the encoder's rows of the source.

    A batch without a source is its own source: the decoder reads it shifted right by one behind ``start``, as BART's
    and T5's classifiers do.

    Args:
        encoder: reads ``batch.source``.
        decoder: reads the batch; its blocks have cross-attention.
        start: id of the token that a target begins with (``decoder_start_token_id``).
        shared: the token embeddings of both, where files name them separately.
    """

    def __init__(
        self, encoder: Trunk, decoder: Trunk, *, start: int | None, shared: nn.Embedding | None = None
    ) -> None:
        super().__init__()
        # Assigned before both trunks: a shared parameter is listed under its first name.
        self.shared = shared
        self.encoder, self.decoder = encoder, decoder
        self.start = start

    @property
    def embed(self) -> nn.Module:
        """The decoder's embeddings."""
        return self.decoder.embed

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
        cache: KeyValueCache | None = None,
        memory: Hidden | None = None,
    ) -> Hidden:
        """Compute the decoder's rows [T, D]; the encoder's are their ``memory``.

        Args:
            batch: the target, with its source.
            hidden_states: layers of both whose rows are returned.
            attentions: blocks of both whose attention weights are returned.
            cache: key/value cache of the targets' past tokens.
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
        tokens = batch.tokens.roll(1).index_copy(0, batch.layout.first(), self.beginnings(batch))
        return replace(batch, tokens=tokens)

    def beginnings(self, batch: Batch) -> Tensor:
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
    """An `EncoderDecoder` whose targets begin with their own last token: mBART's end with their language code.

    ``start`` is the first token in generation; None where the language decides.
    """

    def beginnings(self, batch: Batch) -> Tensor:
        """Return each text's last token [N]."""
        return batch.tokens[batch.layout.last()]


class EncoderOnly(Sealable):
    """The encoder of an `EncoderDecoder` alone, with the same parameter names.

    Args:
        encoder: reads the batch.
    """

    def __init__(self, encoder: Trunk) -> None:
        super().__init__()
        self.encoder = encoder

    @property
    def embed(self) -> nn.Module:
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
