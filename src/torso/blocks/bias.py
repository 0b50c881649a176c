"""What is added to the scores of attention: buckets of distances, slopes, sinks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass

from torso.blocks.layers import Embedding
from torso.blocks.part import Part, Weight


@dataclass(frozen=True, eq=False)
class BucketBias(Part):
    """Relative position bias of T5: learned per head and distance bucket, log-spaced far off (arXiv 1910.10683).

    Args:
        heads: H.
        buckets: how many buckets there are.
        furthest: distance from which all share the last bucket (``relative_attention_max_distance``).
        both_ways: whether earlier and later keys have separate buckets (bidirectional), as an encoder's do.
    """

    heads: int
    buckets: int
    furthest: int
    _: KW_ONLY
    both_ways: bool

    def children(self) -> Mapping[str, Part | None]:
        """Create the table [buckets, H]."""
        return {"table": Embedding(self.buckets, self.heads)}


@dataclass(frozen=True, eq=False)
class TokenDistanceBias(BucketBias):
    """A `BucketBias` for the distance in tokens, even where a call gives positions of its own (MPNet)."""


@dataclass(frozen=True, eq=False)
class SlopeBias(Part):
    """ALiBi (https://arxiv.org/abs/2108.12409): a fixed slope per head times the key's position.

    Args:
        heads: H.
    """

    heads: int


@dataclass(frozen=True, eq=False)
class CoarseSlopeBias(SlopeBias):
    """A `SlopeBias` in bfloat16 numbers, and a factor on it (Falcon).

    Args:
        heads: H.
        factor: what each bias is multiplied by.
    """

    factor: float


@dataclass(frozen=True, eq=False)
class DistanceSlopeBias(Part):
    """ALiBi of an encoder: a fixed slope per head times the distance in tokens to the key, before or behind (JinaBERT).

    Args:
        heads: H.
    """

    heads: int


@dataclass(frozen=True, eq=False)
class Sinks(Part):
    """Attention sinks: a learned score per head that takes a part of the weights and adds nothing (gpt-oss).

    As a bias on scores it has a column more than there are keys, of a key whose value is zero.

    Args:
        heads: H.
    """

    heads: int

    def weights(self) -> Mapping[str, Weight]:
        """Return the scores [H]."""
        return {"sinks": Weight((self.heads,))}
