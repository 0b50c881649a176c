"""Self-attention and cross-attention over packed rows."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from torso import blocks
from torso.batch import Layout, Pool
from torso.nn.attend_backends import attend
from torso.nn.attention_interfaces import ScoreBias
from torso.nn.context import Context
from torso.nn.module import Builder, Module
from torso.nn.projections import by_heads, projected


class Unrotated(Module[blocks.Unrotated]):
    """Identity in place of a rotary embedding, for models without one."""

    def forward(self, heads: Tensor, layout: Layout) -> Tensor:
        """Return heads [T, H, d] unchanged."""
        return heads


class Attention(Module[blocks.Attention]):
    """Multi-head self-attention with one fused projection for queries, keys and values."""

    qkv: nn.Linear
    out: nn.Linear
    q_norm: nn.Module
    k_norm: nn.Module
    rotary: nn.Module

    def __init__(self, of: blocks.Attention, build: Builder) -> None:
        super().__init__(of, build)
        # In a tuple, so that its parameters are not also this module's: its owner is the trunk.
        self.shared: tuple[ScoreBias | None] = (None if of.score_bias is None else build(of.score_bias),)

    def forward(self, x: Tensor, ctx: Context) -> Tensor:
        """Map x [T, D] to [T, D], or to [N, D] when only pooled rows are needed."""
        q, k, v = self.heads(x, ctx.layout)
        keys, values, key_layout = ctx.keys(k, v)
        rule = self.of.rule if self.training else self.of.rule.undropped
        if ctx.pool is not None and self._can_attend_pooled(ctx.pool.which):
            rows = attend(ctx.pooled(q), keys, values, ctx.out_layout, key_layout, rule)
        else:
            rows = ctx.pooled(attend(q, keys, values, ctx.layout, key_layout, rule, *self.shared, weights=ctx.weights))
        return self.out(rows.flatten(1))

    def heads(self, x: Tensor, layout: Layout) -> tuple[Tensor, Tensor, Tensor]:
        """Map x [T, D] to queries [T, H, d], keys and values [T, G, d], normed and rotated."""
        q, k, v = self.projections(x)
        return self.rotary(self.q_norm(q), layout), self.rotary(self.k_norm(k), layout), v

    def projections(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Project x [T, D] to queries [T, H, d], keys and values [T, G, d]."""
        q, k, v = (by_heads(part, self.of.size) for part in projected(self.qkv, x, self.of.rows))
        return q, k, v

    def _can_attend_pooled(self, which: Pool) -> bool:
        """Return whether pooled queries may attend alone: the last query is at the last key; a bias needs all."""
        return self.shared == (None,) and (which == "last" or self.of.rule.sees_all)


class ClippedAttention(Attention):
    """Multi-head self-attention whose queries, keys and values are kept within a limit as they are projected."""

    of: blocks.ClippedAttention

    def projections(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Project x [T, D] to queries [T, H, d], keys and values [T, G, d], each number within the limit."""
        q, k, v = (each.clamp(-self.of.limit, self.of.limit) for each in super().projections(x))
        return q, k, v


class TemperedAttention(Attention):
    """Multi-head self-attention whose queries grow with their positions beyond a length."""

    of: blocks.TemperedAttention

    def heads(self, x: Tensor, layout: Layout) -> tuple[Tensor, Tensor, Tensor]:
        """Map x [T, D] to queries [T, H, d], keys and values [T, G, d], normed, rotated and tempered."""
        q, k, v = super().heads(x, layout)
        grown = 1 + self.of.growth * torch.log1p(torch.floor(layout.positions / self.of.trained))
        return q * grown[:, None, None].to(q.dtype), k, v


class CrossAttention(Module[blocks.CrossAttention]):
    """Cross-attention: queries from the decoder's rows, keys and values from the encoder's."""

    q: nn.Linear
    kv: nn.Linear
    out: nn.Linear

    def forward(self, x: Tensor, ctx: Context) -> Tensor:
        """Map x [R, D] to [R, D]; R is T, or N when only pooled rows are needed."""
        q = self.q(x).unflatten(-1, (-1, self.of.size))
        keys, values, key_layout = ctx.memory_keys(self.keys_and_values)
        rule = self.of.rule if self.training else self.of.rule.undropped
        rows = attend(q, keys, values, ctx.out_layout, key_layout, rule, weights=ctx.cross_weights)
        return self.out(rows.flatten(1))

    def keys_and_values(self, memory: Tensor) -> tuple[Tensor, Tensor]:
        """Project memory [Tm, D] to keys and values [Tm, H, d]."""
        k, v = projected(self.kv, memory, self.of.rows)
        return by_heads(k, self.of.size), by_heads(v, self.of.size)
