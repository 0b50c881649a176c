"""Every number of a measurement, from times and rows that are known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import torso
from torso import CompiledModel, Task, new_model
from torso.engines import benchmark
from torso.engines.benchmark import AS_LOADED, EVERY, measure
from torso.engines.compiled_base import Optimised
from torso.errors import UnsupportedError
from torso.host_batch import HostBatch
from torso.kernels import about
from torso.models.bert import BertConfig

pytestmark = pytest.mark.skipif(about().instruction_set is None, reason=f"there are no kernels: {about().reason}")

SIZES = (3, 9, 30, 4, 5, 6, 7, 8)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    config = BertConfig(vocab_size=80, hidden_size=32, num_hidden_layers=1, num_attention_heads=4, intermediate_size=48)
    new_model(config, Task.FEATURES, seed=4).save(tmp_path)
    return tmp_path


@pytest.fixture(autouse=True)
def samples(monkeypatch: pytest.MonkeyPatch) -> dict[str, HostBatch | None]:
    """The sample of each mode that was made; bfloat16 is refused, and two layers of eight bits are spared."""
    given: dict[str, HostBatch | None] = {}

    def in_mode(folder: Path, mode: str, sample: HostBatch | None) -> CompiledModel[Any]:
        if mode == "bf16":
            raise UnsupportedError("E_MODE", "none here", cure="none")
        given[mode] = sample
        kept = ("a", "b") if mode == "int8" else ()
        return replace(torso.compiled(folder), done=Optimised(mode, 0.99, kept))

    monkeypatch.setattr(benchmark, "_in_mode", in_mode)
    return given


def mode_of(runner: Any) -> str:
    return runner.done.mode if isinstance(runner, CompiledModel) else AS_LOADED


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """Mode and tokens of each run; a mode's runs of all texts take the seconds below, and one text 1, 2, 3 ... ms."""
    seconds = {AS_LOADED: iter([2.0, 8.0, 4.0]), "exact": iter([1.0, 1.0, 4.0]), "int8": iter([0.5, 1.0, 0.25])}
    ran: list[tuple[str, int]] = []

    def timed(model: Any, groups: list[HostBatch]) -> float:
        tokens = sum(len(group.tokens) for group in groups)
        ran.append((mode_of(model), tokens))
        if tokens == sum(SIZES):
            return next(seconds[mode_of(model)])
        return 1e-3 * ran.count((mode_of(model), tokens))

    monkeypatch.setattr(benchmark, "_seconds", timed)
    return ran


def texts(sizes: tuple[int, ...] = SIZES) -> list[list[int]]:
    return [[5 + size % 70] * size for size in sizes]


def test_times(folder, run) -> None:
    told: list[str] = []
    done = measure(folder, texts(), rounds=3, report=told.append)
    rows = {row.mode: row for row in done.rows}
    assert list(rows) == [AS_LOADED, "exact", "int8", "bf16"]
    assert told == [*EVERY, "round", "round", "round"]
    assert (done.texts, done.tokens, done.threads) == (8, 72, torch.get_num_threads())
    # Of all texts, the medians of 2, 8, 4 and of 1, 1, 4 and of 0.5, 1, 0.25 seconds; and of the ratios in each round.
    assert [rows[mode].tokens_per_second for mode in (AS_LOADED, "exact", "int8")] == [18.0, 72.0, 144.0]
    assert [rows[mode].times for mode in (AS_LOADED, "exact", "int8")] == [1.0, 2.0, 8.0]
    # Of one short text, the second shortest of eight, 1 to 60 ms.
    assert {(mode, 4) for mode in (AS_LOADED, "exact", "int8")} == {each for each in run if each[1] != 72}
    assert run.count(("exact", 4)) == 60
    assert rows["exact"].latency == pytest.approx(30.5)
    assert rows["exact"].latency_95 == pytest.approx(57.95)


def test_what_was_made_and_what_was_refused(folder, run, samples) -> None:
    done = measure(folder, texts(), rounds=1)
    rows = {row.mode: row for row in done.rows}
    assert rows["bf16"].refused.startswith("none here")
    assert rows["bf16"].tokens_per_second == 0
    assert [rows[mode].kept for mode in (AS_LOADED, "exact", "int8")] == [0, 0, 2]
    assert samples.keys() == {"exact", "int8"}
    assert all(sample is not None and sample.sizes == SIZES for sample in samples.values())
    assert done.parameters == sum(each.numel() for each in benchmark.load(folder).trunk.parameters())
    assert 64 << 20 < done.peak < 1 << 40


def test_a_sample_is_the_first_of_many_texts_and_none_of_random_ones(folder, samples, monkeypatch) -> None:
    monkeypatch.setattr(benchmark, "_seconds", lambda model, groups: 1.0)
    many = (*range(3, 35), 40)
    measure(folder, texts(many), rounds=1, modes=["exact"])
    assert samples["exact"] is not None
    assert samples["exact"].sizes == many[:32]
    measure(folder, rounds=1, modes=["exact"])
    assert samples["exact"] is None


def test_the_cosine_is_that_of_the_text_that_is_farthest(folder, run, monkeypatch) -> None:
    near = np.array([[1.0, 0.0], [1.0, 0.0]])
    far = np.array([[1.0, 0.0], [0.6, 0.8]])
    monkeypatch.setattr(benchmark, "means", lambda model, groups: far if mode_of(model) == "int8" else near)
    rows = {row.mode: row for row in measure(folder, texts(), rounds=1).rows}
    assert rows["exact"].cosine == 1
    assert rows["int8"].cosine == pytest.approx(0.6)
