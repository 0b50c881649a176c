"""Attention over packed rows in one kernel: CUDA, half precision (`torch.nn.attention.varlen`)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from torso.batch import Layout
from torso.blocks import Rule
from torso.nn.attention_interfaces import ScoreBias
from torso.nn.sdpa import SDPA


@dataclass(frozen=True, slots=True)
class Varlen:
    """Varlen backend: FlashAttention over packed rows; window -1 means no limit on that side."""

    name: str = "varlen"

    def refuses(self, q: Tensor, rule: Rule, bias: ScoreBias | None) -> str | None:
        """Return a reason for what the kernel cannot do: devices, dtypes, dropout, biases, caps, large heads."""
        reasons = (
            (q.device.type != "cuda", "it runs on CUDA only"),
            (q.dtype not in (torch.float16, torch.bfloat16), "it runs in float16 and bfloat16 only"),
            (rule.dropout > 0, "it has no dropout"),
            (bias is not None, "it adds nothing to the scores"),
            (rule.softcap is not None, "it has no cap on the scores"),
            (q.shape[-1] > 256 or q.shape[-1] % 8 != 0, "its heads are multiples of 8 up to 256"),
            # Older cards lack the kernel; before 8.0 it is refused by the kernel itself.
            (q.device.type == "cuda" and torch.cuda.get_device_capability(q.device) < (8, 0), "the card is too old"),
        )
        return next((reason for applies, reason in reasons if applies), None)

    def __call__(
        self, q: Tensor, k: Tensor, v: Tensor, queries: Layout, keys: Layout, rule: Rule, bias: ScoreBias | None
    ) -> Tensor:
        """Attend: q [Tq, H, d], k and v [Tk, G, d] -> [Tq, H, d]."""
        from torch.nn.attention.varlen import varlen_attn

        if queries.seen is keys and not rule.sees_all:  # the kernel aligns windows by the last query, not by the first
            return SDPA(q, k, v, queries, keys, rule, bias)
        out = varlen_attn(
            q,
            k,
            v,
            queries.starts,
            keys.starts,
            queries.longest,
            keys.longest,
            scale=rule.scale,
            window_size=(-1 if rule.left is None else rule.left, -1 if rule.right is None else rule.right),
            enable_gqa=q.shape[1] != k.shape[1],
            seqused_k=keys.lengths if keys.has_room else None,
        )
        assert isinstance(out, Tensor)
        return out


VARLEN = Varlen()
