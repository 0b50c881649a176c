"""Attention to which the distance of each pair of tokens adds a vector (https://arxiv.org/abs/1803.02155)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass

from torso.blocks.layers import Linear
from torso.blocks.part import Part
from torso.blocks.rule import Rule


@dataclass(frozen=True, eq=False)
class RelativeAttention(Part):
    """Self-attention whose keys and values each have the sinusoids of their distance added (NEZHA).

    A distance is key minus query, in tokens, clipped to ``span`` either way; its row is that of the position
    ``distance + span``, with sines and cosines alternating. Nothing of it is learned.

    Args:
        width: D.
        heads: H, each of an even width.
        span: furthest distance with a row of its own.
        rule: how scores are formed; every key is seen.
    """

    width: int
    heads: int
    _: KW_ONLY
    span: int
    rule: Rule

    @property
    def size(self) -> int:
        """Width d of a head."""
        return self.width // self.heads

    @property
    def rows(self) -> tuple[int, int, int]:
        """Rows of queries, keys and values in the fused projection."""
        return self.width, self.width, self.width

    @property
    def score_bias(self) -> Part | None:
        """Nothing that blocks share."""
        return None

    def children(self) -> Mapping[str, Part | None]:
        """Create the projections."""
        return {
            "qkv": Linear(self.width, sum(self.rows), rows=self.rows, head_size=self.size),
            "out": Linear(self.width, self.width),
        }
