"""A process over texts without end: what would grow with them, and does not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tasks import small
from torso.architecture import Task

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="glibc's heap")

_SETTINGS = ("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "LRU_CACHE_CAPACITY", "MALLOC_MMAP_THRESHOLD_")

_HEAP = """
import ctypes
class Heap(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in
                "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost".split()]
library = ctypes.CDLL(None)
library.mallinfo2.restype = Heap
"""

_ROWS = """
import torch
from torso.engines.prepacking import PackedLinear
linear = PackedLinear(torch.nn.Linear(64, 64))
used = []
with torch.inference_mode():
    for rows in range(600, 1000):
        linear(torch.zeros(rows, 64))
        used.append(library.mallinfo2().uordblks / 2**20)
print(json.dumps(used[-1] - used[100]))
"""

_BLOCKS = """
import torch
first = torch.empty(30 << 20, dtype=torch.uint8)
del first
before = library.mallinfo2().hblkhd
second = torch.empty(2 << 20, dtype=torch.uint8)
print(json.dumps((library.mallinfo2().hblkhd - before) / 2**20))
"""

_COMMAND = """
import torso.engines.memory as memory
real = memory.stay_flat
def told():
    print("torch" in sys.modules, file=sys.stderr)
    real()
memory.stay_flat = told
from torso.cli import main
main(["embed", "\u6211\u6709", "--pooling", "mean", "--model", sys.argv[1]])
"""


def _process(code: str, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name not in _SETTINGS}
    code = f"import json, sys\n{code}"
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, env=environment | settings
    )
    assert done.returncode == 0, done.stderr
    return done


def _told(code: str, **settings: str) -> float:
    return json.loads(_process(f"{_HEAP}\n{code}", **settings).stdout)


FLAT = "from torso.engines.memory import stay_flat\nstay_flat()\n"


def test_kernels_are_kept_for_as_many_numbers_of_rows_as_a_pass_needs() -> None:
    assert _told(_ROWS) > 30, "nothing to hold back: PyTorch or oneDNN has changed"
    assert _told(FLAT + _ROWS) < 3


def test_large_blocks_do_not_come_from_the_heap() -> None:
    assert _told(_BLOCKS) < 1
    assert _told(FLAT + _BLOCKS) > 1.9


def test_what_a_person_has_set_is_not_touched() -> None:
    assert _told(FLAT + _ROWS, ONEDNN_PRIMITIVE_CACHE_CAPACITY="1024", LRU_CACHE_CAPACITY="1024") > 30
    assert _told(FLAT + _BLOCKS, MALLOC_MMAP_THRESHOLD_=str(8 << 20)) < 1


def test_the_command_asks_for_it_before_torch_is_loaded(tmp_path: Path) -> None:
    folder = small.save(tmp_path / "model", Task.FEATURES)
    assert _process(_COMMAND, str(folder)).stderr == "False\n"
