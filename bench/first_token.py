"""From a fresh process to the first token of a bf16 Llama of 269 M random weights, its packed weights kept before.

python bench/first_token.py [--rounds N] [--layers N] [--transformers]

By function and by command, in float32 and in the file's own bfloat16: seconds of the whole process by the wall and by
the processor (of all its threads), each as median and least of rounds in turn. Behind them, the stages of one process.
The caches are of this run alone; the first process of each kind fills them and is shown apart.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from side_by_side import ENVIRONMENT

PROMPT = "w10 w20 w30 w40 w50"

STAGES = """
import json, time
begun, spent, told = time.perf_counter(), 0.0, {}
told["Python"] = [float("nan"), time.process_time()]
wall, spent = begun, time.process_time()
def mark(name):
    global wall, spent
    now, used = time.perf_counter(), time.process_time()
    told[name] = [now - wall, used - spent]
    wall, spent = now, used
import numpy
mark("NumPy")
import torso
torso.generate
mark("torso's modules")
from torso.loading.load import load_tokenizer
from pathlib import Path
tokenizer = load_tokenizer(Path(FOLDER))
mark("tokenizer")
model = torso.compiled_decoder(FOLDER, MODE)
mark("packed weights")
torso.generate(PROMPT, model=model, tokenizer=tokenizer, max_new_tokens=1)
mark("first token")
torso.generate(PROMPT, model=model, tokenizer=tokenizer, max_new_tokens=1)
mark("(another token)")
print(json.dumps(told))
"""


def programs(folder: Path, peer: bool) -> dict[str, str]:
    """Return the code of each way to a first token, by its name."""
    command = ["generate", PROMPT, "--model", str(folder), "--max-new-tokens", "1"]
    made = {
        "torso.generate": f"import torso; torso.generate({PROMPT!r}, model={str(folder)!r}, max_new_tokens=1)",
        "torso.generate, bf16": (
            f"import torso; model = torso.compiled_decoder({str(folder)!r}, 'bf16'); "
            f"torso.generate({PROMPT!r}, model=model, max_new_tokens=1)"
        ),
        "torso generate": f"from torso.cli import main; main({command!r})",
        "torso generate --mode bf16": f"from torso.cli import main; main({[*command, '--mode', 'bf16']!r})",
    }
    if peer:
        made["transformers"] = (
            "from transformers import AutoModelForCausalLM as M, AutoTokenizer as T; "
            f"f = {str(folder)!r}; t = T.from_pretrained(f); m = M.from_pretrained(f); "
            f"m.generate(**t({PROMPT!r}, return_tensors='pt'), max_new_tokens=1)"
        )
    return made


def taken(code: str, environment: dict[str, str]) -> tuple[float, float]:
    """Return the seconds of a fresh interpreter that runs ``code``: by the wall, and of all its threads together."""
    start = time.perf_counter()
    quiet = subprocess.DEVNULL
    process = subprocess.Popen([sys.executable, "-c", code], env=environment, stdout=quiet, stderr=quiet)
    _, status, used = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"status {process.returncode}: {code}")
    return wall, used.ru_utime + used.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--layers", type=int, default=0, help="instead of the shape's own")
    parser.add_argument("--transformers", action="store_true", help="beside it")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        folder, cache = Path(home, "model"), Path(home, "cache")
        save = f"from writing_systems import saved; saved('llama', {asked.layers}, P({str(folder)!r}), 'bfloat16')"
        # In a process of its own: what is measured is started by one that is small.
        subprocess.run([sys.executable, "-c", "from pathlib import Path as P; " + save], check=True, env=_paths())
        environment = _paths() | {"TORSO_CACHE": str(cache), "XDG_CACHE_HOME": str(cache)}
        time.sleep(0.2)  # a file that was written only now is not kept, see `torso.engines.packed_cache`
        given = programs(folder, asked.transformers)
        first = {name: taken(code, environment) for name, code in given.items()}
        found: dict[str, list[tuple[float, float]]] = {name: [] for name in given}
        for _ in range(asked.rounds):
            for name, code in given.items():
                found[name].append(taken(code, environment))
        print(f"{'seconds':28}{'first time':>12}{'wall':>8}{'least':>8}{'processor':>11}{'least':>8}")
        for name, each in found.items():
            walls, used = zip(*each, strict=True)
            numbers = (statistics.median(walls), min(walls), statistics.median(used), min(used))
            print(
                f"{name:28}{first[name][0]:12.2f}{numbers[0]:8.3f}{numbers[1]:8.3f}{numbers[2]:11.3f}{numbers[3]:8.3f}"
            )
        for mode in ("exact", "bf16"):
            _show_stages(folder, mode, asked.rounds, environment)


def _show_stages(folder: Path, mode: str, rounds: int, environment: dict[str, str]) -> None:
    code = f"FOLDER, MODE, PROMPT = {str(folder)!r}, {mode!r}, {PROMPT!r}\n{STAGES}"
    runs = []
    for _ in range(rounds):
        made = subprocess.run([sys.executable, "-c", code], check=True, env=environment, stdout=subprocess.PIPE)
        runs.append(json.loads(made.stdout))
    print(f"\n{'stages, ' + mode + ', least ms':28}{'wall':>8}{'processor':>11}")
    for stage in runs[0]:
        wall, used = (min(run[stage][column] for run in runs) for column in (0, 1))
        print(f"{stage:28}{1000 * wall:8.1f}{1000 * used:11.1f}")


def _paths() -> dict[str, str]:
    return ENVIRONMENT | {"PYTHONPATH": str(Path(__file__).parent)}


if __name__ == "__main__":
    main()
