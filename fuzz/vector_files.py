"""Fuzzes the files of sparse vectors, late interaction, and decoders that rank; and the linear layers beside them."""

from __future__ import annotations

import io
import json
import random
from pathlib import Path

import torch
from children import Target, main
from mutations import json_bytes, mangled

from torso.errors import TorsoError
from torso.tasks.embedding_recipe import Projection
from torso.tasks.late_files import read_late_recipe
from torso.tasks.pooling import step_of
from torso.tasks.rerank_templates import is_decoder_reranker
from torso.tasks.sparse_files import read_sparse_recipe
from torso.tasks.vector_kinds import kinds_of

_TYPE = "sentence_transformers.models."
_EXPANSION = {"strategy": "fixed", "attend": False, "length": 32, "token": None}
_MODEL = {"model_type": "MultiVectorEncoder", "prompts": {"query": "q: "}, "similarity_fn_name": "maxsim"}
_PYLATE = {
    "model_type": "ColBERT",
    "query_prefix": "[Q] ",
    "document_prefix": "[D] ",
    "query_length": 32,
    "document_length": 180,
    "attend_to_expansion_tokens": False,
    "skiplist_words": ["!", "."],
    "prompts": {},
}


def _modules(*kinds: str) -> list[dict[str, object]]:
    return [
        {"idx": number, "name": str(number), "path": f"{number}_M" if number else "", "type": f"{_TYPE}{kind}"}
        for number, kind in enumerate(kinds)
    ]


FORMS: tuple[dict[str, object], ...] = (
    {
        "modules.json": _modules("Transformer", "Dense", "MultiVectorMask", "Normalize"),
        "1_M/config.json": {"in_features": 8, "out_features": 4, "bias": False},
        "2_M/config.json": {"skiplist_words": ["!"], "skiplist_tasks": ["document"]},
        "sentence_bert_config.json": {"max_seq_length": 64, "document_length": 40, "query_expansion": _EXPANSION},
        "config_sentence_transformers.json": _MODEL,
    },
    {
        "modules.json": _modules("Transformer", "Dense"),
        "1_M/config.json": {"in_features": 8, "out_features": 4, "bias": False},
        "config_sentence_transformers.json": _PYLATE,
    },
    {
        "config.json": {"architectures": ["HF_ColBERT"], "model_type": "bert"},
        "artifact.metadata": {"query_maxlen": 32, "doc_maxlen": 180, "mask_punctuation": True, "query_token_id": "[Q]"},
    },
    {
        "modules.json": _modules("MLMTransformer", "SpladePooling"),
        "1_M/config.json": {"pooling_strategy": "max", "activation_function": "relu"},
        "sentence_bert_config.json": {"max_seq_length": 64, "transformer_task": "fill-mask"},
        "config_sentence_transformers.json": {"model_type": "SparseEncoder", "max_active_dims": 9},
    },
    {"modules.json": _modules("Transformer", "LogitScore"), "1_M/config.json": {"true_token_id": 1}},
)


def build_tables(some: random.Random, folder: Path) -> Path:
    """Writes the files of one form, one of them mutated."""
    form = some.choice(FORMS)
    changed = some.choice(list(form))
    for name, value in form.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(json_bytes(some, value) if name == changed else json.dumps(value).encode())
    return folder


def call_tables(folder: Path) -> None:
    """Reads them as every kind."""
    refused: TorsoError | None = None
    for read in (kinds_of, is_decoder_reranker, read_late_recipe, read_sparse_recipe):
        try:
            read(folder)
        except TorsoError as error:
            refused = error
    if refused is not None:
        raise refused


def build_layer(some: random.Random, folder: Path) -> Path:
    """Writes a mutated linear layer in a file of PyTorch's."""
    stream = io.BytesIO()
    torch.save({"weight": torch.ones(1, 8).half(), "bias": torch.ones(1).half()}, stream)
    (folder / "sparse_linear.pt").write_bytes(mangled(some, stream.getvalue()))
    return folder


def call_layer(folder: Path) -> None:
    """Reads it."""
    step_of(Projection(folder / "sparse_linear.pt"), {})


if __name__ == "__main__":
    main(Target("vector_tables", build_tables, call_tables), Target("vector_layers", build_layer, call_layer))
