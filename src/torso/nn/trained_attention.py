"""Attention that learns, on the CPU: one call of torso's kernels for all sequences, forwards and backwards."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any

import torch
from torch import Tensor

from torso.batch import Layout
from torso.blocks import Rule
from torso.nn.attention_interfaces import ScoreBias
from torso.nn.sdpa import SDPA
from torso.nn.watched import is_watched


@dataclass(frozen=True, slots=True)
class Trained:
    """Trained backend: the kernels' attention with gradients; scores in float32, no weight is ever kept."""

    name: str = "trained"

    def refuses(self, q: Tensor, rule: Rule, bias: ScoreBias | None) -> str | None:
        """Return a reason for other devices and dtypes, for biases and caps, and for rows that do not learn."""
        dtypes = (torch.float32, torch.bfloat16)
        reasons = (
            (not q.is_cpu, "it runs on the CPU only"),
            (q.dtype not in dtypes or _dtype(q) not in dtypes, "it runs in float32 and bfloat16 only"),
            (not (torch.is_grad_enabled() and q.requires_grad), "nothing learns"),
            (bias is not None, "it adds nothing to the scores"),
            (rule.softcap is not None, "it has no cap on the scores"),
            (rule.dropout >= 1, "it drops no weight of each"),
            (is_watched(), "PyTorch must see each operator"),
        )
        found = next((reason for applies, reason in reasons if applies), None)
        return found or (None if _kernels().is_there() else "there are no kernels here")

    def __call__(
        self, q: Tensor, k: Tensor, v: Tensor, queries: Layout, keys: Layout, rule: Rule, bias: ScoreBias | None
    ) -> Tensor:
        """Attend: q [Tq, H, d], k and v [Tk, G, d] -> [Tq, H, d]."""
        if queries.has_room or keys.has_room:
            return SDPA(q, k, v, queries, keys, rule, bias)
        dtype = _dtype(q)
        return _kernels().attend(q.to(dtype), k.to(dtype), v.to(dtype), queries, keys, rule)


def _dtype(q: Tensor) -> torch.dtype:
    return torch.get_autocast_dtype("cpu") if torch.is_autocast_enabled("cpu") else q.dtype


def _kernels() -> Any:
    # By name: torso.kernels depends on torso.nn, not the other way round.
    return import_module("torso.kernels.training_attention")


TRAINED = Trained()
