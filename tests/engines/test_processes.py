"""Models in many threads, in forked children and in spawned processes: the same bits, and nothing hangs."""

from __future__ import annotations

import subprocess
import sys

import pytest

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
@pytest.mark.parametrize("code", [THREADS, FORKS, POOLS, SPAWN], ids=["threads", "forks", "pools", "spawn"])
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
