"""How fast decoders write: torso's kernels in every mode, PyTorch, and transformers, beside the memory's own limit.

``python bench/writing.py [--rounds N] [--layers N]``: a Llama of random weights, a prompt of 512 tokens, then tokens
one by one for one text and for eight. All in one process, one round of each in turn; ratios are of interleaved medians.
With one text every weight is read once for a token: the bytes of the blocks and of the output matrix, over the bytes
per second that this machine's threads read, are the least time that it can take.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
import transformers

import torso
from torso.engines.compiled_decoder import CompiledDecoder, compiled_decoder
from torso.generation.compiled_texts import CompiledTexts
from torso.generation.decoder import Decoder

PROMPT, NEW = 512, 32
BITS = {"exact": 32, "bf16": 16, "int8": 8.5, "int4": 5}
"""Bits of a weight in each mode, its share of scales and minima included."""


def shape(layers: int) -> transformers.LlamaConfig:
    return transformers.LlamaConfig(
        vocab_size=32000,
        hidden_size=1024,
        num_hidden_layers=layers,
        num_attention_heads=16,
        num_key_value_heads=8,
        intermediate_size=2816,
        max_position_embeddings=2048,
        tie_word_embeddings=True,
    )


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


Texts = Callable[[int], "Writer"]


class Writer:
    """Some texts in one system: seconds of the prompt, then of each token."""

    def __init__(self, read: Callable[[list[list[int]]], torch.Tensor]) -> None:
        self.read = read

    def times(self, prompts: list[list[int]]) -> tuple[float, float, list[list[int]]]:
        start = time.perf_counter()
        scores = self.read(prompts)
        prompt = time.perf_counter() - start
        written: list[list[int]] = [[] for _ in prompts]
        start = time.perf_counter()
        for _ in range(NEW):
            chosen = scores.argmax(-1).tolist()
            for text, token in zip(written, chosen, strict=True):
                text.append(token)
            scores = self.read([[token] for token in chosen])
        return prompt, (time.perf_counter() - start) / NEW, written


def of_transformers(model: transformers.LlamaForCausalLM) -> Texts:
    def begin(_: int) -> Writer:
        state = transformers.DynamicCache()

        def read(tokens: list[list[int]]) -> torch.Tensor:
            with torch.inference_mode():
                out = model(torch.tensor(tokens), past_key_values=state, use_cache=True, logits_to_keep=1)
                return out.logits[:, -1]

        return Writer(read)

    return begin


def of_torso(model: torso.Model | CompiledDecoder) -> Texts:
    def begin(texts: int) -> Writer:
        room = PROMPT + NEW + 1
        if isinstance(model, CompiledDecoder):
            return Writer(CompiledTexts(model, texts, room=room).read)
        return Writer(Decoder(model, texts, sources=None, room=room).read)

    return begin


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--layers", type=int, default=20)
    asked = parser.parse_args()
    torch.manual_seed(0)
    with tempfile.TemporaryDirectory() as home:
        theirs = transformers.LlamaForCausalLM(shape(asked.layers)).eval()
        theirs.save_pretrained(home)
        folder = Path(home)
        systems: dict[str, Texts] = {"transformers": of_transformers(theirs)}
        systems["torso, PyTorch"] = of_torso(torso.load(folder, torso.Task.CAUSAL_LM))
        for mode in ("exact", "bf16", "int8", "int4"):
            try:
                systems[f"torso, {mode}"] = of_torso(compiled_decoder(folder, mode))
            except torso.TorsoError as error:
                print(f"{mode}: {error.what}")
    weights = sum(each.numel() for each in theirs.parameters())
    rate = memory_rate(torch.get_num_threads())
    print(f"{weights / 1e6:.0f} M weights, {torch.get_num_threads()} threads, memory {rate / 1e9:.1f} GB/s")
    dice = torch.Generator().manual_seed(1)
    for texts in (1, 8):
        prompts = torch.randint(3, 32000, (texts, PROMPT if texts == 1 else 32), generator=dice).tolist()
        taken: dict[str, list[tuple[float, float]]] = {name: [] for name in systems}
        written: dict[str, list[list[int]]] = {}
        for number in range(asked.rounds + 1):
            for name, begin in systems.items():
                prompt, token, written[name] = begin(texts).times(prompts)
                if number:  # the first warms up
                    taken[name].append((prompt, token))
        print(f"\n{texts} text{'s' * (texts > 1)}")
        print(f"{'':16}{'prompt tokens/s':>21}{'tokens/s':>13}{'x transformers':>16}{'of limit':>10}  same tokens")
        base = taken["transformers"]
        for name, each in taken.items():
            first, after = (statistics.median(column) for column in zip(*each, strict=True))
            ratio = statistics.median(other[1] / own[1] for own, other in zip(each, base, strict=True))
            bits = BITS.get(name.removeprefix("torso, "), 32)
            share = weights * bits / 8 / rate / after if texts == 1 else float("nan")
            same = np.mean(np.array(written[name]) == np.array(written["transformers"]))
            count = sum(map(len, prompts))
            print(f"{name:16}{count / first:21.0f}{texts / after:13.1f}{ratio:14.2f}{share:12.0%}  {same:.0%}")


if __name__ == "__main__":
    main()
