"""Folders of models whose results are sparse, or several vectors of a text, as their own tools write them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch

from .reference import save

TEMPLATE = (
    "<|im_start|>system\nJudge it.<|im_end|>\n<|im_start|>user\n"
    "<Instruct>: {% if messages[0].role == 'system' %}{{ messages[0].content }}{% else %}find{% endif %}\n"
    "<Query>: {{ messages | selectattr('role', 'eq', 'query') | map(attribute='content') | first }}\n"
    "<Document>: {{ messages | selectattr('role', 'eq', 'document') | map(attribute='content') | first }}"
    "<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n"
)
"""A chat template with the roles of a query and a document, as rerankers that are decoders have it."""


def edited(path: Path, **values: object) -> None:
    """Sets keys of a JSON file; a value of ... takes the key out."""
    table = json.loads(path.read_text("utf-8")) if path.exists() else {}
    table = {key: value for key, value in (table | values).items() if value is not ...}
    path.write_text(json.dumps(table), "utf-8")


def bge_m3(folder: Path, width: int = 32) -> Path:
    """FlagEmbedding's layout: a transformer, and two linear layers in files of PyTorch's, in half precision."""
    save(folder, "Model")
    generator = torch.Generator().manual_seed(5)
    for name, out in (("sparse_linear.pt", 1), ("colbert_linear.pt", width)):
        layer = {"weight": torch.randn(out, 32, generator=generator), "bias": torch.randn(out, generator=generator)}
        layer["bias"] += 5  # so that some weights of tokens are above 0
        torch.save({key: value.half() for key, value in layer.items()}, folder / name)
    return folder


def pooled(folder: Path) -> Path:
    """The folder with sentence-transformers' files beside: the first token's vector, of length 1, as BGE-M3 has it."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.models import Normalize, Pooling, Transformer

    made = folder.parent / f"{folder.name}-pooled"
    modules = [Transformer(str(folder)), Pooling(32, pooling_mode="cls"), Normalize()]
    SentenceTransformer(modules=modules, device="cpu").save(str(made))
    for path in made.rglob("*"):
        target = folder / path.relative_to(made)
        if path.is_file() and not target.exists():
            target.parent.mkdir(exist_ok=True)
            target.write_bytes(path.read_bytes())
    return folder


def splade(folder: Path, home: Path, **pooling: Any) -> Path:
    """sentence-transformers' SparseEncoder."""
    from sentence_transformers import SparseEncoder
    from sentence_transformers.sparse_encoder.modules import SpladePooling, Transformer

    base = home if home.exists() else save(home, "ForMaskedLM")
    body = Transformer(str(base), transformer_task="fill-mask")
    SparseEncoder(modules=[body, SpladePooling(**pooling)], device="cpu").save(str(folder))
    return folder


def multi_vector(
    folder: Path,
    home: Path,
    *,
    expansion: dict[str, Any] | None,
    prompts: dict[str, str] | None = None,
    mask: dict[str, Any] | None = None,
    dense: dict[str, Any] | None = None,
    **settings: Any,
) -> Path:
    """sentence-transformers' MultiVectorEncoder."""
    from sentence_transformers import MultiVectorEncoder
    from sentence_transformers.base.modules import Dense, Normalize, Transformer
    from sentence_transformers.multi_vector_encoder.modules import MultiVectorMask

    base = home if home.exists() else save(home, "Model")
    torch.manual_seed(3)
    body = Transformer(str(base), query_expansion=expansion, **settings)
    own = dict(bias=False, activation_function=torch.nn.Identity()) | (dense or {})
    modules = [
        body,
        Dense(32, 12, module_input_name="token_embeddings", **own),
        MultiVectorMask(**(mask or {})),
        Normalize(module_input_name="token_embeddings"),
    ]
    MultiVectorEncoder(modules=modules, prompts=prompts, device="cpu").save(str(folder))
    return folder


def pylate(folder: Path, home: Path, **stated: object) -> Path:
    """PyLate's layout: a Transformer and a Dense layer of its own package; the rest in the file of the whole model."""
    multi_vector(folder, home, expansion=None)
    modules = json.loads((folder / "modules.json").read_text("utf-8"))[:2]
    modules[1]["type"] = "pylate.models.Dense.Dense"
    (folder / "modules.json").write_text(json.dumps(modules), "utf-8")
    edited(folder / modules[1]["path"] / "config.json", module_input_name=..., module_output_name=...)
    settings: dict[str, object] = {
        "model_type": "ColBERT",
        "similarity_fn_name": "MaxSim",
        "query_prefix": "[unused0]",
        "document_prefix": "[unused1]",
        "query_length": 14,
        "document_length": 40,
        "attend_to_expansion_tokens": False,
        "prompts": {},
    }
    edited(folder / "config_sentence_transformers.json", **(settings | stated))
    return folder


def colbert_ir(folder: Path, **metadata: object) -> Path:
    """colbert-ir's layout: the projection among the weights of the transformer, settings in ``artifact.metadata``."""
    from safetensors.torch import load_file, save_file

    save(folder, "Model")
    weights = {f"bert.{name}": value for name, value in load_file(folder / "model.safetensors").items()}
    generator = torch.Generator().manual_seed(9)
    weights["linear.weight"] = torch.randn(12, 32, generator=generator)
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    edited(folder / "config.json", architectures=["HF_ColBERT"])
    settings: dict[str, object] = {
        "query_token_id": "[unused0]",
        "doc_token_id": "[unused1]",
        "query_maxlen": 12,
        "doc_maxlen": 60,
        "mask_punctuation": True,
        "attend_to_mask_tokens": False,
        "similarity": "cosine",
    }
    (folder / "artifact.metadata").write_text(json.dumps(settings | metadata), "utf-8")
    return folder


def decoder(folder: Path, family: str, limit: int = 400) -> Path:
    """A tiny decoder with a byte-level tokenizer that has the tokens of chats, "yes" and "no"."""
    import torch
    import transformers
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from tokenizers.trainers import BpeTrainer

    backend = Tokenizer(models.BPE())
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    trainer = BpeTrainer(
        special_tokens=special,
        vocab_size=400,
        show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )
    backend.train_from_iterator(["yes no yes no Yes No Yes the capital of a country is large"] * 20, trainer)
    tokenizer = transformers.PreTrainedTokenizerFast(
        tokenizer_object=backend,
        eos_token="<|im_end|>",
        bos_token="<|endoftext|>",
        pad_token="<|endoftext|>",
        model_max_length=limit,
        padding_side="left",
    )
    config = getattr(transformers, f"{family}Config")(
        vocab_size=len(tokenizer) + 5,
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=8,
        max_position_embeddings=limit,
        initializer_range=0.3,
        tie_word_embeddings=family == "Gemma",
        bos_token_id=0,
        eos_token_id=2,
        pad_token_id=0,
    )
    torch.manual_seed(4)
    getattr(transformers, f"{family}ForCausalLM")(config).eval().save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
