"""Memory, time and error of packing a GGUF file for the kernels: its blocks as they are, and by float32.

    python bench/gguf_packing.py FILE.gguf --mode int4

Each way runs in a process of its own, without the cache of packed weights; the error is that of the logits of one text
to the file's numbers in float32.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

TEXT = "The capital of France is Paris, and that of Italy is Rome."


def measure(path: Path, mode: str, way: str, out: Path) -> dict[str, float]:
    """Compile a file, and return seconds and MB; write the logits of `TEXT`."""
    import torso
    from torso.host_batch import HostBatch, Wanted
    from torso.kernels import part_weights

    if way == "float32":
        part_weights.regrouped = lambda *given, **options: None  # pyright: ignore[reportAttributeAccessIssue]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    start = time.perf_counter()
    made = torso.compiled_decoder(path, "exact" if way == "exact" else mode)  # pyright: ignore[reportArgumentType]
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    batch = HostBatch.of([torso.load_tokenizer(path).encoding(TEXT)])
    np.save(out, np.asarray(made.run(batch, Wanted()).logits))
    return {"seconds": seconds, "MB": peak - before, "kept": made.bytes / 1e6}


def main() -> None:
    """Print a line for each way."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--mode", default="int4", choices=("int8", "int4"))
    parser.add_argument("--way", nargs=2, metavar=("WAY", "OUT"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.way:
        print(json.dumps(measure(given.file, given.mode, given.way[0], Path(given.way[1]))))
        return
    logits: dict[str, np.ndarray] = {}
    with tempfile.TemporaryDirectory() as folder:
        for way in ("exact", "float32", "blocks"):
            out = Path(folder) / f"{way}.npy"
            command = [sys.executable, __file__, str(given.file), "--mode", given.mode, "--way", way, str(out)]
            environment = {**os.environ, "TORSO_PACKED_CACHE": "0"}
            done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
            found = json.loads(done.stdout.splitlines()[-1])
            logits[way] = np.load(out)
            error = float(np.abs(logits[way] - logits["exact"]).mean() / np.abs(logits["exact"]).mean())
            print(
                f"{way:8} {found['seconds']:6.2f} s  {found['MB']:6.0f} MB more at most  {found['kept']:6.0f} MB kept  "
                f"{error:.5f} mean error of logits"
            )


if __name__ == "__main__":
    main()
