"""Models in many threads, in forked children and in spawned processes: the same bits, and nothing hangs."""

from __future__ import annotations

import subprocess
import sys

import pytest

from torso.kernels import about

COMMON = """
import os, sys, time, threading, multiprocessing, warnings
import torch, torso
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from torso.kernels import about
warnings.simplefilter("ignore")
TEXTS = ["好", "不好吃", "a" * 100]

def vectors(model):
    return [each.vector for each in torso.encode(TEXTS, model=model)]

def same(one, other):
    return all(torch.equal(torch.as_tensor(a), torch.as_tensor(b)) for a, b in zip(one, other, strict=True))

def in_child(work):
    child = os.fork()
    if child == 0:
        os._exit(0 if work() else 1)
    return os.waitpid(child, 0)[1] == 0

def again(_):
    return [each.tolist() for each in vectors(model)]
"""

THREADS = """
torch.set_num_threads(2)
model = torso.load("torso:sentiment")
wanted = vectors(model)
with ThreadPoolExecutor(16) as pool:
    assert all(same(wanted, each) for each in pool.map(lambda _: vectors(model), range(48)))
"""

FORKS = """
torch.set_num_threads(2)
model = torso.load("torso:sentiment")
wanted = vectors(model)
assert not about().forked
for _ in range(5):
    assert in_child(lambda: same(wanted, vectors(model)) and about().forked and about().threads == 1)
assert in_child(lambda: in_child(lambda: same(wanted, vectors(model))))
stop = threading.Event()
def busy():
    while not stop.is_set():
        vectors(model)
others = [threading.Thread(target=busy) for _ in range(3)]
[each.start() for each in others]
try:
    for _ in range(5):
        assert in_child(lambda: same(wanted, vectors(model)))
finally:
    stop.set()
[each.join() for each in others]
assert same(wanted, vectors(model)) and not about().forked and about().threads == 2
"""

BEGUN = """
from torso.engines.prefetch import prefetch

model = torso.load("torso:sentiment")
texts = TEXTS * 40
def rest(begun):
    return [each.vector for each in begun]
wanted = rest(torso.encode(texts, model=model))
begun = torso.encode(iter(texts), model=model)
next(begun)
assert in_child(lambda: same(wanted[1:], rest(begun)))
assert in_child(lambda: begun.close() is None)
assert same(wanted[1:], rest(begun))
for depth in (1, 3, 50):
    numbers = prefetch(iter(range(20)), lambda n: time.sleep(0.001) or n * n, depth=depth)
    assert next(numbers) == 0
    assert in_child(lambda: list(numbers) == [n * n for n in range(1, 20)])
    assert in_child(lambda: in_child(lambda: list(numbers) == [n * n for n in range(1, 20)]))
    assert list(numbers) == [n * n for n in range(1, 20)]
"""

POOLS = """
torch.set_num_threads(2)
model = torso.load("torso:sentiment")
wanted = again(0)
fork = multiprocessing.get_context("fork")
with fork.Pool(2) as pool:
    assert pool.map(again, range(4)) == [wanted] * 4
with ProcessPoolExecutor(2, mp_context=fork) as pool:
    assert list(pool.map(again, range(4))) == [wanted] * 4
class Rows(torch.utils.data.Dataset):
    def __len__(self):
        return 4
    def __getitem__(self, index):
        return again(index)[-1]
loader = torch.utils.data.DataLoader(Rows(), num_workers=2, batch_size=None, multiprocessing_context=fork)
assert list(loader) == [wanted[-1]] * 4
"""

SPAWN = """
model = torso.load("torso:sentiment")
if __name__ == "__main__":
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.map(again, range(2)) == [again(0)] * 2
"""


@pytest.mark.parametrize("kernels", ["", "0"])
@pytest.mark.parametrize(
    "code", [THREADS, FORKS, BEGUN, POOLS, SPAWN], ids=["threads", "forks", "begun", "pools", "spawn"]
)
def test_processes(code: str, kernels: str, tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    if sys.platform != "linux" and code is not SPAWN:
        pytest.skip("forks are safe on Linux alone")
    if kernels:
        monkeypatch.setenv("TORSO_KERNELS", kernels)
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    script = tmp_path / "script.py"
    script.write_text(COMMON + code, encoding="utf-8")
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=900, check=False)
    assert (done.returncode, done.stderr[-2000:]) == (0, "")


WITHOUT_TORCH = """
import sys
sys.modules["torch"] = None  # every import of it fails
import os, threading
from concurrent.futures import ThreadPoolExecutor
import numpy as np
import torso
from torso.kernels import about

TEXTS = ["好", "不好吃", "a" * 100]
model = torso.compiled("torso:sentiment")

def vectors():
    return np.array(torso.encode(TEXTS, model=model))

def same():
    return np.array_equal(vectors(), wanted)

def in_child():
    child = os.fork()
    if child == 0:
        os._exit(0 if same() and about().threads == 1 else 1)
    return os.waitpid(child, 0)[1] == 0

wanted = vectors()
assert about().threads == 2
with ThreadPoolExecutor(64) as pool:
    assert all(pool.map(lambda _: same(), range(128)))
assert all(in_child() for _ in range(10))
stop = threading.Event()
def busy():
    while not stop.is_set():
        vectors()
others = [threading.Thread(target=busy) for _ in range(3)]
[each.start() for each in others]
try:
    assert all(in_child() for _ in range(10))
finally:
    stop.set()
[each.join() for each in others]
assert same()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="forks are safe on Linux alone")
@pytest.mark.skipif(about().instruction_set is None, reason="the kernels alone run without PyTorch")
def test_threads_and_forks_without_pytorch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_TORCH], capture_output=True, text=True, timeout=900, check=False
    )
    assert (done.returncode, done.stderr[-2000:]) == (0, "")
