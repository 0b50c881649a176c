"""Vectors of texts, torso beside every peer, in one run: ``python bench/encoders.py [--shapes minilm rbt3 ...]``.

All systems run as processes of their own and take turns, round by round, so that noise falls on all alike; what is told
are medians, and ratios within a round. Needs: pip install -r bench/requirements.txt. Draws bench/encoders.png.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from peers import SYSTEMS
from side_by_side import ENVIRONMENT, minilm

SHAPES: dict[str, dict[str, Any]] = {
    "minilm": {},
    "rbt3": dict(model_type="bert", num_hidden_layers=3, vocab_size=21128 + 9394),
    "bert-base": dict(model_type="bert"),
    "roberta-base": dict(model_type="roberta", vocab_size=50265, max_position_embeddings=514, type_vocab_size=1),
    "deberta-v3-base": dict(
        model_type="deberta-v2",
        vocab_size=128100,
        relative_attention=True,
        position_buckets=256,
        pos_att_type=["p2c", "c2p"],
        share_att_key=True,
        norm_rel_ebd="layer_norm",
        position_biased_input=False,
        max_relative_positions=-1,
    ),
}
WORDS = (Path(__file__).parents[1] / "LICENSE").read_text(encoding="utf-8").split()


def texts(kind: str, count: int) -> list[str]:
    """English texts: ``short`` of about 12 tokens, ``mixed`` of about 50 and up to 256, ``long`` of about 220."""
    dice = random.Random(7)
    middle, spread = {"short": (2.2, 0.4), "mixed": (3.6, 0.65), "long": (5.2, 0.15)}[kind]
    return [
        " ".join(dice.choices(WORDS, k=max(2, min(int(dice.lognormvariate(middle, spread)), 230))))
        for _ in range(count)
    ]


def folder_of(shape: str, home: Path) -> Path:
    """A folder of the shape's weights, with MiniLM's tokenizer; MiniLM's own are real, the others random."""
    folder = home / shape
    shutil.copytree(minilm(), folder)
    if shape != "minilm":
        code = f"""
import transformers, torch
values = {SHAPES[shape]!r}
torch.manual_seed(0)
settings = transformers.AutoConfig.for_model(values.pop("model_type"), **values)
transformers.AutoModel.from_config(settings).save_pretrained({str(folder)!r})
"""
        subprocess.run([sys.executable, "-c", code], check=True, env=ENVIRONMENT)
        for name in ("modules.json", "sentence_bert_config.json"):
            (folder / name).unlink(missing_ok=True)
    return folder


class Worker:
    """A system in a process of its own."""

    def __init__(self, system: str, folder: Path, written: Path) -> None:
        command = [sys.executable, str(Path(__file__).with_name("peers.py")), system, str(folder), str(written)]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True, env=ENVIRONMENT)
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        while line and line != "ready\n":
            line = self.process.stdout.readline()
        if not line:
            assert self.process.stderr is not None
            raise RuntimeError(self.process.stderr.read().strip().splitlines()[-1])

    def ask(self, line: str) -> Any:
        """The answer to one line."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def close(self) -> None:
        """Ends the process."""
        self.process.stdin.close()
        self.process.wait()


def ceiling() -> dict[str, float]:
    """GFLOP/s of this machine's products at 2,048 x 768 x 768, as prepacked oneDNN gives them."""
    code = """
import json, time, statistics, torch
def rate(dtype):
    x, w = torch.randn(2048, 768).to(dtype), torch.randn(768, 768).to(dtype)
    packed = torch.ops.mkldnn._reorder_linear_weight(w)
    times = []
    for _ in range(60):
        start = time.perf_counter()
        torch.ops.mkldnn._linear_pointwise(x, packed, None, "none", [], "")
        times.append(time.perf_counter() - start)
    return 2 * 2048 * 768 * 768 / statistics.median(times[10:]) / 1e9
print(json.dumps({"float32": rate(torch.float32), "bfloat16": rate(torch.bfloat16)}))
"""
    done = subprocess.run([sys.executable, "-c", code], check=True, env=ENVIRONMENT, stdout=subprocess.PIPE)
    return json.loads(done.stdout.splitlines()[-1])


def compare(
    shape: str, kind: str, count: int, rounds: int, wanted: list[str], home: Path
) -> dict[str, dict[str, float]]:
    """Every system's figures on one shape and one kind of text."""
    folder, chosen = folder_of(shape, home), texts(kind, count)
    written = home / f"{shape}-{kind}.json"
    written.write_text(json.dumps(chosen))
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokens = sum(min(len(each.ids), 256) for each in tokenizer.encode_batch(chosen))
    print(f"{shape}, {kind}: {count} texts, {tokens / count:.0f} tokens each", flush=True)
    workers: dict[str, Worker] = {}
    for system in wanted:
        try:
            workers[system] = Worker(system, folder, written)
        except (RuntimeError, IndexError) as error:
            print(f"  {system} cannot run this: {error}", flush=True)
    times: dict[str, list[float]] = {system: [] for system in workers}
    for _ in range(rounds):
        for system, worker in workers.items():
            times[system].append(worker.ask("run"))
    base = "transformers sdpa"
    vectors = {name: np.load(worker.ask(f"vectors {home / 'vectors.npy'}")) for name, worker in workers.items()}
    table: dict[str, dict[str, float]] = {}
    for system, worker in workers.items():
        mine, exact = vectors[system], vectors[base]
        cosine = (mine * exact).sum(1) / np.linalg.norm(mine, axis=1) / np.linalg.norm(exact, axis=1)
        single = sorted(worker.ask("latency 40"))
        table[system] = {
            "tokens/s": tokens / statistics.median(times[system]),
            "x torso exact": statistics.median(
                own / other for own, other in zip(times["torso exact"], times[system], strict=True)
            ),
            "p50 ms": 1e3 * single[20],
            "p95 ms": 1e3 * single[38],
            "peak MB": worker.ask("memory") / 2**20,
            "cosine min": float(cosine.min()),
            "cosine mean": float(cosine.mean()),
        }
        worker.close()
    return table


def show(table: dict[str, dict[str, float]]) -> None:
    """One table in Markdown."""
    print("| system | tokens/s | x torso exact | p50 ms | p95 ms | peak MB | cosine min | mean |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|")
    for system, row in sorted(table.items(), key=lambda each: -each[1]["tokens/s"]):
        name = f"**{system}**" if system.startswith("torso") else system
        print(
            f"| {name} | {row['tokens/s']:,.0f} | {row['x torso exact']:.2f} | {row['p50 ms']:.1f} "
            f"| {row['p95 ms']:.1f} | {row['peak MB']:.0f} | {row['cosine min']:.5f} | {row['cosine mean']:.5f} |",
            flush=True,
        )


def draw(tables: dict[str, dict[str, dict[str, float]]], path: Path) -> None:
    """A bar per system and shape."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(len(tables), 1, figsize=(8, 0.6 + 3.2 * len(tables)), squeeze=False)
    for axis, (title, table) in zip(axes[:, 0], tables.items(), strict=True):
        rows = sorted(table.items(), key=lambda each: each[1]["tokens/s"])
        colours = ["#c0392b" if name.startswith("torso") else "#95a5a6" for name, _ in rows]
        bars = axis.barh([name for name, _ in rows], [row["tokens/s"] for _, row in rows], color=colours)
        axis.bar_label(bars, [f"{row['tokens/s']:,.0f}" for _, row in rows], padding=3, fontsize=8)
        axis.set_title(title, loc="left", fontsize=10)
        axis.tick_params(labelsize=8)
        axis.spines[["top", "right"]].set_visible(False)
        axis.margins(x=0.12)
    axes[-1, 0].set_xlabel("tokens per second")
    figure.tight_layout()
    figure.savefig(path, dpi=120)


def main() -> None:
    """Prints a table per shape and draws all of them."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--shapes", nargs="+", default=["minilm"], choices=list(SHAPES))
    asked.add_argument("--texts", nargs="+", default=["mixed"], choices=["short", "mixed", "long"])
    asked.add_argument("--systems", nargs="+", default=list(SYSTEMS), choices=list(SYSTEMS))
    asked.add_argument("--count", type=int, default=1000)
    asked.add_argument("--rounds", type=int, default=5)
    asked.add_argument("--chart", type=Path, default=Path(__file__).with_name("encoders.png"))
    given = asked.parse_args()
    wanted = list(dict.fromkeys(["transformers sdpa", "torso exact", *given.systems]))
    rates = ceiling()
    print(f"products on this machine: {rates['float32']:.0f} GFLOP/s float32, {rates['bfloat16']:.0f} bfloat16")
    tables: dict[str, dict[str, dict[str, float]]] = {}
    for shape in given.shapes:
        for kind in given.texts:
            with tempfile.TemporaryDirectory() as home:
                table = compare(shape, kind, given.count, given.rounds, wanted, Path(home))
            show(table)
            tables[f"{shape}, {kind} texts"] = table
    draw(tables, given.chart)


if __name__ == "__main__":
    main()
