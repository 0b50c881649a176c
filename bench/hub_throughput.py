"""Download throughput beside the official client's, on loopback: interleaved runs, medians, peak memory.

    python bench/hub_throughput.py [--size 300] [--rounds 5]

One process serves one model with one large file, by the rig of tests/hub: the Hub's protocol over a real repository,
bytes from a second origin. Each run is a process of its own with an empty cache, and times one call after its
imports: `torso.hub.resolve`, which verifies SHA-256, and `huggingface_hub.snapshot_download` over plain http, which
verifies nothing; "and verify" adds the SHA-256 that it leaves out. Rounds alternate, so that a noisy neighbour meets
all alike.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

SERVE = r"""
import random, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from hub.hubd import Cdn, Hub
from hub.repository import Shelf
shelf, block = Shelf(Path(sys.argv[2])), random.Random(0).randbytes(1_000_000)
weights = b"".join(number.to_bytes(8, "big") + block[8:] for number in range(int(sys.argv[3])))
shelf.add("bench/model", {"config.json": b"{}", "vocab.txt": b"[PAD]\n", "model.safetensors": weights})
del weights
with Cdn(shelf) as cdn, Hub(shelf, cdn.url) as hub:
    print(hub.url, flush=True)
    sys.stdin.read()
"""
MEASURE = """
import json, resource, sys, time
{imports}
begun, cpu = time.perf_counter(), time.process_time()
{call}
seconds, cpu = time.perf_counter() - begun, time.process_time() - cpu
try:  # of this program alone; ru_maxrss begins with what the parent had
    peak = int(open("/proc/self/status").read().split("VmHWM:")[1].split()[0]) * 1024
except FileNotFoundError:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps({{"seconds": seconds, "cpu": cpu, "peak": peak}}))
"""
OFFICIAL = "from huggingface_hub import snapshot_download"
VERIFY = """
import hashlib
for path in __import__("pathlib").Path(folder).glob("*.safetensors"):
    assert hashlib.file_digest(path.open("rb"), "sha256").hexdigest() == path.resolve().name
"""
CLIENTS = {
    "torso (verified)": MEASURE.format(imports="from torso.hub import resolve", call='resolve("bench/model")'),
    "huggingface_hub": MEASURE.format(imports=OFFICIAL, call='snapshot_download("bench/model")'),
    "huggingface_hub and verify": MEASURE.format(
        imports=OFFICIAL, call='folder = snapshot_download("bench/model")\n' + VERIFY
    ),
}


@contextmanager
def served(size: int) -> Generator[tuple[str, Path]]:
    """Address of a Hub with a model of ``size`` megabytes, and a folder to work in."""
    tests = str(Path(__file__).parents[1] / "tests")
    work = Path(tempfile.mkdtemp(prefix="torso-bench-"))
    try:
        command = [sys.executable, "-c", SERVE, tests, str(work / "shelf"), str(size)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
            assert server.stdout is not None
            assert server.stdin is not None
            url = server.stdout.readline().strip()
            assert url, "the server did not start"
            yield url, work
            server.stdin.close()
    finally:
        shutil.rmtree(work)


def measure(code: str, url: str, work: Path) -> dict[str, float]:
    """One run: seconds, seconds of the processor, and peak bytes of memory."""
    home = work / "home"
    environment = os.environ | {
        "HF_ENDPOINT": url,
        "HF_HOME": str(home),
        "HF_HUB_DISABLE_XET": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    }
    try:
        command = [sys.executable, "-c", code]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(done.stderr)
        return json.loads(done.stdout)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def main() -> None:
    """Prints the medians."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=300, help="megabytes of the large file")
    parser.add_argument("--rounds", type=int, default=5, help="runs of each client")
    options = parser.parse_args()
    results: dict[str, list[dict[str, float]]] = {name: [] for name in CLIENTS}
    with served(options.size) as (url, work):
        for _ in range(options.rounds):
            for name, code in CLIENTS.items():
                results[name].append(measure(code, url, work))
    medians = {name: statistics.median(run["seconds"] for run in runs) for name, runs in results.items()}
    base = medians["huggingface_hub"]
    print(f"{options.size} MB over loopback, {options.rounds} rounds, {os.cpu_count()} cores; medians")
    print(f"{'client':28} {'seconds':>8} {'MB/s':>7} {'ratio':>6} {'cpu s':>6} {'peak MB':>8}   range of seconds")
    for name, runs in results.items():
        seconds = [run["seconds"] for run in runs]
        cpu, peak = statistics.median(run["cpu"] for run in runs), max(run["peak"] for run in runs) / 1e6
        rate, ratio = options.size / medians[name], base / medians[name]
        spread = f"{min(seconds):.3f} to {max(seconds):.3f}"
        print(f"{name:28} {medians[name]:8.3f} {rate:7.0f} {ratio:6.2f} {cpu:6.2f} {peak:8.0f}   {spread}")


if __name__ == "__main__":
    main()
