"""Feed-forward networks (MLPs) of a block, plain and gated."""

from __future__ import annotations

from torch import Tensor, nn

from torso.nn.activations import activation


class FeedForward(nn.Module):
    """Feed-forward network down(act(up(x))): x [T, D] -> [T, D].

    Args:
        width: D.
        inner: F.
        act: name of the activation in configs.
        bias: whether both projections have a bias.
        dropout: probability of dropping an activated unit, in training.
    """

    def __init__(self, width: int, inner: int, act: str, *, bias: bool = True, dropout: float = 0.0) -> None:
        super().__init__()
        self.up = nn.Linear(width, inner, bias=bias)
        self.down = nn.Linear(inner, width, bias=bias)
        # Kept twice: a kernel that fuses the activation into `up` replaces `act` by the identity.
        self.given = self.act = activation(act)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """Map x [T, D] to [T, D]."""
        return self.down(self.dropout(self.act(self.up(x))))


class GatedFeedForward(nn.Module):
    """Gated feed-forward network (GLU) down(act(gate(x)) * up(x)), gate and up fused (arXiv 2002.05202).

    Args:
        width: D.
        inner: F.
        act: name of the gate's activation in configs.
        bias: whether the projections have a bias.
        down_bias: whether the down projection has one; None for ``bias``.
        gate_behind: whether the fused projection is [up | gate] instead of [gate | up].
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
        """Map x [T, D] to [T, D]."""
        gate, up = self.gate_up(x).chunk(2, -1)
        if self.gate_behind:
            gate, up = up, gate
        return self.down(self.dropout(self.act(gate) * up))
