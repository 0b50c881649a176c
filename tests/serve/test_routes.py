"""Every route: its numbers are the library's to the bit, and its answers are as its dialect and OpenAPI say."""

from __future__ import annotations

import base64

import numpy as np
import pytest

import torso

TEXTS = ["弱小的我也有大梦想！", "今天天气很好。", "hello world", "你", "这本书很好看" * 5]


def post(client, path, status=200, headers=None, **body):
    answer = client.post(path, json=body, headers=headers)
    assert answer.status_code == status, answer.text
    return answer.json()


def vectors(body) -> np.ndarray:
    return np.array([each["embedding"] for each in body["data"]], dtype=np.float32)


@pytest.fixture(scope="module")
def embeddings(folders):
    return np.stack([each.vector for each in torso.encode(TEXTS, model=str(folders["embed"]))])


def test_vectors_are_the_library_s_to_the_bit(client, embeddings) -> None:
    body = post(client, "/v1/embeddings", input=TEXTS, model="embed")
    assert (vectors(body) == embeddings).all()
    coded = post(client, "/v1/embeddings", input=TEXTS, model="embed", encoding_format="base64")
    raw = [np.frombuffer(base64.b64decode(each["embedding"]), dtype="<f4") for each in coded["data"]]
    assert (np.stack(raw) == embeddings).all()
    assert [each["index"] for each in body["data"]] == list(range(len(TEXTS)))
    read = sum(each.tokens for each in torso.encode(TEXTS, model=make_ready_of(client, "embed")))
    assert body["usage"]["prompt_tokens"] == body["usage"]["torso"]["read"] == read


def make_ready_of(client, name):
    return client.app.state.torso.models.models[name].ready


@pytest.mark.parametrize("dimensions", [1, 8, 31])
def test_fewer_dimensions_are_the_library_s(client, folders, dimensions) -> None:
    body = post(client, "/v1/embeddings", input=TEXTS, model="embed", dimensions=dimensions)
    wanted = torso.encode(TEXTS, model=str(folders["embed"]), dimensions=dimensions)
    assert (vectors(body) == np.stack([each.vector for each in wanted])).all()


def test_a_text_has_the_same_vector_in_any_company(client, embeddings) -> None:
    from concurrent.futures import ThreadPoolExecutor

    def one(number: int) -> bool:
        place = number % len(TEXTS)
        body = post(client, "/v1/embeddings", input=TEXTS[place], model="embed")
        return bool((vectors(body)[0] == embeddings[place]).all())

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(one, range(60)))


def test_tei_s_vectors_are_the_library_s(client, folders) -> None:
    found = client.post("/embed", json={"inputs": TEXTS, "model": "embed"}).json()
    wanted = torso.encode(TEXTS, model=str(folders["embed"]), normalize=True)
    assert (np.array(found, np.float32) == np.stack([each.vector for each in wanted])).all()
    plain = client.post("/", json={"inputs": TEXTS[0], "normalize": False, "model": "embed"}).json()
    assert (np.array(plain[0], np.float32) == torso.encode(TEXTS[0], model=str(folders["embed"])).vector).all()


def test_labels_are_the_library_s(client, folders) -> None:
    body = post(client, "/v1/classify", input=[*TEXTS, ["你", "我"]], model="sentiment")
    wanted = torso.classify([*TEXTS, ("你", "我")], model=str(folders["sentiment"]))
    assert [each["scores"] for each in body["data"]] == [dict(each.scores) for each in wanted]
    assert [each["label"] for each in body["data"]] == [each.label for each in wanted]
    tei = client.post("/predict", json={"inputs": [[TEXTS[0]], ["你", "我"]], "model": "sentiment"}).json()
    assert [{row["label"]: row["score"] for row in each} for each in tei] == [dict(wanted[n].scores) for n in (0, 5)]
    assert tei[0][0]["score"] >= tei[0][1]["score"]
    pair = client.post("/predict", json={"inputs": ["你", "我"], "model": "sentiment"}).json()
    assert pair == tei[1], "as in TEI, a list of two strings is one pair"


@pytest.mark.parametrize("path", ["/rerank", "/v1/rerank", "/v2/rerank", "/v1/score"])
def test_ranks_are_the_library_s_in_cohere_s_form(client, folders, path) -> None:
    wanted = torso.rerank("今天", TEXTS, model=str(folders["rank"]))
    body = post(client, path, query="今天", documents=[TEXTS[0], *({"text": each} for each in TEXTS[1:])], model="rank")
    assert [(each["index"], each["relevance_score"]) for each in body["results"]] == [
        (match.index, match.score) for match in wanted
    ]
    best = post(client, path, query="今天", documents=TEXTS, model="rank", top_n=2, return_documents=True)
    assert best["results"] == [
        {"index": match.index, "relevance_score": match.score, "document": {"text": match.text}}
        for match in list(wanted)[:2]
    ]


def test_ranks_are_the_library_s_in_tei_s_form(client, folders) -> None:
    wanted = torso.rerank("今天", TEXTS, model=str(folders["rank"]))
    body = post(client, "/rerank", query="今天", texts=TEXTS, model="rank", return_text=True)
    assert body == [{"index": each.index, "score": each.score, "text": each.text} for each in wanted]
    raw = post(client, "/rerank", query="今天", texts=TEXTS, model="rank", raw_scores=True)
    assert [each["index"] for each in raw] == [each["index"] for each in body]
    for one, other in zip(raw, body, strict=True):
        assert 1 / (1 + np.exp(-one["score"])) == pytest.approx(other["score"], abs=1e-7)


def test_every_task_is_served_with_the_library_s_numbers(client, folders) -> None:
    tagged = torso.tag(TEXTS, model=str(folders["tags"]))
    body = post(client, "/v1/tag", input=TEXTS, model="tags")
    assert [[span["score"] for span in each["spans"]] for each in body["data"]] == [
        [span.score for span in each] for each in tagged
    ]
    filled = torso.fill("今天[MASK]气", model=str(folders["masked"]), top=3)
    body = post(client, "/v1/fill", input="今天[MASK]气", model="masked", top=3)
    assert [each["score"] for each in body["data"][0]["masks"][0]] == [each.score for each in filled[0]]
    answered = torso.answer("谁", "我在北京读书", model=str(folders["spans"]))
    body = post(client, "/v1/answer", question="谁", text="我在北京读书", model="spans")
    assert [each["score"] for each in body["data"][0]["answers"]] == [each.score for each in answered]
    chosen = torso.choose("今天", ["天气", "好书"], model=str(folders["choices"]))
    body = post(client, "/v1/choose", input="今天", choices=["天气", "好书"], model="choices")
    assert body["data"][0]["scores"] == list(chosen.scores)
    guessed = torso.zero_shot("今天", ["天气", "好书"], model=str(folders["nli"]))
    body = post(client, "/v1/zero_shot", input="今天", labels=["天气", "好书"], model="nli")
    assert body["data"][0]["scores"] == dict(guessed.scores)
    apart = dict(several=True, entailment="neutral", contradiction="entailment")
    guessed = torso.zero_shot("今天", ["天气", "好书"], model=str(folders["nli"]), **apart)
    body = post(client, "/v1/zero_shot", input="今天", labels=["天气", "好书"], model="nli", **apart)
    assert body["data"][0]["scores"] == dict(guessed.scores)
    written = torso.summarise("hello world", model=str(folders["t5"]))
    body = post(client, "/v1/summarise", input="hello world", model="t5")
    assert body["data"][0]["text"] == written.text


def test_similarity_is_the_library_s(client, folders) -> None:
    ranked = torso.similar(TEXTS[0], TEXTS[1:], model=str(folders["embed"]))
    body = post(client, "/similarity", inputs={"source_sentence": TEXTS[0], "sentences": TEXTS[1:]}, model="embed")
    scores = np.array(body, np.float32)
    assert all(np.float32(match.score) == scores[match.index] for match in ranked)


def test_tokens_are_places_in_the_text_and_ids_decode(client) -> None:
    text = "我 hello, 好"
    (tokens,) = post(client, "/tokenize", inputs=text, model="embed")
    assert all(each["text"] == text[each["start"] : each["stop"]] for each in tokens if not each["special"])
    assert [each["special"] for each in tokens].count(True) == 2
    (decoded,) = post(client, "/decode", ids=[each["id"] for each in tokens], model="embed")
    assert decoded.startswith("我 hello")
    post(client, "/decode", 422, ids=[10**12], model="embed")


def test_long_texts_are_refused_or_cut_and_said(client, folders) -> None:
    for size, status in ((61, 200), (62, 200), (63, 400)):
        body = post(client, "/v1/embeddings", status, input=["你", "好" * size], model="embed")
    assert body["error"]["code"] == "context_length_exceeded"
    assert body["error"]["param"] == "input[1]"
    post(client, "/embed", 422, inputs="好" * 63, model="embed")
    answer = client.post("/v1/embeddings", json={"input": ["你", "好" * 90], "model": "embed", "long": "truncate"})
    assert answer.headers["x-torso-truncated"] == "1"
    assert answer.json()["usage"]["torso"] == {"read": 3 + 64, "tokens": 3 + 92}
    cut = client.post("/embed", json={"inputs": "好" * 90, "truncate": True, "model": "embed", "normalize": False})
    wanted = torso.encode("好" * 90, model=str(folders["embed"]), long="truncate")
    assert (np.array(cut.json()[0], np.float32) == wanted.vector).all()
    window = post(client, "/v1/classify", input="好" * 90, model="sentiment", long="window", stride=8)
    assert window["data"][0]["windows"] == 2


def test_models_are_listed_with_what_they_are_for(client, folders) -> None:
    listed = client.get("/v1/models").json()
    assert {each["id"] for each in listed["data"]} == set(folders)
    one = client.get("/v1/models/sentiment").json()
    assert one["torso"]["labels"] == ["负面", "正面"]
    assert one["torso"]["max_tokens"] == 64
    missing = client.get("/v1/models/sentimant")
    assert missing.status_code == 404
    assert "sentiment" in missing.json()["error"]["message"]
    assert client.get("/info").json()["model_id"] in folders


def test_headers_say_what_was_done(client) -> None:
    answer = client.post("/v1/embeddings", json={"input": "你", "model": "embed"}, headers={"x-request-id": "abc-1"})
    assert answer.headers["x-request-id"] == "abc-1"
    assert answer.headers["x-compute-tokens"] == "3"
    for name in ("x-queue-time", "x-tokenization-time", "x-inference-time", "x-total-time"):
        assert float(answer.headers[name]) >= 0
    forged = client.get("/v1/models", headers={"x-request-id": "a b<script>"})
    assert forged.headers["x-request-id"].isalnum()


def test_metrics_count_what_was_answered(client) -> None:
    before = client.get("/metrics").text
    post(client, "/v1/embeddings", input=TEXTS, model="embed")
    after = client.get("/metrics").text

    def count(text: str) -> float:
        line = 'torso_requests_total{route="/v1/embeddings",status="200"} '
        return float(next(each for each in text.splitlines() if each.startswith(line)).rpartition(" ")[2])

    assert count(after) == (count(before) if "embeddings" in before else 0) + 1
    bound = next(each for each in after.splitlines() if each.startswith("torso_memory_bound_bytes "))
    assert 1e8 < float(bound.split()[1]) < 1e11
    for name in ("torso_phase_seconds", "torso_batch_tokens", "torso_loop_late_seconds", "torso_queue_tokens"):
        assert name in after
