"""What this machine can do at most: products per second in each precision, and bytes per second."""

from __future__ import annotations

import platform
import re
import statistics
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

ROWS, WIDTH = 2048, 768
_SETS = ("avx2", "avx512f", "avx512_bf16", "avx512_vnni", "amx_tile")


def fastest(work: Callable[[], object], times: int = 60) -> float:
    """Seconds of one run: the median of a tenth of them, those that nothing else disturbed."""
    taken: list[float] = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return statistics.median(sorted(taken)[: max(1, times // 10)])


def products() -> dict[str, float]:
    """Products and sums per second (in 10^9) of a prepacked oneDNN product 2,048 x 768 x 768, in each precision."""
    rates: dict[str, float] = {}
    count = 2 * ROWS * WIDTH * WIDTH / 1e9
    for name, dtype in (("float32", torch.float32), ("bfloat16", torch.bfloat16)):
        x, packed = torch.randn(ROWS, WIDTH).to(dtype), torch.randn(WIDTH, WIDTH).to(dtype)
        packed = torch.ops.mkldnn._reorder_linear_weight(packed)
        rates[name] = count / fastest(_linear(x, packed))
    return rates | {"int8": count / fastest(_whole())}


def _linear(x: torch.Tensor, packed: torch.Tensor) -> Callable[[], object]:
    return lambda: torch.ops.mkldnn._linear_pointwise(x, packed, None, "none", [], "")


def _whole() -> Callable[[], object]:
    # Unsigned by signed: signed rows would meet oneDNN's reference code.
    x = torch.randint(0, 256, (ROWS, WIDTH), dtype=torch.uint8)
    packed = torch.ops.onednn.qlinear_prepack(torch.randint(-127, 128, (WIDTH, WIDTH), dtype=torch.int8), None)
    scales, zeros = torch.full((WIDTH,), 0.01), torch.zeros(WIDTH, dtype=torch.int64)
    last: tuple[Any, ...] = (None, 0.1, 128, torch.uint8, "none", [], "")
    return lambda: torch.ops.onednn.qlinear_pointwise(x, 0.01, 128, packed, scales, zeros, *last)


def bandwidth(size: int) -> float:
    """Bytes per second (in 10^9), read and written, of copying ``size`` bytes time and again."""
    source = torch.zeros(size // 4)
    target = torch.empty_like(source)
    return 2 * size / fastest(lambda: target.copy_(source)) / 1e9


def machine() -> str:
    """The processor's kind, its instruction sets, and the versions of what runs on it."""
    told = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    name = re.search(r"model name\s*: (.*)", told)
    kind = [re.search(rf"{key}\s*: (\d+)", told) for key in ("cpu family", r"model\t")]
    flags = told.split("flags", 1)[-1].split()
    sets = ", ".join(each for each in _SETS if each in flags)
    family = " ".join(f"{word} {found[1]}" for word, found in zip(("family", "model"), kind, strict=True) if found)
    return (
        f"{name[1] if name else platform.processor()} ({family}; {sets}), {torch.get_num_threads()} threads, "
        f"{platform.system()}, Python {platform.python_version()}, torch {version('torch')}"
    )


def main() -> None:
    """Prints all of it."""
    print(machine())
    for name, rate in products().items():
        print(f"{name:10} {rate:8,.0f} x 10^9 products and sums a second")
    for size in (2**22, 2**23, 2**28):
        print(f"{size // 2**20:4} MiB   {bandwidth(size):8,.0f} GB/s")


if __name__ == "__main__":
    main()
