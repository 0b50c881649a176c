"""One forward of an encoder by stage, each beside its own limits: ``python bench/profile_stages.py [--shape ...]``.

The time of a stage is that of its operators, as PyTorch's profiler sees them; what a forward takes beyond all of them
is the row Python. The limit of a stage is the larger of two: its products at the rate of a large prepacked oneDNN
product in the same precision, and the bytes that it must read and write at the rate of copying 8 MiB, both measured in
the same run. Where the rows stay in the processor's nearer caches a stage may beat its limit of memory.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

import torch
from ceiling import bandwidth, machine, products
from encoders import texts
from side_by_side import minilm
from torch.profiler import ProfilerActivity, profile, record_function

import torso
from torso.batch import Batch, from_host
from torso.engines.benchmark import batch_of
from torso.engines.prepacking import prepacked
from torso.engines.runner import by_length
from torso.host_batch import Rows, Wanted
from torso.model import Model, new_model
from torso.models.bert import BertConfig
from torso.outputs import Hidden
from torso.tasks.embedding_recipe import Recipe
from torso.tasks.pooling import Pooler

# A trunk that runs as one kernel has no stages to see.
os.environ["TORSO_KERNELS"] = "0"

STAGES = ("embedding", "qkv", "attention", "out", "up", "activation", "down", "norms", "sums", "pooling")
WHERE = {
    "trunk.embed": "embedding",
    "attn.qkv": "qkv",
    "attn.out": "out",
    "attn": "attention",
    "ffn.up": "up",
    "ffn.down": "down",
    "ffn": "activation",
    "attn_norm": "norms",
    "ffn_norm": "norms",
}
PRODUCTS = {"exact": "float32", "bf16": "bfloat16", "int8": "int8"}
BYTES = {"exact": 4, "bf16": 2, "int8": 4}
BUDGET = 4096
MARK = "stage: "


@dataclass(frozen=True)
class Stage:
    """One stage of all batches together: milliseconds, what it computes and moves, and what bounds it."""

    name: str
    milliseconds: float
    share: float
    gigaflop: float
    megabytes: float
    arithmetic_limit: float
    memory_limit: float

    @property
    def of_limit(self) -> float:
        """How much of the larger limit it reaches."""
        return max(self.arithmetic_limit, self.memory_limit) / self.milliseconds if self.milliseconds else 0.0


def work(model: Model[Any], batches: list[Batch], mode: str) -> dict[str, tuple[float, float]]:
    """GFLOP and megabytes of each stage: rows read and written once, weights read once per batch."""
    config: Any = model.config
    width, inner, depth = config.hidden_size, config.intermediate_size, config.num_hidden_layers
    rows, size = sum(len(batch.tokens) for batch in batches), BYTES[mode]
    squares = sum(length**2 for batch in batches for length in batch.layout.sizes)

    def product(into: int, out: int) -> tuple[float, float]:
        weight = into * out * len(batches) * {"exact": 4, "bf16": 2, "int8": 1}[mode]
        return depth * 2 * rows * into * out / 1e9, depth * (rows * (into + out) * size + weight) / 1e6

    return {
        "embedding": (0.0, 2 * rows * width * 4 / 1e6),
        "qkv": product(width, 3 * width),
        "attention": (depth * 4 * squares * width / 1e9, depth * 4 * rows * width * size / 1e6),
        "out": product(width, width),
        "up": product(width, inner),
        "down": product(inner, width),
        # A sum reads two, a norm one, each writes one; done together they would read two and write one.
        "norms": (0.0, depth * 2 * 2 * rows * width * 4 / 1e6),
        "sums": (0.0, depth * 2 * 3 * rows * width * 4 / 1e6),
        "pooling": (0.0, rows * width * 4 / 1e6),
    }


@contextmanager
def marked(model: Model[Any]) -> Iterator[None]:
    """Within it each stage of the trunk is a region of the profiler's record."""
    handles: list[Any] = []
    for name, module in model.named_modules():
        stage = next((WHERE[end] for end in WHERE if name == end or name.endswith(f".{end}")), None)
        if name.startswith("trunk.layers.") and name.count(".") == 2:
            stage = "sums"
        if stage is None:
            continue
        regions: list[Any] = []

        def begin(module: Any, given: Any, regions: list[Any] = regions, stage: str = stage) -> None:
            regions.append(record_function(MARK + stage))
            regions[-1].__enter__()

        def end(module: Any, given: Any, made: Any, regions: list[Any] = regions) -> None:
            regions.pop().__exit__(None, None, None)

        handles += [module.register_forward_pre_hook(begin), module.register_forward_hook(end)]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def by_stage(run: Callable[[], object]) -> dict[str, float]:
    """Milliseconds of each stage's own operators."""
    with profile(activities=[ProfilerActivity.CPU]) as record:
        run()
    spent = dict.fromkeys(STAGES, 0.0)
    for event in record.events() or []:
        if event.name.startswith(MARK):
            own = [each for each in event.cpu_children if not each.name.startswith(MARK)]
            spent[event.name.removeprefix(MARK)] += sum(each.cpu_time_total for each in own) / 1e3
    return spent


def staged(
    model: Model[Any], batches: list[Batch], mode: str, rates: dict[str, float], speed: float, rounds: int
) -> list[Stage]:
    """Every stage of a model in a mode, over all batches; medians of the rounds."""
    pool = Pooler(Recipe(("mean",), True), None)

    def pooled(hidden: Hidden) -> Rows:
        with record_function(f"{MARK}pooling"):
            return pool(hidden)

    @torch.inference_mode()
    def run() -> None:
        for batch in batches:
            pooled(model(batch).hidden)

    for _ in range(2):
        run()
    seconds: list[float] = []
    spent: list[dict[str, float]] = []
    # A profiler's own work drives a small model out of the caches: what is short is timed many times between.
    repeats = 1 if len(batches) > 1 else 30
    for _ in range(rounds):
        for _ in range(repeats):
            start = time.perf_counter()
            run()
            seconds.append(time.perf_counter() - start)
        with marked(model):
            spent.append(by_stage(run))
    whole = 1e3 * statistics.median(seconds)
    middle = {name: statistics.median(each[name] for each in spent) for name in STAGES}
    middle["Python"] = max(0.0, whole - sum(middle.values()))
    needs = work(model, batches, mode)
    stages: list[Stage] = []
    for name, taken in middle.items():
        flop, moved = needs.get(name, (0.0, 0.0))
        limits = 1e3 * flop / rates[PRODUCTS[mode]], moved / speed
        stages.append(Stage(name, taken, taken / whole, flop, moved, *limits))
    total = [sum(getattr(each, key) for each in stages) for key in ("gigaflop", "megabytes")]
    limits = [sum(getattr(each, key) for each in stages) for key in ("arithmetic_limit", "memory_limit")]
    return [*stages, Stage("all", whole, 1.0, total[0], total[1], limits[0], limits[1])]


def show(title: str, tokens: int, stages: list[Stage]) -> None:
    """One table in Markdown."""
    print(f"\n{title}: {1e3 * tokens / stages[-1].milliseconds:,.0f} tokens/s\n")
    print("| stage | ms | share | GFLOP | MB | arithmetic needs, ms | memory needs, ms | of its limit |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|")
    for each in stages:
        if each.milliseconds:
            print(
                f"| {each.name} | {each.milliseconds:.2f} | {each.share:.1%} | {each.gigaflop:.2f} "
                f"| {each.megabytes:.1f} | {each.arithmetic_limit:.2f} | {each.memory_limit:.2f} "
                f"| {f'{each.of_limit:.0%}' if each.of_limit else '-'} |",
                flush=True,
            )


def main() -> None:
    """Prints a table per mode; with ``--json`` one line of JSON instead."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--shape", default="minilm", choices=["minilm", "bert-base"])
    asked.add_argument("--texts", default="mixed", choices=["one", "short", "mixed", "long"])
    asked.add_argument("--modes", nargs="+", default=["exact"], choices=["exact"])
    asked.add_argument("--count", type=int, default=300)
    asked.add_argument("--rounds", type=int, default=5)
    asked.add_argument("--budget", type=int, default=BUDGET, help="tokens of one batch")
    asked.add_argument("--json", action="store_true")
    given = asked.parse_args()
    tokenizer = torso.load_tokenizer(minilm())
    if given.texts == "one":
        batches = [from_host(batch_of([list(range(1000, 1016))]), Wanted())]
    else:
        ids = [list(each.ids)[:256] for each in tokenizer.encodings(texts(given.texts, given.count))]
        groups = by_length([len(each) for each in ids], given.budget)
        batches = [from_host(batch_of([ids[n] for n in group]), Wanted()) for group in groups]
    tokens = sum(len(batch.tokens) for batch in batches)
    rates, speed = products(), bandwidth(2**23)
    told = ", ".join(f"{rate:,.0f} GFLOP/s {name}" for name, rate in rates.items())
    about = f"{machine()}; {told}; {speed:.0f} GB/s"
    tables: dict[str, list[Stage]] = {}
    for mode in given.modes:
        model = torso.load(minilm()) if given.shape == "minilm" else shaped()
        prepacked(model)
        title = f"{given.shape}, {mode}, {given.texts}: {tokens} tokens in {len(batches)} batches"
        tables[title] = staged(model, batches, mode, rates, speed, given.rounds)
    if given.json:
        told = {title: [asdict(each) for each in stages] for title, stages in tables.items()}
        print(json.dumps({"machine": about, "stages": told}))
        return
    print(about)
    for title, stages in tables.items():
        show(title, tokens, stages)


def shaped() -> Model[Any]:
    """A model of BERT-base's shape with random weights."""
    return new_model(BertConfig(), torso.Task.FEATURES, seed=0)


if __name__ == "__main__":
    main()
