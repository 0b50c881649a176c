"""Small checkpoints with heads, saved by torso itself: random weights, real files."""

from __future__ import annotations

from pathlib import Path

import torso
from torso.architecture import Task

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
CHARACTERS = list("弱小的我也有大梦想！，。今天气很好书不看这本是在北京读")
LATIN = ["how", "old", "are", "you", "wash", "##ington", "hello", "world", "?", "!", "##s"]
TAGS = ["B-n", "I-n", "E-n", "S-n", "S-v", "B-v", "E-v"]
SENTIMENT = ["负面", "正面"]


def save(
    folder: Path, task: Task[object], *, labels: list[str] | None = None, seed: int = 7, **changes: object
) -> Path:
    """A folder with a BERT of two layers and its vocabulary."""
    vocabulary = [*SPECIAL, *CHARACTERS, *LATIN]
    values: dict[str, object] = {
        "vocab_size": len(vocabulary),
        "hidden_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "intermediate_size": 64,
        "max_position_embeddings": 64,
        "initializer_range": 0.5,
        **({} if labels is None else {"id2label": dict(enumerate(labels))}),
        **changes,
    }
    torso.new_model(torso.BertConfig(**values), task, seed=seed).save(folder)  # pyright: ignore[reportArgumentType]
    (folder / "vocab.txt").write_text("\n".join(vocabulary) + "\n", encoding="utf-8")
    return folder
