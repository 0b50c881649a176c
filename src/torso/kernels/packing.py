"""Converting the description of a trunk and its weights to structures of the C interface. Loads no torch."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np
from numpy.typing import NDArray

from torso import blocks
from torso.host_batch import Rows
from torso.kernels import library as native
from torso.kernels.abi import Block, Embeddings, Matrix
from torso.kernels.host_functions import normed, product
from torso.kernels.host_memory import address
from torso.kernels.library import Form, Library
from torso.kernels.packed_weight import PackedWeight
from torso.kernels.part_weights import PartWeights
from torso.kernels.support import ACTIVATIONS, AnyAttention, AnyFeedForward, inner_norm, linears

GROUP = 384
"""Inputs of an eight-bit matmul that share a scale.

Fewer are more accurate and slower. MiniLM, 1,000 paragraphs of documentation, mean cosine to float32 and tokens/s
(bfloat16: 16.7k): 96 inputs 0.99959 and 23.8k, 128 0.99953 and 24.4k, 384 0.99913 and 26.9k, all of a row 0.99898 and
28.1k.
"""

Key = tuple[str, int]
"""Name of a layer in the trunk, and kind of its weight."""


class Packing:
    """Builds C structures of parts, and owns the memory that they point to.

    Args:
        library: the kernels.
        weights: of the trunk.
        kinds: format of each linear layer's weight, by its name in the trunk.
        before: cache of packed weights, by name and kind; missing ones are added.

    Attributes:
        compute: the kind of the numbers between the products.
        packed: the weights in use, by name and kind.

    Raises:
        ValueError: for a kind that the instruction set lacks, or that cannot be combined with the others.
    """

    def __init__(
        self, library: Library, weights: PartWeights, kinds: Mapping[str, int], before: dict[Key, PackedWeight]
    ) -> None:
        self.library, self.weights = library, weights
        self.packed: dict[Key, PackedWeight] = {}
        self._kinds, self._before = kinds, before
        self._distances: Rows | None = None
        used = set(kinds.values())
        self.compute = native.BFLOAT16 if native.BFLOAT16 in used else native.FLOAT32
        if native.EIGHT_BITS in used and native.FLOAT32 not in used:
            self.compute = native.BFLOAT16 if library.has(native.BFLOAT16) else native.FLOAT32
        for kind in used:
            if kind not in (self.compute, native.EIGHT_BITS) or not library.has(kind):
                raise ValueError(f"weights of kind {kind} between rows of kind {self.compute}, on {library.set}")

    def block(
        self, block: blocks.PostNormBlock, attn: AnyAttention, ffn: AnyFeedForward, angles: list[blocks.Rotary]
    ) -> Block:
        """Build the structure of a block; a repeated one is packed once, under its first name.

        Args:
            block: of a trunk without an `unsupported_trunk`.
            attn: its attention.
            ffn: its feed-forward.
            angles: the rotary angles of the trunk.
        """
        place = self.weights.name(block)
        qkv, out, up, down = (self._weight(place, own, part, attn, ffn) for own, part in linears(attn, ffn).items())
        rule, rotary = attn.rule, attn.rotary if isinstance(attn, blocks.Attention) else None
        return Block(
            qkv=qkv,
            out=out,
            up=up,
            down=down,
            attn_norm=self.weights.norm(block.attn_norm),
            ffn_norm=self.weights.norm(block.ffn_norm),
            norms_after=not isinstance(block, blocks.PreNormBlock),
            gated=isinstance(ffn, blocks.GatedFeedForward),
            activation=ACTIVATIONS[ffn.act],
            turns=next((i for i, each in enumerate(angles) if each is rotary), -1),
            left=-1 if rule.left is None else rule.left,
            right=-1 if rule.right is None else rule.right,
            scale=attn.size**-0.5 if rule.scale is None else rule.scale,
            **self._relative_positions(place, attn),
        )

    def forms(self, block: blocks.PostNormBlock, attn: AnyAttention, ffn: AnyFeedForward) -> dict[Key, Form]:
        """Return the forms of all weights that `block` packs, by name and kind."""
        found: dict[Key, Form] = {}
        place = self.weights.name(block)
        for own, part in linears(attn, ffn).items():
            key = self._key(place, own)
            found[key] = _form(key[1], own, part, attn)
        for key in self._position_keys(place, attn).values():
            found[key] = self._position_form(attn)
        return found

    def _position_form(self, attn: AnyAttention) -> Form:
        assert isinstance(attn, blocks.DisentangledAttention)
        assert attn.distances is not None
        whole = -(-2 * attn.distances.span // self.library.panel) * self.library.panel
        return Form.of(self.compute, attn.heads * whole, attn.size)

    def embeddings(self, embed: blocks.Embeddings, width: int) -> tuple[Embeddings, Rows] | None:
        """Build the structure of embedding tables and their norm, with the table of tokens; None if C lacks them."""
        positions, norm = embed.positions, inner_norm(embed.norm)
        if type(embed) is not blocks.Embeddings or embed.project is not None or embed.width != width:
            return None
        if type(norm) not in (blocks.LayerNorm, blocks.RMSNorm, blocks.Identity):
            return None
        if type(positions) not in (type(None), blocks.LearnedPositions, blocks.UnpaddedPositions):
            return None
        places = positions.parts["table"] if isinstance(positions, blocks.LearnedPositions) else None
        parts = (embed.parts["tokens"], embed.parts["segments"], places)
        tables = [None if part is None else self.weights.keep(self.weights.matrix(part)) for part in parts]
        assert tables[0] is not None
        structure = Embeddings(
            *(address(table) for table in tables),
            *(0 if table is None else len(table) for table in tables),
            positions.offset if isinstance(positions, blocks.LearnedPositions) else 0,
            embed.scale,
            self.weights.norm(norm),
        )
        return structure, tables[0]

    def _key(self, place: str, own: str) -> Key:
        return f"{place}.{own}", self._kinds[f"{place}.{own}"]

    def _weight(self, place: str, own: str, part: blocks.Linear, attn: AnyAttention, ffn: AnyFeedForward) -> Matrix:
        key = self._key(place, own)
        if key not in self._before:
            form = _form(key[1], own, part, attn)
            made = self.weights.packed(key[0], self.library, form, lambda: self._laid_out(form, own, part, attn, ffn))
            self._before[key] = made
        return self._used(key)

    def _laid_out(
        self, form: Form, own: str, part: blocks.Linear, attn: AnyAttention, ffn: AnyFeedForward
    ) -> PackedWeight:
        weight, bias = self.weights.matrix(part), self.weights(part, "bias")
        if own == "attn.qkv" and isinstance(attn, blocks.DisentangledAttention):
            bias = self._with_shifts(attn, bias)
        if own == "attn.qkv" and isinstance(attn, blocks.Attention) and isinstance(attn.rotary, blocks.PairedRotary):
            order = _halves_of_pairs(attn, attn.rotary.size)
            weight, bias = weight[order], None if bias is None else bias[order]
        if own == "ffn.gate_up" and isinstance(ffn, blocks.GatedFeedForward) and ffn.gate_behind:
            half = len(weight) // 2
            weight, bias = np.roll(weight, half, 0), None if bias is None else np.roll(bias, half)
        return PackedWeight(self.library, weight, bias, form.kind, GROUP)

    def _with_shifts(self, attn: blocks.DisentangledAttention, bias: Rows | None) -> Rows | None:
        """Add biases that stand apart from the fused projection."""
        if not _is_shifted(attn):
            return bias
        apart: list[Rows] = []
        for part, width in zip((attn.parts["q_shift"], None, attn.parts["v_shift"]), attn.rows, strict=True):
            shift = self.weights(part, "bias") if isinstance(part, blocks.Shift) else None
            apart.append(np.zeros(width, np.float32) if shift is None else shift)
        whole = np.concatenate(apart)
        return whole if bias is None else bias + whole

    def _used(self, key: Key) -> Matrix:
        self.packed[key] = self._before[key]
        return self.packed[key].structure

    def _relative_positions(self, place: str, attn: AnyAttention) -> dict[str, Matrix]:
        """Rows of distances that queries and keys meet; made of weights alone, they are projected once for all."""
        keys = self._position_keys(place, attn)
        projected: dict[str, Rows] = {}

        def laid_out(own: str) -> PackedWeight:
            assert isinstance(attn, blocks.DisentangledAttention)
            assert attn.distances is not None
            if not projected:
                projected.update(self._places(attn, self._distance_rows(attn.distances)))
            return PackedWeight(self.library, self._by_head(projected[own], attn), None, self.compute)

        for own, key in keys.items():
            if key not in self._before:
                form = self._position_form(attn)
                self._before[key] = self.weights.packed(key[0], self.library, form, partial(laid_out, own))
        return {own: self._used(key) for own, key in keys.items()}

    def _distance_rows(self, distances: blocks.Distances) -> Rows:
        """Normed rows of distances, which all blocks share."""
        if self._distances is None:
            rows, norm = self.weights.matrix(distances.parts["table"] or distances), inner_norm(distances.norm)
            identity = isinstance(norm, blocks.Identity)
            self._distances = rows if identity else normed(self.library, rows, self.weights.norm(norm))
        return self._distances

    def _places(self, attn: blocks.DisentangledAttention, rows: Rows) -> dict[str, Rows]:
        """Project rows of distances to the keys and the queries that they are."""
        if isinstance(attn, blocks.SharedDisentangledAttention):
            part = attn.parts["qkv"]
            assert part is not None
            both = product(self.library, rows, self.weights.matrix(part), self.weights(part, "bias"))
            queries, keys, _ = np.split(both, np.cumsum(attn.rows)[:-1], 1)
            return {"position_keys": keys, "position_queries": queries}
        named = {"position_keys": attn.parts["place_key"], "position_queries": attn.parts["place_query"]}
        return {
            own: product(self.library, rows, self.weights.matrix(part), self.weights(part, "bias"))
            for own, part in named.items()
            if part is not None
        }

    def _position_keys(self, place: str, attn: AnyAttention) -> dict[str, Key]:
        """Names and kinds of the rows of distances, by their fields of the C structure."""
        if not isinstance(attn, blocks.DisentangledAttention) or attn.distances is None:
            return {}
        met = {"position_keys": attn.c2p, "position_queries": attn.p2c}
        return {own: (f"{place}.attn.{own}", self.compute) for own, there in met.items() if there}

    def _by_head(self, rows: Rows, attn: blocks.DisentangledAttention) -> Rows:
        """Reorder rows [R, H * d] of distances as [H * whole panels, d]."""
        by_head = rows.reshape(len(rows), -1, attn.size).swapaxes(0, 1)
        padded = np.pad(by_head, ((0, 0), (0, -len(rows) % self.library.panel), (0, 0)))
        return padded.reshape(-1, attn.size)


def _halves_of_pairs(attn: blocks.Attention, rotary_size: int) -> NDArray[np.intp]:
    """Return the order of a fused projection's rows in which halves of a head turn, where neighbours do as stored.

    Queries and keys are reordered alike, which no score shows.
    """
    queries, keys, values = attn.rows
    units = np.arange(attn.size)
    own = np.concatenate([units[:rotary_size:2], units[1:rotary_size:2], units[rotary_size:]])
    heads = np.arange(0, queries + keys, attn.size)[:, None] + own
    return np.concatenate([heads.reshape(-1), np.arange(queries + keys, queries + keys + values)])


def _form(kind: int, own: str, part: blocks.Linear, attn: AnyAttention) -> Form:
    shifted = own == "attn.qkv" and _is_shifted(attn)
    return Form.of(kind, part.out_features, part.in_features, GROUP, biased=part.bias or shifted)


def _is_shifted(attn: AnyAttention) -> bool:
    """Return whether queries or values have a bias apart from their projection."""
    return isinstance(attn, blocks.DisentangledAttention) and any(
        isinstance(attn.parts[name], blocks.Shift) for name in ("q_shift", "v_shift")
    )
