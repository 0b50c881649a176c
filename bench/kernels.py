"""Each kernel beside its own ceiling and PyTorch's operator: ``python bench/kernels.py [--threads N] [--only PART]``.

The ceiling of a product, and of attention, is the fastest that the kernels or oneDNN multiply here in that precision,
measured in the same run. That of norms, embeddings and eight-bit rows is the time of copying as many bytes as they must
read and write, of arrays of the same size. A kernel and what stands beside it take turns, so that what else the machine
does falls on both alike; each is told by its best tenth. A call of Python is part of every time. PyTorch's bfloat16 is
given rows that are bfloat16 already; the kernels round them themselves.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
import warnings
from collections.abc import Callable
from dataclasses import asdict, dataclass

import torch
from ceiling import machine
from torch import Tensor
from torch.nn import functional as F

from torso.batch import Layout
from torso.blocks import Rule
from torso.kernels import functions
from torso.kernels import library as native
from torso.kernels.buffer_checks import kernels
from torso.kernels.functions import Norm
from torso.kernels.packed_weight import PackedWeight
from torso.nn import attend

KINDS = {"float32": native.FLOAT32, "bfloat16": native.BFLOAT16, "int8": native.EIGHT_BITS}
SHAPES = {
    "MiniLM": {"qkv": (384, 1152), "out": (384, 384), "up": (384, 1536), "down": (1536, 384)},
    "BERT-base": {"qkv": (768, 2304), "out": (768, 768), "up": (768, 3072), "down": (3072, 768)},
}
ROWS = (16, 128, 4096)
LENGTHS = (16, 32, 64, 128, 512)
PARTS = ("products", "attention", "rows")


@dataclass(frozen=True)
class Line:
    """One kernel at one size: microseconds of it, of its ceiling, and of PyTorch's operator."""

    name: str
    own: float
    least: float
    torch: float

    @property
    def of_ceiling(self) -> float:
        """How near it comes: 1 is there."""
        return self.least / self.own


@dataclass(frozen=True)
class Case:
    """What is timed: the kernel, and PyTorch's operator; the ceiling is computed from a count, or timed too."""

    name: str
    run: Callable[[], object]
    other: Callable[[], object]
    ceiling: float | Callable[[], object]
    """Microseconds, or what takes them."""


def microseconds(works: list[Callable[[], object]], budget: float) -> list[float]:
    """Of one run of each; they take turns for ``budget`` seconds."""
    taken: list[list[float]] = [[] for _ in works]
    # What is short is run several times between two looks at the clock.
    repeats = []
    for work in works:
        work()
        start = time.perf_counter()
        work()
        repeats.append(max(1, int(3e-4 / (time.perf_counter() - start + 1e-9))))
    until = time.perf_counter() + budget
    while time.perf_counter() < until or len(taken[0]) < 5:
        for work, times, each in zip(works, repeats, taken, strict=True):
            start = time.perf_counter()
            for _ in range(times):
                work()
            each.append((time.perf_counter() - start) / times * 1e6)
    return [statistics.median(sorted(each)[: max(1, len(each) // 10)]) for each in taken]


def rates(budget: float) -> dict[str, float]:
    """Products and sums per microsecond in each precision: the best that the kernels or oneDNN reach here."""
    library = kernels()
    best: dict[str, float] = {}
    for name, kind in KINDS.items():
        if library.has(kind):
            best[name] = 0.0
            for rows, inputs, outputs in ((256, 512, 256), (1024, 768, 768), (2048, 768, 3072)):
                x, weight = torch.randn(rows, inputs), torch.randn(outputs, inputs)
                other = _torch_product(x, weight, torch.zeros(outputs), name, False)
                taken = microseconds([_linear(x, functions.pack(weight, kind=kind)), other], budget)
                best[name] = max(best[name], 2.0 * rows * inputs * outputs / min(taken))
    return best


def _linear(x: Tensor, packed: PackedWeight, activation: str = "linear") -> Callable[[], object]:
    return lambda: functions.linear(x, packed, activation)


def products(best: dict[str, float]) -> list[Case]:
    """Every product of a block, with GELU behind `up`."""
    cases: list[Case] = []
    for model, layers in SHAPES.items():
        for layer, (inputs, outputs) in layers.items():
            weight, bias = torch.randn(outputs, inputs) / inputs**0.5, torch.randn(outputs)
            for rows in ROWS:
                x = torch.randn(rows, inputs)
                for name, rate in best.items():
                    packed = functions.pack(weight, bias, KINDS[name], 128 if name == "int8" else 0)
                    run = _linear(x, packed, "gelu" if layer == "up" else "linear")
                    other = _torch_product(x, weight, bias, name, layer == "up")
                    title = f"{model} {layer} {inputs}x{outputs}, {rows} rows, {name}"
                    cases.append(Case(title, run, other, 2.0 * rows * inputs * outputs / rate))
    return cases


def _torch_product(x: Tensor, weight: Tensor, bias: Tensor, name: str, gelu: bool) -> Callable[[], object]:
    """Prepacked oneDNN, as PyTorch offers it: int8 in the dynamic form, one scale for all rows."""
    after = "gelu" if gelu else "none"
    if name == "int8":
        layer = torch.nn.Sequential(torch.nn.Linear(*reversed(weight.shape)), *([torch.nn.GELU()] if gelu else []))
        return _dynamic(layer, x)
    dtype = torch.float32 if name == "float32" else torch.bfloat16
    packed, given, added = torch.ops.mkldnn._reorder_linear_weight(weight.to(dtype)), x.to(dtype), bias.to(dtype)
    return lambda: torch.ops.mkldnn._linear_pointwise(given, packed, added, after, [], "none" if gelu else "")


def _dynamic(layer: torch.nn.Module, x: Tensor) -> Callable[[], object]:
    ready = torch.ao.quantization.quantize_dynamic(layer, {torch.nn.Linear}, torch.qint8)
    return lambda: ready(x)


def attention(best: dict[str, float]) -> list[Case]:
    """Self-attention of texts of one length, about 256 rows in all, as an encoder works on at once; beside `attend`."""
    cases: list[Case] = []
    for size in (32, 64):
        for length in LENGTHS:
            texts = max(1, 256 // length)
            layout = Layout.of([length] * texts)
            for name in ("float32", "bfloat16"):
                if name not in best:
                    continue
                dtype = torch.float32 if name == "float32" else torch.bfloat16
                fused = torch.randn(texts * length, 36 * size).to(dtype).unflatten(1, (36, size))
                q, k, v = fused.split([12, 12, 12], 1)
                count = 4.0 * texts * 12 * length * length * size
                cases.append(Case(
                    f"attention {length} tokens, heads of {size}, {name}",
                    lambda q=q, k=k, v=v, layout=layout: functions.attention(q, k, v, layout),
                    lambda q=q, k=k, v=v, layout=layout: attend(q, k, v, layout, layout, Rule()),
                    count / best[name],
                ))  # fmt: skip
    return cases


def rows() -> list[Case]:
    """What is bound by memory: 4,096 rows of both widths."""
    cases: list[Case] = []
    for width in (384, 768):
        x, other, norm = torch.randn(4096, width), torch.randn(4096, width), Norm(torch.ones(width), torch.zeros(width))
        target, half = torch.empty_like(x), torch.empty(4096, width // 2)
        tokens, segments = torch.randint(30000, (4096,)), torch.zeros(4096, dtype=torch.int64)
        places, table = torch.arange(4096) % 512, torch.randn(30000, width)
        kinds, positions = torch.randn(2, width), torch.randn(512, width)
        cases.append(Case(
            f"sum and norm, 4,096 rows of {width}",
            lambda x=x, other=other, norm=norm: functions.add_norm(x, other, norm),
            lambda x=x, other=other, norm=norm: F.layer_norm(x + other, x.shape[1:], norm.weight, norm.bias),
            # Two are read and one written: one and a half copies.
            lambda x=x, target=target, half=half: (target.copy_(x), half.copy_(x[:, : x.shape[1] // 2])),
        ))  # fmt: skip
        cases.append(Case(
            f"embedding and norm, 4,096 rows of {width}",
            lambda t=tokens, s=segments, p=places, a=table, b=kinds, c=positions, norm=norm: functions.embed(
                t, a, segments=s, segment_table=b, positions=p, position_table=c, norm=norm
            ),
            lambda t=tokens, s=segments, p=places, a=table, b=kinds, c=positions, norm=norm: F.layer_norm(
                F.embedding(t, a) + F.embedding(s, b) + F.embedding(p, c), a.shape[1:], norm.weight, norm.bias
            ),
            lambda x=x, target=target: target.copy_(x),
        ))  # fmt: skip
        if kernels().has(native.EIGHT_BITS):
            cases.append(Case(
                f"eight-bit rows, 4,096 of {width} (one thread)",
                lambda x=x: functions.quantise(x, 128),
                lambda x=x: torch.quantize_per_tensor_dynamic(x, torch.quint8, False),
                lambda x=x, half=half: half.copy_(x[:, : x.shape[1] // 2]),
            ))  # fmt: skip
    return cases


def measured(case: Case, budget: float) -> Line:
    """One case."""
    if callable(case.ceiling):
        own, other, least = microseconds([case.run, case.other, case.ceiling], budget)
    else:
        own, other = microseconds([case.run, case.other], budget)
        least = case.ceiling
    return Line(case.name, own, least, other)


def main() -> None:
    """Prints a table; with ``--json`` one line of JSON instead."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--threads", type=int, default=torch.get_num_threads())
    asked.add_argument("--only", nargs="+", default=list(PARTS), choices=PARTS)
    asked.add_argument("--seconds", type=float, default=0.5, help="for each line")
    asked.add_argument("--json", action="store_true")
    given = asked.parse_args()
    torch.set_num_threads(given.threads)
    torch.manual_seed(0)
    warnings.simplefilter("ignore")  # PyTorch's own eight bits are deprecated, and still what it has
    with torch.inference_mode():
        best = rates(given.seconds)
        cases = products(best) if "products" in given.only else []
        cases += attention(best) if "attention" in given.only else []
        cases += rows() if "rows" in given.only else []
        lines = [measured(case, given.seconds) for case in cases]
    told = ", ".join(f"{rate / 1e3:,.0f} GFLOP/s {name}" for name, rate in best.items())
    about = f"{machine()}; kernels on {kernels().set}: {told}"
    if given.json:
        print(json.dumps({"machine": about, "lines": [asdict(each) for each in lines]}))
        return
    print(about)
    print("\n| kernel | us | of its ceiling | PyTorch us | x PyTorch |\n|---|---:|---:|---:|---:|")
    for each in lines:
        beside = f"{each.torch:,.1f} | {each.torch / each.own:.2f}"
        print(f"| {each.name} | {each.own:,.1f} | {each.of_ceiling:.0%} | {beside} |")


if __name__ == "__main__":
    main()
