"""A whole encoder in one call of the kernels, built of its description and weights. Loads no torch."""

from __future__ import annotations

import ctypes
from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from typing import Any

import numpy as np

from torso import blocks
from torso.host_batch import HostBatch, Pool, Rows
from torso.kernels import host_memory as memory
from torso.kernels import library as native
from torso.kernels.abi import Block, Call, Embeddings
from torso.kernels.abi import Trunk as TrunkStructure
from torso.kernels.host_embeddings import HostEmbeddings
from torso.kernels.host_positions import distance_bias, distance_rows, distance_slopes, rotary_angles
from torso.kernels.library import Library, check_status
from torso.kernels.packed_store import FRESH, PackedStore
from torso.kernels.packed_weight import PackedWeight
from torso.kernels.packing import Key, Packing
from torso.kernels.part_weights import PartWeights, ReadWeight
from torso.kernels.support import block_parts, inner_norm, rotaries, row_width

POOLS = (None, "first", "last")
"""Values of a pool, in the order of their numbers in the C interface."""


@dataclass(frozen=True, slots=True, eq=False)
class Encoded:
    """What an encoder computes of a batch.

    Attributes:
        rows: [T, D] of the last layer; with a pool [N, D], the pooled rows alone.
        hidden_states: rows [T, D] of the requested layers.
        attentions: of the requested blocks, weights [H, length, length] of each sequence.
    """

    rows: Rows
    hidden_states: Mapping[int, Rows] = field(default_factory=dict[int, Rows])
    attentions: Mapping[int, list[Rows]] = field(default_factory=dict[int, list[Rows]])


class Encoder:
    """Encoder whose embeddings, blocks and final norm run as one call of the kernels, from any number of threads.

    Args:
        library: the kernels.
        trunk: description without an `unsupported_trunk`.
        read: reads a weight by its name in the trunk; not called any more once this is built.
        kinds: format of the weight of each of its `products`, by its name in the trunk: `native.FLOAT32` for all, or
            `native.BFLOAT16` and `native.EIGHT_BITS`.
        packed: cache of packed weights, by name and kind; missing ones are added.
        store: gives those that are missing.

    Attributes:
        packed: the weights in use, by name and kind.
        before: packed weights of the embeddings.
        arrays: the other arrays that it reads: tables, norms, biases.
        tokens: the table of token embeddings [V, W].
        depth: number of blocks.
        width: D.
    """

    def __init__(
        self,
        library: Library,
        trunk: blocks.Trunk,
        read: ReadWeight,
        kinds: Mapping[str, int],
        packed: dict[Key, PackedWeight] | None = None,
        store: PackedStore = FRESH,
    ) -> None:
        self.library, self.depth = library, len(trunk.layers)
        weights = PartWeights(trunk, read, store, "encoder:")
        packing = Packing(library, weights, kinds, {} if packed is None else packed)
        self.packed, self.arrays = packing.packed, weights.arrays
        self._rotaries, self._bias = rotaries(trunk), trunk.score_bias
        self._bias_table: Rows | None = None
        if isinstance(self._bias, blocks.BucketBias):
            self._bias_table = weights.keep(weights.matrix(self._bias.parts["table"] or self._bias))
        parts = list(block_parts(trunk))
        self.width, self._heads = row_width(trunk), 0
        sizes: dict[str, int] = {}  # without blocks nobody reads them
        if parts:
            _, attn, ffn = parts[0]
            self._heads = attn.rows[0] // attn.size
            sizes = dict(key_heads=attn.rows[1] // attn.size, head_size=attn.size, inner=ffn.inner)
        self._blocks = (Block * self.depth)(*(packing.block(*each, self._rotaries) for each in parts))
        given = packing.embeddings(trunk.embed, self.width)
        self._embed: HostEmbeddings | None = None
        if given is None:
            self._embed = HostEmbeddings(library, trunk.embed, weights)
            self.tokens, self.before = self._embed.tokens, self._embed.packed
        else:
            self.tokens, self.before = given[1], list[PackedWeight]()
        self._structure = TrunkStructure(
            compute=packing.compute,
            width=self.width,
            heads=self._heads,
            **sizes,
            embeddings=Embeddings() if given is None else given[0],
            depth=self.depth,
            blocks=self._blocks,
            norm=weights.norm(inner_norm(trunk.norm)),
        )

    @property
    def bytes(self) -> int:
        """Size of all weights in memory, in bytes."""
        return sum(each.bytes for each in (*self.packed.values(), *self.before)) + sum(
            each.nbytes for each in self.arrays
        )

    def __call__(
        self,
        batch: HostBatch,
        pool: Pool | None = None,
        *,
        hidden_states: Container[int] = (),
        attentions: Container[int] = (),
        embedded: Rows | None = None,
    ) -> Encoded:
        """Compute the last layer's rows.

        Args:
            batch: ids, segments and positions.
            pool: the row of each sequence that is needed; None for all.
            hidden_states: layers whose rows are returned: 0 the embeddings, i the output of block i, the last normed.
            attentions: blocks, from 0, whose attention weights are returned.
            embedded: rows [T, D] in place of the embeddings.

        Raises:
            IndexError: for an id outside its table.
            MemoryError: the batch does not fit the memory.
        """
        count, total = len(batch.sizes), sum(batch.sizes)
        starts = batch.starts.astype(np.int64)
        # The last block computes pooled rows alone, unless its other rows are requested or a text has no row.
        early = pool is not None and self.depth not in hidden_states and self.depth - 1 not in attentions
        early = early and self.depth > 0 and min(batch.sizes, default=1) > 0
        rows = memory.empty(count if early else total, self.width)
        states = {i: memory.empty(total, self.width) for i in range(self.depth + 1) if i in hidden_states}
        squares = [self._heads * size * size for size in batch.sizes]
        weights = {i: memory.empty(sum(squares)) for i in range(self.depth) if i in attentions}
        call = Call(
            texts=count,
            starts=memory.address(starts),
            tokens=memory.address(batch.tokens),
            segments=memory.address(batch.segments),
            positions=memory.address(batch.positions),
            out=memory.address(rows),
            pool=POOLS.index(pool if early else None),
            threads=native.threads(),
        )
        if embedded is None and self._embed is not None:
            embedded = self._embed(batch)
        keepalive: list[Any] = [starts, embedded]
        if batch.seen is not None:
            assert not weights, "attention weights are of all rows"
            keepalive.append(seen := np.array(batch.seen, np.int64))
            call.seen = memory.address(seen)
        if embedded is not None:
            keepalive.append(given := memory.contiguous(embedded))
            call.tokens, call.segments, call.rows = None, None, memory.address(given)
        for i, rotary in enumerate(self._rotaries):
            keepalive += (angles := rotary_angles(rotary, batch))
            call.cosines[i], call.sines[i] = (memory.address(each) for each in angles)
            call.turned = rotary.size
        keepalive.append(self._set_distances(call, max(batch.sizes, default=0)))
        if states:
            places = (memory.address(states.get(i)) for i in range(self.depth + 1))
            call.kept = (ctypes.c_void_p * (self.depth + 1))(*places)
        if weights:
            call.weights = (ctypes.c_void_p * self.depth)(*(memory.address(weights.get(i)) for i in range(self.depth)))
        check_status(self.library.call.torso_encode(native.pointer(self._structure), native.pointer(call)))
        if pool is not None and not early:
            rows = rows[starts[:-1] if pool == "first" else starts[1:] - 1]
        bounds = list(pairwise((0, *accumulate(squares))))
        attended = {
            i: [
                each[start:end].reshape(self._heads, size, size)
                for (start, end), size in zip(bounds, batch.sizes, strict=True)
            ]
            for i, each in weights.items()
        }
        return Encoded(rows, states, attended)

    def _set_distances(self, call: Call, longest: int) -> Any:
        """Set what the call says of distances, key position minus query position, and return its memory."""
        made: Any = None
        call.reach = max(longest, 1) - 1
        if isinstance(self._bias, blocks.BucketBias):
            assert self._bias_table is not None
            made = distance_bias(self._bias, self._bias_table, call.reach)
            call.distances = memory.address(made)
        elif isinstance(self._bias, blocks.DistanceSlopeBias):
            made = distance_slopes(self._bias, call.reach)
            call.distances = memory.address(made)
        elif isinstance(self._bias, blocks.Distances):
            made = distance_rows(self._bias, call.reach)
            call.relative_rows = memory.address(made)
        return made
