"""Tiny models of the families that the snippets name, one folder for each."""

from __future__ import annotations

import json
from pathlib import Path

import torch

from lazy import LazyModule

transformers = LazyModule("transformers")

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"abcdefghijklmnopqrstuvwxyz", *"。，？！我你好天气很.?:"]
TINY = dict(
    vocab_size=len(WORDS), hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=16,
    max_position_embeddings=64, initializer_range=0.3, pad_token_id=0, bos_token_id=2, eos_token_id=3,
)  # fmt: skip
TAGS = {0: "O", 1: "B-PER", 2: "I-PER", 3: "B-LOC"}
CHAT = (
    "{% for m in messages %}{{ m['role'] }}: {{ m['content'] }}\n{% endfor %}"
    "{% if add_generation_prompt %}assistant: {% endif %}"
)
QWEN = {"chat_template": CHAT, "padding_side": "left", "model_input_names": ["input_ids", "attention_mask"]}


def make(root: Path) -> dict[str, str]:
    """Write them; return each folder by its name."""
    kinds = {
        "encoder": ("BertModel", "BertConfig", {}),
        "classifier": ("BertForSequenceClassification", "BertConfig", {"num_labels": 2}),
        "nli": (
            "BertForSequenceClassification",
            "BertConfig",
            {"id2label": {0: "contradiction", 1: "neutral", 2: "entailment"}},
        ),
        "reranker": ("XLMRobertaForSequenceClassification", "XLMRobertaConfig", {"num_labels": 1}),
        "tagger": ("BertForTokenClassification", "BertConfig", {"id2label": TAGS}),
        "reader": ("BertForQuestionAnswering", "BertConfig", {}),
        "filler": ("BertForMaskedLM", "BertConfig", {}),
        "chatter": ("Qwen3ForCausalLM", "Qwen3Config", {"num_key_value_heads": 1, "head_dim": 8}),
    }
    folders: dict[str, str] = {}
    for name, (model, config, changes) in kinds.items():
        folder = root / name
        torch.manual_seed(5)
        getattr(transformers, model)(getattr(transformers, config)(**{**TINY, **changes})).save_pretrained(folder)
        (folder / "vocab.txt").write_text("\n".join(WORDS) + "\n", encoding="utf-8")
        transformers.BertTokenizerFast(vocab=str(folder / "vocab.txt")).save_pretrained(folder)
        folders[name] = str(folder)
    modules = [("0", "", "Transformer"), ("1", "1_Pooling", "Pooling")]
    (root / "encoder" / "1_Pooling").mkdir()
    (root / "encoder" / "modules.json").write_text(
        json.dumps([dict(idx=int(n), name=n, path=p, type=f"sentence_transformers.models.{k}") for n, p, k in modules])
    )
    (root / "encoder" / "1_Pooling" / "config.json").write_text(
        json.dumps({"word_embedding_dimension": 16, "pooling_mode_cls_token": True})
    )
    path = root / "chatter" / "tokenizer_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | QWEN))
    torch.manual_seed(5)
    t5 = transformers.T5Config(
        vocab_size=len(WORDS), d_model=16, d_kv=8, d_ff=16, num_layers=1, num_heads=2, decoder_start_token_id=0,
        eos_token_id=3, pad_token_id=0,
    )  # fmt: skip
    transformers.T5ForConditionalGeneration(t5).save_pretrained(root / "writer")
    for name in ("vocab.txt", "tokenizer_config.json", "tokenizer.json"):
        (root / "writer" / name).write_bytes((root / "filler" / name).read_bytes())
    return {**folders, "writer": str(root / "writer")}
