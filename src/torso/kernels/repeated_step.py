"""A step of one token of each of the same texts, again and again: what it takes is set up once. Loads no torch.

Between two steps the kernels stream all weights through the caches, so that each line of Python runs cold: 0.3 ms of a
step of 10 ms where all is set up each time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from torso import blocks
from torso.host_batch import HostBatch, Rows
from torso.kernels import host_memory as memory
from torso.kernels import library as native
from torso.kernels.decoder_abi import DecodeCall
from torso.kernels.decoder_abi import Decoder as DecoderStructure
from torso.kernels.host_embeddings import HostEmbeddings
from torso.kernels.host_positions import earlier_distance_bias
from torso.kernels.key_value_rows import KeyValueRows, SourceRows
from torso.kernels.library import Library, check_status
from torso.kernels.part_weights import PartWeights
from torso.tables.angles import Scaling, cosines_and_sines

Rotaries = Sequence[tuple[blocks.Rotary, Scaling]]


@dataclass(frozen=True, slots=True, eq=False)
class StepParts:
    """What a step needs of its parts.

    Attributes:
        library: the kernels.
        structure: the decoder as they read it.
        embed: what makes rows of tokens.
        rotaries: rotary embeddings, with their rates.
        distances: what is added to the scores by distance; None for nothing.
        vocabulary: V.
    """

    library: Library
    structure: DecoderStructure
    embed: HostEmbeddings
    rotaries: Rotaries
    distances: DistanceBias | None
    vocabulary: int


class RepeatedStep:
    """Reads one token of each text and gives the scores behind it, equal to those of `CausalDecoder.step` to the bit.

    For one thread at a time; as long as cache and number of texts stay as they are.

    Args:
        parts: of the parts.
        cache: rows of all regions.
        regions: first row of each text's region.
        sources: what an encoder read for each; None without an encoder.
    """

    def __init__(
        self,
        parts: StepParts,
        cache: KeyValueRows,
        regions: Sequence[int],
        sources: SourceRows | None,
    ) -> None:
        texts = len(regions)
        self._parts, self._sizes = parts, [1] * texts
        numbers = np.zeros((3, texts), np.int64)
        starts = np.arange(texts + 1, dtype=np.int64)
        bounds = np.concatenate([starts, np.ones(texts, np.int64)]).astype(np.int32)
        self._batch = HostBatch(numbers, bounds, (1,) * texts)
        # One token's position is the number of those before it, but for a token that counts none.
        self._ids, self._positions = numbers[0], numbers[2]
        self._past = self._positions if parts.embed.uncounted is None else np.zeros(texts, np.int64)
        self._cache = cache
        self._rows = memory.empty(texts, int(parts.structure.width))
        wanted = np.arange(texts)
        self._regions = np.zeros(texts, np.int64)
        self._call = call = DecodeCall(
            texts=texts,
            starts=memory.address(starts),
            rows=memory.address(self._rows),
            regions=memory.address(self._regions),
            past=memory.address(self._past),
            cache=memory.address(cache.numbers),
            cache_rows=cache.rows,
            wanted=memory.address(wanted),
            wanted_rows=texts,
        )
        self._keepalive = [numbers, self._past, starts, wanted, cache.numbers]
        self._sources: Any = None
        self.move(regions, sources)
        self._angles: list[tuple[Rows, Rows]] = []
        for i, (rotary, _) in enumerate(parts.rotaries):
            angles = memory.empty(texts, rotary.size // 2), memory.empty(texts, rotary.size // 2)
            call.cosines[i], call.sines[i] = map(memory.address, angles)
            call.turned = rotary.size
            self._angles.append(angles)
        self._bias: Rows | None = None
        self._pointers = native.pointer(parts.structure), native.pointer(call)

    def move(self, regions: Sequence[int], sources: SourceRows | None) -> None:
        """Go on with as many texts in other regions, or of other sources.

        Args:
            regions: first row of each text's region.
            sources: what an encoder read for each; None without an encoder.
        """
        self._regions[:] = regions
        self._sources = set_sources(self._call, sources)

    def __call__(self, tokens: Sequence[int], past: Sequence[int]) -> Rows:
        """Read the next token of each text.

        Args:
            tokens: one of each.
            past: rows of each that are in use.

        Returns:
            [N, V] float32.

        Raises:
            IndexError: for an id outside its table.
            MemoryError: the workspace does not fit the memory.
        """
        parts, call = self._parts, self._call
        self._ids[:], self._past[:] = tokens, past
        if parts.embed.uncounted is not None:
            self._positions[:] = self._cache.counted(
                parts.embed.uncounted, self._regions.tolist(), past, [[token] for token in tokens]
            )
        self._rows[:] = parts.embed(self._batch)
        for (_, scaling), (cosines, sines) in zip(parts.rotaries, self._angles, strict=True):
            cosines[:], sines[:] = cosines_and_sines(scaling, self._past, self._sizes)
        if parts.distances is not None:
            longest = max(past) + 1
            if self._bias is None or self._bias.shape[1] < longest:
                self._bias = parts.distances.set(call, longest)
        scores = memory.empty(len(tokens), parts.vocabulary)
        call.scores, call.threads = memory.address(scores), native.threads()
        check_status(parts.library.call.torso_decode(*self._pointers))
        return scores


class DistanceBias:
    """Bias of every distance to an earlier key, for as long texts as there were."""

    def __init__(self, bias: blocks.BucketBias, weights: PartWeights) -> None:
        self._bias, self._table = bias, weights.keep(weights.matrix(bias.parts["table"] or bias))
        self._made = earlier_distance_bias(bias, self._table, 256)

    def set(self, call: DecodeCall, longest: int) -> Rows:
        """Set the bias [H, reach + 1] of a call for texts of up to ``longest`` tokens, and return its memory."""
        made = self._made
        if made.shape[1] < longest:
            self._made = made = earlier_distance_bias(self._bias, self._table, 2 * longest)
        call.distances, call.reach = memory.address(made), made.shape[1] - 1
        return made


def set_sources(call: DecodeCall, sources: SourceRows | None) -> Any:
    """Set what a call's texts attend to beside themselves, and return its memory."""
    if sources is None:
        return None
    starts, sizes = (np.array(each, np.int64) for each in (sources.starts, sources.sizes))
    call.memory, call.memory_rows = memory.address(sources.numbers), sources.numbers.shape[3]
    call.memory_starts, call.memory_sizes = memory.address(starts), memory.address(sizes)
    return sources.numbers, starts, sizes
