"""A decoder whose step is one call of the kernels, built of its description and weights. Loads no torch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from torso import blocks
from torso.host_batch import HostBatch, Rows
from torso.kernels import host_memory as memory
from torso.kernels import library as native
from torso.kernels.abi import DecodeCall, DecoderBlock, Matrix
from torso.kernels.abi import Decoder as DecoderStructure
from torso.kernels.decoder_support import ORDERS, AnyBlock, AnyFeed, decoder_parts, factors, head_norms, norms, turning
from torso.kernels.host_embeddings import HostEmbeddings
from torso.kernels.library import Library, done
from torso.kernels.packed_weight import PackedWeight
from torso.kernels.part_weights import PartWeights, Read
from torso.kernels.support import ACTIVATIONS, bare
from torso.tables.angles import cosines_and_sines, scaling_of
from torso.tables.slopes import alibi_slopes

Whole = NDArray[np.int64]


@dataclass(eq=False, slots=True)
class KeyValueRows:
    """Keys and values of all blocks, in regions of sequences: [depth, 2, key heads, rows, head size] float32.

    Attributes:
        numbers: the memory; rows that no step wrote are 0.
    """

    numbers: Rows

    @property
    def rows(self) -> int:
        """Tokens that it holds."""
        return self.numbers.shape[3]

    def copy(self, source: int, target: int, count: int) -> None:
        """Copy the first ``count`` rows of a region to another, by the first row of each."""
        self.take(self, source, target, count)

    def take(self, other: KeyValueRows, source: int, target: int, count: int) -> None:
        """Copy the first ``count`` rows of a region of another memory to a region of this one."""
        self.numbers[:, :, :, target : target + count] = other.numbers[:, :, :, source : source + count]

    def grown(self, rows: int) -> KeyValueRows:
        """Return a larger copy, whose regions begin where they did."""
        shape = (*self.numbers.shape[:3], rows, self.numbers.shape[4])
        made = np.zeros(shape, np.float32)
        made[:, :, :, : self.rows] = self.numbers
        return KeyValueRows(made)


class CausalDecoder:
    """Decoder whose step is one call of the kernels.

    Args:
        library: the kernels.
        whole: description without a `decoder_obstacle`.
        read: reads a weight by its name in ``whole``; not called any more once this is built.
        kind: format of the weights: `native.FLOAT32`, `native.BFLOAT16`, `native.EIGHT_BIT_GROUPS` or
            `native.FOUR_BIT_GROUPS`.

    Attributes:
        vocabulary: V.
        depth: number of blocks.
    """

    def __init__(self, library: Library, whole: blocks.Whole, read: Read, kind: int) -> None:
        trunk, head = whole.trunk, whole.head
        assert isinstance(trunk, blocks.Trunk)
        assert isinstance(head, blocks.VocabHead)
        self.library, self.depth, self._kind = library, len(trunk.layers), kind
        self._weights = PartWeights(whole, read)
        self._packed: dict[int, PackedWeight] = {}
        self._rotaries = [(each, scaling_of(each.size, each.parameters)) for each in turning(trunk)]
        parts = list(decoder_parts(trunk))
        self._attention = parts[0][1]
        self._embed = HostEmbeddings(library, trunk.embed, self._weights)
        self._blocks = (DecoderBlock * self.depth)(*(self._block(*each) for each in parts))
        vocabulary = self._vocabulary(head)
        self.vocabulary = int(vocabulary.outputs)
        bias, slopes = self._attention.score_bias, None
        if isinstance(bias, blocks.SlopeBias):
            slopes = memory.address(self._weights.keep(alibi_slopes(bias.heads)))
        self._structure = DecoderStructure(
            width=self._attention.width,
            heads=self._attention.heads,
            key_heads=self._key_heads,
            head_size=self._attention.size,
            depth=self.depth,
            blocks=self._blocks,
            norm=self._weights.norm(bare(trunk.norm)),
            vocabulary=vocabulary,
            output_scale=head.scale,
            softcap=head.softcap or 0,
            slopes=slopes,
        )

    @property
    def _key_heads(self) -> int:
        return self._attention.rows[1] // self._attention.size

    @property
    def tokens(self) -> int:
        """Rows of the table of tokens."""
        return len(self._embed.tokens)

    def arrays(self) -> Iterator[NDArray[Any]]:
        """Yield everything that scores are computed of, in an order of its own."""
        for each in self._packed.values():
            yield from (array for array in each.arrays if array is not None)
        yield from self._weights.held

    @property
    def row_bytes(self) -> int:
        """Bytes of keys and values that one token takes in all blocks."""
        return self.depth * 2 * self._key_heads * self._attention.size * 4

    def room(self, rows: int) -> KeyValueRows:
        """Allocate room for the keys and values of ``rows`` tokens."""
        return KeyValueRows(np.zeros((self.depth, 2, self._key_heads, rows, self._attention.size), np.float32))

    def step(
        self,
        cache: KeyValueRows,
        regions: Sequence[int],
        past: Sequence[int],
        tokens: Sequence[Sequence[int]],
        wanted: Sequence[bool],
    ) -> Rows:
        """Read the next tokens of some sequences, and put their keys and values behind those that are there.

        A sequence's scores are the same to the last bit whatever others are read beside it, and whether its tokens are
        read in one step or in several.

        Args:
            cache: rows of all regions.
            regions: first row of each sequence's region.
            past: rows of each that are in use.
            tokens: one or more of each.
            wanted: of which sequences the scores behind the last token are returned.

        Returns:
            [W, V] float32.

        Raises:
            IndexError: for an id outside its table.
            MemoryError: the workspace does not fit the memory.
        """
        sizes = [len(each) for each in tokens]
        last = np.cumsum(sizes) - 1
        return self._run(cache, regions, past, tokens, last[np.array(wanted, np.bool_)], None)

    def whole(self, texts: Sequence[Sequence[int]], rows: Whole | None) -> tuple[Rows, Rows]:
        """Read whole texts, without a cache that is kept.

        Args:
            texts: token ids of each.
            rows: [R] of all T rows, those that are scored; None for all.

        Returns:
            The rows after the last norm [R, D], and the scores [R, V].
        """
        sizes = [len(each) for each in texts]
        asked = np.arange(sum(sizes)) if rows is None else rows
        hidden = memory.room(len(asked), self._attention.width)
        starts = (np.cumsum(sizes) - np.array(sizes, np.int64)).tolist()
        return hidden, self._run(self.room(sum(sizes)), starts, [0] * len(sizes), texts, asked, hidden)

    def _run(
        self,
        cache: KeyValueRows,
        regions: Sequence[int],
        past: Sequence[int],
        tokens: Sequence[Sequence[int]],
        wanted: Whole,
        hidden: Rows | None,
    ) -> Rows:
        sizes = [len(each) for each in tokens]
        assert all(start + old + new <= cache.rows for start, old, new in zip(regions, past, sizes, strict=True))
        batch = _batch(tokens, past, sizes)
        rows = memory.held(self._embed(batch))
        starts = batch.starts.astype(np.int64)
        first, before = (np.array(each, np.int64) for each in (regions, past))
        asked = np.ascontiguousarray(wanted, np.int64)
        scores = memory.room(len(asked), self.vocabulary)
        call = DecodeCall(
            texts=len(sizes),
            starts=memory.address(starts),
            rows=memory.address(rows),
            regions=memory.address(first),
            past=memory.address(before),
            cache=memory.address(cache.numbers),
            cache_rows=cache.rows,
            wanted=memory.address(asked),
            wanted_rows=len(asked),
            hidden=memory.address(hidden),
            scores=memory.address(scores),
            threads=native.threads(),
        )
        held: list[Rows] = []
        for i, (rotary, scaling) in enumerate(self._rotaries):
            angles = [memory.held(each) for each in cosines_and_sines(scaling, batch.positions, sizes)]
            held += angles
            call.cosines[i], call.sines[i] = (memory.address(each) for each in angles)
            call.turned = rotary.size
        done(self.library.call.torso_decode(native.pointer(self._structure), native.pointer(call)))
        return scores

    def _block(self, block: AnyBlock, attn: blocks.Attention, ffn: AnyFeed) -> DecoderBlock:
        gated = isinstance(ffn, blocks.GatedFeedForward)
        up = ffn.parts["gate_up" if gated else "up"]
        behind = isinstance(ffn, blocks.GatedFeedForward) and ffn.gate_behind
        attn_norm, ffn_norm, attn_out_norm, ffn_out_norm = (self._weights.norm(each) for each in norms(block))
        query_norm, key_norm = (self._weights.norm(each) for each in head_norms(attn))
        rule = attn.rule
        attn_factor, ffn_factor = factors(block)
        return DecoderBlock(
            qkv=self._matrix(attn.parts["qkv"]),
            out=self._matrix(attn.parts["out"], factor=attn_factor),
            up=self._matrix(up, swapped=behind),
            down=self._matrix(ffn.parts["down"], factor=ffn_factor),
            attn_norm=attn_norm,
            ffn_norm=ffn_norm,
            attn_out_norm=attn_out_norm,
            ffn_out_norm=ffn_out_norm,
            query_norm=query_norm,
            key_norm=key_norm,
            order=ORDERS[type(block)],
            gated=gated,
            activation=ACTIVATIONS[ffn.act],
            turns=next((i for i, (each, _) in enumerate(self._rotaries) if each is attn.rotary), -1),
            turns_neighbours=isinstance(attn.rotary, blocks.PairedRotary),
            left=-1 if rule.left is None else rule.left,
            scale=attn.size**-0.5 if rule.scale is None else rule.scale,
            softcap=rule.softcap or 0,
        )

    def _matrix(self, part: blocks.Part | None, *, swapped: bool = False, factor: float = 1.0) -> Matrix:
        """Pack a projection, times a factor; one that occurs twice is packed once."""
        assert part is not None
        if id(part) not in self._packed:
            weight, bias = self._weights.matrix(part), self._weights(part, "bias")
            if swapped:
                half = len(weight) // 2
                weight, bias = np.roll(weight, half, 0), None if bias is None else np.roll(bias, half)
            if factor != 1:
                weight, bias = weight * np.float32(factor), None if bias is None else bias * np.float32(factor)
            self._packed[id(part)] = PackedWeight(self.library, weight, bias, self._kind)
        return self._packed[id(part)].structure

    def _vocabulary(self, head: blocks.VocabHead) -> Matrix:
        """Pack what scores the vocabulary: the head's own matrix, or the table of tokens."""
        if head.parts["out"] is not None:
            return self._matrix(head.parts["out"])
        bias = self._weights(head, "bias")
        self._packed[id(head)] = PackedWeight(self.library, self._embed.tokens, bias, self._kind)
        return self._packed[id(head)].structure


def _batch(tokens: Sequence[Sequence[int]], past: Sequence[int], sizes: Sequence[int]) -> HostBatch:
    flat = np.array([number for each in tokens for number in each], np.int64)
    positions = [old + place for old, size in zip(past, sizes, strict=True) for place in range(size)]
    starts = np.concatenate([[0], np.cumsum(sizes)])
    bounds = np.concatenate([starts, sizes]).astype(np.int32)
    return HostBatch(np.stack([flat, np.zeros_like(flat), np.array(positions, np.int64)]), bounds, tuple(sizes))


def kinds_here(library: Library) -> Mapping[str, int]:
    """Return the formats of weights that a decoder can have on this processor, by mode."""
    modes = {
        "exact": native.FLOAT32,
        "bf16": native.BFLOAT16,
        "int8": native.EIGHT_BIT_GROUPS,
        "int4": native.FOUR_BIT_GROUPS,
    }
    return {mode: kind for mode, kind in modes.items() if library.has(kind)}
