"""The heads of a decoder's attention as the kernels keep them. Loads no torch."""

from __future__ import annotations

from dataclasses import dataclass

from torso import blocks

DecoderAttention = blocks.Attention | blocks.LatentAttention


@dataclass(frozen=True, slots=True)
class HeadSizes:
    """Sizes that the C structure of a decoder states once for all its blocks.

    Attributes:
        width: D.
        heads: of queries.
        key_heads: of keys and values.
        size: units of each.
        rotary_size: units of each that turn at most; of latent attention, the very number of those that do.
    """

    width: int
    heads: int
    key_heads: int
    size: int
    rotary_size: int

    @classmethod
    def of(cls, attn: DecoderAttention) -> HeadSizes | None:
        """Return the sizes of an attention; None where its heads are not of one size or do not share keys evenly."""
        if isinstance(attn, blocks.LatentAttention):
            # Heads of one size: the narrower side, queries and keys or values, is padded with zeros.
            size = max(attn.size + attn.rotary_size, attn.value_size)
            return cls(attn.width, attn.heads, attn.heads, size, attn.rotary_size)
        queries, keys, values = attn.rows
        if queries % attn.size or keys % attn.size or not keys or queries % keys or values != keys:
            return None
        return cls(attn.width, queries // attn.size, keys // attn.size, attn.size, attn.size)

    @property
    def numbers(self) -> int:
        """Numbers of the keys and values of one token."""
        return 2 * self.key_heads * self.size
