"""Interfaces of attention: biases of its scores, and backends that compute it."""

from __future__ import annotations

from typing import Protocol

from torch import Tensor

from torso.batch import Layout
from torso.blocks import Rule


class ScoreBias(Protocol):
    """Bias added to attention scores before the softmax: bucketed distances, ALiBi slopes, disentangled terms."""

    def scores(self, q: Tensor, k: Tensor, q_positions: Tensor, k_positions: Tensor) -> Tensor:
        """Compute the bias [n or 1, H, a, b] from q [n, H, a, d], k [n, H, b, d], positions [n, a] and [n, b].

        Columns beyond b are of keys that are zeros, with values that are zeros: they take weight and add nothing.
        """
        ...


class Backend(Protocol):
    """One way to compute attention."""

    @property
    def name(self) -> str:
        """Name of the backend, in `attend` and in messages."""
        ...

    def refuses(self, q: Tensor, rule: Rule, bias: ScoreBias | None) -> str | None:
        """Return why this backend cannot compute the attention exactly, or None."""
        ...

    def __call__(
        self, q: Tensor, k: Tensor, v: Tensor, queries: Layout, keys: Layout, rule: Rule, bias: ScoreBias | None
    ) -> Tensor:
        """Attend: q [Tq, H, d], k and v [Tk, G, d] -> [Tq, H, d]."""
        ...
