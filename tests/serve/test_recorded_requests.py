"""Requests as clients of other projects send them, written by hand from their sources, and what they read of answers.

Dify and its plugin for TEI, RAGFlow, Open WebUI, and TEI's own OpenAPI document (1.7).
"""

from __future__ import annotations

import numpy as np
import pytest

import torso
from serve.conftest import serving

TEXTS = ["今天天气很好。", "hello world", "这本书很好看"]
QUERY = "今天"


@pytest.fixture(scope="module")
def vectors(folders) -> np.ndarray:
    return np.stack([each.vector for each in torso.encode(TEXTS, model=str(folders["embed"]))])


@pytest.fixture(scope="module")
def ranked(folders) -> dict[int, float]:
    return {match.index: match.score for match in torso.rerank(QUERY, TEXTS, model=str(folders["rank"]))}


@pytest.fixture(scope="module")
def embedder(folders):
    """A server of one model, as TEI is one."""
    with serving({"bge": str(folders["embed"])}) as client:
        yield client


@pytest.fixture(scope="module")
def reranker(folders):
    with serving({"reranker": str(folders["rank"])}) as client:
        yield client


def ok(answer):
    assert answer.status_code == 200, answer.text
    return answer.json()


DIFY = [
    {"input": "ping", "model": "embed"},
    {"input": TEXTS, "model": "embed", "user": "abc-123", "encoding_format": "float"},
]
RAGFLOW = [
    {"input": TEXTS, "model": "embed", "encoding_format": "float", "drop_params": True},
    {"input": TEXTS, "model": "embed"},
    {"model": "embed", "input": TEXTS, "encoding_type": "float"},
]
OPEN_WEBUI = [{"input": TEXTS, "model": "embed"}, {"input": [QUERY], "model": "embed"}]
JINA = [
    {"model": "embed", "task": "retrieval.passage", "truncate": True, "input": [{"text": each} for each in TEXTS]},
    {"model": "embed", "input": TEXTS, "late_chunking": False, "embedding_type": "float", "normalized": False},
]


@pytest.mark.parametrize("body", [*DIFY, *RAGFLOW, *OPEN_WEBUI, *JINA])
def test_embeddings_as_they_are_asked_for(client, vectors, body) -> None:
    headers = {"X-OpenWebUI-User-Name": "me", "X-OpenWebUI-User-Id": "1", "Authorization": "Bearer none"}
    found = ok(client.post("/v1/embeddings", json=body, headers=headers))
    assert found["usage"]["total_tokens"] > 0
    if len(body["input"]) == len(TEXTS):
        assert (np.array([each["embedding"] for each in found["data"]], np.float32) == vectors).all()


def test_what_would_change_the_vectors_of_jina_s_clients_is_refused(client) -> None:
    for more in ({"late_chunking": True}, {"return_multivector": True}, {"truncate": "START"}, {"task": "nothing"}):
        answer = client.post("/v1/embeddings", json={"model": "embed", "input": TEXTS, **more})
        assert answer.status_code == 400
        assert next(iter(more)) in answer.text
    both = {"model": "embed", "input": TEXTS, "normalize": True, "normalized": False}
    assert "normalized" in client.post("/v1/embeddings", json=both).json()["error"]["message"]
    image = {"model": "embed", "input": [{"image": "aGVsbG8="}]}
    assert client.post("/v1/embeddings", json=image).status_code == 400


RANKINGS = {
    "dify, openai-compatible": ("/v1/rerank", {"model": "rank", "query": QUERY, "documents": TEXTS, "top_n": 3,
                                              "return_documents": True}),
    "ragflow, xinference": ("/v1/rerank", {"model": "rank", "query": QUERY, "return_documents": "true",
                                          "return_len": "true", "documents": TEXTS}),
    "ragflow, openai-compatible": ("/rerank", {"model": "rank", "query": QUERY, "documents": TEXTS, "top_n": 3}),
    "ragflow, siliconflow": ("/v1/rerank", {"model": "rank", "query": QUERY, "documents": TEXTS, "top_n": 3,
                                           "return_documents": False, "max_chunks_per_doc": 1024,
                                           "overlap_tokens": 80}),
    "open webui": ("/v1/rerank", {"model": "rank", "query": QUERY, "documents": TEXTS, "top_n": 3}),
    "jina": ("/v1/rerank", {"model": "rank", "query": QUERY, "documents": [{"text": each} for each in TEXTS]}),
}  # fmt: skip


@pytest.mark.parametrize("name", RANKINGS)
def test_rankings_as_they_are_asked_for(client, ranked, name) -> None:
    path, body = RANKINGS[name]
    found = ok(client.post(path, json=body))
    assert {each["index"]: each["relevance_score"] for each in found["results"]} == ranked
    assert found["usage"]["total_tokens"] > 0
    if body.get("return_documents") in (True, "true"):
        assert [each["document"]["text"] for each in found["results"]] == [
            TEXTS[each["index"]] for each in found["results"]
        ]


def test_dify_s_plugin_for_tei_finds_what_it_asks(embedder, reranker, vectors, ranked) -> None:
    about = ok(embedder.get("/info"))
    assert next(iter(about["model_type"])) == "embedding"
    assert about["model_type"]["embedding"]["pooling"] == "mean"
    assert about["max_input_length"] == 64
    assert about["max_client_batch_size"] >= 32
    assert next(iter(ok(reranker.get("/info"))["model_type"])) == "reranker"
    tokens = ok(embedder.post("/tokenize", json={"inputs": TEXTS}))
    assert [set(each[0]) for each in tokens] == [{"id", "text", "special", "start", "stop"}] * 3
    found = ok(embedder.post("/v1/embeddings", json={"input": TEXTS}))
    assert (np.array([each["embedding"] for each in found["data"]], np.float32) == vectors).all()
    rows = ok(reranker.post("/rerank", json={"query": QUERY, "texts": TEXTS, "return_text": True}))
    assert {row["index"]: row["score"] for row in rows} == ranked
    assert all(row["text"] == TEXTS[row["index"]] for row in rows)


TRUNCATION = {"truncate": False, "truncation_direction": "Right"}
TEI = {  # of each route: the fields that TEI's document has, with their defaults
    "/embed": {"inputs": TEXTS[0], "normalize": True, "prompt_name": None, **TRUNCATION},
    "/embed_all": {"inputs": TEXTS, "prompt_name": None, **TRUNCATION},
    "/predict": {"inputs": [[TEXTS[0]], TEXTS[:2]], "raw_scores": False, **TRUNCATION},
    "/rerank": {"query": QUERY, "texts": TEXTS, "raw_scores": False, "return_text": False, **TRUNCATION},
    "/similarity": {"inputs": {"source_sentence": QUERY, "sentences": TEXTS},
                    "parameters": {"prompt_name": None, **TRUNCATION}},
    "/tokenize": {"inputs": TEXTS[0], "add_special_tokens": True, "prompt_name": None},
    "/decode": {"ids": [5, 6], "skip_special_tokens": True},
    "/v1/embeddings": {"input": TEXTS, "model": None, "user": None, "encoding_format": "float"},
}  # fmt: skip
MODEL_OF = {"/predict": "sentiment", "/rerank": "rank"}


@pytest.mark.parametrize("path", TEI)
def test_every_field_of_tei_s_document_is_taken(client, folders, path) -> None:
    model = MODEL_OF.get(path, "embed")
    with serving({model: str(folders[model])}) as alone:
        ok(alone.post(path, json=TEI[path]))
    document = client.get("/openapi.json").json()
    name = document["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition(
        "/"
    )[2]
    if path != "/rerank":  # where the types of two dialects are told apart by their fields
        assert set(TEI[path]) - {"user"} <= set(document["components"]["schemas"][name]["properties"])


INFO = ["model_id", "model_sha", "model_dtype", "model_type", "max_concurrent_requests", "max_input_length",
        "max_batch_tokens", "max_batch_requests", "max_client_batch_size", "auto_truncate", "tokenization_workers",
        "version"]  # fmt: skip


def test_info_has_every_field_of_tei_s(embedder) -> None:
    assert set(INFO) <= set(ok(embedder.get("/info")))


def test_vectors_of_all_tokens_are_the_last_hidden_state(client, folders) -> None:
    import torch

    found = ok(client.post("/embed_all", json={"inputs": TEXTS, "model": "embed"}))
    model = torso.load(folders["embed"])
    encodings = torso.load_tokenizer(folders["embed"]).encodings(TEXTS)
    with torch.no_grad():
        rows = model(torso.pack(encodings)).hidden.rows.numpy()
    assert [len(each) for each in found] == [len(each) for each in encodings]
    assert np.allclose(np.concatenate([np.array(each, np.float32) for each in found]), rows, atol=1e-5)
    long = client.post("/embed_all", json={"inputs": "好" * 90, "model": "embed"})
    assert (long.status_code, long.json()["error_type"]) == (422, "Validation")
    assert len(ok(client.post("/embed_all", json={"inputs": "好" * 90, "truncate": True, "model": "embed"}))[0]) == 64


def test_an_answer_with_a_vector_for_each_token_is_bounded(client, monkeypatch) -> None:
    monkeypatch.setattr("torso.serve.tei_routes.MOST_NUMBERS", 300)
    answer = client.post("/embed_all", json={"inputs": TEXTS, "model": "embed"})
    assert (answer.status_code, answer.json()["code"]) == (413, "E_TOO_MUCH")


def test_sparse_vectors_are_refused_of_a_model_without_them(client) -> None:
    answer = client.post("/embed_sparse", json={"inputs": TEXTS, "model": "embed"})
    assert (answer.status_code, answer.json()["code"]) == (404, "E_TASK")
    assert "embed_sparse" in answer.json()["error"]


def test_raw_scores_are_logits(client, folders) -> None:
    raw = ok(
        client.post("/predict", json={"inputs": [[each] for each in TEXTS], "model": "sentiment", "raw_scores": True})
    )
    plain = torso.classify(TEXTS, model=str(folders["sentiment"]))
    for rows, label in zip(raw, plain, strict=True):
        scores = np.exp([row["score"] for row in rows])
        shares = dict(zip([row["label"] for row in rows], scores / scores.sum(), strict=True))
        assert shares == pytest.approx(dict(label.scores), abs=1e-6)


def test_similarity_and_tokens_follow_their_options(client) -> None:
    long = {"source_sentence": QUERY, "sentences": ["好" * 90]}
    assert client.post("/similarity", json={"inputs": long, "model": "embed"}).status_code == 422
    ok(client.post("/similarity", json={"inputs": long, "model": "embed", "parameters": {"truncate": True}}))
    for path, body in (("/similarity", {"inputs": long, "parameters": {"prompt_name": "x"}}),
                       ("/tokenize", {"inputs": "a", "prompt_name": "x"}),
                       ("/embed_all", {"inputs": "a", "prompt_name": "x"})):  # fmt: skip
        answer = client.post(path, json={**body, "model": "embed"})
        assert (answer.status_code, answer.json()["code"]) == (422, "E_PROMPT")


@pytest.fixture(scope="module")
def prompting(folders, tmp_path_factory):
    """A model that puts words before queries and documents."""
    import json
    import shutil

    folder = tmp_path_factory.mktemp("prompts") / "m"
    shutil.copytree(folders["embed"], folder)
    settings = {"prompts": {"query": "hello ", "document": "你好"}, "default_prompt_name": None}
    (folder / "config_sentence_transformers.json").write_text(json.dumps(settings), encoding="utf-8")
    with serving({"p": str(folder)}) as client:
        yield client, folder


@pytest.mark.parametrize(
    ("path", "field", "value", "prompt"),
    [
        ("/v2/embed", "input_type", "search_query", "hello "),
        ("/v1/embed", "input_type", "search_document", "你好"),
        ("/v2/embed", "input_type", "clustering", ""),
        ("/v1/embeddings", "input_type", "query", "hello "),
        ("/v1/embeddings", "input_type", "passage", "你好"),
        ("/v1/embeddings", "task", "retrieval.query", "hello "),
        ("/embed", "prompt_name", "query", "hello "),
    ],
)
def test_a_text_s_part_in_a_search_is_its_prompt(prompting, path, field, value, prompt) -> None:
    client, folder = prompting
    name = {"/embed": "inputs", "/v1/embeddings": "input"}.get(path, "texts")
    found = ok(client.post(path, json={name: TEXTS, field: value}))
    rows = found if path == "/embed" else found["embeddings"] if "embeddings" in found else found["data"]
    rows = (
        rows["float"]
        if isinstance(rows, dict)
        else [each["embedding"] if isinstance(each, dict) else each for each in rows]
    )
    wanted = torso.encode(TEXTS, model=str(folder), prompt=prompt, normalize=path == "/embed" or None)
    assert (np.array(rows, np.float32) == np.stack([each.vector for each in wanted])).all()
    if path == "/embed":
        (tokens, *_) = ok(client.post("/tokenize", json={"inputs": TEXTS[0], "prompt_name": "query"}))
        assert tokens[1]["text"] == "hello"


def test_cohere_s_vectors_by_their_types(client, vectors) -> None:
    body = {"model": "embed", "texts": TEXTS, "input_type": "search_document"}
    plain = ok(client.post("/v1/embed", json=body))
    assert plain["response_type"] == "embeddings_floats"
    assert (np.array(plain["embeddings"], np.float32) == vectors).all()
    kinds = ok(client.post("/v2/embed", json={**body, "embedding_types": ["float", "base64"], "truncate": "END"}))
    assert set(kinds["embeddings"]) == {"float", "base64"}
    assert kinds["meta"]["billed_units"]["input_tokens"] > 0
    for more, word in (({"embedding_types": ["int8"]}, "int8"), ({"truncate": "START"}, "START"),
                       ({"images": ["data:"]}, "images"), ({"input_type": "image"}, "image")):  # fmt: skip
        answer = client.post("/v2/embed", json={**body, **more})
        assert answer.status_code == 400
        assert set(answer.json()) == {"message", "code"}
        assert word in answer.json()["message"]
