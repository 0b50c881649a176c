"""What is refused: each kind of error in each dialect and both languages, and nothing that a model should not see."""

from __future__ import annotations

import hashlib
import json
import os

import jsonschema
import pytest

import torso.serve
from serve.conftest import serving
from torso.errors import InputError, TorsoError
from torso.serve.application import mounted
from torso.serve.served_source import ModelSource

DEEP = b"[" * 100_000
OPENAI, TEI, COHERE = "/v1/embeddings", "/embed", "/v1/rerank"
GOOD = {OPENAI: {"input": "a", "model": "embed"}, TEI: {"inputs": "a", "model": "embed"}}
GOOD[COHERE] = {"query": "a", "documents": ["b"], "model": "rank"}
FIELD = {OPENAI: "input", TEI: "inputs", COHERE: "documents"}


def send(client, path, body, **headers):
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return client.post(path, content=content, headers={"content-type": "application/json", **headers})


def code_of(path: str, body: dict) -> str:
    if path == OPENAI:
        assert set(body) == {"error"}
        assert set(body["error"]) == {"message", "type", "param", "code"}
        return body["error"]["code"]
    if path == TEI:
        assert set(body) == {"error", "error_type", "code"}
        return body["code"]
    assert set(body) == {"message", "code"}
    return body["code"]


BODIES = [
    (b"{", "E_JSON", 400),
    (b"", "E_JSON", 400),
    (b"[1]", "E_JSON", 400),
    (DEEP, "E_JSON", 400),
    (b'{"a": NaN}', "E_JSON", 400),
    (b'{"a": 1e999}', "E_JSON", 400),
    (b'{"input": "\\ud800"}', "E_JSON", 400),
    (b'{"input": "\xff"}', "E_JSON", 400),
    (b'\xef\xbb\xbf{"input": "a"}', "E_JSON", 400),
]


@pytest.mark.parametrize("path", [OPENAI, TEI, COHERE])
@pytest.mark.parametrize(("body", "code", "status"), BODIES)
def test_what_is_not_json_is_refused_in_every_dialect(client, path, body, code, status) -> None:
    answer = send(client, path, body)
    assert answer.status_code == (422 if path == TEI else status)
    assert code_of(path, answer.json()) == code


@pytest.mark.parametrize("path", [OPENAI, TEI, COHERE])
def test_wrong_fields_are_refused_by_name(client, path) -> None:
    good, field = GOOD[path], FIELD[path]
    for wrong in (7, None, {"a": 1}, [[["a"]]], [None], True):
        answer = send(client, path, {**good, field: wrong})
        assert answer.status_code == (422 if path == TEI else 400), wrong
        assert code_of(path, answer.json()) == "E_FIELD"
    answer = send(client, path, {**good, field[:-1] + "z": 1})
    assert field in answer.text
    missing = send(client, path, {name: value for name, value in good.items() if name != field})
    assert code_of(path, missing.json()) == "E_FIELD"
    assert field in missing.text
    empty = send(client, path, {**good, field: []})
    assert code_of(path, empty.json()) == "E_EMPTY"
    assert send(client, path, good).status_code == 200


def test_fields_of_openai_without_effect_are_taken_and_others_are_named(client) -> None:
    answer = send(client, OPENAI, {**GOOD[OPENAI], "user": "u", "keep_alive": 5})
    assert answer.status_code == 200
    assert answer.headers["x-torso-ignored"] == "keep_alive"
    chat = {"model": "llama", "messages": [{"role": "user", "content": "a"}], "max_tokens": 1}
    for name, value in (
        ("logit_bias", {"1": 2}),
        ("tool_choice", "required"),
        ("response_format", {"type": "json_schema"}),
        ("presence_penalty", 1.5),
        ("n", 10**6),
        ("stop", ["a"] * 100_000),
        ("max_tokens", 10**9),
        ("max_tokens", 0),
        ("temperature", -1),
        ("seed", 10**400),
        ("top_logprobs", 10**6),
    ):
        answer = send(client, "/v1/chat/completions", {**chat, name: value})
        assert answer.status_code == 400, name
        assert name in answer.text
    image = [{"type": "image_url", "image_url": {"url": "data:"}}]
    answer = send(client, "/v1/chat/completions", {**chat, "messages": [{"role": "user", "content": image}]})
    assert answer.status_code == 400
    assert "image_url" in answer.text


def test_token_ids_are_refused_with_the_cure(client) -> None:
    for ids in ([1, 2, 3], [[1, 2], [3]], ["a", 5]):
        answer = send(client, OPENAI, {"input": ids, "model": "embed"})
        assert answer.status_code == 400
        assert answer.json()["error"]["code"] == "E_TOKEN_IDS"
        assert "check_embedding_ctx_length" in answer.text


def test_models_and_routes_are_found_or_named(client) -> None:
    answer = send(client, OPENAI, {"input": "a", "model": "embedd"})
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "model_not_found"
    assert "Did you mean embed?" in answer.text
    other = send(client, OPENAI, {"input": "a", "model": "sentiment"})
    assert other.status_code == 404
    for name in ("../../etc/passwd", "http://127.0.0.1/x", "a\u0000b", "%s", "{0}"):
        assert send(client, OPENAI, {"input": "a", "model": name}).status_code == 404
    route = client.post("/v1/embedings")
    assert route.status_code == 404
    assert "/v1/embeddings" in route.text
    method = client.get("/v1/embeddings")
    assert (method.status_code, method.headers["allow"]) == (405, "POST")
    assert client.head("/readyz").status_code == 200
    assert send(client, "/v1/rerank", {"query": "a", "documents": ["b"], "model": "sentiment"}).status_code == 404


def test_media_that_are_not_json_are_refused(client) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""):
        answer = client.post(OPENAI, content=b'{"input":"a"}', headers={"content-type": kind})
        assert answer.status_code == 415
    zipped = send(client, OPENAI, {"input": "a"}, **{"content-encoding": "gzip"})
    assert zipped.status_code == 415


def test_errors_are_in_the_language_of_the_request(client) -> None:
    for accept, chinese in (("zh-CN,zh;q=0.9,en;q=0.8", True), ("en-GB, zh;q=0.5", False), ("fr", False), ("zh", True)):
        text = send(client, OPENAI, {"inputs": "a"}, **{"accept-language": accept}).json()["error"]["message"]
        assert any("\u4e00" <= mark <= "\u9fff" for mark in text) == chinese
        assert "input" in text


def test_no_error_holds_a_path(client, folders) -> None:
    for path, body in (
        ("/v1/rerank", {"query": "a", "documents": ["b"], "model": "sentiment"}),
        (OPENAI, {"input": "好" * 90, "model": "embed"}),
        (OPENAI, {"input": "a", "model": "embed", "dimensions": 10**6}),
        (OPENAI, {"input": "a", "model": "embed", "prompt_name": "no"}),
        ("/v1/zero_shot", {"input": "a", "labels": ["b"], "model": "sentiment"}),
    ):
        answer = send(client, path, body)
        assert answer.status_code in (400, 404)
        assert str(folders["embed"].parent) not in answer.text


def test_limits_of_a_request(folders) -> None:
    with serving(str(folders["embed"]), texts=3, tokens=20, characters=40, body_bytes=500) as client:
        assert send(client, OPENAI, {"input": ["a"] * 3}).status_code == 200
        for body in ({"input": ["a"] * 4}, {"input": ["你"] * 3 + []} | {"input": "a " * 21}, {"input": "a" * 600}):
            answer = send(client, OPENAI, body)
            assert answer.status_code == 413
            assert answer.json()["error"]["code"] == "E_TOO_MUCH"
        assert send(client, OPENAI, {"input": ["你 好 天"] * 3}).status_code == 200
        assert send(client, OPENAI, {"input": ["你好天气你好"] * 3}).status_code == 413


def test_keys_are_asked_for_except_by_probes(folders) -> None:
    digest = hashlib.sha256(b"secret").hexdigest()
    with serving({"embed": str(folders["embed"])}, keys={"alice": digest}) as client:
        for headers in (
            {},
            {"authorization": "Bearer wrong"},
            {"authorization": "Basic secret"},
            {"x-api-key": "x" * 8000},
            {"x-api-key": "secret", "authorization": "Bearer secret"},
        ):
            answer = send(client, OPENAI, {"input": "a"}, **headers)
            assert answer.status_code == 401
            assert answer.json()["error"]["code"] == "invalid_api_key"
            assert answer.headers["www-authenticate"] == "Bearer"
        assert client.post(f"{OPENAI}?key=secret", json={"input": "a"}).status_code == 401
        assert client.get("/v1/models").status_code == 401
        for headers in (
            {"authorization": "Bearer secret"},
            {"x-api-key": "secret"},
            {"authorization": "bearer secret"},
        ):
            assert send(client, OPENAI, {"input": "a"}, **headers).status_code == 200
        assert all(client.get(path).status_code == 200 for path in ("/livez", "/readyz", "/health", "/ping"))


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("127.0.0.1:8080", 200),
        ("[::1]:99", 200),
        ("LOCALHOST", 200),
        ("evil.example", 403),
        ("127.0.0.1.evil", 403),
        ("127.0.0.1:8080@evil", 403),
        ("localhost:80:80", 403),
        ("[::1].evil", 403),
        ("", 403),
    ],
)
def test_only_known_hosts_are_answered(client, host, status) -> None:
    assert client.get("/v1/models", headers={"host": host}).status_code == status


def test_other_origins_may_call_only_where_that_is_said(client, folders) -> None:
    asked = {"origin": "https://app.example", "access-control-request-method": "POST"}
    assert "access-control-allow-origin" not in client.options(OPENAI, headers=asked).headers
    with serving(str(folders["embed"]), cors=("https://app.example",)) as other:
        answer = other.options(OPENAI, headers=asked)
        assert answer.headers["access-control-allow-origin"] == "https://app.example"
        wrong = other.options(OPENAI, headers={**asked, "origin": "https://evil.example"})
        assert "access-control-allow-origin" not in wrong.headers


def test_real_answers_are_what_openapi_says(client) -> None:
    document = client.get("/openapi.json").json()
    schemas = document["components"]["schemas"]
    chat = {"model": "llama", "messages": [{"role": "user", "content": "a"}], "max_tokens": 2, "logprobs": True}
    requests = [
        ("get", "/v1/models", None),
        ("get", "/info", None),
        ("get", "/readyz", None),
        ("post", "/v1/embeddings", GOOD[OPENAI]),
        ("post", "/v1/embeddings", {"input": 5}),
        ("post", "/v1/chat/completions", chat),
        ("post", "/v1/completions", {"model": "llama", "prompt": "a", "max_tokens": 2, "logprobs": 1}),
        ("post", "/embed", GOOD[TEI]),
        ("post", "/embed", {"inputs": []}),
        ("post", "/predict", {"inputs": "a", "model": "sentiment"}),
        ("post", "/similarity", {"inputs": {"source_sentence": "a", "sentences": ["b"]}, "model": "embed"}),
        ("post", "/tokenize", {"inputs": "我 a", "model": "embed"}),
        ("post", "/decode", {"ids": [5, 6], "model": "embed"}),
        ("post", "/rerank", {"query": "a", "texts": ["b"], "model": "rank"}),
        ("post", "/rerank", GOOD[COHERE]),
        ("post", "/v2/rerank", GOOD[COHERE]),
        ("post", "/v2/rerank", {"query": "a"}),
        ("post", "/v1/classify", {"input": "a", "model": "sentiment"}),
        ("post", "/v1/tag", {"input": "a", "model": "tags"}),
        ("post", "/v1/translate", {"input": "a", "model": "sentiment"}),
    ]  # fmt: skip
    for method, path, body in requests:
        operation = document["paths"][path][method]
        answer = client.request(method, path, json=body)
        response = operation["responses"][str(answer.status_code)]
        schema = response["content"]["application/json"]["schema"]
        jsonschema.validate(
            answer.json(), {**schema, "components": {"schemas": schemas}}, cls=jsonschema.Draft202012Validator
        )
        if body is not None and answer.status_code == 200:
            request = operation["requestBody"]["content"]["application/json"]["schema"]
            if path != "/rerank":
                jsonschema.validate(body, {**request, "components": {"schemas": schemas}})


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("torso:sentiment", ("torso:sentiment", "torso:sentiment", "")),
        ("a=hfl/rbt3", ("a", "hfl/rbt3", "")),
        ("hfl/rbt3:masked-lm", ("hfl/rbt3", "hfl/rbt3", "masked-lm")),
        ("a=./x:y:features", ("a", "./x:y", "features")),
    ],
)
def test_sources_are_read_as_they_are_written(text, wanted) -> None:
    made = ModelSource.parse(text)
    assert (made.name, made.source, made.task) == wanted


@pytest.mark.parametrize("text", ["", "=x", "a="])
def test_sources_that_name_nothing_are_refused(text) -> None:
    with pytest.raises(InputError, match="E_ARGUMENT"):
        ModelSource.parse(text)


def test_settings_and_names_that_cannot_be_are_refused(folders) -> None:
    with pytest.raises(InputError, match="deadline"):
        torso.serve.ServeSettings(deadline=0)
    with pytest.raises(InputError, match="Two models"):
        torso.serve.app([f"a={folders['embed']}", f"a={folders['rank']}"])
    with pytest.raises(InputError, match="alias"):
        torso.serve.app(str(folders["embed"]), torso.serve.ServeSettings(aliases={"x": "nothing"}))


def test_an_absent_extra_is_one_command(monkeypatch) -> None:
    monkeypatch.setattr("torso.serve.entry_points.find_spec", lambda name: None if name == "orjson" else name)
    with pytest.raises(TorsoError) as caught:
        torso.serve.app("torso:sentiment")
    assert caught.value.code == "E_EXTRA"
    assert caught.value.cure == 'pip install "torso[serve]"'


def test_the_command_listens_beyond_loopback_only_with_keys_or_open(tmp_path, capsys, folders) -> None:
    from torso.cli import main
    from torso.cli.serve import require_safe

    assert main(["serve", str(folders["embed"]), "--host", "0.0.0.0", "--port", "0"]) == 3
    assert "E_OPEN" in capsys.readouterr().err
    require_safe("0.0.0.0", has_keys=True, is_open=False)
    require_safe("0.0.0.0", has_keys=False, is_open=True)
    keys = tmp_path / "keys"
    for content, mode, what in (
        ("alice:" + "0" * 64, 0o644, "chmod 600"),
        ("alice", 0o600, "line 1"),
        ("", 0o600, "no keys"),
    ):
        keys.write_text(content)
        os.chmod(keys, mode)
        assert main(["serve", str(folders["embed"]), "--keys", str(keys), "--port", "0"]) == 3
        assert what in capsys.readouterr().err
    assert main(["serve"]) == 2


def test_no_request_is_counted_once_it_is_answered(folders) -> None:
    with serving({"it": str(folders["embed"])}) as client:
        state = mounted(client.app)
        for body in ({"input": "a cat"}, {"input": ""}, {"input": ["cat " * 500]}, {"input": "a", "dimensions": -1}):
            client.post("/v1/embeddings", json=body)
            assert state.active == 0
