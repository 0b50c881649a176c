"""How fast models write: torso's kernels in every mode, PyTorch, transformers and peers, beside the memory's own limit.

``python bench/writing.py [--shape llama|qwen3_moe|gpt2|t5|marian] [--rounds N] [--layers N] [--beams N] [--peers
[--python P]]``: a model of random weights reads a prompt (of an encoder-decoder a source) and writes tokens one by one,
for one text and for eight. One round of each system in turn, all in one run; ratios are of interleaved medians. With
one text every weight is read once for a token (of a mixture those of its experts): the bytes of the blocks and of the
output matrix, over the bytes per second that this machine's threads read from memory in the same run, are the least
time that it can take.

Peers run in processes of their own (``bench/writing_peers.py``), of the interpreter ``--python``: those that it lacks
are named and left out. llama.cpp takes the Llama and the mixture, OpenVINO GenAI the Llama alone, CTranslate2 all but
the mixture.
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
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
from writing_peers import MODES, SHAPES
from writing_systems import ALONE, Times, describe, of_torso, of_transformers, saved, searching

import torso
from torso.engines.compiled_decoder import compiled_decoder

PROMPT, NEW = 512, 32
BITS = {"exact": 32, "bf16": 16, "int8": 8.5, "int4": 5, "F32": 32, "BF16": 16, "Q8_0": 8.5, "Q4_0": 4.5}
BITS |= {"float32": 32, "bfloat16": 16}
"""Bits of a weight in each mode, its share of scales and minima included."""


def memory_rate(threads: int) -> float:
    """Bytes per second that the threads read from memory."""
    parts = [np.ones(1 << 27, np.float32) for _ in range(threads)]
    best = 0.0
    with ThreadPoolExecutor(threads) as pool:
        for _ in range(5):
            start = time.perf_counter()
            list(pool.map(np.max, parts))
            best = max(best, sum(each.nbytes for each in parts) / (time.perf_counter() - start))
    return best


class Peer:
    """A peer's process."""

    def __init__(self, python: str, system: str, mode: str, folder: Path, beams: int) -> None:
        line = [python, str(Path(__file__).with_name("writing_peers.py")), system, mode, str(folder), str(beams)]
        self._process = subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if self._answer() != "ready":
            raise OSError(f"{system} {mode} does not start")

    def _answer(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()

    def __call__(self, prompts: list[list[int]]) -> tuple[float, float, list[list[int]]]:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"prompts": prompts, "new": NEW}) + "\n")
        self._process.stdin.flush()
        made = json.loads(self._answer())
        return made["prompt"], made["token"], [ids[:NEW] for ids in made["ids"]]


def systems_of(
    shape: str, folder: Path, python: str | None, beams: int, peers: Sequence[str]
) -> dict[str, tuple[Times, float]]:
    """Every system by its name, with the bits of its weights."""
    found: dict[str, tuple[Times, float]] = {}
    if beams > 1:
        found["transformers"] = (searching("transformers", folder, NEW, beams), 32)
        for mode in ("exact", "bf16", "int8"):
            found[f"torso, {mode}"] = (searching(mode, folder, NEW, beams), BITS[mode])
    else:
        found["transformers"] = (of_transformers(folder, NEW), 32)
        task = torso.Task.CAUSAL_LM if shape in ALONE else torso.Task.SEQ2SEQ_LM
        found["torso, PyTorch"] = (of_torso(torso.load(folder, task), NEW), 32)
        for mode in ("exact", "bf16", "int8", "int4"):
            found[f"torso, {mode}"] = (of_torso(compiled_decoder(folder, mode), NEW), BITS[mode])
    for system in peers if python else ():
        for mode in MODES[system]:
            if shape not in SHAPES[system] or (beams > 1 and system != "CTranslate2"):
                continue
            try:
                bits = 8 if system != "llama.cpp" and mode == "int8" else BITS[mode]
                found[f"{system}, {mode}"] = (Peer(str(python), system, mode, folder, beams), bits)
            except OSError as error:
                print(f"left out: {error}")
    return found


def compare(
    found: dict[str, tuple[Times, float]], prompts: list[list[int]], rounds: int, read: int, rate: float
) -> None:
    """Run all systems in turn and print what they took.

    Args:
        found: the systems.
        prompts: of all texts.
        rounds: how often, behind one that warms up.
        read: weights that a token of one text reads.
        rate: bytes per second of the memory.
    """
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in found}
    written: dict[str, list[list[int]]] = {}
    for number in range(rounds + 1):
        for name, (times, _) in found.items():
            prompt, token, written[name] = times(prompts)
            if number:
                taken[name].append((prompt, token))
    print(f"\n{len(prompts)} text{'s' * (len(prompts) > 1)}")
    print(f"{'':24}{'prompt tokens/s':>17}{'tokens/s':>11}{'x transformers':>16}{'of limit':>10}  same tokens")
    base, count = taken["transformers"], sum(map(len, prompts))
    for name, each in taken.items():
        first, after = (statistics.median(column) for column in zip(*each, strict=True))
        ratio = statistics.median(other[1] / own[1] for own, other in zip(each, base, strict=True))
        share = read * found[name][1] / 8 / rate / after if len(prompts) == 1 else float("nan")
        same = np.mean([np.mean(np.array(a) == b) for a, b in zip(written[name], written["transformers"], strict=True)])
        print(f"{name:24}{count / first:17.0f}{len(prompts) / after:11.1f}{ratio:16.2f}{share:10.0%}  {same:.0%}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shape", choices=("llama", "qwen3_moe", "gpt2", "t5", "marian"), default="llama")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--layers", type=int, default=0, help="instead of the shape's own")
    parser.add_argument("--beams", type=int, default=1, help="of a beam search, in place of greedy choice")
    parser.add_argument("--peers", action="store_true")
    parser.add_argument("--python", default=sys.executable, help="interpreter that has the peers")
    parser.add_argument("--only", nargs="+", default=list(MODES), choices=list(MODES), help="some of the peers")
    asked = parser.parse_args()
    torch.manual_seed(0)
    with tempfile.TemporaryDirectory() as home:
        folder, words = saved(asked.shape, asked.layers, Path(home, "model"))
        python = asked.python if asked.peers else None
        found = systems_of(asked.shape, folder, python, asked.beams, asked.only)
        weights, read = describe(folder, asked.shape)
        threads = len(os.sched_getaffinity(0))
        rate = memory_rate(threads)
        print(
            f"{weights / 1e6:.0f} M weights, {read / 1e6:.0f} M for a token, {threads} threads, {rate / 1e9:.1f} GB/s"
        )
        dice = torch.Generator().manual_seed(1)
        for texts in (1, 8):
            length = 64 if asked.shape in ("t5", "marian") else PROMPT if texts == 1 else 32
            prompts = torch.randint(10, words, (texts, length), generator=dice).tolist()
            compare(found, prompts, asked.rounds, read, rate)


if __name__ == "__main__":
    main()
