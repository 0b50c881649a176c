"""A whole encoder in one call of the kernels."""

from __future__ import annotations

import ctypes
from collections.abc import Container, Iterable, Mapping
from typing import Any, cast

import torch
from torch import Tensor

from torso.batch import Batch, Layout
from torso.kernels import library as native
from torso.kernels import tensor_memory as memory
from torso.kernels.abi import Block, Call, Embeddings
from torso.kernels.abi import Trunk as TrunkStructure
from torso.kernels.buffer_checks import check, done
from torso.kernels.library import Library
from torso.kernels.packed_weight import PackedWeight
from torso.kernels.packing import Packing
from torso.kernels.piece import bare, pieces, rotaries
from torso.nn.bias import BucketBias
from torso.nn.disentangled import Distances
from torso.nn.inference_only import Sealable
from torso.nn.trunk import Trunk
from torso.outputs import Hidden

POOLS = (None, "first", "last")
"""Values of `Batch.pool`, in the order of their numbers in the C interface."""


class NativeTrunk(Sealable):
    """Trunk whose embeddings, blocks and final norm run as one call of the kernels.

    Args:
        library: the kernels.
        trunk: one without an `obstacle`.
        kinds: format of the weight of each of its `products`, by its name in the trunk: `native.FLOAT32` for all, or
            `native.BFLOAT16` and `native.EIGHT_BITS`.
        packed: cache of packed weights, by name and kind; missing ones are added.

    Attributes:
        packed: the weights in use, by name and kind.
        depth: number of blocks.
        embeds: whether the kernels compute the embeddings; otherwise PyTorch does.
    """

    sealed = True

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
        # In a tuple, so that its parameters are not also this module's.
        self._shared = (trunk.score_bias,)
        self._rotaries = rotaries(trunk)
        self._packing = Packing(library, kinds, {} if packed is None else packed)
        self.packed = self._packing.packed
        named = pieces(trunk)
        first = named[0][1]
        self.width = first.attn.qkv.in_features
        size, query_width = first.attn.of.size, first.attn.of.rows[0]
        self.heads, self.head_size = query_width // size, size
        self._blocks = (Block * self.depth)(
            *(self._packing.block(piece, name, self._rotaries) for name, piece in named)
        )
        embeddings = self._packing.embeddings(trunk.embed, self.width)
        self.embeds = embeddings is not None
        self._structure = TrunkStructure(
            compute=self._packing.compute,
            width=self.width,
            heads=self.heads,
            key_heads=first.attn.of.rows[1] // size,
            head_size=size,
            inner=first.ffn.down.in_features,
            embeddings=embeddings or Embeddings(),
            depth=self.depth,
            blocks=self._blocks,
            norm=self._packing.norm(bare(trunk.norm)),
        )

    @property
    def bytes(self) -> int:
        """Size of the packed weights in memory, in bytes."""
        return sum(each.bytes for each in self.packed.values())

    def laid_out(self) -> Iterable[Tensor]:
        """Return the packed weights, norms and tables."""
        return self._packing.tensors()

    def forward(self, batch: Batch, *, hidden_states: Container[int] = (), attentions: Container[int] = ()) -> Hidden:
        """Compute as `Trunk.forward`; the rows are float32."""
        layout = batch.layout
        total = sum(layout.sizes)
        held: list[Any] = []
        numbers = {"tokens": batch.tokens, "segments": batch.segments, "positions": layout.positions}
        addresses = {
            name: _address_of_ids(held, name, each, total) for name, each in numbers.items() if each is not None
        }
        pool = None if batch.pool is None else layout.pooled_rows(batch.pool)
        # The last block computes pooled rows alone, unless its other rows are requested or a text has no row.
        pools_early = pool is not None and self.depth not in hidden_states and self.depth - 1 not in attentions
        pools_early = pools_early and min(layout.sizes, default=1) > 0
        rows = memory.room(len(layout.sizes) if pools_early else total, self.width)
        states = {i: memory.room(total, self.width) for i in range(self.depth + 1) if i in hidden_states}
        weights = {i: self._room_for_weights(layout) for i in range(self.depth) if i in attentions}
        call = Call(
            texts=len(layout.sizes),
            starts=memory.address(_hold(held, layout.starts.long())),
            positions=addresses["positions"],
            out=memory.address(rows),
            pool=POOLS.index(batch.pool if pools_early else None),
            threads=native.threads(),
        )
        if self.embeds and batch.embeddings is None:
            call.tokens, call.segments = addresses["tokens"], addresses.get("segments")
        else:
            given = _hold(held, self.embed(batch).float())
            check("rows", given, (total, self.width), dtype=torch.float32)
            call.rows = memory.address(given)
        for i, rotary in enumerate(self._rotaries):
            cosines, sines = (_hold(held, each.float().flatten(1)) for each in rotary.angles(layout, torch.float32))
            call.cosines[i], call.sines[i], call.turned = cosines.data_ptr(), sines.data_ptr(), rotary.of.size
        self._set_distances(call, layout, held)
        if states:
            call.kept = (ctypes.c_void_p * (self.depth + 1))(
                *(memory.address(states.get(i)) for i in range(self.depth + 1))
            )
        if weights:
            call.weights = (ctypes.c_void_p * self.depth)(*(memory.address(weights.get(i)) for i in range(self.depth)))
        answer: int = self.library.call.torso_encode(native.pointer(self._structure), native.pointer(call))
        if answer == native.Status.OUT_OF_RANGE:
            self.embed(batch)  # says which table, as everywhere
        done(answer)
        attended = {i: self._pieces(each, layout) for i, each in weights.items()}
        if pool is None:
            return Hidden(rows, layout, states, attended)
        return Hidden(rows if pools_early else rows[pool.rows], pool.layout, states, attended, pool=pool.which)

    def _room_for_weights(self, layout: Layout) -> Tensor:
        return memory.room(sum(self.heads * size * size for size in layout.sizes))

    def _pieces(self, weights: Tensor, layout: Layout) -> list[Tensor]:
        sizes = [self.heads * size * size for size in layout.sizes]
        pieces = cast("tuple[Tensor, ...]", weights.split(sizes))
        return [each.view(self.heads, size, size) for each, size in zip(pieces, layout.sizes, strict=True)]

    def _set_distances(self, call: Call, layout: Layout, held: list[Any]) -> None:
        """Set the bias by distance, key minus query: [H, 2 * reach + 1] values, or indices [2 * reach + 1] of rows."""
        (bias,) = self._shared
        call.reach = max(layout.longest, 1) - 1
        distances = torch.arange(-call.reach, call.reach + 1, device="cpu")
        if isinstance(bias, BucketBias):
            call.distances = memory.address(_hold(held, bias.table(bias.bucket(distances)).T.float()))
        elif isinstance(bias, Distances):
            call.relative_rows = memory.address(_hold(held, bias.index(-distances).int()))


def _address_of_ids(held: list[Any], name: str, numbers: Tensor, total: int) -> int | None:
    """Return the address of integers, one for each row; the kernels do not check their number."""
    numbers = _hold(held, numbers.long())
    check(name, numbers, (total,), dtype=torch.int64)
    return memory.address(numbers)


def _hold(held: list[Any], tensor: Tensor) -> Tensor:
    tensor = tensor.contiguous()
    held.append(tensor)
    return tensor
