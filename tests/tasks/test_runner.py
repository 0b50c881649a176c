"""Batches that do not fit, work done ahead, and the device."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

import torso
from torso.architecture import Task
from torso.engines import device
from torso.engines.prefetch import prefetch
from torso.engines.runner import run
from torso.engines.torch_runner import TorchRunner, lists
from torso.errors import InputError, LimitError
from torso.tasks import classify, make_ready

from .test_batching import encodings


@pytest.fixture
def model() -> torso.Model:
    return torso.new_model(torso.BertConfig(vocab_size=60, hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
                                            intermediate_size=32, num_labels=3),
                       Task.SEQUENCE_CLASSIFICATION, seed=3)  # fmt: skip


ERRORS = [
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
    RuntimeError("[enforce fail at alloc_cpu.cpp:124] err == 0. DefaultCPUAllocator: can't allocate memory"),
    RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 4 bytes."),
    MemoryError(),
]


@pytest.mark.parametrize("error", ERRORS)
def test_a_batch_that_does_not_fit_is_halved_and_later_ones_stay_small(model: torso.Model, error: Exception) -> None:
    wanted = list(run(TorchRunner(model), encodings(60), lambda out, _: lists(out.logits)))
    sizes: list[int] = []

    def small_memory(_: object, given: tuple[torso.Batch]) -> None:
        sizes.append(given[0].tokens.shape[0])
        if sizes[-1] > 25:
            raise error

    model.register_forward_pre_hook(small_memory)
    made = list(run(TorchRunner(model), encodings(60), lambda out, _: lists(out.logits), budget=100))
    torch.testing.assert_close(torch.tensor(made), torch.tensor(wanted), rtol=1e-5, atol=1e-6)
    refused = [size for size in sizes if size > 25]
    assert len(refused) <= 3
    assert sizes[: len(refused)] == refused


def test_a_text_that_does_not_fit_by_itself_is_an_error(model: torso.Model) -> None:
    def no_memory(*_: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory.")

    model.register_forward_pre_hook(no_memory)
    with pytest.raises(LimitError, match=r"A text of 9 tokens .*E_MEMORY"):
        list(run(TorchRunner(model), encodings(20), lambda out, _: lists(out.logits)))


def test_other_errors_are_not_taken_for_it(model: torso.Model) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("shapes cannot be multiplied")

    model.register_forward_pre_hook(broken)
    with pytest.raises(RuntimeError, match="shapes"):
        list(run(TorchRunner(model), encodings(20), lambda out, _: lists(out.logits)))


def test_work_is_done_ahead_in_another_thread_and_in_order() -> None:
    taken: list[int] = []
    takers: set[str] = set()
    workers: set[str] = set()
    begun = threading.Event()

    def items() -> Iterator[int]:
        for number in range(100):
            takers.add(threading.current_thread().name)
            taken.append(number)
            yield number

    def work(number: int) -> int:
        workers.add(threading.current_thread().name)
        if number == 3:
            begun.set()
        return number * number

    results = prefetch(items(), work, depth=5)
    assert next(results) == 0
    assert begun.wait(10), "nothing was done ahead"
    assert len(taken) == 6
    assert list(results) == [number * number for number in range(1, 100)]
    assert takers == {threading.current_thread().name}
    assert not takers & workers


def test_what_work_raises_comes_in_its_place_and_threads_end() -> None:
    def work(number: int) -> int:
        if number == 7:
            raise ValueError("seven")
        return number

    before = threading.active_count()
    results = prefetch(range(50), work, depth=3)
    assert [next(results) for _ in range(7)] == list(range(7))
    with pytest.raises(ValueError, match="seven"):
        next(results)
    left = prefetch(range(50), work, depth=3)
    next(left)
    left.close()
    assert threading.active_count() == before


def test_a_stream_of_any_size_is_read_a_bounded_way_ahead(models: Path) -> None:
    taken = 0

    def endless() -> Iterator[str]:
        nonlocal taken
        while True:
            taken += 1
            yield "我有大梦想"

    ready = make_ready(models / "sequence", Task.SEQUENCE_CLASSIFICATION)
    stream = classify(endless(), model=ready, budget=64)
    for _ in range(3000):
        next(stream)
    assert taken < 3000 + 12 * 256


def test_the_device(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert device.choose("cpu") == torch.device("cpu")
    for wrong in ("gpu", "cuda:99"):
        with pytest.raises(InputError, match="E_DEVICE"):
            device.choose(wrong)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert device.choose(None) == torch.device("cpu")
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "NVIDIA Test")
    monkeypatch.setattr(device, "_PRINTED", set())
    assert [device.choose(None), device.choose(None)] == [torch.device("cuda")] * 2
    assert capsys.readouterr().err.count("torso runs on NVIDIA Test") == 1
