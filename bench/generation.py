"""Greedy generation from GPT-2-sized random weights, side by side with transformers' ``generate`` and its own cache.

``python bench/generation.py [ROUNDS]``: 128 new tokens behind prompts of 32, one text and eight, in one process with
the two libraries in turn, and the tokens compared.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch
import transformers
from torch import Tensor

import torso
from torso.generation.completion import complete
from torso.generation.generation_settings import GenerationSettings
from torso.generation.prompts import prompts_of

NEW, PROMPT = 128, 32


def checkpoint(folder: Path) -> Path:
    """A GPT-2 of the published size with weights large enough that its texts do not repeat one token."""
    torch.manual_seed(0)
    transformers.GPT2LMHeadModel(transformers.GPT2Config(initializer_range=0.05)).save_pretrained(folder)
    return folder


def timed(call: Callable[[], list[list[int]]]) -> tuple[float, list[list[int]]]:
    start = time.perf_counter()
    given = call()
    return time.perf_counter() - start, given


def main(rounds: int) -> None:
    with tempfile.TemporaryDirectory() as home:
        folder = checkpoint(Path(home))
        theirs = transformers.AutoModelForCausalLM.from_pretrained(folder).eval()
        mine = torso.load(folder, torso.Task.CAUSAL_LM)
    settings = GenerationSettings(max_new_tokens=NEW)
    for texts in (1, 8):
        ids = torch.randint(0, 50257, (texts, PROMPT), generator=torch.Generator().manual_seed(texts))

        def reference(ids: Tensor = ids) -> list[list[int]]:
            rows = theirs.generate(
                ids,
                attention_mask=torch.ones_like(ids),
                max_new_tokens=NEW,
                do_sample=False,
                eos_token_id=None,
                pad_token_id=0,
            )
            return rows[:, PROMPT:].tolist()

        def own(ids: Tensor = ids) -> list[list[int]]:
            return [list(each.ids) for [each] in complete(mine, prompts_of(mine, ids.tolist(), settings), settings)]

        compare(f"{texts} x {NEW} tokens", reference, own, texts * NEW, rounds)


def compare(
    title: str, reference: Callable[[], list[list[int]]], own: Callable[[], list[list[int]]], tokens: int, rounds: int
) -> None:
    """Prints medians, and the ratio of the two round by round."""
    equal = reference() == own()
    seconds = [(timed(reference)[0], timed(own)[0]) for _ in range(rounds)]
    print(f"{title}, equal: {equal}")
    for name, took in zip(("transformers", "torso"), zip(*seconds, strict=True), strict=True):
        median = statistics.median(took)
        print(f"  {name:14} {median:7.3f} s  {tokens / median:8.1f} tokens/s")
    ratios = [theirs / mine for theirs, mine in seconds]
    print(f"  ratio {statistics.median(ratios):.2f} (rounds {min(ratios):.2f} to {max(ratios):.2f})", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
