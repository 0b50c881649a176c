"""Several vectors of a text and their comparison, beside sentence-transformers' MultiVectorEncoder, on both engines."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import torso
from torso.errors import InputError, TooLongError
from torso.tasks import embed_multi_vector, make_ready, rerank, search, similar

from . import late_folders

pytestmark = pytest.mark.filterwarnings("ignore")
QUERIES = ["Where does the cat sit?", "naïve co-operation!", "弱小的我"]
TEXTS = ["The cat sits outside, and waits; (it is old).", "How to reset a LOGIN?", "弱小的我也有大梦想！", "a"]
FIXED: dict[str, Any] = {"strategy": "fixed", "attend": False, "length": 14}

FOLDERS: dict[str, Any] = {
    "no filling": lambda folder, home: late_folders.multi_vector(folder, home, expansion=None),
    "filled, not attended to": lambda folder, home: late_folders.multi_vector(folder, home, expansion=FIXED),
    "filled, attended to": lambda folder, home: late_folders.multi_vector(
        folder, home, expansion=FIXED | {"attend": True}, dense={"bias": True}
    ),
    "filled by another token, longer queries whole": lambda folder, home: late_folders.multi_vector(
        folder, home, expansion={"strategy": "min", "attend": False, "length": 8, "token": "[unused7]"}
    ),
    "prompts, and tokens without vectors": lambda folder, home: late_folders.multi_vector(
        folder,
        home,
        expansion=FIXED,
        prompts={"query": "query : ", "document": "document : "},
        mask={"skiplist_words": [",", ".", "the", "no such"], "skiplist_tasks": ["query", "document"]},
        document_length=9,
    ),
    "PyLate": late_folders.pylate,
    "PyLate, attended to": lambda folder, home: late_folders.pylate(
        folder, home, attend_to_expansion_tokens=True, skiplist_words=["?"], prompts={"query": "ask: "}
    ),
    "PyLate, not filled": lambda folder, home: late_folders.pylate(
        folder, home, do_query_expansion=False, query_prefix="query:"
    ),
    "PyLate of before": lambda folder, home: late_folders.pylate(folder, home, model_type=..., query_length=...),
    "colbert-ir": lambda folder, home: late_folders.colbert_ir(folder),
    "colbert-ir, attended to": lambda folder, home: late_folders.colbert_ir(
        folder, attend_to_mask_tokens=True, mask_punctuation=False
    ),
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("late")


@pytest.fixture(scope="module", params=FOLDERS, ids=lambda name: name.replace(" ", "-"))
def folder(request: pytest.FixtureRequest, home: Path) -> Path:
    path = home / request.param.replace(" ", "-")
    return FOLDERS[request.param](path, home / "base")


@pytest.fixture(scope="module")
def judge(folder: Path) -> Any:
    from sentence_transformers import MultiVectorEncoder

    return MultiVectorEncoder(str(folder), device="cpu", local_files_only=True)


def test_vectors_of_queries_and_texts(folder: Path, judge: Any) -> None:
    for query, texts, wanted in (
        (True, QUERIES, judge.encode_query(QUERIES, convert_to_numpy=True)),
        (False, TEXTS, judge.encode_document(TEXTS, convert_to_numpy=True)),
    ):
        for model in (folder, torso.load(folder)):
            made = embed_multi_vector(texts, model=model, query=query, long="truncate")
            for own, other in zip(made, wanted, strict=True):
                np.testing.assert_allclose(np.array(own), other, atol=1e-5)
                assert own.normalized
                assert len(own) == len(own.tokens) == len(other)
                np.testing.assert_allclose(np.linalg.norm(own.vectors, axis=1), 1, atol=1e-5)


def test_scores_and_order(folder: Path, judge: Any) -> None:
    wanted = judge.similarity(judge.encode_query(QUERIES), judge.encode_document(TEXTS)).numpy()
    for ranked, row in zip(similar(QUERIES, TEXTS, model=folder, long="truncate"), wanted, strict=True):
        assert ranked.measure == "maxsim"
        assert [match.index for match in ranked] == list(np.argsort(-row, kind="stable"))
        np.testing.assert_allclose([match.score for match in ranked], np.sort(row)[::-1], atol=1e-4)
    assert list(rerank(QUERIES[0], TEXTS, model=folder, long="truncate", top=2)) == list(
        similar(QUERIES[0], TEXTS, model=folder, long="truncate", top=2)
    )
    with pytest.raises(InputError, match="untrained would have no effect"):
        rerank(QUERIES[0], TEXTS, model=folder, long="truncate", untrained=True)


def test_search_keeps_the_vectors_of_all_tokens(folder: Path, tmp_path: Path) -> None:
    for number, text in enumerate(TEXTS):
        (tmp_path / f"{number}.txt").write_text(text, "utf-8")
    found = search("the cat", tmp_path, model=folder)
    wanted = similar("the cat", TEXTS, model=folder, long="window")
    assert [(hit.text, hit.score) for hit in found] == [(match.text, match.score) for match in wanted]
    index = (tmp_path / ".torso-search.safetensors").read_bytes()
    assert search("the cat", tmp_path, model=folder) == found
    assert (tmp_path / ".torso-search.safetensors").read_bytes() == index
    loaded = search("the cat", tmp_path, model=make_ready(folder, torso.Task.FEATURES))
    assert [(hit.file, hit.score) for hit in loaded] == [(hit.file, hit.score) for hit in found]


def test_a_batch_changes_no_bit(folder: Path) -> None:
    together = embed_multi_vector(QUERIES, model=folder, query=True, long="truncate")
    for text, own in zip(QUERIES, together, strict=True):
        alone = embed_multi_vector(text, model=folder, query=True, long="truncate")
        assert alone.vectors.tobytes() == own.vectors.tobytes()


def test_bge_m3(tmp_path: Path) -> None:
    """The formulas of FlagEmbedding's EncoderOnlyEmbedderM3Model, with its names."""
    import torch
    from transformers import AutoModel, AutoTokenizer

    folder = late_folders.bge_m3(tmp_path / "m3")
    layer = {key: value.float() for key, value in torch.load(folder / "colbert_linear.pt").items()}
    model, tokenizer = AutoModel.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    wanted = []
    for text in TEXTS:
        with torch.inference_mode():
            rows = model(**tokenizer(text, return_tensors="pt")).last_hidden_state[0, 1:]
        wanted.append(torch.nn.functional.normalize(rows @ layer["weight"].T + layer["bias"], dim=-1))
    for given in (folder, torso.load(folder)):
        made = embed_multi_vector(TEXTS, model=given)
        for own, other in zip(made, wanted, strict=True):
            np.testing.assert_allclose(own.vectors, other.numpy(), atol=1e-5)
    ranked = similar(TEXTS[0], TEXTS, model=folder, vectors="multi-vector")
    scores = {match.index: match.score for match in ranked}
    for place, other in enumerate(wanted):
        score = (wanted[0] @ other.T).max(-1).values.sum() / len(wanted[0])
        assert scores[place] == pytest.approx(float(score), abs=1e-5)
    assert ranked.measure == "meanmaxsim"


def test_the_combined_score_of_bge_m3(tmp_path: Path) -> None:
    """FlagEmbedding's ``colbert+sparse+dense`` with the weights of the model's card, over scores tested one by one."""
    folder = late_folders.pooled(late_folders.bge_m3(tmp_path / "m3"))
    home = tmp_path / "texts"
    home.mkdir()
    for number, text in enumerate(TEXTS):
        (home / f"{number}.txt").write_text(text, "utf-8")
    for given in (folder, torso.load(folder)):
        each: list[dict[int, float]] = []
        for kind in ("dense", "sparse", "multi-vector"):
            ranked = similar(TEXTS[0], TEXTS, model=given, vectors=kind)
            each.append({match.index: match.score for match in ranked})
        ranked = similar(TEXTS[0], TEXTS, model=given, vectors="combined")
        assert (len(ranked), ranked.measure) == (len(TEXTS), "combined")
        for match in ranked:
            wanted = 0.4 * each[0][match.index] + 0.2 * each[1][match.index] + 0.4 * each[2][match.index]
            assert match.score == pytest.approx(wanted, abs=1e-5)
    found = search(TEXTS[0], home, model=folder, vectors="combined")
    assert {hit.text for hit in found} == set(TEXTS)
    index = (home / ".torso-search.safetensors").read_bytes()
    assert search(TEXTS[0], home, model=folder, vectors="combined") == found
    assert (home / ".torso-search.safetensors").read_bytes() == index


def test_a_combined_score_needs_all_kinds(folder: Path) -> None:
    with pytest.raises(InputError, match="combined score needs dense, sparse, multi-vector") as caught:
        similar("a", ["b"], model=folder, vectors="combined")
    assert caught.value.code == "E_POOLING"


def test_texts_longer_than_the_model(home: Path) -> None:
    """Where the files say no length, the model's own is the limit, and every way with long texts works."""
    folder = home / "no-filling"
    if not folder.exists():
        late_folders.multi_vector(folder, home / "base", expansion=None)
    text = "the cat " * 400
    with pytest.raises(TooLongError, match=r"Text 1 is 802 tokens.*truncate") as caught:
        embed_multi_vector(["a", text], model=folder)
    assert caught.value.code == "E_TOO_LONG"
    cut = embed_multi_vector(text, model=folder, long="truncate")
    np.testing.assert_array_equal(cut.vectors, embed_multi_vector("the cat " * 255, model=folder).vectors)
    assert cut.max_tokens == 512
    whole = embed_multi_vector(text, model=folder, long="window", stride=0)
    assert len(whole.vectors) == 800 + 2 * whole.extent.windows
    assert similar("the cat", [text], model=folder, long="truncate")[0].score > 0
