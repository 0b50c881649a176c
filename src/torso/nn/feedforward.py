"""Feed-forward networks (MLPs) of a block, plain and gated."""

from __future__ import annotations

from torch import Tensor, nn

from torso import blocks
from torso.nn.activations import activation
from torso.nn.module import Builder, Module
from torso.nn.projections import projected


class FeedForward(Module[blocks.FeedForward]):
    """Feed-forward network down(act(up(x)))."""

    up: nn.Linear
    down: nn.Linear
    dropout: nn.Dropout

    def __init__(self, of: blocks.FeedForward, build: Builder) -> None:
        super().__init__(of, build)
        self.act = activation(of.act)

    def forward(self, x: Tensor) -> Tensor:
        """Map x [T, D] to [T, D]."""
        return self.down(self.dropout(self.act(self.up(x))))


class GatedFeedForward(Module[blocks.GatedFeedForward]):
    """Gated feed-forward network (GLU) down(act(gate(x)) * up(x)), gate and up fused."""

    gate_up: nn.Linear
    down: nn.Linear
    dropout: nn.Dropout

    def __init__(self, of: blocks.GatedFeedForward, build: Builder) -> None:
        super().__init__(of, build)
        self.act = activation(of.act)

    def forward(self, x: Tensor) -> Tensor:
        """Map x [T, D] to [T, D]."""
        gate, up = projected(self.gate_up, x, (self.of.inner, self.of.inner))
        if self.of.gate_behind:
            gate, up = up, gate
        return self.down(self.dropout(self.act(gate) * up))
