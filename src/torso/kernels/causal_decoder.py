"""A decoder whose step is one call of the kernels, built of its description and weights. Loads no torch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from torso import blocks
from torso.host_batch import HostBatch, Rows
from torso.kernels import host_memory as memory
from torso.kernels import library as native
from torso.kernels.decoder_abi import DecodeCall, DecoderBlock
from torso.kernels.decoder_abi import Decoder as DecoderStructure
from torso.kernels.decoder_packing import DecoderPacking
from torso.kernels.decoder_support import cross_attention, decoder_in, decoder_parts, decoder_rotaries, score_bias
from torso.kernels.head_sizes import HeadSizes
from torso.kernels.host_embeddings import HostEmbeddings
from torso.kernels.host_functions import linear
from torso.kernels.key_value_rows import KeyValueRows, Numbers, SourceRows, to_bfloat16
from torso.kernels.library import Library, check_status
from torso.kernels.part_weights import PartWeights
from torso.kernels.repeated_step import DistanceBias, RepeatedStep, StepParts, set_sources
from torso.kernels.support import inner_norm
from torso.tables.angles import cosines_and_sines, scaling_of
from torso.tables.slopes import alibi_slopes

KINDS: Mapping[str, int] = {
    "exact": native.FLOAT32,
    "bf16": native.BFLOAT16,
    "int8": native.EIGHT_BIT_GROUPS,
    "int4": native.FOUR_BIT_GROUPS,
}
"""Formats that a decoder's weights can have, by mode, on every instruction set."""

Indices = NDArray[np.int64]


class CausalDecoder:
    """Decoder whose step is one call of the kernels; of an encoder-decoder, its decoder.

    Args:
        library: the kernels.
        whole: description without an `unsupported_decoder`.
        weights: of ``whole``; nothing is read any more once this is built.
        kind: format of the weights: `native.FLOAT32`, `native.BFLOAT16`, `native.EIGHT_BIT_GROUPS` or
            `native.FOUR_BIT_GROUPS`. Keys and values are kept in float32 with the first, in bfloat16 with the others.

    Attributes:
        vocabulary: V.
        depth: number of blocks.
    """

    def __init__(self, library: Library, whole: blocks.Whole, weights: PartWeights, kind: int) -> None:
        trunk, head = decoder_in(whole.trunk), whole.head
        assert trunk is not None
        assert isinstance(head, blocks.VocabHead)
        self.library, self.depth, self._weights = library, len(trunk.layers), weights
        self._packing = DecoderPacking(library, weights, kind)
        rotaries = decoder_rotaries(trunk)
        self._rotaries = [(each, scaling_of(each.size, each.parameters)) for each in rotaries]
        parts = list(decoder_parts(trunk))
        sizes = HeadSizes.of(parts[0][1])
        assert sizes is not None
        self._sizes = sizes
        self._embed = HostEmbeddings(library, trunk.embed, weights)
        self._blocks = (DecoderBlock * self.depth)(*(self._packing.block(*each, rotaries) for each in parts))
        self._sources = [self._packing.projections.weight(kv) for kv in _source_projections(parts)]
        vocabulary = self._packing.projections.vocabulary(head, self._embed.tokens)
        self.vocabulary = int(vocabulary.outputs)
        if kind != native.FLOAT32 and not self._sources:  # an encoder shares the table
            self._embed.narrow(weights)
        bias, slopes = score_bias(parts[0][1]), None
        if isinstance(bias, blocks.SlopeBias):
            slopes = memory.address(weights.keep(alibi_slopes(bias.heads)))
        self._bias = DistanceBias(bias, weights) if isinstance(bias, blocks.BucketBias) else None
        self._structure = DecoderStructure(
            width=sizes.width,
            heads=sizes.heads,
            key_heads=sizes.key_heads,
            head_size=sizes.size,
            depth=self.depth,
            blocks=self._blocks,
            norm=weights.norm(inner_norm(trunk.norm)),
            vocabulary=vocabulary,
            output_scale=head.scale,
            softcap=head.softcap or 0,
            slopes=slopes,
            cache_kind=native.FLOAT32 if kind == native.FLOAT32 else native.BFLOAT16,
        )

    @property
    def _cached(self) -> np.dtype[Any]:
        """Type of the numbers of keys and values: float32, or the bits of bfloat16."""
        return np.dtype(np.float32 if self._structure.cache_kind == native.FLOAT32 else np.uint16)

    @property
    def tokens(self) -> Numbers:
        """The table of tokens [V, W]; of a decoder alone whose weights are not float32, as bits of bfloat16."""
        return self._embed.tokens

    def arrays(self) -> Iterator[NDArray[Any]]:
        """Yield everything that scores are computed of, in an order of its own."""
        yield from self._packing.projections.arrays()
        for each in self._embed.packed:
            yield from (array for array in each.arrays if array is not None)
        yield from self._weights.arrays

    @property
    def row_bytes(self) -> int:
        """Bytes of keys and values that one token takes in all blocks."""
        return self.depth * self._sizes.numbers * self._cached.itemsize

    def new_cache(self, rows: int) -> KeyValueRows:
        """Allocate room for the keys and values of ``rows`` tokens."""
        sizes = self._sizes
        return KeyValueRows(memory.sparse((self.depth, 2, sizes.key_heads, rows, sizes.size), self._cached))

    def sources(self, rows: Rows, sizes: Sequence[int]) -> SourceRows:
        """Compute the keys and values of what an encoder read.

        Args:
            rows: [S, D] of the encoder, the sources of all texts end to end.
            sizes: rows of each text's source, one or more.

        Raises:
            MemoryError: they do not fit the memory.
        """
        heads, size = self._sizes.heads, self._sizes.size
        made = np.empty((self.depth, 2, heads, len(rows), size), self._cached)
        for layer, weight in enumerate(self._sources):
            projected = linear(self.library, rows, weight).reshape(len(rows), 2, heads, size)
            made[layer] = self._as_cached(projected).transpose(1, 2, 0, 3)
        starts = np.cumsum(sizes) - np.array(sizes, np.int64)
        return SourceRows(made, tuple(starts.tolist()), tuple(sizes))

    def _as_cached(self, rows: Rows) -> Numbers:
        return rows if self._cached == np.float32 else to_bfloat16(rows)

    def step(
        self,
        cache: KeyValueRows,
        regions: Sequence[int],
        past: Sequence[int],
        tokens: Sequence[Sequence[int]],
        wanted: Sequence[bool],
        sources: SourceRows | None = None,
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
            sources: what an encoder read for each; None without an encoder.

        Returns:
            [W, V] float32.

        Raises:
            IndexError: for an id outside its table.
            MemoryError: the workspace does not fit the memory.
        """
        sizes = [len(each) for each in tokens]
        last = np.cumsum(sizes) - 1
        return self._run(cache, regions, past, tokens, last[np.array(wanted, np.bool_)], None, sources)

    def repeated(self, cache: KeyValueRows, regions: Sequence[int], sources: SourceRows | None = None) -> RepeatedStep:
        """Return a step that reads one token of each text again and again; arguments as of `step`."""
        parts = StepParts(self.library, self._structure, self._embed, self._rotaries, self._bias, self.vocabulary)
        return RepeatedStep(parts, cache, regions, sources)

    def verify(
        self,
        cache: KeyValueRows,
        regions: Sequence[int],
        past: Sequence[int],
        tokens: Sequence[Sequence[int]],
        sources: SourceRows | None = None,
        rows: Indices | None = None,
    ) -> Rows:
        """Read as `step` does; return the scores [T, V] behind every token, each equal to those that `step` gives.

        Args:
            cache: as of `step`.
            regions: as of `step`.
            past: as of `step`.
            tokens: as of `step`.
            sources: as of `step`.
            rows: [R] of all T tokens, those behind which scores are needed, ascending; None for all.
        """
        asked = np.arange(sum(map(len, tokens))) if rows is None else rows
        return self._run(cache, regions, past, tokens, asked, None, sources)

    def whole(
        self, texts: Sequence[Sequence[int]], rows: Indices | None, sources: SourceRows | None = None
    ) -> tuple[Rows, Rows]:
        """Read whole texts, without a cache that is kept.

        Args:
            texts: token ids of each.
            rows: [R] of all T rows, those that are scored; None for all.
            sources: what an encoder read for each; None without an encoder.

        Returns:
            The rows after the last norm [R, D], and the scores [R, V].
        """
        sizes = [len(each) for each in texts]
        asked = np.arange(sum(sizes)) if rows is None else rows
        hidden = memory.empty(len(asked), self._sizes.width)
        starts = (np.cumsum(sizes) - np.array(sizes, np.int64)).tolist()
        return hidden, self._run(self.new_cache(sum(sizes)), starts, [0] * len(sizes), texts, asked, hidden, sources)

    def _run(
        self,
        cache: KeyValueRows,
        regions: Sequence[int],
        past: Sequence[int],
        tokens: Sequence[Sequence[int]],
        wanted: Indices,
        hidden: Rows | None,
        sources: SourceRows | None,
    ) -> Rows:
        sizes = [len(each) for each in tokens]
        assert all(start + old + new <= cache.rows for start, old, new in zip(regions, past, sizes, strict=True))
        batch = _batch(tokens, past, sizes)
        if self._embed.uncounted is None:
            rows = memory.contiguous(self._embed(batch))
        else:
            places = cache.counted(self._embed.uncounted, regions, past, tokens)
            numbers = np.stack([batch.tokens, batch.segments, places])
            rows = memory.contiguous(self._embed(replace(batch, numbers=numbers)))
        starts = batch.starts.astype(np.int64)
        first, before = (np.array(each, np.int64) for each in (regions, past))
        asked = np.ascontiguousarray(wanted, np.int64)
        scores = memory.empty(len(asked), self.vocabulary)
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
        keepalive: list[Any] = [set_sources(call, sources)]
        if self._bias is not None:
            keepalive.append(self._bias.set(call, max(past, default=0) + max(sizes, default=0)))
        for i, (rotary, scaling) in enumerate(self._rotaries):
            angles = [memory.contiguous(each) for each in cosines_and_sines(scaling, batch.positions, sizes)]
            keepalive += angles
            call.cosines[i], call.sines[i] = (memory.address(each) for each in angles)
            call.turned = rotary.size
        check_status(self.library.call.torso_decode(native.pointer(self._structure), native.pointer(call)))
        return scores


def _source_projections(parts: Sequence[tuple[Any, Any, Any]]) -> Iterator[blocks.Part]:
    """Yield what makes keys and values of the encoder's rows in each block."""
    for block, _, _ in parts:
        cross = cross_attention(block)
        if cross is not None:
            kv = cross.parts["kv"]
            assert kv is not None
            yield kv


def _batch(tokens: Sequence[Sequence[int]], past: Sequence[int], sizes: Sequence[int]) -> HostBatch:
    flat = np.array([number for each in tokens for number in each], np.int64)
    positions = [old + place for old, size in zip(past, sizes, strict=True) for place in range(size)]
    starts = np.concatenate([[0], np.cumsum(sizes)])
    bounds = np.concatenate([starts, sizes]).astype(np.int32)
    return HostBatch(np.stack([flat, np.zeros_like(flat), np.array(positions, np.int64)]), bounds, tuple(sizes))
