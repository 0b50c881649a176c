"""Attention of rows: to their own sequence, and to an encoder's."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn

from torso.batch import Layout, Row
from torso.nn.attend_backends import attend
from torso.nn.attention_rule import Rule, ScoreBias
from torso.nn.context import Context


class Unrotated(nn.Module):
    """The place of a rotary embedding in models that have none."""

    def forward(self, heads: Tensor, layout: Layout) -> Tensor:
        """heads [T, H, d] -> heads."""
        return heads


class Attention(nn.Module):
    """Multi-head self-attention with one fused projection for queries, keys and values (arXiv 1706.03762).

    Args:
        width: D.
        heads: H query heads.
        kv_heads: G key and value heads, each shared by H / G query heads; None for H.
        head_size: d; None for D / H.
        bias: whether the fused projection has a bias.
        out_bias: whether the output projection has one.
        head_norm: makes the norm of each head's queries and of its keys; none by default.
        rotary: turns queries and keys by their position; nothing by default.
        rule: which keys are seen, and how scores are formed.
        score_bias: what is added to the scores; the trunk owns it if several blocks share it.
    """

    def __init__(
        self,
        width: int,
        heads: int,
        *,
        kv_heads: int | None = None,
        head_size: int | None = None,
        bias: bool = True,
        out_bias: bool = True,
        head_norm: Callable[[], nn.Module] = nn.Identity,
        rotary: nn.Module | None = None,
        rule: Rule | None = None,
        score_bias: ScoreBias | None = None,
    ) -> None:
        super().__init__()
        self.head_size = head_size or width // heads
        self.parts = {"qkv": [heads * self.head_size, *[(kv_heads or heads) * self.head_size] * 2]}
        self.qkv = nn.Linear(width, sum(self.parts["qkv"]), bias=bias)
        self.out = nn.Linear(heads * self.head_size, width, bias=out_bias)
        self.q_norm, self.k_norm = head_norm(), head_norm()
        self.rotary = rotary or Unrotated()
        self.rule = rule or Rule()
        # In a tuple, so that its parameters are not also this module's: its owner is the trunk.
        self.shared = (score_bias,)

    def forward(self, x: Tensor, ctx: Context) -> Tensor:
        """x [T, D] -> [T, D], or those of the rows that leave the block."""
        q, k, v = (part.unflatten(-1, (-1, self.head_size)) for part in self.qkv(x).split(self.parts["qkv"], -1))
        q = self.rotary(self.q_norm(q), ctx.layout)
        k = self.rotary(self.k_norm(k), ctx.layout)
        keys, values, lying = ctx.keys(k, v)
        rule = self.rule if self.training else self.rule.undropped
        if ctx.chosen is not None and self._stands_alone(ctx.chosen.which):
            rows = attend(ctx.leaving(q), keys, values, ctx.left, lying, rule)
        else:
            rows = ctx.leaving(attend(q, keys, values, ctx.layout, lying, rule, *self.shared, weights=ctx.weights))
        return self.out(rows.flatten(1))

    def _stands_alone(self, which: Row) -> bool:
        """Whether a query needs none beside it: a rule takes it to stand at the last key, a bias may count queries."""
        return self.shared == (None,) and (which == "last" or self.rule.sees_all)


class CrossAttention(nn.Module):
    """Attention of a decoder's rows to an encoder's: queries from the one, keys and values from the other.

    Args:
        width: D, of both.
        heads: H.
        head_size: d; None for D / H.
        bias: whether the projections to queries, keys and values have a bias.
        out_bias: whether the output projection has one.
        rule: how scores are formed.
    """

    def __init__(
        self,
        width: int,
        heads: int,
        *,
        head_size: int | None = None,
        bias: bool = True,
        out_bias: bool = True,
        rule: Rule | None = None,
    ) -> None:
        super().__init__()
        self.head_size = head_size or width // heads
        inner = heads * self.head_size
        self.parts = {"kv": [inner, inner]}
        self.q = nn.Linear(width, inner, bias=bias)
        self.kv = nn.Linear(width, 2 * inner, bias=bias)
        self.out = nn.Linear(inner, width, bias=out_bias)
        self.rule = rule or Rule()

    def forward(self, x: Tensor, ctx: Context) -> Tensor:
        """x [R, D] -> [R, D], of the rows that leave the block."""
        q = self.q(x).unflatten(-1, (-1, self.head_size))
        keys, values, lying = ctx.remembered(self.keys_and_values)
        rule = self.rule if self.training else self.rule.undropped
        rows = attend(q, keys, values, ctx.left, lying, rule, weights=ctx.cross_weights)
        return self.out(rows.flatten(1))

    def keys_and_values(self, memory: Tensor) -> tuple[Tensor, Tensor]:
        """memory [Tm, D] -> keys and values [Tm, H, d]."""
        k, v = self.kv(memory).unflatten(-1, (2, -1, self.head_size)).unbind(-3)
        return k, v
