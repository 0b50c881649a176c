"""The feed-forward part of a block."""

from __future__ import annotations

from torch import Tensor, nn

from torso.nn.activations import activation


class FeedForward(nn.Module):
    """Widen, activate, narrow: x [T, D] -> [T, D].

    Args:
        width: D.
        inner: F.
        act: the activation, by the name a config gives it.
        bias: whether both projections have a bias.
        dropout: probability of dropping an activated unit, in training.
    """

    def __init__(self, width: int, inner: int, act: str, *, bias: bool = True, dropout: float = 0.0) -> None:
        super().__init__()
        self.up = nn.Linear(width, inner, bias=bias)
        self.down = nn.Linear(inner, width, bias=bias)
        # As given, and as computed here: a product that computes it along the way leaves nothing to do.
        self.given = self.act = activation(act)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """x [T, D] -> [T, D]."""
        return self.down(self.dropout(self.act(self.up(x))))


class GatedFeedForward(nn.Module):
    """down(act(gate(x)) * up(x)), gate and up as one product (https://arxiv.org/abs/2002.05202): x [T, D] -> [T, D].

    Args:
        width: D.
        inner: F.
        act: the activation of the gate, by the name a config gives it.
        bias: whether the projections have a bias.
        down_bias: whether the projection back has one; None for ``bias``.
        gate_behind: whether the fused product gives up before gate.
        dropout: probability of dropping a gated unit, in training.
    """

    def __init__(
        self,
        width: int,
        inner: int,
        act: str,
        *,
        bias: bool = True,
        down_bias: bool | None = None,
        gate_behind: bool = False,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.gate_behind = gate_behind
        self.parts = {"gate_up": [inner, inner]}
        self.gate_up = nn.Linear(width, 2 * inner, bias=bias)
        self.down = nn.Linear(inner, width, bias=bias if down_bias is None else down_bias)
        self.act = activation(act)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """x [T, D] -> [T, D]."""
        gate, up = self.gate_up(x).chunk(2, -1)
        if self.gate_behind:
            gate, up = up, gate
        return self.down(self.dropout(self.act(gate) * up))
