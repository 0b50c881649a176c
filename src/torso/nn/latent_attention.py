"""Multi-head latent attention over packed rows."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from torso import blocks
from torso.nn.attend_backends import attend
from torso.nn.context import Context
from torso.nn.module import Module
from torso.nn.projections import by_heads


class LatentAttention(Module[blocks.LatentAttention]):
    """Multi-head latent attention: keys and values are projections of one narrow row.

    The cache holds keys and values as they are projected: a step multiplies no earlier row again.
    """

    q: nn.Module
    kv_down: nn.Linear
    kv_norm: nn.Module
    kv: nn.Linear
    out: nn.Linear
    rotary: nn.Module

    def forward(self, x: Tensor, ctx: Context) -> Tensor:
        """Map x [T, D] to [T, D], or to [N, D] when only pooled rows are needed."""
        size, rotary_size, value_size = self.of.size, self.of.rotary_size, self.of.value_size
        q, q_rotary = _cut(by_heads(self.q(x), size + rotary_size), size)
        narrow, k_rotary = _cut(self.kv_down(x), self.of.key_rank)
        k, v = _cut(by_heads(self.kv(self.kv_norm(narrow)), size + value_size), size)
        q = torch.cat([q, self.rotary(q_rotary, ctx.layout)], -1)
        k = torch.cat([k, self.rotary(k_rotary[:, None], ctx.layout).expand(-1, self.of.heads, -1)], -1)
        # Attention is between heads of one size.
        whole = max(size + rotary_size, value_size)
        q, k, v = (functional.pad(each, (0, whole - each.shape[-1])) for each in (q, k, v))
        keys, values, key_layout = ctx.keys(k, v)
        rule = self.of.rule if self.training else self.of.rule.undropped
        rows = ctx.pooled(attend(q, keys, values, ctx.layout, key_layout, rule, weights=ctx.weights))
        return self.out(rows[..., :value_size].flatten(1))


def _cut(rows: Tensor, first: int) -> tuple[Tensor, Tensor]:
    """Return the first units of rows [..., units], and the others."""
    return rows[..., :first], rows[..., first:]
