"""Files of sparse vectors, late interaction and decoders that rank which say what torso cannot follow."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from torso.errors import TorsoError
from torso.tasks import embed, embed_multi_vector, embed_sparse, make_ready, similar
from torso.tasks.late_files import read_late_recipe
from torso.tasks.rerank_templates import is_decoder_reranker, rerank_template
from torso.tasks.sparse_files import read_sparse_recipe
from torso.tasks.vector_kinds import kinds_of

from . import late_folders

pytestmark = pytest.mark.filterwarnings("ignore")
LATE = [{"type": f"sentence_transformers.models.{kind}", "path": path, "name": path, "idx": 0}
        for kind, path in (("Transformer", ""), ("Dense", "1_D"), ("MultiVectorMask", "2_M"))]  # fmt: skip
EXPANSION = {"strategy": "fixed", "length": 32}


def files(folder: Path, tables: dict[str, Any]) -> Path:
    for name, table in tables.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(json.dumps(table), "utf-8")
    return folder


LATE_FAULTS: dict[str, dict[str, Any]] = {
    "strategy": {"sentence_bert_config.json": {"query_expansion": EXPANSION | {"strategy": "max"}}},
    "no length": {"sentence_bert_config.json": {"query_expansion": {"strategy": "fixed"}}},
    "length 0": {"sentence_bert_config.json": {"query_expansion": EXPANSION | {"length": 0}}},
    "length that is none": {"sentence_bert_config.json": {"query_expansion": EXPANSION | {"length": True}}},
    "token": {"sentence_bert_config.json": {"query_expansion": EXPANSION | {"token": 3}}},
    "attend": {"sentence_bert_config.json": {"query_expansion": EXPANSION | {"attend": "yes"}}},
    "unknown key": {"sentence_bert_config.json": {"query_expansion": EXPANSION | {"more": 1}}},
    "expansion as a list": {"sentence_bert_config.json": {"query_expansion": [1]}},
    "document_length": {"sentence_bert_config.json": {"document_length": -3}},
    "query_length": {"sentence_bert_config.json": {"query_length": "32"}},
    "measure": {"config_sentence_transformers.json": {"similarity_fn_name": "xtr"}},
    "prompts": {"config_sentence_transformers.json": {"prompts": {"query": 3}}},
    "a key of the whole model": {"config_sentence_transformers.json": {"pool_factor": 2}},
    "words": {"2_M/config.json": {"skiplist_words": "the"}},
    "words that are none": {"2_M/config.json": {"skiplist_words": [1]}},
    "kept tokens": {"2_M/config.json": {"keep_only_token_ids": [4]}},
    "tasks": {"2_M/config.json": {"skiplist_tasks": [1]}},
    "pooling of tokens": {"modules.json": [*LATE, {"type": "sentence_transformers.x.TokenPooling", "path": ""}]},
    "no sizes": {"1_D/config.json": {}},
    "modules as text": {"modules.json": "x"},
}  # fmt: skip


@pytest.mark.parametrize("fault", LATE_FAULTS)
def test_late_interaction(fault: str, tmp_path: Path) -> None:
    plain = {"modules.json": LATE, "1_D/config.json": {"in_features": 8, "out_features": 4, "bias": False}}
    files(tmp_path, {**plain, "2_M/config.json": {}, "config.json": {"model_type": "bert"}})
    assert read_late_recipe(tmp_path) is not None
    files(tmp_path, LATE_FAULTS[fault])
    with pytest.raises(TorsoError) as raised:
        read_late_recipe(tmp_path)
    assert raised.value.code in ("E_POOLING", "E_JSON")


METADATA: dict[str, Any] = {
    "query_maxlen": 0, "doc_maxlen": "300", "mask_punctuation": "yes", "attend_to_mask_tokens": 1,
    "query_token_id": 5, "doc_token_id": ["[D]"], "similarity": "l2",
}  # fmt: skip


@pytest.mark.parametrize("key", METADATA)
def test_metadata_of_colbert_ir(key: str, tmp_path: Path) -> None:
    files(tmp_path, {"config.json": {"model_type": "bert", "architectures": ["HF_ColBERT"]}, "artifact.metadata": {}})
    recipe = read_late_recipe(tmp_path)
    assert recipe is not None
    assert (recipe.queries.marker, recipe.documents.marker) == ("[unused0]", "[unused1]")
    assert kinds_of(tmp_path) == ("multi-vector",)
    files(tmp_path, {"artifact.metadata": {key: METADATA[key]}})
    with pytest.raises(TorsoError, match=r"E_POOLING|artifact"):
        read_late_recipe(tmp_path)


SPARSE: dict[str, dict[str, Any]] = {
    "strategy": {"pooling_strategy": "mean"},
    "a list of strategies": {"pooling_strategy": ["max"]},
    "activation": {"activation_function": "gelu"},
    "unknown key": {"threshold": 0.1},
}


@pytest.mark.parametrize("fault", SPARSE)
def test_sparse(fault: str, tmp_path: Path) -> None:
    kinds = (("MLMTransformer", ""), ("SpladePooling", "1_S"))
    modules = [{"type": f"sentence_transformers.models.{kind}", "path": path, "name": path} for kind, path in kinds]
    files(tmp_path, {"modules.json": modules, "1_S/config.json": {}, "config.json": {"model_type": "bert"}})
    recipe = read_sparse_recipe(tmp_path)
    assert recipe is not None
    assert (recipe.pooling, recipe.logarithms, recipe.similarity) == ("max", 1, "dot")
    files(tmp_path, {"1_S/config.json": SPARSE[fault]})
    with pytest.raises(TorsoError) as raised:
        read_sparse_recipe(tmp_path)
    assert raised.value.code == "E_POOLING"


@pytest.mark.parametrize(
    "table", [{}, {"true_token_id": -1}, {"true_token_id": "yes"}, {"true_token_id": 1, "more": 2}]
)
def test_decoders_that_rank(table: dict[str, Any], tmp_path: Path) -> None:
    folder = late_folders.decoder(tmp_path / "model", "Qwen3")
    kinds = (("Transformer", ""), ("LogitScore", "1_L"))
    modules = [{"type": f"sentence_transformers.models.{kind}", "path": path, "name": path} for kind, path in kinds]
    files(folder, {"modules.json": modules, "1_L/config.json": table})
    (folder / "chat_template.jinja").write_text(late_folders.TEMPLATE, "utf-8")
    assert is_decoder_reranker(folder)
    import torso

    tokenizer = torso.load_tokenizer(folder)
    with pytest.raises(TorsoError) as raised:
        rerank_template(folder, tokenizer, None, None, "it")
    assert raised.value.code == "E_POOLING"


@pytest.mark.parametrize(
    "tensors",
    [
        {"weight": (1, 16), "bias": (1,)},
        {"weight": (32,), "bias": (1,)},
        {"weight": (2, 32), "bias": (1,)},
        {"bias": (1,)},
    ],
)
def test_a_layer_that_does_not_fit(tensors: dict[str, tuple[int, ...]], tmp_path: Path) -> None:
    import torch

    folder = late_folders.bge_m3(tmp_path / "m3")
    for name, call in (("sparse_linear.pt", embed_sparse), ("colbert_linear.pt", embed_multi_vector)):
        torch.save({key: torch.ones(shape) for key, shape in tensors.items()}, folder / name)
        with pytest.raises(TorsoError) as raised:
            call("the cat", model=folder)
        assert raised.value.code in ("E_POOLING", "E_MISSING")


def test_code_in_a_layer_is_never_run(tmp_path: Path) -> None:
    import pickle

    folder = late_folders.bge_m3(tmp_path / "m3")

    class Bad:
        def __reduce__(self) -> Any:
            return (print, ("run",))

    (folder / "sparse_linear.pt").write_bytes(pickle.dumps({"weight": Bad()}))
    with pytest.raises(TorsoError) as raised:
        embed_sparse("the cat", model=folder)
    assert raised.value.code == "E_PICKLE_UNSAFE"


def test_queries_are_not_filled_beyond_the_model(tmp_path: Path) -> None:
    folder = late_folders.colbert_ir(tmp_path / "model", query_maxlen=10**12)
    with pytest.raises(TorsoError, match="filled up to") as raised:
        embed_multi_vector("a", model=folder, query=True)
    assert raised.value.code == "E_POOLING"


def test_a_kind_that_a_model_does_not_give(tmp_path: Path) -> None:
    folder = late_folders.colbert_ir(tmp_path / "model")
    with pytest.raises(TorsoError) as raised:
        similar("a", ["b"], model=folder, vectors="sparse")
    assert raised.value.code == "E_POOLING"
    with pytest.raises(TorsoError) as raised:
        similar("a", ["b"], model=folder, vectors="many")
    assert raised.value.code == "E_ARGUMENT"
    import torso

    ready = make_ready(late_folders.save(tmp_path / "dense", "Model"), torso.Task.FEATURES)
    with pytest.raises(TorsoError, match="a vector of each token"):
        embed_multi_vector("a", model=ready)


@pytest.mark.parametrize(
    ("kind", "cure"), [("splade", "--sparse"), ("colbert", "--multi-vector"), ("pylate", "--multi-vector")]
)
def test_one_vector_of_a_model_for_others_names_what_it_is_for(kind: str, cure: str, tmp_path: Path) -> None:
    make = {
        "splade": late_folders.splade,
        "colbert": lambda folder, home: late_folders.multi_vector(folder, home, expansion=None),
        "pylate": late_folders.pylate,
    }[kind]
    with pytest.raises(TorsoError, match=cure) as raised:
        embed("a", model=make(tmp_path / "model", tmp_path / "base"))
    assert raised.value.code == "E_POOLING"
