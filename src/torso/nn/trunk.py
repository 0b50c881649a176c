"""The torso of a model: embeddings and blocks."""

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
    """Embeddings, blocks, and a last norm where the architecture has one.

    Args:
        embed: gives rows [T, D] of a batch; its ``tokens`` is the table of token embeddings.
        layers: the blocks, in order; the same block may stand several times.
        norm: norm of the last rows.
        score_bias: a bias on attention scores that several blocks share.
        layer_dropout: probability of leaving out a block, in training (https://arxiv.org/abs/1909.11556).
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
        # What runs all of the above as one, for a trunk that only runs; see torso.kernels.
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
        """Rows [T, D] of the last layer; of ``batch.pool`` one row of each sequence, [N, D].

        Args:
            batch: token ids and where the sequences lie.
            hidden_states: layers whose rows are returned: 0 the embeddings, i the output of block i, the last normed.
            attentions: blocks, from 0, whose attention weights are returned; the others use the fast backends.
            cache: what the sequences have read before; this batch is read behind it, and kept in it.
            memory: the encoder's rows, for blocks with cross-attention.
        """
        if self.whole is not None:
            return self.whole(batch, hidden_states=hidden_states, attentions=attentions)
        step = None if cache is None else cache.advance(batch.layout)
        layout = batch.layout if step is None else step.layout
        run = self._run()
        pool = None if batch.pool is None else batch.layout.pooled_rows(batch.pool)
        # Rows that are not pooled are not computed in the last block, unless they are asked for or go into a cache.
        needs_all = step is not None or self.depth in hidden_states or not run or run[-1] in attentions
        weights: dict[int, list[Tensor]] = {i: [] for i in run if i in attentions}
        cross_weights: dict[int, list[Tensor]] = {i: [] for i in weights if memory is not None}
        rows = self.embed(replace(batch, layout=layout))
        states = {0: rows}
        for i, layer in enumerate(self.layers):
            if i in run:
                last = None if needs_all or i != run[-1] else pool
                rows = layer(rows, Context(layout, weights.get(i), i, step, memory, cross_weights.get(i), last))
            states[i + 1] = rows = self.norm(rows) if i + 1 == self.depth else rows
        states = {i: states[i] for i in states if i in hidden_states}
        if pool is None:
            return Hidden(rows, layout, states, weights, memory, cross_weights)
        rows = rows[pool.rows] if needs_all else rows
        return Hidden(rows, pool.layout, states, weights, memory, cross_weights, pool.which)

    def _run(self) -> Sequence[int]:
        """The blocks that run: all of them, but for those that training leaves out."""
        if not (self.training and self.layer_dropout):
            return range(self.depth)
        return [i for i in range(self.depth) if float(torch.rand(())) >= self.layer_dropout]


class EncoderDecoder(Sealable):
    """Two trunks: one reads the source, the other a target, attending to the first.

    A batch without a source is its own: the encoder reads it, and the decoder reads it shifted by one behind
    ``start``, as BART's and T5's classifiers do.

    Args:
        encoder: reads ``batch.source``.
        decoder: reads the batch; its blocks have cross-attention.
        start: id of the token that a target begins with.
        shared: the table of tokens, where both have the same one and files name it apart from them.
    """

    def __init__(
        self, encoder: Trunk, decoder: Trunk, *, start: int | None, shared: nn.Embedding | None = None
    ) -> None:
        super().__init__()
        # Before both trunks: a parameter goes by the first of its names.
        self.shared = shared
        self.encoder, self.decoder = encoder, decoder
        self.start = start

    @property
    def embed(self) -> nn.Module:
        """The decoder's embeddings."""
        return self.decoder.embed

    @property
    def depth(self) -> int:
        """How many blocks the decoder has."""
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
        """The decoder's rows [T, D]; the encoder's are their ``memory``.

        Args:
            batch: the target, with its source.
            hidden_states: layers of both whose rows are returned too.
            attentions: blocks of both whose attention weights are returned.
            cache: what the targets have read before.
            memory: the encoder's rows, where they are known; then no source is read.
        """
        if memory is None:
            memory = self.encoder(
                replace(batch.source or batch, pool=None), hidden_states=hidden_states, attentions=attentions
            )
            batch = batch if batch.source is not None else replace(self.shifted(batch), source=batch)
        return self.decoder(batch, hidden_states=hidden_states, attentions=attentions, cache=cache, memory=memory)

    def shifted(self, batch: Batch) -> Batch:
        """What a decoder reads to foretell a batch: each text behind its beginning, without its last token."""
        tokens = batch.tokens.roll(1).index_copy(0, batch.layout.first(), self.beginnings(batch))
        return replace(batch, tokens=tokens)

    def beginnings(self, batch: Batch) -> Tensor:
        """[N] the token that each text's target begins with.

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
    """An `EncoderDecoder` whose targets begin with their own last token: mBART's end with their language.

    ``start`` is what a text that is yet to be written begins with; None where the language decides.
    """

    def beginnings(self, batch: Batch) -> Tensor:
        """[N] each text's last token."""
        return batch.tokens[batch.layout.last()]


class EncoderOnly(Sealable):
    """The first trunk of an `EncoderDecoder` alone, under the same names.

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
        """How many blocks it has."""
        return self.encoder.depth

    def forward(self, batch: Batch, *, hidden_states: Container[int] = (), attentions: Container[int] = ()) -> Hidden:
        """Rows [T, D]; see `Trunk.forward`."""
        return self.encoder(batch, hidden_states=hidden_states, attentions=attentions)


AnyTrunk = Trunk | EncoderDecoder | EncoderOnly
