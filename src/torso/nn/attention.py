"""Self-attention and cross-attention over packed rows."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn

from torso.batch import Layout, Pool
from torso.nn.attend_backends import attend
from torso.nn.attention_rule import Rule, ScoreBias
from torso.nn.context import Context


class Unrotated(nn.Module):
    """Identity in place of a rotary embedding, for models without one."""

    def forward(self, heads: Tensor, layout: Layout) -> Tensor:
        """Return heads [T, H, d] unchanged."""
        return heads


class Attention(nn.Module):
    r"""Multi-head self-attention with one fused projection for queries, keys and values (arXiv 1706.03762).

    With G < H key/value heads (grouped-query attention, arXiv 2305.13245) H / G query heads share one of them::

        H = G = 4          H = 4, G = 2       H = 4, G = 1
        q q q q            q q q q            q q q q
        | | | |            | | | |            | | | |
        | | | |            \ / \ /            \ \ / /
        k k k k             k   k                k
        multi-head         grouped            multi-query

    Args:
        width: D.
        heads: H query heads.
        kv_heads: G key and value heads, each shared by H / G query heads; None for H.
        head_size: d; None for D / H.
        bias: whether the fused projection has a bias.
        out_bias: whether the output projection has one.
        head_norm: builds the norm of each head's queries and of its keys (QK-norm); none by default.
        rotary: rotary position embedding of queries and keys; none by default.
        rule: which keys are seen, and how scores are formed.
        score_bias: added to the scores; owned by the trunk, since several blocks may share it.
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
        """Map x [T, D] to [T, D], or to [N, D] when only pooled rows are needed."""
        q, k, v = (part.unflatten(-1, (-1, self.head_size)) for part in self.qkv(x).split(self.parts["qkv"], -1))
        q = self.rotary(self.q_norm(q), ctx.layout)
        k = self.rotary(self.k_norm(k), ctx.layout)
        keys, values, key_layout = ctx.keys(k, v)
        rule = self.rule if self.training else self.rule.undropped
        if ctx.pool is not None and self._can_attend_pooled(ctx.pool.which):
            rows = attend(ctx.pooled(q), keys, values, ctx.out_layout, key_layout, rule)
        else:
            rows = ctx.pooled(attend(q, keys, values, ctx.layout, key_layout, rule, *self.shared, weights=ctx.weights))
        return self.out(rows.flatten(1))

    def _can_attend_pooled(self, which: Pool) -> bool:
        """Return whether pooled queries may attend alone: the last query is at the last key; a bias needs all."""
        return self.shared == (None,) and (which == "last" or self.rule.sees_all)


class CrossAttention(nn.Module):
    """Cross-attention: queries from the decoder's rows, keys and values from the encoder's.

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
        """Map x [R, D] to [R, D]; R is T, or N when only pooled rows are needed."""
        q = self.q(x).unflatten(-1, (-1, self.head_size))
        keys, values, key_layout = ctx.memory_keys(self.keys_and_values)
        rule = self.rule if self.training else self.rule.undropped
        rows = attend(q, keys, values, ctx.out_layout, key_layout, rule, weights=ctx.cross_weights)
        return self.out(rows.flatten(1))

    def keys_and_values(self, memory: Tensor) -> tuple[Tensor, Tensor]:
        """Project memory [Tm, D] to keys and values [Tm, H, d]."""
        k, v = self.kv(memory).unflatten(-1, (2, -1, self.head_size)).unbind(-3)
        return k, v
