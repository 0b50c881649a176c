"""Calibration: compiles a model in the modes of `optimise` and measures their fidelity and speed. Loads no torch."""

from __future__ import annotations

import math
import random
import statistics
import time
from collections.abc import Mapping, Sequence
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from torso import blocks
from torso.engines import packed_file
from torso.engines.compiled_base import Optimised
from torso.engines.compiled_model import CompiledModel
from torso.engines.compiling import Compiler
from torso.errors import InputError, UnsupportedError
from torso.host_batch import HostBatch, require_length, require_rows
from torso.kernels.encoder import Encoder
from torso.kernels.host_embeddings import counted
from torso.kernels.library import Form

_MOST_COSINE = 1 + 1e-5
"""Upper bound of a cosine, with float32's rounding."""
_SIZES = (4, 9, 17, 24, 33, 48, 64, 96)

Means = NDArray[np.float64]


class Cosines(NamedTuple):
    """Least and mean cosine of a sample's texts to float32."""

    least: float
    mean: float


class Ids(NamedTuple):
    """Token ids of a text, and its token types."""

    ids: Sequence[int]
    segments: Sequence[int]


def random_texts(vocabulary: int, limit: int | None) -> HostBatch:
    """Draw random tokens as texts of usual lengths: enough to measure how far a mode is from float32."""
    rng = random.Random(0)
    sizes = [min(size, limit or size) for size in _SIZES * 2]
    return HostBatch.of([Ids([rng.randrange(vocabulary) for _ in range(size)], [0] * size) for size in sizes])


class Calibration:
    """Measures a model's modes on a sample.

    Attributes:
        compiler: packs the model's weights.
        mean: the required mean cosine, besides the required least one.

    Args:
        compiler: of the model.
        sample: texts; None for random ones.

    Raises:
        InputError, TooLongError: for a sample that the model cannot run.
    """

    def __init__(self, compiler: Compiler[Any], sample: HostBatch | None) -> None:
        self.compiler, self.mean = compiler, -1.0
        source = compiler.source
        embed = source.description.trunk.embed
        self._given = sample
        if sample is None:
            sample = random_texts(embed.vocabulary, source.config.max_tokens)
        else:
            _check(sample, embed, source.config.max_tokens)
        self.sample = counted(sample, embed)

    def means(self, encoder: Encoder) -> Means:
        """Return the mean [N, D] of each text's last rows."""
        return mean_rows(encoder(self.sample).rows, self.sample)

    @cached_property
    def exact(self) -> Means:
        """The means of the model in float32."""
        return self.means(self.compiler.encoder(self._all("exact")))

    def fidelity(self, encoder: Encoder) -> Cosines:
        """Measure the cosines of the sample's texts to float32."""
        met = cosines(self.means(encoder), self.exact)
        return Cosines(float(met.min()), float(met.mean()))

    def is_met(self, met: Cosines, least: float) -> bool:
        """Return whether cosines meet the required fidelity; NaN never does."""
        return met.least >= least and met.mean >= self.mean

    def seconds(self, encoder: Encoder) -> float:
        """Time the sample: the median of five runs after a warm-up."""
        times: list[float] = []
        for _ in range(6):
            start = time.perf_counter()
            self.means(encoder)
            times.append(time.perf_counter() - start)
        return statistics.median(times[1:])

    def apply(self, mode: str, least: float, *, spare: bool = True) -> tuple[Encoder, Optimised]:
        """Compile the trunk in a mode.

        Args:
            mode: one that the processor supports.
            least: the required fidelity.
            spare: whether ``int8`` may keep layers in bfloat16 for it.

        Raises:
            UnsupportedError: ``E_FIDELITY``, if the mode misses the fidelity on this model.
        """
        kept: tuple[str, ...] = ()
        encoder = self.compiler.encoder(self._all(mode))
        met = self.fidelity(encoder)
        if mode == "int8" and not self.is_met(met, least) and spare:
            encoder, kept, met = self._keep_precise(encoder, least, met)
        if not self.is_met(met, least):
            raise self._missed(mode, met, least)
        return encoder, Optimised(mode, met.least, kept, self.compiler.library.set)

    def _all(self, mode: str) -> dict[str, str]:
        return dict.fromkeys(self.compiler.linears, mode)

    def _missed(self, mode: str, met: Cosines, least: float) -> UnsupportedError:
        if not (math.isfinite(met.least) and math.isfinite(met.mean)):
            return UnsupportedError(
                "E_FIDELITY",
                "In the mode {mode} this model gives numbers that are not finite.",
                cure="Use a mode that is nearer (exact, bf16), or the model as it is.",
                values=dict(mode=mode),
            )
        # Rounded down, so that the fidelity named by the cure is met.
        values = dict(mode=mode, met=met.least, least=least, enough=math.floor(met.least * 1e4) / 1e4)
        cure = "Use a mode that is nearer (exact, bf16), or say fidelity={enough}."
        if met.least < least:
            return UnsupportedError(
                "E_FIDELITY",
                "In the mode {mode} this model keeps a cosine of {met:.6f} to float32; {least} was asked for.",
                cure=cure,
                values=values,
            )
        return UnsupportedError(
            "E_FIDELITY",
            "In the mode {mode} this model keeps a mean cosine of {met:.6f} to float32; {least} was asked for.",
            cure=cure,
            values=values | dict(met=met.mean, least=self.mean),
        )

    def choose(self, modes: Sequence[str], least: float) -> tuple[Encoder, Optimised]:
        """Compile the trunk in the fastest of the modes that meets the fidelity.

        Raises:
            UnsupportedError: ``E_FIDELITY``, if none does, with the first one's cosine.
        """
        times: dict[str, float] = {}
        for mode in modes:
            try:
                encoder, _ = self.apply(mode, least, spare=False)
            except UnsupportedError:
                continue
            times[mode] = self.seconds(encoder)
        return self.apply(min(times or modes[:1], key=lambda mode: times.get(mode, 0.0)), least)

    def key(self, mode: str, least: float) -> str:
        """Return the cache key of a file of packed weights."""
        asked = dict(mode=mode, least=least, mean=self.mean)
        identity = self.compiler.source.identity()
        return packed_file.fingerprint(identity, self._given, asked, self.compiler.library.set)

    def restore_from_file(
        self, path: Path, key: str, modes: Sequence[str], least: float
    ) -> tuple[Encoder, Optimised] | None:
        """Compile the trunk of the packed weights in a file; return None if it is missing or has another key.

        Args:
            path: the file.
            key: of `key`.
            modes: modes that the file may hold.
            least: the fidelity that the stored mode must have met.

        Raises:
            InputError: ``E_KEPT``, for a file that torso did not write, or that has changed since.
            AccessError, UnsafeFileError: for what cannot be opened as a file.
        """
        read: list[Optimised] = []

        def forms(facts: object) -> dict[tuple[str, int], Form]:
            read.append(self._stated(facts, modes, least))
            return self.compiler.forms(self._modes_of(read[0]))

        packed = packed_file.read(path, key, self.compiler.library, forms)
        if packed is None:
            return None
        self.compiler.packed = packed
        return self.compiler.encoder(self._modes_of(read[0])), read[0]

    def _modes_of(self, done: Optimised) -> dict[str, str]:
        """Return the mode of each linear layer."""
        safe = self.compiler.safe
        return {name: safe if name in done.kept else done.mode for name in self.compiler.linears}

    def _stated(self, facts: object, modes: Sequence[str], least: float) -> Optimised:
        """Validate and return the result that a file states.

        Raises:
            ValueError: where it is not possible for this model.
        """
        given = cast("dict[str, object]", facts) if isinstance(facts, dict) else {}
        mode, met, in_bf16 = given.get("mode"), given.get("fidelity"), given.get("kept")
        if isinstance(mode, str) and isinstance(met, float) and isinstance(in_bf16, list):
            names = tuple(str(name) for name in cast("list[object]", in_bf16))
            known = len(set(names)) == len(names) and set(names) <= set(self.compiler.linears)
            if mode in modes and least <= met <= _MOST_COSINE and known and (mode == "int8" or not names):
                return Optimised(mode, met, names, self.compiler.library.set)
        raise ValueError("it states a mode, a fidelity or layers that this model does not have")

    def _keep_precise(self, whole: Encoder, least: float, met: Cosines) -> tuple[Encoder, tuple[str, ...], Cosines]:
        """Move layers back to bfloat16, those with the largest error first, until the fidelity is met."""
        error: dict[str, float] = {}
        linears, safe = self.compiler.linears, self.compiler.safe
        for name in linears:
            one = self.compiler.encoder({other: "int8" if other == name else safe for other in linears})
            error[name] = 1 - float(cosines(self.means(one), self.exact).mean())
        by_error = sorted(error, key=lambda name: -error[name])
        for count in range(1, len(by_error)):
            in_bf16 = set(by_error[:count])
            modes: Mapping[str, str] = {name: safe if name in in_bf16 else "int8" for name in linears}
            encoder = self.compiler.encoder(modes)
            met = self.fidelity(encoder)
            if self.is_met(met, least):
                return encoder, tuple(sorted(in_bf16)), met
        return whole, (), met


def keep(path: Path, key: str, model: CompiledModel[Any]) -> None:
    """Write the packed weights of a model to a file.

    Raises:
        AccessError, DiskError: if it cannot be written.
    """
    done = model.done
    packed_file.write(
        path, key, model.encoder.packed, dict(mode=done.mode, fidelity=done.fidelity, kept=list(done.kept))
    )


def cosines(one: Means, other: Means) -> Means:
    """Return the cosine of each pair of rows [N, D]: [N]."""
    lengths = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
    with np.errstate(all="ignore"):  # numbers that are not finite give NaN
        return (one * other).sum(1) / np.maximum(lengths, 1e-16)


def mean_rows(rows: NDArray[Any], batch: HostBatch) -> Means:
    """Return the mean [N, D] of each text's rows [T, D]."""
    bounds = cast("list[int]", batch.starts.tolist())
    return np.stack([rows[start:end].astype(np.float64).mean(0) for start, end in pairwise(bounds)])


def _check(sample: HostBatch, embed: blocks.Embeddings, limit: int | None) -> None:
    if not sample.sizes or min(sample.sizes) == 0:
        raise InputError(
            "E_SAMPLE",
            "The sample has no text, or one without tokens: nothing can be measured on it.",
            cure="Give a few usual texts, or leave sample= out.",
        )
    require_length(sample.sizes, limit)
    require_rows("tokens", int(sample.tokens.min()), int(sample.tokens.max()), embed.vocabulary)
    if embed.segments:
        require_rows("segments", int(sample.segments.min()), int(sample.segments.max()), embed.segments)
