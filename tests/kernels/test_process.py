"""The library in a process: turned off, called from several threads, and after a fork."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from torso.batch import Layout
from torso.errors import UnsupportedError
from torso.kernels import functions
from torso.kernels import library as native

from .drawing import normal, numbers


def work(seed: int, threads: int) -> list[torch.Tensor]:
    dice = numbers(seed)
    x, layout = normal(dice, 150, 64), Layout.of([100, 50])
    packed = functions.pack(normal(dice, 192, 64))
    heads = functions.linear(x, packed, "gelu", threads=threads).unflatten(1, (-1, 16)).split([4, 4, 4], 1)
    return [functions.attention(*heads, layout, threads=threads), functions.add_norm(x, x, None, threads=threads)]


def test_several_threads_at_once(kernels) -> None:
    wanted = {seed: work(seed, 1) for seed in range(6)}
    jobs = [(seed, threads) for _ in range(15) for seed in wanted for threads in (1, 2, 5)]
    with ThreadPoolExecutor(5) as pool:
        for (seed, _), got in zip(jobs, pool.map(lambda job: work(*job), jobs), strict=True):
            assert all(map(torch.equal, got, wanted[seed]))


FORKING = """
import os, sys, threading, warnings
sys.path.insert(0, {tests!r})
warnings.simplefilter("ignore")
from kernels.conftest import choose
from kernels.test_process import work
from torso.kernels import library as native
choose(native.library(), {name!r})
wanted = work(1, 1)
work(1, 4)
busy = threading.Event()
def go():
    while not busy.is_set():
        work(2, 4)
other = threading.Thread(target=go)
other.start()
for _ in range(10):
    child = os.fork()
    if child == 0:
        import torch
        os._exit(0 if all(map(torch.equal, work(1, 4), wanted)) else 1)
    assert os.waitpid(child, 0)[1] == 0
busy.set()
other.join()
assert all(a.equal(b) for a, b in zip(work(1, 4), wanted))
"""


def test_a_fork_while_they_are_used(kernels) -> None:
    """Children compute too, with threads of their own, even where the parent's were at work."""
    code = FORKING.format(tests=str(__file__).rpartition("/kernels/")[0], name=kernels.set)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_they_can_be_turned_off(kernels, monkeypatch) -> None:
    x, packed = torch.ones(2, 5), functions.pack(torch.ones(3, 5))
    monkeypatch.setenv(native.SETTING, "0")
    assert native.library() is None
    for call in (
        lambda: functions.linear(x, packed),
        lambda: functions.pack(x),
        lambda: functions.add_norm(x, None, None),
        lambda: functions.embed(torch.tensor([0]), x),
        lambda: functions.quantise(x),
        lambda: functions.attention(*torch.ones(3, 2, 1, 4), Layout.of([2])),
    ):
        with pytest.raises(UnsupportedError, match="TORSO_KERNELS=0") as caught:
            call()
        assert caught.value.code == "E_KERNELS"
    monkeypatch.delenv(native.SETTING)
    assert native.library() is kernels


@pytest.mark.parametrize("name", ["baseline", "avx2"])
def test_an_instruction_set_can_be_named(kernels, name) -> None:
    if name not in kernels.sets:
        pytest.skip(f"this processor has no {name}")
    code = "from torso.kernels import about; print(about().instruction_set)"
    told = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, native.SETTING: name}, capture_output=True, text=True
    )
    assert told.stdout.strip() == name


WITHOUT_TORCH = """
import os, sys
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "torch":
            raise ImportError("torch is blocked")
sys.meta_path.insert(0, Refuse())
from torso.kernels import about
from torso.kernels.library import library
here = library()
assert here is not None and here.panel > 0
print(about().instruction_set, about().threads, about().forked, flush=True)
child = os.fork()
if child == 0:
    print(about().instruction_set, about().threads, about().forked, flush=True)
    os._exit(0)
os.waitpid(child, 0)
"""


@pytest.mark.parametrize("stated", ["1", "3", "3,1", None, "0", "many"])
def test_they_load_without_torch(stated) -> None:
    """On as many threads as the environment says, else on every processor that the process may use."""
    here = native.library()
    if here is None:
        pytest.skip(str(native.refusal()))
    environment = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    environment |= {} if stated is None else {"OMP_NUM_THREADS": stated}
    done = subprocess.run([sys.executable, "-c", WITHOUT_TORCH], env=environment, capture_output=True, text=True)
    assert done.stderr == ""
    threads = stated[0] if stated in ("1", "3", "3,1") else str(len(os.sched_getaffinity(0)))
    best = here.sets[0]
    assert done.stdout.splitlines() == [f"{best} {threads} False", f"{best} 1 True"]
