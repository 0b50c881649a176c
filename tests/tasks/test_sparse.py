"""Sparse vectors beside sentence-transformers' SparseEncoder and FlagEmbedding's lexical weights, on both engines."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import torso
from torso.errors import InputError, UnsupportedError
from torso.tasks import embed_sparse, search, similar

from . import late_folders
from .reference import save

pytestmark = pytest.mark.filterwarnings("ignore")
TEXTS = ["the cat sits outside the cat", "How to reset a LOGIN?", "弱小的我也有大梦想", "the"]
POOLINGS: dict[str, dict[str, Any]] = {
    "max": {},
    "sum": {"pooling_strategy": "sum"},
    "twice": {"activation_function": "log1p_relu"},
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("splade")


@pytest.fixture(scope="module", params=POOLINGS)
def folder(request: pytest.FixtureRequest, home: Path) -> Path:
    return late_folders.splade(home / request.param, home / "base", **POOLINGS[request.param])


def test_splade(folder: Path) -> None:
    from sentence_transformers import SparseEncoder

    judge = SparseEncoder(str(folder), device="cpu", local_files_only=True)
    wanted = judge.encode(TEXTS, convert_to_sparse_tensor=False)
    for model in (folder, torso.load(folder, torso.Task.MASKED_LM)):
        made = embed_sparse(TEXTS, model=model)
        np.testing.assert_allclose(np.array(made), wanted.numpy(), rtol=1e-5, atol=1e-5 * float(wanted.max()))
        assert all(len(each) == int((row != 0).sum()) for each, row in zip(made, wanted, strict=True))
    few = embed_sparse(TEXTS, model=folder, top=5)
    limited = judge.encode(TEXTS, convert_to_sparse_tensor=False, max_active_dims=5)
    np.testing.assert_allclose(np.array(few), limited.numpy(), rtol=1e-5, atol=1e-5)
    decoded = judge.decode(limited, top_k=5)
    for own, other in zip(few, decoded, strict=True):
        assert list(own.weights) == [token for token, _ in other]
    scores = judge.similarity(wanted, wanted)[0].numpy()
    ranked = similar(TEXTS[0], TEXTS, model=folder)
    assert ranked.measure == "dot"
    np.testing.assert_allclose([scores[match.index] for match in ranked], [m.score for m in ranked], rtol=1e-5)


@pytest.mark.parametrize("measure", ["cosine", "euclidean", "manhattan"])
def test_other_similarities(measure: str, home: Path, tmp_path: Path) -> None:
    from sentence_transformers import SparseEncoder

    folder = late_folders.splade(tmp_path / "model", home / "base")
    late_folders.edited(folder / "config_sentence_transformers.json", similarity_fn_name=measure)
    judge = SparseEncoder(str(folder), device="cpu", local_files_only=True)
    wanted = judge.similarity(judge.encode(TEXTS), judge.encode(TEXTS))[0]
    wanted = wanted.to_dense().numpy()
    ranked = similar(TEXTS[0], TEXTS, model=folder)
    np.testing.assert_allclose([wanted[each.index] for each in ranked], [each.score for each in ranked], rtol=1e-4,
                               atol=1e-3)  # fmt: skip
    assert ranked.measure == measure


def test_earlier_names_of_the_module(home: Path, tmp_path: Path) -> None:
    import json

    folder = late_folders.splade(tmp_path / "model", home / "base")
    wanted = np.array(embed_sparse(TEXTS, model=folder))
    modules = json.loads((folder / "modules.json").read_text("utf-8"))
    modules[0]["type"] = "sentence_transformers.sparse_encoder.models.MLMTransformer"
    modules[1]["type"] = "sentence_transformers.sparse_encoder.models.SpladePooling"
    (folder / "modules.json").write_text(json.dumps(modules), "utf-8")
    (folder / "sentence_bert_config.json").write_text('{"max_seq_length": 512, "do_lower_case": false}', "utf-8")
    np.testing.assert_array_equal(np.array(embed_sparse(TEXTS, model=folder)), wanted)


def test_a_masked_language_model_that_says_nothing(tmp_path: Path) -> None:
    folder = save(tmp_path / "model", "ForMaskedLM")
    with pytest.raises(InputError, match="does not say how to make sparse vectors"):
        embed_sparse(TEXTS, model=folder)
    made = embed_sparse(TEXTS, model=folder, pooling="max")
    assert len(made) == 4
    with pytest.raises(InputError, match="no pooling 'mean'"):
        embed_sparse(TEXTS, model=folder, pooling="mean")


def test_modules_that_torso_does_not_have(home: Path, tmp_path: Path) -> None:
    import json

    folder = late_folders.splade(tmp_path / "model", home / "base")
    modules = json.loads((folder / "modules.json").read_text("utf-8"))
    modules.insert(
        0, {"name": "r", "type": "sentence_transformers.sparse_encoder.models.SparseStaticEmbedding", "path": ""}
    )
    (folder / "modules.json").write_text(json.dumps(modules), "utf-8")
    with pytest.raises(UnsupportedError, match="SparseStaticEmbedding"):
        embed_sparse(TEXTS, model=folder)


def test_bge_m3_lexical_weights(tmp_path: Path) -> None:
    """The formulas of FlagEmbedding's M3Embedder, with its names."""
    import torch
    from transformers import AutoModel, AutoTokenizer

    folder = late_folders.bge_m3(tmp_path / "m3")
    layer = {key: value.float() for key, value in torch.load(folder / "sparse_linear.pt").items()}
    model, tokenizer = AutoModel.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    unused = {tokenizer.cls_token_id, tokenizer.eos_token_id, tokenizer.pad_token_id, tokenizer.unk_token_id}
    wanted: list[dict[int, float]] = []
    for text in TEXTS:
        with torch.inference_mode():
            batch = tokenizer(text, return_tensors="pt")
            weights = torch.relu(model(**batch).last_hidden_state[0] @ layer["weight"].T + layer["bias"])[:, 0]
        found: dict[int, float] = {}
        for weight, number in zip(weights.tolist(), batch["input_ids"][0].tolist(), strict=True):
            if number not in unused and weight > found.get(number, 0):
                found[number] = weight
        wanted.append(found)
    assert len(wanted[0]) > 1
    for given in (folder, torso.load(folder)):
        for own, other in zip(embed_sparse(TEXTS, model=given), wanted, strict=True):
            assert own.indices.tolist() == sorted(other)
            np.testing.assert_allclose(own.values, [other[number] for number in sorted(other)], atol=1e-5)
    ranked = similar(TEXTS[0], TEXTS, model=folder, vectors="sparse")
    for match in ranked:
        score = sum(weight * wanted[match.index].get(number, 0) for number, weight in wanted[0].items())
        assert match.score == pytest.approx(score, abs=1e-4)


def test_search_keeps_entries(folder: Path, tmp_path: Path) -> None:
    for number, text in enumerate(TEXTS):
        (tmp_path / f"{number}.txt").write_text(text, "utf-8")
    found = search("the cat", tmp_path, model=folder)
    wanted = similar("the cat", TEXTS, model=folder)
    assert [(hit.text, hit.score) for hit in found] == [(match.text, match.score) for match in wanted]
    index = (tmp_path / ".torso-search.safetensors").read_bytes()
    assert search("the cat", tmp_path, model=folder) == found
    assert (tmp_path / ".torso-search.safetensors").read_bytes() == index


def test_windows_of_a_long_text(folder: Path) -> None:
    long = " ".join(TEXTS[:2] * 60)
    with pytest.raises(torso.TorsoError, match="512"):
        embed_sparse(long, model=folder)
    made = embed_sparse(long, model=folder, long="window")
    assert made.extent.windows > 1
    parts = embed_sparse(TEXTS[:1], model=folder)
    assert set(parts[0].indices) & set(made.indices)
