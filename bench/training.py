"""Optimiser steps of fine-tuning beside transformers' padded ones: the same weights, texts, dropout and optimiser.

python bench/training.py [--shape minilm|base] [--rounds 7] [--threads 2] [--precision float32|bf16] [--peak]

Both take forward, backward, clipping and AdamW (fused) of 32 texts a step, in turn in one process. ``mixed`` has the
lengths of sentences (median 36 tokens, at most 256), ``course`` those of hotel reviews cut at 128, as the course cuts
them, ``equal`` is 128 throughout: there is no padding to save. ``--peak`` runs each in processes of their own and tells
the most memory they held.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import torch
import transformers
from side_by_side import ENVIRONMENT

import torso
from torso.training.examples import Example, Tokens
from torso.training.optimiser_step import RatePlan, Stepper
from torso.training.parameter_groups import adamw, parameter_groups
from torso.training.sequence_objective import SequenceObjective
from torso.training.step_order import Step
from torso.training.train_settings import TrainSettings

SHAPES = {
    "minilm": dict(hidden_size=384, num_hidden_layers=6, num_attention_heads=12, intermediate_size=1536),
    "base": dict(hidden_size=768, num_hidden_layers=12, num_attention_heads=12, intermediate_size=3072),
}
VOCABULARY = 30522
BATCH = 32
CASES = ("mixed", "course", "equal")


def lengths(case: str, dice: random.Random) -> int:
    """Tokens of one text."""
    if case == "equal":
        return 128
    if case == "mixed":
        return max(4, min(256, round(dice.lognormvariate(3.58, 0.72))))
    return max(8, min(128, round(dice.lognormvariate(4.55, 0.75))))


def texts(case: str, seed: int) -> list[Example]:
    """The texts of one step."""
    dice = random.Random(f"{case} {seed}")
    found = []
    for row in range(BATCH):
        ids = [101, *(dice.randrange(1000, VOCABULARY) for _ in range(lengths(case, dice) - 2)), 102]
        found.append(Example((Tokens.plain(ids),), dice.randrange(2), row + 1))
    return found


def our_step(folder: Path, precision: str) -> Callable[[list[Example]], float]:
    """A step of torso's."""
    model = torso.load(folder, torso.Task.SEQUENCE_CLASSIFICATION).train()
    settings = TrainSettings(precision=precision)  # pyright: ignore[reportArgumentType]
    optimiser = adamw(model, parameter_groups(model, settings, 2e-5), settings)
    plan = RatePlan(2e-5, "constant", 0, 10**6)
    stepper = Stepper(
        model, SequenceObjective("single_label_classification"), optimiser, plan, tokens=8192, precision=precision
    )

    def step(chosen: list[Example]) -> float:
        return stepper.take(Step(1, 0, ()), chosen).loss

    return step


def their_step(folder: Path, precision: str) -> Callable[[list[Example]], float]:
    """A step of transformers', padded to the longest text."""
    model = transformers.AutoModelForSequenceClassification.from_pretrained(folder).train()
    optimiser = torch.optim.AdamW(model.parameters(), lr=2e-5, weight_decay=0.01, fused=True)

    def step(chosen: list[Example]) -> float:
        longest = max(each.size for each in chosen)
        ids = torch.zeros(len(chosen), longest, dtype=torch.int64)
        for row, each in enumerate(chosen):
            ids[row, : each.size] = torch.tensor(list(each.inputs[0].ids))
        labels = torch.tensor([each.label for each in chosen])
        with torch.autocast("cpu", torch.bfloat16) if precision == "bf16" else nullcontext():
            loss = model(input_ids=ids, attention_mask=(ids != 0).long(), labels=labels).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        optimiser.zero_grad()
        return float(loss.detach())

    return step


def saved(shape: str, folder: Path) -> Path:
    """A folder with a new model of two classes."""
    config = transformers.BertConfig(vocab_size=VOCABULARY, num_labels=2, **SHAPES[shape])
    torch.manual_seed(0)
    transformers.BertForSequenceClassification(config).save_pretrained(folder)
    return folder


def timed(step: Callable[[list[Example]], float], chosen: list[Example]) -> float:
    """Seconds of a step."""
    begun = time.perf_counter()
    step(chosen)
    return time.perf_counter() - begun


def speeds(folder: Path, rounds: int, precision: str) -> None:
    """Print the ratio of medians of each case, and the tokens a second."""
    ours, theirs = our_step(folder, precision), their_step(folder, precision)
    print(f"{'':8} {'tokens':>7} {'padding':>8} {'torso tokens/s':>15} {'transformers':>13} {'ratio':>6}")
    for case in CASES:
        steps = [texts(case, seed) for seed in range(rounds)]
        for step in (ours, theirs):
            step(steps[0])
        mine = [(timed(ours, chosen), timed(theirs, chosen)) for chosen in steps]
        ratio = statistics.median(other / own for own, other in mine)
        sizes = [sum(each.size for each in chosen) for chosen in steps]
        longest = [max(each.size for each in chosen) * BATCH for chosen in steps]
        own, other = (sum(sizes) / sum(each[place] for each in mine) for place in (0, 1))
        padding = sum(longest) / sum(sizes)
        print(f"{case:8} {sum(sizes) // rounds:7,} {padding:8.2f} {own:15,.0f} {other:13,.0f} {ratio:6.2f}", flush=True)


def peaks(folder: Path, precision: str, threads: int) -> None:
    """Print the most memory of processes that take three steps of each case."""
    print(f"{'':8} {'torso MB':>10} {'transformers':>13} {'ratio':>6}")
    for case in CASES:
        found = []
        for who in ("torso", "transformers"):
            arguments = [sys.executable, __file__, "--child", who, case, str(folder), precision, str(threads)]
            done = subprocess.run(arguments, check=True, env=ENVIRONMENT, stdout=subprocess.PIPE)
            found.append(json.loads(done.stdout)["peak"])
        print(f"{case:8} {found[0]:10,.0f} {found[1]:13,.0f} {found[0] / found[1]:6.2f}", flush=True)


def child(who: str, case: str, folder: str, precision: str, threads: str) -> None:
    """Take three steps, and print the most memory held beyond that of the imports."""
    torch.set_num_threads(int(threads))
    before = _resident()
    step = (our_step if who == "torso" else their_step)(Path(folder), precision)
    for seed in range(3):
        step(texts(case, seed))
    import resource

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"peak": most - before}))


def _resident() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def main() -> None:
    """Compare."""
    if sys.argv[1:2] == ["--child"]:
        child(*sys.argv[2:])
        return
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shape", choices=tuple(SHAPES), default="minilm")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--precision", choices=("float32", "bf16"), default="float32")
    parser.add_argument("--peak", action="store_true")
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    with tempfile.TemporaryDirectory() as temporary:
        folder = saved(given.shape, Path(temporary))
        if given.peak:
            peaks(folder, given.precision, given.threads)
        else:
            speeds(folder, given.rounds, given.precision)


if __name__ == "__main__":
    main()
