"""A whole encoder in one call of the kernels."""

from __future__ import annotations

import ctypes
from collections.abc import Container, Mapping
from typing import Any, cast

import torch
from torch import Tensor, nn

from torso.batch import Batch, Layout
from torso.kernels import library as native
from torso.kernels.arguments import done
from torso.kernels.library import Library, PackedWeight
from torso.kernels.pieces import ACTIVATIONS, Piece, rotaries, undropped
from torso.nn.bias import BucketBias
from torso.nn.block import PostNormBlock
from torso.nn.embeddings import Embeddings, LearnedPositions
from torso.nn.feedforward import GatedFeedForward
from torso.nn.norm import OffsetRMSNorm, RMSNorm
from torso.nn.trunk import Trunk
from torso.outputs import Hidden

ONLY = (None, "first", "last")
"""Rows of a text that a batch may want, in the order of their numbers."""
GROUP = 384
"""Inputs of a product in eight bits that share a scale.

Fewer are nearer and slower. MiniLM, 1,000 paragraphs of documentation, mean cosine to float32 and tokens/s beside 16.7k
in bfloat16: 96 inputs 0.99959 and 23.8k, 128 0.99953 and 24.4k, 384 0.99913 and 26.9k, all of a row 0.99898 and 28.1k.
"""


class NativeTrunk(nn.Module):
    """A trunk whose embeddings, blocks and last norm run as one call of the kernels.

    Args:
        library: the kernels.
        trunk: one without an `obstacle`.
        kinds: how the weight of each linear layer is kept, by its name in the trunk: `native.FLOAT32` for all, or
            `native.BFLOAT16` and `native.EIGHT_BITS`.
        packed: weights laid out before, by name and kind; filled with those that are not there.

    Attributes:
        packed: the weights in use, by name and kind.
        depth: how many blocks there are.
    """

    def __init__(
        self,
        library: Library,
        trunk: Trunk,
        kinds: Mapping[str, int],
        packed: dict[tuple[str, int], PackedWeight] | None = None,
    ) -> None:
        super().__init__()
        self.library = library
        self.depth = trunk.depth
        self.embed = trunk.embed
        self.embeds = self._embeds(trunk.embed)
        # What the structures point to, beside packed weights.
        self._kept: list[Any] = []
        self.packed: dict[tuple[str, int], PackedWeight] = {}
        self._before = {} if packed is None else packed
        self._rotaries = rotaries(trunk)
        pieces = [Piece(layer, layer.attn, layer.ffn) for layer in trunk.layers]  # pyright: ignore[reportArgumentType]
        first = pieces[0]
        self.width = first.attn.qkv.in_features
        size, query_width = first.attn.head_size, first.attn.parts["qkv"][0]
        self.heads, self.head_size = query_width // size, size
        self.biases = [bias for bias in first.attn.shared if isinstance(bias, BucketBias)]
        # Blocks that stand several times, as ALBERT's do, are packed once: under the name of the first.
        names = {id(layer): f"layers.{i}" for i, layer in reversed(list(enumerate(trunk.layers)))}
        blocks = [self._block(piece, names[id(piece.block)], kinds) for piece in pieces]
        self._blocks = (native.Block * len(blocks))(*blocks)
        middle = native.BFLOAT16 if native.BFLOAT16 in kinds.values() else native.FLOAT32
        if native.EIGHT_BITS in kinds.values() and native.FLOAT32 not in kinds.values():
            middle = native.BFLOAT16 if library.has(native.BFLOAT16) else native.FLOAT32
        for kind in set(kinds.values()):
            if kind not in (middle, native.EIGHT_BITS) or not library.has(kind):
                raise ValueError(f"weights of kind {kind} between rows of kind {middle}, on {library.set}")
        self._structure = native.Trunk(
            middle=middle,
            width=self.width,
            heads=self.heads,
            key_heads=first.attn.parts["qkv"][1] // size,
            head_size=size,
            inner=first.ffn.down.in_features,
            embeddings=self._embeddings(trunk.embed) if self.embeds else native.Embeddings(),
            depth=len(blocks),
            blocks=self._blocks,
            norm=self._norm(undropped(trunk.norm)),
        )

    @property
    def bytes(self) -> int:
        """What the packed weights take of memory."""
        return sum(each.bytes for each in self.packed.values())

    def _block(self, piece: Piece, name: str, kinds: Mapping[str, int]) -> native.Block:
        qkv, out, up, down = (
            self._weight(f"{name}.{own}", each, kinds, own == "ffn.gate_up" and piece.ffn.gate_behind is True)
            for own, each in piece.linears.items()
        )
        rule, rotary = piece.attn.rule, piece.attn.rotary
        return native.Block(
            qkv=qkv,
            out=out,
            up=up,
            down=down,
            attn_norm=self._norm(piece.block.attn_norm),
            ffn_norm=self._norm(piece.block.ffn_norm),
            norms_after=isinstance(piece.block, PostNormBlock),
            gated=isinstance(piece.ffn, GatedFeedForward),
            activation=ACTIVATIONS.index(piece.activation),
            turns=next((i for i, each in enumerate(self._rotaries) if each is rotary), -1),
            left=-1 if rule.left is None else rule.left,
            right=-1 if rule.right is None else rule.right,
            scale=piece.attn.head_size**-0.5 if rule.scale is None else rule.scale,
        )

    def _weight(self, name: str, module: nn.Linear, kinds: Mapping[str, int], swapped: bool) -> native.Matrix:
        key = (name, kinds[name])
        if key not in self._before:
            weight: Tensor = module.weight
            bias: Tensor | None = getattr(module, "bias", None)
            if swapped:
                half = len(weight) // 2
                weight, bias = weight.roll(half, 0), None if bias is None else bias.roll(half, 0)
            self._before[key] = PackedWeight(self.library, weight, bias, kinds[name], GROUP)
        self.packed[key] = self._before[key]
        return self.packed[key].structure

    def _norm(self, norm: nn.Module) -> native.Norm:
        if isinstance(norm, nn.Identity):
            return native.Norm(native.NO_NORM)
        weight = native.held(1 + norm.weight if isinstance(norm, OffsetRMSNorm) else norm.weight)  # pyright: ignore
        given: Tensor | None = getattr(norm, "bias", None)
        bias = None if given is None else native.held(given)
        self._kept += [weight, bias]
        kind = native.LAYER_NORM if isinstance(norm, nn.LayerNorm) else native.RMS_NORM
        return native.Norm(kind, native.address(weight), native.address(bias), norm.eps)  # pyright: ignore

    @staticmethod
    def _embeds(embed: nn.Module) -> bool:
        return (
            type(embed) is Embeddings
            and type(embed.project) is nn.Identity
            and (embed.positions is None or type(embed.positions) is LearnedPositions)
            and type(embed.norm) in (nn.LayerNorm, RMSNorm, nn.Identity)
        )

    def _embeddings(self, embed: nn.Module) -> native.Embeddings:
        assert isinstance(embed, Embeddings)
        positions = embed.positions
        assert positions is None or isinstance(positions, LearnedPositions)
        tables = [
            None if table is None else native.held(table.weight)
            for table in (embed.tokens, embed.segments, None if positions is None else positions.table)
        ]
        self._kept += tables
        return native.Embeddings(
            *(native.address(table) for table in tables),
            *(0 if table is None else len(table) for table in tables),
            0 if positions is None else positions.offset,
            embed.scale,
            self._norm(embed.norm),
        )

    def forward(self, batch: Batch, *, keep: Container[int] = (), attentions: Container[int] = ()) -> Hidden:
        """As `Trunk.forward`; the rows are float32."""
        layout = batch.layout
        total = len(layout.positions)
        held: list[Any] = []
        chosen = None if batch.only is None else layout.chosen(batch.only)
        # The last block computes no other rows, unless somebody looks into it.
        early = chosen is not None and self.depth not in keep and self.depth - 1 not in attentions
        rows = torch.empty(len(layout.sizes) if early else total, self.width)
        kept = {i: torch.empty(total, self.width) for i in range(self.depth + 1) if i in keep}
        weights = {i: self._room_for_weights(layout) for i in range(self.depth) if i in attentions}
        call = native.Call(
            texts=len(layout.sizes),
            starts=native.address(_hold(held, layout.starts.long())),
            positions=native.address(_hold(held, layout.positions)),
            out=native.address(rows),
            only=ONLY.index(batch.only if early else None),
            threads=native.threads(),
        )
        if self.embeds:
            call.tokens = native.address(_hold(held, batch.tokens))
            call.segments = native.address(None if batch.segments is None else _hold(held, batch.segments))
        else:
            call.rows = native.address(_hold(held, self.embed(batch).float()))
        for i, rotary in enumerate(self._rotaries):
            cosines, sines = (_hold(held, each.float().flatten(1)) for each in rotary.angles(layout, torch.float32))
            call.cosines[i], call.sines[i], call.turned = cosines.data_ptr(), sines.data_ptr(), rotary.size
        if self.biases:
            table = self._distances(layout)
            call.distances, call.reach = native.address(_hold(held, table)), table.shape[1] // 2
        if kept:
            call.kept = (ctypes.c_void_p * (self.depth + 1))(
                *(native.address(kept.get(i)) for i in range(self.depth + 1))
            )
        if weights:
            call.weights = (ctypes.c_void_p * self.depth)(*(native.address(weights.get(i)) for i in range(self.depth)))
        answer: int = self.library.call.torso_encode(native.pointer(self._structure), native.pointer(call))
        if answer == native.OUT_OF_RANGE:
            self.embed(batch)  # says which table, as everywhere
        done(answer)
        attended = {i: self._pieces(each, layout) for i, each in weights.items()}
        if chosen is None:
            return Hidden(rows, layout, kept, attended)
        return Hidden(rows if early else rows[chosen.rows], chosen.layout, kept, attended, only=chosen.which)

    def _room_for_weights(self, layout: Layout) -> Tensor:
        return torch.empty(sum(self.heads * size * size for size in layout.sizes))

    def _pieces(self, weights: Tensor, layout: Layout) -> list[Tensor]:
        sizes = [self.heads * size * size for size in layout.sizes]
        pieces = cast("tuple[Tensor, ...]", weights.split(sizes))
        return [each.view(self.heads, size, size) for each, size in zip(pieces, layout.sizes, strict=True)]

    def _distances(self, layout: Layout) -> Tensor:
        """[H, 2 * reach + 1] added to the scores, by the key's place minus the query's."""
        (bias,) = self.biases
        reach = max(layout.longest, 1)
        distances = torch.arange(1 - reach, reach)
        return bias.table(bias.bucket(distances)).T.float()


def _hold(held: list[Any], tensor: Tensor) -> Tensor:
    tensor = tensor.contiguous()
    held.append(tensor)
    return tensor
