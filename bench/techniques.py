"""What single techniques of the PyTorch path give: ``python bench/techniques.py``; the numbers of bench/NOTES.md.

Each is timed against what it takes the place of, in turns, at MiniLM's sizes; told are medians, and the ratio.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Mapping

import torch
from ceiling import machine
from encoders import texts
from side_by_side import minilm
from torch import Tensor
from torch.nn import functional as F

import torso
from torso.engines.benchmark import batch_of
from torso.engines.runner import by_length
from torso.host_batch import HostBatch

# The path that these techniques are of.
os.environ["TORSO_KERNELS"] = "0"

Work = Callable[[], object]
WIDTH, INNER, HEADS, SIZE = 384, 1536, 12, 32


def compare(title: str, works: Mapping[str, Work], rounds: int = 25) -> None:
    """Prints the median of each in milliseconds, and the first's time in terms of each other's."""
    times: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            start = time.perf_counter()
            work()
            times[name].append(1e3 * (time.perf_counter() - start))
    middle = {name: statistics.median(each[2:]) for name, each in times.items()}
    first = next(iter(middle.values()))
    told = "; ".join(f"{name} {each:.2f} ms ({first / each:.2f} x)" for name, each in middle.items())
    print(f"{title}: {told}", flush=True)


def linear(out: int, into: int, dtype: torch.dtype, act: str = "none") -> Callable[[Tensor], Tensor]:
    """A prepacked product."""
    packed = torch.ops.mkldnn._reorder_linear_weight(torch.randn(out, into).to(dtype))
    bias = torch.zeros(out, dtype=dtype)
    return lambda x: torch.ops.mkldnn._linear_pointwise(x, packed, bias, act, [], "none")


def products(dtype: torch.dtype) -> None:
    """Prepacking, fused activations, one product for queries, keys and values."""
    name = str(dtype).removeprefix("torch.")
    x, weight = torch.randn(2048, WIDTH).to(dtype), torch.randn(INNER, WIDTH).to(dtype)
    up, fused = linear(INNER, WIDTH, dtype), linear(INNER, WIDTH, dtype, "gelu")
    compare(f"prepacked product, {name}", {"F.linear": lambda: F.linear(x, weight), "prepacked": lambda: up(x)})
    compare(f"gelu on the way out, {name}", {"apart": lambda: F.gelu(up(x)), "fused": lambda: fused(x)})
    one, three = linear(3 * WIDTH, WIDTH, dtype), [linear(WIDTH, WIDTH, dtype) for _ in range(3)]
    compare(f"queries, keys, values, {name}", {"three": lambda: [each(x) for each in three], "one": lambda: one(x)})


def attention() -> None:
    """SDPA against two batched products and a softmax, over n texts of equal length."""
    for dtype in (torch.float32, torch.bfloat16):
        for count, length in ((32, 16), (16, 64), (8, 128), (4, 256)):
            q, k, v = (torch.randn(count, length, HEADS, SIZE).to(dtype).transpose(1, 2) for _ in range(3))

            def by_products(q: Tensor = q, k: Tensor = k, v: Tensor = v) -> Tensor:
                scores = torch.matmul(q, k.transpose(-1, -2)) * SIZE**-0.5
                return torch.matmul(torch.softmax(scores, -1), v)

            def by_sdpa(q: Tensor = q, k: Tensor = k, v: Tensor = v) -> Tensor:
                return F.scaled_dot_product_attention(q, k, v)

            title = f"attention, {str(dtype)[6:]}, {count} texts of {length}"
            compare(title, {"SDPA": by_sdpa, "products": by_products})


def ladder() -> None:
    """A product of ever other numbers of rows, and of rows rounded up to a ladder's rungs."""
    x, up = torch.randn(2304, WIDTH), linear(INNER, WIDTH, torch.float32)
    sizes = list(range(1801, 2049, 2))

    def new(sizes: list[int]) -> None:
        for size in sizes:
            up(x[:size])

    start = time.perf_counter()
    new(sizes)
    first = time.perf_counter() - start
    start = time.perf_counter()
    new(sizes)
    again = time.perf_counter() - start
    print(
        f"a shape met for the first time costs {1e3 * (first - again) / len(sizes):.3f} ms more a product", flush=True
    )
    rungs = [-(-size // 128) * 128 for size in sizes]
    more = sum(rungs) / sum(sizes) - 1
    works = {"as they are": lambda: new(sizes), "rungs": lambda: new(rungs)}
    compare(f"rungs of 128 rows ({more:.1%} more rows)", works, 5)


def whole() -> None:
    """Flushed denormals, threads, and a batch's order, on the whole of MiniLM."""
    model = torso.compiled(minilm())
    tokenizer = torso.load_tokenizer(minilm())
    ids = [list(each.ids)[:256] for each in tokenizer.encodings(texts("mixed", 80))]
    ordered = [batch_of([ids[n] for n in group]) for group in by_length([len(each) for each in ids], 4096)]

    @torch.inference_mode()
    def run(chosen: list[HostBatch]) -> None:
        for batch in chosen:
            model.run(batch)

    def flushed() -> None:
        torch.set_flush_denormal(True)
        run(ordered)
        torch.set_flush_denormal(False)

    def alone() -> None:
        torch.set_num_threads(1)
        run(ordered)
        torch.set_num_threads(2)

    single = [batch_of([each]) for each in ids]
    longest = max(len(each) for each in ids)
    equal = [each + [0] * (longest - len(each)) for each in ids]
    padded = [batch_of(equal[start : start + 16]) for start in range(0, len(ids), 16)]
    works = {"packed, by length": lambda: run(ordered), "denormals flushed": flushed, "one thread": alone}
    compare("MiniLM, exact", works | {"one by one": lambda: run(single), "padded": lambda: run(padded)}, 6)


if __name__ == "__main__":
    print(machine())
    with torch.inference_mode():
        products(torch.float32)
        products(torch.bfloat16)
        attention()
        ladder()
    whole()
