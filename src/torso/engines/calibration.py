"""The modes in which a model runs, put in place and measured there."""

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
from torso.engines.linear_swap import StandIns
from torso.errors import InputError, InputTypeError, UnsupportedError
from torso.kernels.library import Form
from torso.model import Model
from torso.nn.batch_invariant import rowwise_products
from torso.nn.id_checks import check_batch

_MOST_COSINE = 1 + 1e-5
"""Of one row to itself, with what float32 may add."""
_SIZES = (4, 9, 17, 24, 33, 48, 64, 96)


@dataclass(frozen=True, slots=True)
class Optimised:
    """What `optimise` did to a model.

    Attributes:
        mode: ``exact``, ``bf16`` or ``int8``.
        fidelity: the least cosine to float32 met on the sample.
        kept: of ``int8``, the linear layers that stayed in bfloat16 for the sake of fidelity.
        kernels: the instruction set of the compiled kernels that run the trunk; None where PyTorch runs it.
    """

    mode: str
    fidelity: float
    kept: tuple[str, ...] = ()
    kernels: str | None = None


class Cosines(NamedTuple):
    """Cosines of a sample's texts to float32: the least and the mean of them."""

    least: float
    mean: float


def random_texts(model: Model[Any]) -> Batch:
    """Random tokens as texts of usual lengths: enough to tell how far a mode is from float32."""
    table = model.trunk.embed.tokens
    assert isinstance(table, nn.Embedding)
    limit = model.max_tokens or max(_SIZES)
    sizes = [min(size, limit) for size in _SIZES * 2]
    dice = torch.Generator().manual_seed(0)
    return Batch(torch.randint(0, table.num_embeddings, (sum(sizes),), generator=dice), Layout.of(sizes))


class Bench:
    """A model and a sample to measure it on.

    Attributes:
        stand_ins: the linear layers, and what runs in their place.
        mean: the least mean cosine that is asked for, beside the least of all.

    Raises:
        InputTypeError, InputError, TooLongError: for a sample that the model cannot run.
    """

    def __init__(self, model: Model[Any], sample: Batch | None) -> None:
        self.model = model
        self.stand_ins = StandIns(model)
        self.sample = random_texts(model) if sample is None else _checked(sample, model)
        self._given = None if sample is None else self.sample
        self.mean = -1.0

    def means(self) -> Tensor:
        """[N, D] mean of each text's last rows."""
        return mean_rows(self.model, self.sample)

    @cached_property
    def exact(self) -> Tensor:
        """The same of the layers as they were: first asked for before any is replaced."""
        return self.means()

    def fidelity(self) -> Cosines:
        """The cosines of the sample's texts to float32."""
        cosines = torch.cosine_similarity(self.means(), self.exact, dim=1)
        return Cosines(float(cosines.min()), float(cosines.mean()))

    def keeps(self, met: Cosines, least: float) -> bool:
        """Whether cosines are what is asked for; no number is never enough."""
        return met.least >= least and met.mean >= self.mean

    def seconds(self) -> float:
        """Time of the sample: the median of five runs after one that warms up."""
        times: list[float] = []
        for _ in range(6):
            start = time.perf_counter()
            self.means()
            times.append(time.perf_counter() - start)
        return statistics.median(times[1:])

    def apply(self, mode: str, least: float, *, spare: bool = True) -> Optimised:
        """Puts the layers of a mode in place.

        Args:
            mode: one that machine and model allow.
            least: the fidelity it must keep.
            spare: whether ``int8`` may leave layers in bfloat16 for it.

        Raises:
            UnsupportedError: ``E_FIDELITY``, if the mode does not keep the fidelity on this model; it stays as it was.
        """
        kept: tuple[str, ...] = ()
        _ = self.exact
        self.stand_ins.put(dict.fromkeys(self.stand_ins.linears, mode))
        met = self.fidelity()
        if mode == "int8" and not self.keeps(met, least) and spare:
            kept, met = self._spare(least, met)
        if not self.keeps(met, least):
            self.stand_ins.restore()
            raise self._missed(mode, met, least)
        return Optimised(mode, met.least, kept, self.stand_ins.kernels)

    def _missed(self, mode: str, met: Cosines, least: float) -> UnsupportedError:
        if not (math.isfinite(met.least) and math.isfinite(met.mean)):
            return UnsupportedError(
                "E_FIDELITY",
                "In the mode {mode} this model gives numbers that are not finite.",
                cure="Use a mode that is nearer (exact, bf16), or the model as it is.",
                values=dict(mode=mode),
            )
        # Rounded down, so that what the cure names is met.
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
        """Puts the fastest of the modes in place that keeps the fidelity.

        Raises:
            UnsupportedError: ``E_FIDELITY``, if none does: of the first of them.
        """
        times: dict[str, float] = {}
        for mode in modes:
            try:
                self.apply(mode, least, spare=False)
            except UnsupportedError:
                continue
            times[mode] = self.seconds()
            self.stand_ins.restore()
        return self.apply(min(times or modes[:1], key=lambda mode: times.get(mode, 0.0)), least)

    def key(self, mode: str, least: float) -> str:
        """What a file of packed weights must have been made of and for.

        Raises:
            UnsupportedError: ``E_MODE``, if it is not the kernels that run this model.
        """
        if self.stand_ins.kernels is None:
            raise UnsupportedError(
                "E_MODE",
                "What PyTorch lays out for this model cannot be kept in a file; only weights of the kernels can.",
                cure="Leave file= out; torso.kernels.about() says why there are no kernels.",
            )
        asked = dict(mode=mode, least=least, mean=self.mean)
        return packed_file.fingerprint(self.model, self._given, asked, self.stand_ins.kernels)

    def put_again(self, path: Path, key: str, modes: Sequence[str], least: float) -> Optimised | None:
        """Puts the mode in place that a file holds; None if it is not there, or not of this.

        Args:
            path: the file.
            key: of `key`.
            modes: those that the file may hold.
            least: the fidelity that it must have met.

        Raises:
            InputError: ``E_KEPT``, for a file that torso did not write, or that was changed since.
            AccessError, UnsafeFileError: for what cannot be opened as a file.
        """
        library, read = self.stand_ins.library, list[Optimised]()
        assert library is not None

        def forms(facts: object) -> dict[tuple[str, int], Form]:
            read.append(self._stated(facts, modes, least))
            return self.stand_ins.forms(self._modes_of(read[0]))

        packed = packed_file.read(path, key, library, forms)
        if packed is None:
            return None
        self.stand_ins.packed = packed
        self.stand_ins.put(self._modes_of(read[0]))
        return read[0]

    def _modes_of(self, done: Optimised) -> dict[str, str]:
        """The mode of each linear layer."""
        safe = self.stand_ins.safe
        return {name: safe if name in done.kept else done.mode for name in self.stand_ins.linears}

    def _stated(self, facts: object, modes: Sequence[str], least: float) -> Optimised:
        """What a file says was done, held to what can have been.

        Raises:
            ValueError: where it cannot.
        """
        given = cast("dict[str, object]", facts) if isinstance(facts, dict) else {}
        mode, met, spared = given.get("mode"), given.get("fidelity"), given.get("kept")
        if isinstance(mode, str) and isinstance(met, float) and isinstance(spared, list):
            names = tuple(str(name) for name in cast("list[object]", spared))
            known = len(set(names)) == len(names) and set(names) <= self.stand_ins.linears.keys()
            if mode in modes and least <= met <= _MOST_COSINE and known and (mode == "int8" or not names):
                return Optimised(mode, met, names, self.stand_ins.kernels)
        raise ValueError("it states a mode, a fidelity or layers that this model does not have")

    def keep(self, path: Path, key: str, done: Optimised) -> None:
        """Writes the weights of the mode in place into a file."""
        whole = self.stand_ins.whole
        assert whole is not None
        packed_file.write(path, key, whole.packed, dict(mode=done.mode, fidelity=done.fidelity, kept=done.kept))

    def _error(self) -> float:
        """How far the sample's means are from float32, on the whole."""
        return 1 - float(torch.cosine_similarity(self.means(), self.exact, dim=1).double().mean())

    def _spare(self, least: float, met: Cosines) -> tuple[tuple[str, ...], Cosines]:
        """Gives layers back to bfloat16, those that cost most first, until the fidelity is kept."""
        alone: dict[str, float] = {}
        linears, safe = self.stand_ins.linears, self.stand_ins.safe
        for name in linears:
            self.stand_ins.put({other: "int8" if other == name else safe for other in linears})
            alone[name] = self._error()
        costly = sorted(alone, key=lambda name: -alone[name])
        for count in range(1, len(costly)):
            spared = set(costly[:count])
            self.stand_ins.put({name: safe if name in spared else "int8" for name in linears})
            met = self.fidelity()
            if self.keeps(met, least):
                return tuple(sorted(spared)), met
        return (), met


def _checked(sample: Batch, model: Model[Any]) -> Batch:
    if not isinstance(sample, Batch):  # pyright: ignore[reportUnnecessaryIsInstance]  not everybody has a checker
        raise InputTypeError(
            "E_SAMPLE",
            "The sample is a torso.Batch of texts; {kind} is none.",
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
    """[N, D] mean of each text's last rows."""
    with torch.inference_mode(), rowwise_products(batch.tokens, model.dtype):
        hidden = model.trunk(batch)
        return torch.stack([rows.float().mean(0) for rows in unpack(hidden.rows, hidden.layout)])
