"""Texts per second of ``embed`` beside sentence-transformers and transformers, same weights, float32, CPU.

python bench/embed_speed.py [ROUNDS]

1,000 English texts of mixed length (log-normal, 2 to 250 tokens). sentence-transformers as it comes; transformers with
texts sorted by length, in batches of 32, mean pooling and length 1. Rounds are interleaved; ratios are medians of the
ratios within a round.
"""

from __future__ import annotations

import random
import statistics
import sys
import time
from collections.abc import Callable

import torch
from sentence_transformers import SentenceTransformer
from side_by_side import minilm, show
from transformers import AutoModel, AutoTokenizer

import torso
from torso.tasks import make_ready

WORDS = [
    *("the", "of", "model", "language", "sentence", "query", "answer", "time"),
    *("people", "world", "water", "house", "during", "between", "weather", "city"),
]
COUNT = 1_000


def texts() -> list[str]:
    """The texts, always the same."""
    chosen = random.Random(0)
    sizes = (int(min(230, max(1, chosen.lognormvariate(3.4, 0.8)))) for _ in range(COUNT))
    return [" ".join(chosen.choices(WORDS, k=size)) for size in sizes]


def sorted_by_length(given: list[str]) -> Callable[[], object]:
    """transformers, by hand."""
    folder = str(minilm())
    tokenizer, model = AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder).eval()

    @torch.inference_mode()
    def run() -> object:
        order = sorted(range(COUNT), key=lambda place: -len(given[place]))
        vectors: dict[int, torch.Tensor] = {}
        for begin in range(0, COUNT, 32):
            chosen = order[begin : begin + 32]
            inputs = tokenizer(
                [given[place] for place in chosen], padding=True, truncation=True, max_length=256, return_tensors="pt"
            )
            rows, mask = model(**inputs).last_hidden_state, inputs["attention_mask"][..., None].float()
            pooled = torch.nn.functional.normalize((rows * mask).sum(1) / mask.sum(1), dim=-1)
            vectors.update(zip(chosen, pooled, strict=True))
        return vectors

    return run


def main() -> None:
    """Prints medians and ratios."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    given = texts()
    ready = make_ready(minilm(), torso.Task.FEATURES, device="cpu")
    reference = SentenceTransformer(str(minilm()), device="cpu", local_files_only=True)
    programs: dict[str, Callable[[], object]] = {
        "torso": lambda: torso.embed(given, model=ready, long="truncate"),
        "sentence-transformers": lambda: reference.encode(given),
        "transformers, sorted": sorted_by_length(given),
    }
    for program in programs.values():
        program()
    times: dict[str, list[float]] = {name: [] for name in programs}
    for _ in range(rounds):
        for name, program in programs.items():
            begun = time.perf_counter()
            program()
            times[name].append(time.perf_counter() - begun)
    print(f"{COUNT} texts, {sum(len(each) for each in ready.tokenizer.encodings(given))} tokens")
    show(times, "torso")
    print(f"torso: {COUNT / statistics.median(times['torso']):.0f} texts/s")


if __name__ == "__main__":
    main()
