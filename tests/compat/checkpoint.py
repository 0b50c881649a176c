"""A checkpoint shaped as hfl/rbt3: BERT's weights with heads in an old .bin, a vocabulary, and seven foreign keys."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from safetensors.torch import load_file

from lazy import LazyModule

transformers = LazyModule("transformers")

SHARED = Path(__file__).parents[3] / "shared" / "data" / "bert-base-chinese-vocab.txt"
TEXT = "弱小的我也有大梦想！"
IDS = (101, 2483, 2207, 4638, 2769, 738, 3300, 1920, 3457, 2682, 8013, 102)
FOREIGN = {
    "directionality": "bidi",
    "output_past": True,
    "pooler_fc_size": 768,
    "pooler_num_attention_heads": 12,
    "pooler_num_fc_layers": 3,
    "pooler_size_per_head": 128,
    "pooler_type": "first_token_transform",
}
SIZE = 21128


def vocabulary() -> list[str]:
    """The vocabulary of Google's Chinese BERT; where it is not at hand, one with the tests' words in their places."""
    if SHARED.exists():  # split by "\n" alone: words of it are line separators to splitlines
        return SHARED.read_text(encoding="utf-8").rstrip("\n").split("\n")
    words = [f"[unused{n}]" for n in range(SIZE)]
    words[0], words[100:104] = "[PAD]", ["[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    for number, mark in zip(IDS[1:-1], TEXT, strict=True):
        words[number] = mark
    return words


def make(folder: Path, *, width: int = 48, heads: int = 12, inner: int = 64) -> Path:
    """Writes the checkpoint through transformers and gives its folder."""
    torch.manual_seed(1)
    config = transformers.BertConfig(
        vocab_size=SIZE,
        hidden_size=width,
        num_hidden_layers=3,
        num_attention_heads=heads,
        intermediate_size=inner,
        architectures=["BertForMaskedLM"],
        initializer_range=0.05 if width > 100 else 0.2,
        **FOREIGN,
    )
    transformers.BertForPreTraining(config).save_pretrained(folder)
    tensors = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    torch.save(tensors, folder / "pytorch_model.bin")
    values = {
        key: value
        for key, value in {**json.loads((folder / "config.json").read_text()), **FOREIGN}.items()
        if key not in ("dtype", "transformers_version", "tie_word_embeddings")
    }
    values["architectures"] = ["BertForMaskedLM"]
    (folder / "config.json").write_text(json.dumps(dict(sorted(values.items())), indent=2) + "\n")
    (folder / "vocab.txt").write_text("\n".join(vocabulary()) + "\n", encoding="utf-8")
    (folder / "tokenizer_config.json").write_text("{}")
    (folder / "README.md").write_text("rbt3 in small")
    return folder


def cached(cache: Path, name: str, folder: Path) -> Path:
    """Puts a folder's files into a cache of the Hub's layout, as a finished download leaves them."""
    import hashlib

    commit = hashlib.sha1(name.encode()).hexdigest()
    repository = cache / f"models--{name.replace('/', '--')}"
    (repository / "refs").mkdir(parents=True)
    (repository / "refs" / "main").write_text(commit)
    (repository / "blobs").mkdir()
    (repository / "snapshots" / commit).mkdir(parents=True)
    for path in folder.iterdir():
        etag = hashlib.sha256(path.read_bytes()).hexdigest()
        (repository / "blobs" / etag).write_bytes(path.read_bytes())
        (repository / "snapshots" / commit / path.name).symlink_to(f"../../blobs/{etag}")
    return cache
