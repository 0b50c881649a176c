"""Converting the modules of a trunk to structures of the C interface, with weights packed for this processor."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from torso.kernels import library as native
from torso.kernels import tensor_memory as memory
from torso.kernels.abi import Block, Embeddings, Matrix, Norm
from torso.kernels.library import Form, Library
from torso.kernels.packed_weight import PackedWeight
from torso.kernels.piece import Piece, bare, fits
from torso.nn import embeddings
from torso.nn.block import PostNormBlock
from torso.nn.disentangled import DisentangledAttention, Distances
from torso.nn.feedforward import GatedFeedForward
from torso.nn.norm import OffsetRMSNorm, RMSNorm
from torso.nn.rotary import Rotary

GROUP = 384
"""Inputs of an eight-bit matmul that share a scale.

Fewer are more accurate and slower. MiniLM, 1,000 paragraphs of documentation, mean cosine to float32 and tokens/s
(bfloat16: 16.7k): 96 inputs 0.99959 and 23.8k, 128 0.99953 and 24.4k, 384 0.99913 and 26.9k, all of a row 0.99898 and
28.1k.
"""


class Packing:
    """Builds C structures of modules, and owns the memory that they point to.

    Args:
        library: the kernels.
        kinds: format of each linear layer's weight, by its name in the trunk.
        before: cache of packed weights, by name and kind; missing ones are added.

    Attributes:
        compute: the kind of the numbers between the products.
        packed: the weights in use, by name and kind.

    Raises:
        ValueError: for a kind that the instruction set lacks, or that cannot be combined with the others.
    """

    def __init__(self, library: Library, kinds: Mapping[str, int], before: dict[tuple[str, int], PackedWeight]) -> None:
        self.library = library
        self.packed: dict[tuple[str, int], PackedWeight] = {}
        self._kinds, self._before = kinds, before
        self._held: list[Tensor | None] = []
        used = set(kinds.values())
        self.compute = native.BFLOAT16 if native.BFLOAT16 in used else native.FLOAT32
        if native.EIGHT_BITS in used and native.FLOAT32 not in used:
            self.compute = native.BFLOAT16 if library.has(native.BFLOAT16) else native.FLOAT32
        for kind in used:
            if kind not in (self.compute, native.EIGHT_BITS) or not library.has(kind):
                raise ValueError(f"weights of kind {kind} between rows of kind {self.compute}, on {library.set}")

    def tensors(self) -> Iterator[Tensor]:
        """Yield all tensors that the structures point to."""
        for key in sorted(self.packed):
            yield from (each for each in self.packed[key].tensors if each is not None)
        yield from (each for each in self._held if each is not None)

    def block(self, piece: Piece, name: str, angles: list[Rotary]) -> Block:
        """Build the structure of a block.

        Args:
            piece: its parts.
            name: its name in the trunk; a repeated block is packed once, under the first name.
            angles: the rotary angles of the trunk.
        """
        qkv, out, up, down = (self._weight(piece, name, own) for own in piece.linears)
        rule = piece.attn.of.rule
        return Block(
            qkv=qkv,
            out=out,
            up=up,
            down=down,
            attn_norm=self.norm(piece.block.attn_norm),
            ffn_norm=self.norm(piece.block.ffn_norm),
            norms_after=isinstance(piece.block, PostNormBlock),
            gated=isinstance(piece.ffn, GatedFeedForward),
            activation=piece.activation,
            turns=next((i for i, each in enumerate(angles) if each is piece.rotary), -1),
            left=-1 if rule.left is None else rule.left,
            right=-1 if rule.right is None else rule.right,
            scale=piece.attn.of.size**-0.5 if rule.scale is None else rule.scale,
            **self._relative_positions(piece, name),
        )

    def forms(self, piece: Piece, name: str) -> dict[tuple[str, int], Form]:
        """Return the forms of all weights that `block` packs, by name and kind."""
        found: dict[tuple[str, int], Form] = {}
        for own, linear in piece.linears.items():
            key = self._key(name, own)
            biased = piece.bias(own) is not None
            found[key] = Form.of(key[1], linear.out_features, linear.in_features, GROUP, biased=biased)
        for key in self._position_keys(piece, name).values():
            heads = piece.attn.of.rows[0] // piece.attn.of.size
            rows = len(cast("Distances", piece.attn.shared[0]).table.weight)
            whole = -(-rows // self.library.panel) * self.library.panel
            found[key] = Form.of(key[1], heads * whole, piece.attn.of.size)
        return found

    def _key(self, name: str, own: str) -> tuple[str, int]:
        return f"{name}.{own}", self._kinds[f"{name}.{own}"]

    def _weight(self, piece: Piece, name: str, own: str) -> Matrix:
        key = self._key(name, own)
        if key not in self._before:
            module = piece.linears[own]
            weight: Tensor = module.weight
            bias = piece.bias(own)
            if own == "ffn.gate_up" and piece.gate_behind:
                half = len(weight) // 2
                weight, bias = weight.roll(half, 0), None if bias is None else bias.roll(half, 0)
            self._before[key] = PackedWeight(self.library, weight, bias, key[1], GROUP)
        return self._used(key)

    def _used(self, key: tuple[str, int]) -> Matrix:
        self.packed[key] = self._before[key]
        return self.packed[key].structure

    @torch.no_grad()
    def _relative_positions(self, piece: Piece, name: str) -> dict[str, Matrix]:
        """Rows of distances that queries and keys meet; made of weights alone, they are projected once for all."""
        attn, keys = piece.attn, self._position_keys(piece, name)
        if not all(key in self._before for key in keys.values()):
            distances = cast("Distances", attn.shared[0])
            made = cast("DisentangledAttention", attn).places(distances.norm(distances.table.weight))
            rows: dict[str, Tensor | None] = dict(zip(("position_keys", "position_queries"), made, strict=True))
            for own, key in keys.items():
                by_head = self._by_head(cast("Tensor", rows[own]), attn.of.size)
                self._before[key] = PackedWeight(self.library, by_head, None, self.compute)
        return {own: self._used(key) for own, key in keys.items()}

    def _position_keys(self, piece: Piece, name: str) -> dict[str, tuple[str, int]]:
        """Names and kinds of the rows of distances, by their fields of the C structure."""
        attn = piece.attn
        (distances,) = attn.shared
        if not isinstance(attn, DisentangledAttention) or not isinstance(distances, Distances):
            return {}
        met = {"position_keys": attn.of.c2p, "position_queries": attn.of.p2c}
        return {own: (f"{name}.attn.{own}", self.compute) for own, there in met.items() if there}

    def _by_head(self, rows: Tensor, size: int) -> Tensor:
        """Reorder rows [R, H * d] of distances as [H * whole panels, d]."""
        heads = rows.view(len(rows), -1, size).transpose(0, 1)
        return F.pad(heads, (0, 0, 0, -len(rows) % self.library.panel)).flatten(0, 1)

    def norm(self, norm: nn.Module) -> Norm:
        """Build the structure of a norm."""
        if isinstance(norm, nn.Identity):
            return Norm(native.NO_NORM)
        own, given = cast("tuple[Tensor | None, Tensor | None]", (norm.weight, getattr(norm, "bias", None)))
        if own is None:
            own = torch.ones(cast("nn.LayerNorm", norm).normalized_shape)
        weight = memory.held(1 + own if isinstance(norm, OffsetRMSNorm) else own)
        bias = None if given is None else memory.held(given)
        self._held += [weight, bias]
        kind = native.LAYER_NORM if isinstance(norm, nn.LayerNorm) else native.RMS_NORM
        eps = norm.eps if isinstance(norm, nn.LayerNorm) else cast("RMSNorm", norm).of.eps
        return Norm(kind, memory.address(weight), memory.address(bias), eps)

    def embeddings(self, embed: nn.Module, width: int) -> Embeddings | None:
        """Build the structure of embedding tables and their norm; None if the kernels do not support them."""
        if type(embed) is not embeddings.Embeddings or type(embed.project) is not nn.Identity:
            return None
        norm, positions = bare(embed.norm), embed.positions
        if type(norm) not in (nn.LayerNorm, RMSNorm, nn.Identity):
            return None
        if positions is not None and not isinstance(positions, embeddings.LearnedPositions):
            return None
        if type(positions) not in (type(None), embeddings.LearnedPositions, embeddings.UnpaddedPositions):
            return None
        given = (embed.tokens, embed.segments, None if positions is None else positions.table)
        if any(table is not None and table.weight.shape[1:] != (width,) for table in given) or not fits(norm, width):
            return None
        tables = [None if table is None else memory.held(table.weight) for table in given]
        self._held += tables
        return Embeddings(
            *(memory.address(table) for table in tables),
            *(0 if table is None else len(table) for table in tables),
            0 if positions is None else positions.of.offset,
            embed.of.scale,
            self.norm(norm),
        )
