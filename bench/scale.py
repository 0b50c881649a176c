"""Batch jobs beside the function they call: rows a second, a worker's memory over 50 slices, 50,000 slices planned.

python bench/scale.py [--rows N] [--rounds N] [--minutes N] [--ray] [--save bench/scale.json]

Each round runs every way once, in a fresh process. "without start" counts from the moment at which each worker has
committed a slice: rows after that moment by the seconds after it. ``--ray`` needs Ray Data (``make test-scale``).
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from side_by_side import minilm, report

WORDS = ["the", "of", "and", "quiet", "river", "model", "writes", "a", "letter", "to", "its", "oldest", "friend"]
TABLE = """
import random
import pyarrow as pa, pyarrow.parquet as pq
draw = random.Random(7)
words = {words!r}
texts = [" ".join(draw.choices(words, k=min(200, 4 + int(draw.expovariate(1 / 30))))) for _ in range({rows})]
pq.write_table(pa.table(dict(id=list(range({rows})), text=texts)), {path!r}, row_group_size={slice})
print("{{}}")
"""
EMBED = """
import json, time
import pyarrow.parquet as pq
import torso
from torso.architecture import Task
from torso.tasks import make_ready
texts = pq.read_table({path!r})["text"].to_pylist()
ready = make_ready({model!r}, Task.FEATURES)
torso.embed(["warm"], model=ready)
begun = time.perf_counter()
torso.embed(texts, model=ready)
print(json.dumps(dict(rate=len(texts) / (time.perf_counter() - begun))))
"""
SCALE = """
import json, tempfile, time
from torso.scale import run

def main():
    marks = []
    with tempfile.TemporaryDirectory() as out:
        begun = time.perf_counter()
        {before}
        run({path!r}, out, task="embed", model={model!r}, column="text", workers={workers}, threads=1, rows={slice},
            engine={engine!r}, progress=lambda each: marks.append((time.perf_counter(), each.rows)))
        ended = time.perf_counter()
        (first, before), (last, rows) = marks[{workers}], marks[-1]
        print(json.dumps(dict(rate=(rows - before) / (last - first), whole=rows / (ended - begun),
            start=marks[1][0] - begun)))

if __name__ == "__main__":
    main()
"""
RAY = "import ray; ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level='ERROR')"
MEMORY = """
import json, os, tempfile
from pathlib import Path
from torso.scale import run

def resident():
    sizes = []
    for child in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            status = child.with_name("status").read_text()
            if b"spawn_main" in child.read_bytes() and f"PPid:\\t{{os.getpid()}}" in status:
                sizes += [int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")]
        except OSError:
            pass
    return max(sizes, default=0)

if __name__ == "__main__":
    sizes = []
    with tempfile.TemporaryDirectory() as out:
        run({path!r}, out, task="embed", model={model!r}, column="text", workers=1, threads=1, rows={slice},
            progress=lambda _: sizes.append(resident()))
    sizes = [each for each in sizes if each]
    after = sizes[10:]
    tenth, most = sizes[9] / 1024, max(after) / 1024
    print(json.dumps(dict(slices=len(sizes), tenth=tenth, most=most, ratio=most / tenth)))
"""
PLAN = """
import json, resource, tempfile, time
from pathlib import Path
import pyarrow as pa, pyarrow.parquet as pq
import torso.tasks
from torso.scale.job import Job
from torso.scale.job_plan import make_plan, resolve_plan
with tempfile.TemporaryDirectory() as home:
    tables, out = Path(home, "in"), Path(home, "out")
    tables.mkdir(), out.mkdir()
    table = pa.table(dict(text=["x"] * 10_000))
    for number in range(100):
        pq.write_table(table, tables / f"{number:03}.parquet", row_group_size=20)
    job = Job("classify", "torso:sentiment", "text")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begun = time.process_time()
    plan = make_plan(job, "0" * 64, [str(tables)], 20)
    resolve_plan(plan, str(out))
    resolve_plan(plan, str(out))
    spent = time.process_time() - begun
    print(json.dumps(dict(slices=len(plan.slices), seconds=spent,
        megabytes=(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak) / 1024)))
"""


def measure(code: str, values: dict[str, Any]) -> dict[str, float]:
    """What a script prints; it is a file, since spawned processes import it."""
    with tempfile.NamedTemporaryFile("w", suffix=".py") as script:
        script.write(code.format(**values) if "{path" in code else code)
        script.flush()
        return report(f"import runpy; runpy.run_path({script.name!r}, run_name='__main__')")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--ray", action="store_true")
    parser.add_argument("--minutes", type=float, default=60.0, help="no round is begun that would end after it")
    parser.add_argument("--save", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        values: dict[str, Any] = dict(
            rows=asked.rows, path=f"{home}/in.parquet", model=str(minilm()), slice=max(1, asked.rows // 60), words=WORDS
        )
        measure(TABLE, values)
        local = values | dict(workers=2, engine="local", before="pass")
        ways: dict[str, Callable[[], dict[str, float]]] = {
            "one torso.embed": lambda: measure(EMBED, values),
            "local, 2 workers": lambda: measure(SCALE, local),
        }
        if asked.ray:
            ways["ray, 2 actors"] = lambda: measure(SCALE, local | dict(engine="ray", before=RAY))
        found: dict[str, list[dict[str, float]]] = {name: [] for name in ways}
        begun, done = time.monotonic(), 0
        # What follows the rounds takes about as long as two of them.
        while done < asked.rounds and (time.monotonic() - begun) * (done + 3) < asked.minutes * 60 * max(done, 1):
            for name, way in ways.items():
                found[name].append(way())
            done += 1
        # Slices of more than a batch, so that the first ones have met batches as large as any.
        values |= dict(rows=61 * 500, slice=500)
        measure(TABLE, values)
        memory, plan = measure(MEMORY, values), measure(PLAN, values)
    rates = {name: [each["rate"] for each in rounds] for name, rounds in found.items()}
    print(f"{'':20} {'rows/s':>9}   without start, medians of {done} rounds over {asked.rows} rows")
    for name, each in rates.items():
        print(f"{name:20} {statistics.median(each):9.0f}")
    names = list(rates)
    for name, base in zip(names[1:], names, strict=False):
        ratio = statistics.median(own / other for own, other in zip(rates[name], rates[base], strict=True))
        print(f"{name} / {base}: {ratio:.3f}")
    print(f"a worker after its tenth slice: {memory['tenth']:.0f} MB, most until slice {memory['slices']:.0f}: "
          f"{memory['most']:.0f} MB, {memory['ratio']:.3f} x")  # fmt: skip
    print(f"{plan['slices']:.0f} slices planned and settled: {plan['seconds']:.2f} s of processor, "
          f"{plan['megabytes']:.0f} MB")  # fmt: skip
    if asked.save:
        asked.save.write_text(json.dumps(dict(ways=found, memory=memory, plan=plan), indent=1) + "\n")


if __name__ == "__main__":
    main()
