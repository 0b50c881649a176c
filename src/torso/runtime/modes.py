"""The modes in which a model runs, put in place and measured there."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from torso.batch import Batch, Layout, unpack
from torso.errors import InputError, InputTypeError, UnsupportedError
from torso.model import Model
from torso.nn.products import rowwise_products
from torso.runtime import kept
from torso.runtime.standins import StandIns
from torso.tables import check_batch

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
        self._given = None if sample is None else sample.tokens
        self.mean = 0.0

    def means(self) -> Tensor:
        """[N, D] mean of each text's last rows."""
        return mean_rows(self.model, self.sample)

    @cached_property
    def exact(self) -> Tensor:
        """The same of the layers as they were: first asked for before any is replaced."""
        return self.means()

    def fidelity(self) -> float:
        """The least cosine of the sample's texts to float32; 0 where their mean is below what is asked for."""
        cosines = torch.cosine_similarity(self.means(), self.exact, dim=1)
        return float(cosines.min()) if float(cosines.mean()) >= self.mean else 0.0

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
        if mode == "int8" and met < least and spare:
            kept, met = self._spare(least)
        if met < least:
            self.stand_ins.restore()
            raise UnsupportedError(
                "E_FIDELITY",
                "In the mode {mode} this model keeps a cosine of {met:.6f} to float32; {least} was asked for.",
                cure="Use a mode that is nearer (exact, bf16), or say fidelity={met:.4f}.",
                values=dict(mode=mode, met=met, least=least),
            )
        return Optimised(mode, met, kept, self.stand_ins.kernels)

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
        return kept.fingerprint(self.model, self._given, asked, self.stand_ins.kernels)

    def put_again(self, path: Path, key: str) -> Optimised | None:
        """Puts the mode in place that a file holds; None if it is not there, or not of this."""
        found = kept.read(path, key)
        if found is None:
            return None
        self.stand_ins.packed, facts = found
        done = Optimised(facts["mode"], facts["fidelity"], tuple(facts["kept"]), self.stand_ins.kernels)
        linears, safe = self.stand_ins.linears, self.stand_ins.safe
        self.stand_ins.put({name: safe if name in done.kept else done.mode for name in linears})
        return done

    def keep(self, path: Path, key: str, done: Optimised) -> None:
        """Writes the weights of the mode in place into a file."""
        whole = self.stand_ins.whole
        assert whole is not None
        kept.write(path, key, whole.packed, dict(mode=done.mode, fidelity=done.fidelity, kept=done.kept))

    def _error(self) -> float:
        """How far the sample's means are from float32, on the whole."""
        return 1 - float(torch.cosine_similarity(self.means(), self.exact, dim=1).double().mean())

    def _spare(self, least: float) -> tuple[tuple[str, ...], float]:
        """Gives layers back to bfloat16, those that cost most first, until the fidelity is kept."""
        alone: dict[str, float] = {}
        linears, safe = self.stand_ins.linears, self.stand_ins.safe
        for name in linears:
            self.stand_ins.put({other: "int8" if other == name else safe for other in linears})
            alone[name] = self._error()
        costly = sorted(alone, key=lambda name: -alone[name])
        met = 0.0
        for count in range(1, len(costly)):
            spared = set(costly[:count])
            self.stand_ins.put({name: safe if name in spared else "int8" for name in linears})
            met = self.fidelity()
            if met >= least:
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
