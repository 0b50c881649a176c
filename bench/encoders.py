"""Vectors of texts, torso beside every peer, in one run: ``python bench/encoders.py [--shape minilm rbt3 ...]``.

All systems run as processes of their own and take turns, round by round, so that noise falls on all alike; what is told
are medians, and ratios within a round. `of ceiling` is the share of the rate that this machine's prepacked oneDNN
products reach in the same precision and run, for the products and the attention that the texts need; `first vector` is
a fresh process, beside one that imports torch alone. Needs: pip install -r bench/requirements.txt.

The tables are printed, appended to bench/RESULTS.md, and kept in bench/encoders.json, of which bench/encoders.png draws
all: what does not fit into one run is run in parts.
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
import time
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
from peers import SYSTEMS
from side_by_side import ENVIRONMENT, minilm

HERE = Path(__file__).parent
VERSIONS = ("transformers", "sentence-transformers", "onnxruntime", "openvino", "nncf", "ctranslate2")
BASE, EXACT = "torso exact", "transformers sdpa"
# What CTranslate2's converter wants to read: positions as published configs name them, and as many tokens as rows.
PLACES = dict(position_embedding_type="absolute", vocab_size=30522)
SHAPES: dict[str, dict[str, Any]] = {
    "minilm": {},
    "rbt3": dict(model_type="bert", num_hidden_layers=3, **PLACES),
    "bert-base": dict(model_type="bert", **PLACES),
    "roberta-base": dict(model_type="roberta", max_position_embeddings=514, type_vocab_size=1, **PLACES),
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
TOKENS = {"minilm": 17_000, "rbt3": 8_000, "bert-base": 2_500, "roberta-base": 2_500, "deberta-v3-base": 2_000}
"""How many tokens one pass reads unless a run says otherwise: a few seconds each."""
LENGTHS = {"short": 15, "mixed": 58, "long": 220}
WORDS = (Path(__file__).parents[1] / "LICENSE").read_text(encoding="utf-8").split()


def texts(kind: str, count: int, seed: int = 7) -> list[str]:
    """English texts: ``short`` of about 15 tokens, ``mixed`` of about 58 and up to 256, ``long`` of about 220."""
    dice = random.Random(seed)
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
    (folder / "calibration.json").write_text(json.dumps(texts("mixed", 100, seed=8)))
    return folder


def command(system: str, folder: Path, written: Path) -> dict[str, Any]:
    """How the process of a system is started."""
    line = [sys.executable, str(HERE / "peers.py"), system, str(folder), str(written)]
    return dict(args=line, env=ENVIRONMENT | SYSTEMS[system].environment)


def first_vector(system: str, folder: Path, written: Path) -> tuple[float, str]:
    """Seconds of a fresh process up to its first vector, or why it makes none."""
    start = time.perf_counter()
    given = command(system, folder, written)
    given["args"].append("first")
    done = subprocess.run(**given, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, errors="replace")
    reason = "" if done.returncode == 0 else (done.stderr.strip().splitlines() or ["it was ended"])[-1]
    return time.perf_counter() - start, reason


class Worker:
    """A system in a process of its own."""

    def __init__(self, system: str, folder: Path, written: Path) -> None:
        pipe, quiet = subprocess.PIPE, subprocess.DEVNULL
        given = command(system, folder, written)
        self.process = subprocess.Popen(**given, stdin=pipe, stdout=pipe, stderr=quiet, text=True)
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        while line and line != "ready\n":
            line = self.process.stdout.readline()

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


def ceiling() -> tuple[dict[str, float], str]:
    """What products reach here in each precision, and what machine this is; in a process of its own."""
    code = "import json, ceiling; print(json.dumps([ceiling.products(), ceiling.machine()]))"
    given = dict(env=ENVIRONMENT | {"PYTHONPATH": str(HERE)}, check=True, stdout=subprocess.PIPE)
    rates, machine = json.loads(subprocess.run([sys.executable, "-c", code], **given).stdout.splitlines()[-1])
    return rates, machine


def needed(folder: Path, sizes: list[int]) -> float:
    """10^9 products and sums that texts of these sizes need: of the linear layers, and of attention."""
    config = json.loads((folder / "config.json").read_text())
    width, inner, depth = (config[key] for key in ("hidden_size", "intermediate_size", "num_hidden_layers"))
    linear = 2 * sum(sizes) * (4 * width**2 + 2 * width * inner)
    return depth * (linear + 4 * width * sum(size**2 for size in sizes)) / 1e9


def compare(shape: str, kind: str, given: argparse.Namespace, home: Path) -> dict[str, Any]:
    """Every system's figures on one shape and one kind of text, and what they are figures of."""
    folder, count = folder_of(shape, home), given.count or max(20, TOKENS[shape] // LENGTHS[kind])
    chosen = texts(kind, count)
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    # MiniLM's own file cuts texts at 128 tokens; every system here reads 256.
    tokenizer.no_truncation()
    sizes = [min(len(each.ids), 256) for each in tokenizer.encode_batch(chosen)]
    single = next(text for text in texts("short", 500) if len(tokenizer.encode(text).ids) == 16)
    written = home / f"{shape}-{kind}.json"
    written.write_text(json.dumps({"texts": chosen, "single": single}))
    wanted = list(dict.fromkeys([EXACT, BASE, *given.systems]))
    # The first process of each makes the files that it needs; what it took, and the memory, are not told.
    reasons = {system: first_vector(system, folder, written)[1] for system in wanted}
    able = [system for system in wanted if not reasons[system]]
    starts: dict[str, list[float]] = {system: [] for system in ["import torch", *able]}
    for _ in range(given.starts):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", "import torch"], env=ENVIRONMENT, check=True)
        starts["import torch"].append(time.perf_counter() - began)
        for system in able:
            starts[system].append(first_vector(system, folder, written)[0])
    rates, machine = ceiling()
    workers = {system: Worker(system, folder, written) for system in able}
    times: dict[str, list[float]] = {system: [] for system in able}
    for _ in range(given.rounds):
        for system, worker in workers.items():
            times[system].append(worker.ask("run"))
    vectors = {name: np.load(worker.ask(f"vectors {home / 'vectors.npy'}")) for name, worker in workers.items()}
    table: dict[str, dict[str, float]] = {}
    for system, worker in workers.items():
        mine, exact = vectors[system], vectors[EXACT]
        cosine = (mine * exact).sum(1) / np.linalg.norm(mine, axis=1) / np.linalg.norm(exact, axis=1)
        single_times = np.array(worker.ask("latency 100"))
        middle = statistics.median(times[system])
        ratios = [own / other for own, other in zip(times[BASE], times[system], strict=True)]
        table[system] = {
            "tokens/s": sum(sizes) / middle,
            "ratio": statistics.median(ratios),
            "of ceiling": needed(folder, sizes) / middle / rates[SYSTEMS[system].products],
            "p50": 1e3 * float(np.quantile(single_times, 0.5)),
            "p95": 1e3 * float(np.quantile(single_times, 0.95)),
            "first": statistics.median(starts[system] or [0.0]),
            "peak": worker.ask("memory") / 2**20,
            "cosine min": float(cosine.min()),
            "cosine mean": float(cosine.mean()),
        }
        worker.close()
    told = ", ".join(f"{rate:,.0f} {name}" for name, rate in rates.items())
    about = (
        f"{date.today()}: {count} texts of {sum(sizes) / count:.0f} tokens on average, {given.rounds} rounds. "
        f"{machine}; "
        f"{', '.join(f'{name} {installed(name)}' for name in VERSIONS)}. Products here: {told} (10^9 a second)."
    )
    if given.starts:
        about += f" `import torch` takes {statistics.median(starts['import torch']):.2f} s."
    return {"about": about, "rows": table, "cannot": {name: why for name, why in reasons.items() if why}}


def markdown(title: str, made: dict[str, Any]) -> str:
    """One table, and what it was measured on."""
    lines = [
        f"### {title} texts",
        "",
        made["about"],
        "",
        "| system | tokens/s | x torso exact | of ceiling | 16 tokens: p50 ms | p95 ms | first vector, s | peak MB "
        "| cosine min | mean |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for system, row in sorted(made["rows"].items(), key=lambda each: -each[1]["tokens/s"]):
        name = f"**{system}**" if system.startswith("torso") else system
        first = f"{row['first']:.2f}" if row["first"] else "-"
        lines.append(
            f"| {name} | {row['tokens/s']:,.0f} | {row['ratio']:.2f} | {row['of ceiling']:.0%} | {row['p50']:.2f} "
            f"| {row['p95']:.2f} | {first} | {row['peak']:.0f} | {row['cosine min']:.5f} "
            f"| {row['cosine mean']:.5f} |"
        )
    lines += [f"| {name} | cannot: {why[:90]} | | | | | | | | |" for name, why in made["cannot"].items()]
    return "\n".join(lines) + "\n"


def draw(tables: dict[str, dict[str, Any]], path: Path) -> None:
    """A bar per system, a field per shape and kind of text."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    columns = 1 if len(tables) == 1 else 2
    rows = -(-len(tables) // columns)
    figure, axes = pyplot.subplots(rows, columns, figsize=(8 * columns, 0.6 + 3.6 * rows), squeeze=False)
    for axis in axes.flat[len(tables) :]:
        axis.set_visible(False)
    for axis, (title, made) in zip(axes.flat, tables.items(), strict=False):
        bars = sorted(made["rows"].items(), key=lambda each: each[1]["tokens/s"])
        colours = ["#c0392b" if name.startswith("torso") else "#95a5a6" for name, _ in bars]
        drawn = axis.barh([name for name, _ in bars], [row["tokens/s"] for _, row in bars], color=colours)
        axis.bar_label(drawn, [f"{row['tokens/s']:,.0f}" for _, row in bars], padding=3, fontsize=8)
        axis.set_title(f"{title} texts, tokens per second", loc="left", fontsize=10)
        axis.tick_params(labelsize=8)
        axis.spines[["top", "right"]].set_visible(False)
        axis.margins(x=0.12)
    figure.tight_layout()
    figure.savefig(path, dpi=110)


def installed(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "(not installed)"


def main() -> None:
    """Runs what is asked for, prints and appends a table of each, and draws all that were ever kept."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--shape", nargs="+", default=["minilm"], choices=list(SHAPES))
    asked.add_argument("--texts", nargs="+", default=["mixed"], choices=list(LENGTHS))
    asked.add_argument("--systems", nargs="+", default=list(SYSTEMS), choices=list(SYSTEMS), metavar="SYSTEM")
    asked.add_argument("--count", type=int, help="texts; by default as many as take a few seconds")
    asked.add_argument("--rounds", type=int, default=5)
    asked.add_argument("--starts", type=int, default=3, help="fresh processes of each, to their first vector")
    asked.add_argument("--kept", type=Path, default=HERE, help="folder of RESULTS.md, encoders.json and encoders.png")
    given = asked.parse_args()
    kept = given.kept / "encoders.json"
    tables = json.loads(kept.read_text()) if kept.exists() else {}
    for shape in given.shape:
        for kind in given.texts:
            with tempfile.TemporaryDirectory() as home:
                made = compare(shape, kind, given, Path(home))
            title = f"{shape}, {kind}"
            tables[title] = made
            print(markdown(title, made), flush=True)
            with (given.kept / "RESULTS.md").open("a", encoding="utf-8") as results:
                results.write("\n" + markdown(title, made))
            kept.write_text(json.dumps(tables, indent=1) + "\n")
    draw(tables, given.kept / "encoders.png")


if __name__ == "__main__":
    main()
