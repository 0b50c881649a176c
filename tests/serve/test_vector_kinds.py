"""Sparse vectors, the vectors of tokens, and decoders that rank, over HTTP: equal to the library's to the bit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import torso
import torso.serve
from serve.conftest import serving
from tasks import late_folders
from torso.errors import InputError

pytestmark = pytest.mark.filterwarnings("ignore")
QUERY, TEXTS = "the cat", ["The cat sits outside.", "How to reset a LOGIN?", "北京"]


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    home = tmp_path_factory.mktemp("kinds")
    return {
        "m3": late_folders.bge_m3(home / "m3"),
        "splade": late_folders.splade(home / "splade", home / "base"),
        "colbert": late_folders.colbert_ir(home / "colbert", query_maxlen=40),
    }


@pytest.mark.parametrize("name", ["m3", "splade"])
def test_sparse(folders: dict[str, Path], name: str) -> None:
    with serving({"it": str(folders[name])}) as client:
        answer = client.post("/embed_sparse", json={"inputs": TEXTS})
        assert answer.status_code == 200, answer.text
        functions = client.get("/v1/models").json()["data"][0]["torso"]["functions"]
        refused = client.post("/embed_sparse", json={"inputs": TEXTS, "prompt_name": "none such"})
    assert "embed_sparse" in functions
    assert refused.json()["code"] == "E_PROMPT"
    for found, own in zip(answer.json(), torso.embed_sparse(TEXTS, model=str(folders[name])), strict=True):
        assert [each["index"] for each in found] == own.indices.tolist()
        values = np.array([each["value"] for each in found], np.float32)
        assert values.tobytes() == own.values.tobytes()


def test_a_colbert_gives_vectors_of_tokens_and_ranks(folders: dict[str, Path]) -> None:
    with serving({"it": str(folders["colbert"])}) as client:
        answers = [client.post("/embed_all", json={"inputs": TEXTS, "prompt_name": name}) for name in (None, "query")]
        ranked = client.post("/rerank", json={"query": QUERY, "texts": TEXTS})
        wrong = client.post("/embed_all", json={"inputs": TEXTS, "prompt_name": "other"})
        dense = client.post("/embed", json={"inputs": TEXTS})
    for answer, query in zip(answers, (False, True), strict=True):
        assert answer.status_code == 200, answer.text
        for found, own in zip(
            answer.json(), torso.embed_multi_vector(TEXTS, model=str(folders["colbert"]), query=query), strict=True
        ):
            assert np.array(found, np.float32).tobytes() == own.vectors.tobytes()
    wanted = torso.rerank(QUERY, TEXTS, model=str(folders["colbert"]))
    assert [(each["index"], each["score"]) for each in ranked.json()] == [(each.index, each.score) for each in wanted]
    assert (wrong.status_code, wrong.json()["code"]) == (422, "E_PROMPT")
    assert (dense.status_code, dense.json()["code"]) == (404, "E_TASK")


@pytest.fixture(scope="module")
def decoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A decoder whose files say nothing of ranking."""
    return late_folders.decoder(tmp_path_factory.mktemp("plain") / "qwen", "Qwen3")


def ranked(answer: Any) -> list[tuple[int, float]]:
    assert answer.status_code == 200, answer.text
    return [(each["index"], each["score"]) for each in answer.json()]


@pytest.mark.parametrize("prompt", [None, "Is it about animals?"])
def test_a_decoder_ranks_by_the_template_that_a_request_names(decoder: Path, prompt: str | None) -> None:
    wanted = torso.rerank(QUERY, TEXTS, model=str(decoder), template="qwen3-reranker", prompt=prompt)
    asked = {"query": QUERY, "texts": TEXTS, "template": "qwen3-reranker", "prompt": prompt}
    with serving({"it": str(decoder)}) as client:
        found = client.post("/rerank", json=asked)
        named = client.post("/v1/rerank", json={"query": QUERY, "documents": TEXTS} | {"template": "qwen3-reranker"})
        unknown = client.post("/rerank", json=asked | {"template": "none such"})
        without = client.post("/rerank", json={"query": QUERY, "texts": TEXTS})
        written = client.post("/v1/completions", json={"prompt": "the", "max_tokens": 2})
    assert ranked(found) == [(each.index, each.score) for each in wanted]
    assert named.status_code == written.status_code == 200
    assert (unknown.status_code, unknown.json()["code"]) == (422, "E_RERANK_TEMPLATE")
    assert (without.status_code, without.json()["code"]) == (422, "E_RERANK_TEMPLATE")


def test_a_decoder_ranks_by_the_template_of_the_server(decoder: Path) -> None:
    wanted = torso.rerank(QUERY, TEXTS, model=str(decoder), template="bge-reranker")
    with serving({"it": str(decoder)}, rerank_template="bge-reranker") as client:
        found = client.post("/rerank", json={"query": QUERY, "texts": TEXTS})
        functions = client.get("/v1/models").json()["data"][0]["torso"]["functions"]
    assert ranked(found) == [(each.index, each.score) for each in wanted]
    assert "rerank" in functions
    assert "chat" in functions


def test_a_template_that_nothing_follows_is_refused(decoder: Path, folders: dict[str, Path]) -> None:
    with pytest.raises(InputError, match="template"):
        torso.serve.app({"it": str(decoder)}, torso.serve.ServeSettings(rerank_template="none such"))
    with pytest.raises(InputError, match="rerank_template"):
        torso.serve.app({"it": str(folders["colbert"])}, torso.serve.ServeSettings(rerank_template="bge-reranker"))
    with serving({"it": str(folders["colbert"])}) as client:
        refused = client.post("/rerank", json={"query": QUERY, "texts": TEXTS, "template": "bge-reranker"})
    assert (refused.status_code, refused.json()["code"]) == (422, "E_ARGUMENT")


def test_a_decoder_ranks(tmp_path: Path) -> None:
    from sentence_transformers import CrossEncoder

    folder = late_folders.decoder(tmp_path / "qwen", "Qwen3")
    (folder / "chat_template.jinja").write_text(late_folders.TEMPLATE, "utf-8")
    CrossEncoder(str(folder), device="cpu").save(str(tmp_path / "saved"))
    with serving({"it": str(tmp_path / "saved")}) as client:
        ranked = client.post("/rerank", json={"query": QUERY, "texts": TEXTS})
        raw = client.post("/rerank", json={"query": QUERY, "texts": TEXTS, "raw_scores": True})
        chat = client.post("/v1/chat/completions", json={"messages": [{"role": "user", "content": "a"}]})
    wanted = torso.rerank(QUERY, TEXTS, model=str(tmp_path / "saved"))
    assert [(each["index"], each["score"]) for each in ranked.json()] == [(each.index, each.score) for each in wanted]
    scores = [1 / (1 + np.exp(-each["score"])) for each in raw.json()]
    assert scores == pytest.approx([each.score for each in wanted])
    assert chat.status_code == 404
