"""MobileBERT's parts: blocks that are narrow inside, and trigrams of tokens."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from torso import blocks
from torso.batch import Batch
from torso.nn.attend_backends import attend
from torso.nn.context import Context
from torso.nn.embeddings import Embeddings
from torso.nn.heads import VocabHead
from torso.nn.module import Module
from torso.nn.projections import by_heads
from torso.outputs import Hidden, VocabLogits


class NoNorm(Module[blocks.NoNorm]):
    """A learned factor and bias in the place of a norm."""

    weight: nn.Parameter
    bias: nn.Parameter

    def forward(self, x: Tensor) -> Tensor:
        """Map x [T, D] to [T, D]."""
        return x * self.weight + self.bias


class TrigramEmbeddings(Embeddings):
    """Embeddings whose token vectors are projected together with those of the next and the previous token."""

    def forward(self, batch: Batch) -> Tensor:
        """Embed a batch: [T, D]."""
        rows = self.token_rows(batch)
        owner = batch.layout.owner()
        same = (owner[1:] == owner[:-1])[:, None]
        behind = F.pad(rows[1:] * same, (0, 0, 0, 1))
        before = F.pad(rows[:-1] * same, (0, 0, 1, 0))
        rows = self.project(torch.cat([behind, rows, before], 1))
        if self.positions is not None:
            rows = rows + self.positions(batch.layout.positions)
        if self.segments is not None:
            rows = rows + self.segments(torch.zeros_like(batch.tokens) if batch.segments is None else batch.segments)
        return self.dropout(self.norm(rows))


class BottleneckAttention(Module[blocks.BottleneckAttention]):
    """Self-attention whose queries and keys are of narrower rows than its values."""

    q: nn.Linear
    k: nn.Linear
    v: nn.Linear
    out: nn.Linear

    def forward(self, narrow_qk: Tensor, given: Tensor, ctx: Context) -> Tensor:
        """Map rows for queries and keys [T, B], and for values [T, D], to [T, B], or to [N, B] of pooled rows."""
        size = self.of.size
        q, k, v = by_heads(self.q(narrow_qk), size), by_heads(self.k(narrow_qk), size), by_heads(self.v(given), size)
        keys, values, key_layout = ctx.keys(k, v)
        rule = self.of.rule if self.training else self.of.rule.undropped
        return self.out(
            ctx.pooled(attend(q, keys, values, ctx.layout, key_layout, rule, weights=ctx.weights)).flatten(1)
        )


class BottleneckBlock(Module[blocks.BottleneckBlock]):
    """Attention and feed-forwards between a projection to narrow rows and one back, each with residual and norm."""

    narrow: nn.Module
    narrow_qk: nn.Module
    attn: BottleneckAttention
    attn_norm: nn.Module
    feeds: nn.ModuleList
    feed_norms: nn.ModuleList
    ffn: nn.Module
    ffn_norm: nn.Module
    wide: nn.Module
    wide_norm: nn.Module
    dropout: nn.Dropout

    def forward(self, x: Tensor, ctx: Context) -> Tensor:
        """Map x [T, D] to [T, D], or to [N, D] when only pooled rows are needed."""
        rows = self.attn_norm(ctx.pooled(self.narrow(x)) + self.attn(self.narrow_qk(x), x, ctx))
        for feed, norm in zip(self.feeds, self.feed_norms, strict=True):
            rows = norm(rows + feed(rows))
        rows = self.ffn_norm(rows + self.ffn(rows))
        return self.wide_norm(ctx.pooled(x) + self.dropout(self.wide(rows)))


class WidenedVocabHead(VocabHead):
    """A `VocabHead` whose rows are wider than the table of tokens: the rest meets a matrix of its own."""

    of: blocks.WidenedVocabHead
    rest: nn.Linear

    def forward(self, hidden: Hidden, batch: Batch) -> VocabLogits:
        """Compute logits [R, V] of the rows of ``batch.rows``, or of all T."""
        rows = self.mlp(hidden.rows if batch.rows is None else hidden.rows[batch.rows])
        first, last = rows.split([self.of.width, self.of.more], -1)
        logits = F.linear(first, self.tokens[0].weight, self.bias) if self.out is None else self.out(first)
        return VocabLogits(logits + self.rest(last), batch.rows, hidden)
