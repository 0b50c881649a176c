"""Calibration: applies the modes of `optimise` and measures their fidelity and speed."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple, cast

import torch
from torch import Tensor, nn

from torso.batch import Batch, Layout, unpack
from torso.engines import packed_file
from torso.engines.linear_swap import LinearSwap
from torso.errors import InputError, InputTypeError, UnsupportedError
from torso.kernels.library import Form
from torso.model import Model
from torso.nn.batch_invariant import rowwise_products
from torso.nn.id_checks import check_batch

_MOST_COSINE = 1 + 1e-5
"""Upper bound of a cosine, with float32's rounding."""
_SIZES = (4, 9, 17, 24, 33, 48, 64, 96)


@dataclass(frozen=True, slots=True)
class Optimised:
    """What `optimise` did to a model.

    Attributes:
        mode: ``exact``, ``bf16`` or ``int8``.
        fidelity: the least cosine to float32 measured on the sample.
        kept: of ``int8``, the linear layers kept in bfloat16 for fidelity.
        kernels: the instruction set of the compiled kernels that run the trunk; None where PyTorch runs it.
    """

    mode: str
    fidelity: float
    kept: tuple[str, ...] = ()
    kernels: str | None = None


class Cosines(NamedTuple):
    """Least and mean cosine of a sample's texts to float32."""

    least: float
    mean: float


def random_texts(model: Model[Any]) -> Batch:
    """Draw random tokens as texts of usual lengths: enough to measure how far a mode is from float32."""
    table = model.trunk.embed.tokens
    assert isinstance(table, nn.Embedding)
    limit = model.max_tokens or max(_SIZES)
    sizes = [min(size, limit) for size in _SIZES * 2]
    generator = torch.Generator().manual_seed(0)
    return Batch(torch.randint(0, table.num_embeddings, (sum(sizes),), generator=generator), Layout.of(sizes))


class Calibration:
    """Measures a model's modes on a sample.

    Attributes:
        swap: the original linear layers and their replacements.
        mean: the required mean cosine, besides the required least one.

    Raises:
        InputTypeError, InputError, TooLongError: for a sample that the model cannot run.
    """

    def __init__(self, model: Model[Any], sample: Batch | None) -> None:
        self.model = model
        self.swap = LinearSwap(model)
        self.sample = random_texts(model) if sample is None else _checked(sample, model)
        self._given = None if sample is None else self.sample
        self.mean = -1.0

    def means(self) -> Tensor:
        """Return the mean [N, D] of each text's last rows."""
        return mean_rows(self.model, self.sample)

    @cached_property
    def exact(self) -> Tensor:
        """The means of the original layers; first read before any is replaced."""
        return self.means()

    def fidelity(self) -> Cosines:
        """Measure the cosines of the sample's texts to float32."""
        cosines = torch.cosine_similarity(self.means(), self.exact, dim=1)
        return Cosines(float(cosines.min()), float(cosines.mean()))

    def is_met(self, met: Cosines, least: float) -> bool:
        """Return whether cosines meet the required fidelity; NaN never does."""
        return met.least >= least and met.mean >= self.mean

    def seconds(self) -> float:
        """Time the sample: the median of five runs after a warm-up."""
        times: list[float] = []
        for _ in range(6):
            start = time.perf_counter()
            self.means()
            times.append(time.perf_counter() - start)
        return statistics.median(times[1:])

    def apply(self, mode: str, least: float, *, spare: bool = True) -> Optimised:
        """Apply a mode to the model's layers.

        Args:
            mode: one that machine and model support.
            least: the required fidelity.
            spare: whether ``int8`` may keep layers in bfloat16 for it.

        Raises:
            UnsupportedError: ``E_FIDELITY``, if the mode misses the fidelity on this model, which is restored.
        """
        kept: tuple[str, ...] = ()
        _ = self.exact
        self.swap.put(dict.fromkeys(self.swap.linears, mode))
        met = self.fidelity()
        if mode == "int8" and not self.is_met(met, least) and spare:
            kept, met = self._spare(least, met)
        if not self.is_met(met, least):
            self.swap.restore()
            raise self._missed(mode, met, least)
        return Optimised(mode, met.least, kept, self.swap.kernels)

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

    def choose(self, modes: Sequence[str], least: float) -> Optimised:
        """Apply the fastest of the modes that meets the fidelity.

        Raises:
            UnsupportedError: ``E_FIDELITY``, if none does, with the first one's cosine.
        """
        times: dict[str, float] = {}
        for mode in modes:
            try:
                self.apply(mode, least, spare=False)
            except UnsupportedError:
                continue
            times[mode] = self.seconds()
            self.swap.restore()
        return self.apply(min(times or modes[:1], key=lambda mode: times.get(mode, 0.0)), least)

    def key(self, mode: str, least: float) -> str:
        """Return the cache key of a file of packed weights.

        Raises:
            UnsupportedError: ``E_MODE``, if the kernels do not run this model.
        """
        if self.swap.kernels is None:
            raise UnsupportedError(
                "E_MODE",
                "What PyTorch lays out for this model cannot be kept in a file; only weights of the kernels can.",
                cure="Leave file= out; torso.kernels.about() says why there are no kernels.",
            )
        asked = dict(mode=mode, least=least, mean=self.mean)
        return packed_file.fingerprint(self.model, self._given, asked, self.swap.kernels)

    def restore_from_file(self, path: Path, key: str, modes: Sequence[str], least: float) -> Optimised | None:
        """Apply the mode stored in a file; return None if the file is missing or has another key.

        Args:
            path: the file.
            key: of `key`.
            modes: modes that the file may hold.
            least: the fidelity that the stored mode must have met.

        Raises:
            InputError: ``E_KEPT``, for a file that torso did not write, or that has changed since.
            AccessError, UnsafeFileError: for what cannot be opened as a file.
        """
        library, read = self.swap.library, list[Optimised]()
        assert library is not None

        def forms(facts: object) -> dict[tuple[str, int], Form]:
            read.append(self._stated(facts, modes, least))
            return self.swap.forms(self._modes_of(read[0]))

        packed = packed_file.read(path, key, library, forms)
        if packed is None:
            return None
        self.swap.packed = packed
        self.swap.put(self._modes_of(read[0]))
        return read[0]

    def _modes_of(self, done: Optimised) -> dict[str, str]:
        """Return the mode of each linear layer."""
        safe = self.swap.safe
        return {name: safe if name in done.kept else done.mode for name in self.swap.linears}

    def _stated(self, facts: object, modes: Sequence[str], least: float) -> Optimised:
        """Validate and return the result that a file states.

        Raises:
            ValueError: where it is not possible for this model.
        """
        given = cast("dict[str, object]", facts) if isinstance(facts, dict) else {}
        mode, met, in_bf16 = given.get("mode"), given.get("fidelity"), given.get("kept")
        if isinstance(mode, str) and isinstance(met, float) and isinstance(in_bf16, list):
            names = tuple(str(name) for name in cast("list[object]", in_bf16))
            known = len(set(names)) == len(names) and set(names) <= self.swap.linears.keys()
            if mode in modes and least <= met <= _MOST_COSINE and known and (mode == "int8" or not names):
                return Optimised(mode, met, names, self.swap.kernels)
        raise ValueError("it states a mode, a fidelity or layers that this model does not have")

    def keep(self, path: Path, key: str, done: Optimised) -> None:
        """Write the packed weights of the current mode to a file."""
        native_trunk = self.swap.native_trunk
        assert native_trunk is not None
        packed_file.write(path, key, native_trunk.packed, dict(mode=done.mode, fidelity=done.fidelity, kept=done.kept))

    def _error(self) -> float:
        """Return 1 - mean cosine of the sample to float32."""
        return 1 - float(torch.cosine_similarity(self.means(), self.exact, dim=1).double().mean())

    def _spare(self, least: float, met: Cosines) -> tuple[tuple[str, ...], Cosines]:
        """Move layers back to bfloat16, those with the largest error first, until the fidelity is met."""
        error: dict[str, float] = {}
        linears, safe = self.swap.linears, self.swap.safe
        for name in linears:
            self.swap.put({other: "int8" if other == name else safe for other in linears})
            error[name] = self._error()
        by_error = sorted(error, key=lambda name: -error[name])
        for count in range(1, len(by_error)):
            in_bf16 = set(by_error[:count])
            self.swap.put({name: safe if name in in_bf16 else "int8" for name in linears})
            met = self.fidelity()
            if self.is_met(met, least):
                return tuple(sorted(in_bf16)), met
        return (), met


def _checked(sample: Batch, model: Model[Any]) -> Batch:
    if not isinstance(sample, Batch):  # pyright: ignore[reportUnnecessaryIsInstance]  for callers without a type checker
        raise InputTypeError(
            "E_SAMPLE",
            "sample must be a torso.Batch of texts, got {kind}.",
            cure="Make one: torso.pack(tokenizer.encodings(texts)).",
            values=dict(kind=type(sample).__name__),
        )
    if not sample.layout.sizes or min(sample.layout.sizes) == 0:
        raise InputError(
            "E_SAMPLE",
            "The sample has no text, or one without tokens: nothing can be measured on it.",
            cure="Give a few usual texts, or leave sample= out.",
        )
    model.check_length(sample.layout)
    check_batch(model.trunk, sample)
    return sample


def mean_rows(model: Model[Any], batch: Batch) -> Tensor:
    """Return the mean [N, D] of each text's last rows."""
    with torch.inference_mode(), rowwise_products(batch.tokens, model.dtype):
        hidden = model.trunk(batch)
        return torch.stack([rows.float().mean(0) for rows in unpack(hidden.rows, hidden.layout)])
