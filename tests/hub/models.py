"""A tiny BERT as a repository's files: valid for every loader, made without torch, the same bytes each time."""

from __future__ import annotations

import json
import math
import random
from functools import lru_cache

HIDDEN, VOCABULARY, POSITIONS = 64, 10_000, 64


def shapes() -> dict[str, tuple[int, ...]]:
    """Names and shapes of the weights of one layer of BERT."""
    table: dict[str, tuple[int, ...]] = {
        "embeddings.word_embeddings.weight": (VOCABULARY, HIDDEN),
        "embeddings.position_embeddings.weight": (POSITIONS, HIDDEN),
        "embeddings.token_type_embeddings.weight": (2, HIDDEN),
    }
    linear = ["attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense"]
    linear += ["intermediate.dense", "output.dense"]
    norms = ["embeddings.LayerNorm"] + [f"encoder.layer.0.{name}.LayerNorm" for name in ("attention.output", "output")]
    for name in [f"encoder.layer.0.{name}" for name in linear] + ["pooler.dense"]:
        table |= {f"{name}.weight": (HIDDEN, HIDDEN), f"{name}.bias": (HIDDEN,)}
    for name in norms:
        table |= {f"{name}.weight": (HIDDEN,), f"{name}.bias": (HIDDEN,)}
    return table


@lru_cache
def weights(seed: int = 0) -> bytes:
    """A safetensors file of 2.7 MB with float32 values between 0.03 and 0.25."""
    header: dict[str, object] = {"__metadata__": {"format": "pt"}}
    size = 0
    for name, shape in shapes().items():
        count = 4 * math.prod(shape)
        header[name] = {"dtype": "F32", "shape": list(shape), "data_offsets": [size, size + count]}
        size += count
    head = json.dumps(header).encode()
    head += b" " * (-len(head) % 8)
    data = bytearray(random.Random(seed).randbytes(size))
    data[3::4] = b"\x3d" * (size // 4)
    return len(head).to_bytes(8, "little") + head + bytes(data)


def bert(seed: int = 0) -> dict[str, bytes]:
    """The files of a small model: one weight file in LFS, the rest in git."""
    config = {
        "architectures": ["BertModel"],
        "model_type": "bert",
        "hidden_size": HIDDEN,
        "intermediate_size": HIDDEN,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "vocab_size": VOCABULARY,
        "max_position_embeddings": POSITIONS,
        "type_vocab_size": 2,
    }
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"abcdefghijklmnopqrstuvwxyz", *"你好世界"]
    return {
        ".gitattributes": b"*.safetensors filter=lfs diff=lfs merge=lfs -text\n",
        "README.md": b"# tiny\n",
        "config.json": json.dumps(config, indent=2).encode(),
        "tokenizer_config.json": b'{"do_lower_case": true, "tokenizer_class": "BertTokenizer"}',
        "vocab.txt": "".join(f"{word}\n" for word in words).encode(),
        "model.safetensors": weights(seed),
    }
