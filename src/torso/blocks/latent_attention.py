"""Multi-head latent attention: queries, keys and values of rows that are narrower than their heads together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass

from torso.blocks.layers import Linear, RMSNorm, Sequential
from torso.blocks.part import Part
from torso.blocks.rule import Rule


@dataclass(frozen=True, eq=False)
class LatentAttention(Part):
    """Multi-head latent attention (MLA, arXiv 2405.04434): keys and values are projections of one narrow row.

    The positions are in units of their own: those of queries stand behind the other units of each head, those of keys
    are shared by all heads.

    Args:
        width: D.
        heads: H.
        rotary: rotary position embedding of the units with positions.
        size: units of a head's queries and keys without positions.
        rotary_size: units with positions.
        value_size: units of a head's values.
        key_rank: width of the row of which keys and values are projected.
        query_rank: width of the row of which queries are; None where they are projected directly.
        eps: added to the mean square in the norms of these rows.
        bias: whether the projections to these rows, and the one out of attention, have a bias.
        rule: which keys are seen, and how scores are formed; its scale is stated.
    """

    width: int
    heads: int
    rotary: Part
    _: KW_ONLY
    size: int
    rotary_size: int
    value_size: int
    key_rank: int
    query_rank: int | None
    eps: float = 1e-6
    bias: bool = False
    rule: Rule

    def children(self) -> Mapping[str, Part | None]:
        """Create projections and norms."""
        queries = self.heads * (self.size + self.rotary_size)
        rank = self.query_rank
        return {
            "q": Linear(self.width, queries, bias=False)
            if rank is None
            else Sequential(
                Linear(self.width, rank, self.bias), RMSNorm(rank, self.eps), Linear(rank, queries, bias=False)
            ),
            "kv_down": Linear(self.width, self.key_rank + self.rotary_size, self.bias),
            "kv_norm": RMSNorm(self.key_rank, self.eps),
            "kv": Linear(self.key_rank, self.heads * (self.size + self.value_size), bias=False),
            "out": Linear(self.heads * self.value_size, self.width, self.bias),
            "rotary": self.rotary,
        }
