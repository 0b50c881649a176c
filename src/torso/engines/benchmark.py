"""Benchmark of a model's modes on this machine: throughput, latency, memory, fidelity to float32."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from torso.architecture import Task
from torso.engines.calibration import Ids, Means, cosines, mean_rows
from torso.engines.compiled_model import CompiledModel
from torso.engines.compiling import unsupported_reason
from torso.engines.memory import peak
from torso.engines.optimise import MODES, compiled
from torso.engines.runner import Runner, by_length
from torso.engines.torch_runner import TorchRunner
from torso.errors import UnsupportedError
from torso.host_batch import HostBatch, Wanted, to_host
from torso.loading.load import load
from torso.outputs import Features

AS_LOADED = "as loaded"
EVERY: tuple[str, ...] = (AS_LOADED, *MODES)
_BUDGET = 4096
_SAMPLE = 32
"""Number of the given texts that calibrate a mode."""


@dataclass(frozen=True, slots=True)
class Measured:
    """Results of one mode of a model on this machine.

    Attributes:
        mode: ``as loaded``, ``exact``, ``bf16`` or ``int8``.
        tokens_per_second: over all texts, in packed batches of similar length; median of the rounds.
        times: speedup over the model as loaded, median over the rounds.
        latency: milliseconds of one short text alone, median.
        latency_95: the same, at the 95th percentile.
        cosine: least cosine to float32 of the mean of a text's last rows.
        cosine_mean: mean of these cosines.
        kept: of ``int8``, how many linear layers stayed in bfloat16.
        refused: why the mode was not run, or empty; the other numbers are 0 then.
    """

    mode: str
    tokens_per_second: float = 0.0
    times: float = 0.0
    latency: float = 0.0
    latency_95: float = 0.0
    cosine: float = 0.0
    cosine_mean: float = 0.0
    kept: int = 0
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Measurement:
    """Results of all modes of a model on this machine.

    Attributes:
        texts: how many texts were run.
        tokens: how many tokens they have.
        threads: that PyTorch used.
        parameters: of the trunk.
        peak: peak memory of the process in bytes; None where unavailable.
        kernels: the instruction set of the compiled kernels that ran the modes; None where PyTorch did.
        without: why the kernels did not run; None if they did.
        rows: one per mode.
    """

    texts: int
    tokens: int
    threads: int
    parameters: int
    peak: int | None
    kernels: str | None
    without: str | None
    rows: tuple[Measured, ...]


def measure(
    folder: Path,
    texts: Sequence[Sequence[int]] | None = None,
    *,
    modes: Sequence[str] = EVERY,
    rounds: int = 5,
    report: Callable[[str], None] = lambda line: None,
) -> Measurement:
    """Benchmark a model's modes, interleaved in rounds so that noise affects all alike.

    Args:
        folder: folder of the model, which runs on the CPU without a task head.
        texts: token ids of each text; None for random tokens of usual lengths.
        modes: some of `EVERY`.
        rounds: how often everything is run.
        report: called with the name of each step before it starts.

    Raises:
        TorsoError: as `torso.load` and `Model`.
    """
    plain = TorchRunner(load(folder))
    ids = [list(text) for text in texts] if texts is not None else random_ids(plain)
    groups = [batch_of([ids[n] for n in group]) for group in by_length([len(text) for text in ids], _BUDGET)]
    tokens = sum(len(text) for text in ids)
    single = batch_of([sorted(ids, key=len)[len(ids) // 8]])
    models: dict[str, Runner[Features]] = {}
    refused: dict[str, str] = {}
    parameters = sum(each.numel() for each in plain.model.trunk.parameters())
    exact = means(plain, groups)
    sample = None if texts is None else batch_of(ids[:_SAMPLE])
    for mode in modes:
        report(mode)
        try:
            models[mode] = plain if mode == AS_LOADED else _in_mode(folder, mode, sample)
        except UnsupportedError as error:
            refused[mode] = error.what
    times: dict[str, list[float]] = {mode: [] for mode in models}
    alone: dict[str, list[float]] = {mode: [] for mode in models}
    reference: list[float] = []
    for _ in range(rounds):
        report("round")
        reference.append(_seconds(plain, groups))
        for mode, model in models.items():
            times[mode].append(reference[-1] if model is plain else _seconds(model, groups))
            alone[mode] += [_seconds(model, [single]) for _ in range(20)]
    done = {mode: model.done for mode, model in models.items() if isinstance(model, CompiledModel)}
    near = {mode: cosines(means(model, groups), exact) for mode, model in models.items()}
    rows = [
        Measured(
            mode,
            tokens / statistics.median(times[mode]),
            statistics.median(one / own for one, own in zip(reference, times[mode], strict=True)),
            1e3 * statistics.median(alone[mode]),
            1e3 * statistics.quantiles(alone[mode], n=20)[-1],
            float(near[mode].min()),
            float(near[mode].mean()),
            len(done[mode].kept) if mode in done else 0,
        )
        for mode in models
    ]
    rows += [Measured(mode, refused=why) for mode, why in refused.items()]
    kernels = next((each.kernels for each in done.values()), None)
    without = None if kernels else unsupported_reason(plain.model.description, plain.task)
    return Measurement(len(ids), tokens, torch.get_num_threads(), parameters, peak(), kernels, without, tuple(rows))


def random_ids(runner: Runner[Any], count: int = 200) -> list[list[int]]:
    """Draw random token ids as texts of usual lengths: about 50 tokens, now and then a few hundred."""
    vocabulary = runner.vocabulary
    assert vocabulary is not None
    generator, most = random.Random(0), runner.max_tokens or 512
    sizes = [min(most, max(3, int(generator.lognormvariate(3.6, 0.7)))) for _ in range(count)]
    return [[generator.randrange(vocabulary) for _ in range(size)] for size in sizes]


def batch_of(texts: Sequence[Sequence[int]]) -> HostBatch:
    """Pack token ids into a batch."""
    return HostBatch.of([Ids(text, [0] * len(text)) for text in texts])


def means(runner: Runner[Features], groups: Sequence[HostBatch]) -> Means:
    """Return the mean [N, D] of each text's last rows."""
    made = (to_host(runner.run(group, Wanted(pooled=False)).hidden.rows) for group in groups)
    return np.concatenate([mean_rows(rows, group) for rows, group in zip(made, groups, strict=True)])


def _in_mode(folder: Path, mode: str, sample: HostBatch | None) -> CompiledModel[Features]:
    return compiled(folder, Task.FEATURES, mode, sample=sample)  # pyright: ignore[reportArgumentType]  of MODES


def _seconds(runner: Runner[Features], groups: Sequence[HostBatch]) -> float:
    start = time.perf_counter()
    means(runner, groups)
    return time.perf_counter() - start
