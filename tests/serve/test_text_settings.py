"""Every setting of a request for text reaches the model, in each form in which clients send it."""

from __future__ import annotations

import json
from typing import Any

import pytest

import torso

ASKED: dict[str, Any] = {"model": "llama", "max_tokens": 12, "temperature": 0}
PROMPT = "hello world"
FORMS = ("/v1/completions", "/v1/chat/completions")


def body_of(path: str, **more: Any) -> dict[str, Any]:
    asked = {"messages": [{"role": "user", "content": PROMPT}]} if "chat" in path else {"prompt": PROMPT}
    return {**ASKED, **asked, **more}


def text_of(client, path: str, **more: Any) -> tuple[str, str]:
    answer = client.post(path, json=body_of(path, **more))
    assert answer.status_code == 200, answer.text
    choice = answer.json()["choices"][0]
    return choice["message"]["content"] if "chat" in path else choice["text"], choice["finish_reason"]


def streamed(client, path: str, **more: Any) -> tuple[str, str]:
    lines = client.post(path, json=body_of(path, stream=True, **more)).text.splitlines()
    chunks = [json.loads(line[6:])["choices"][0] for line in lines if line.startswith("data: {")]
    pieces = [each["delta"].get("content") or "" if "chat" in path else each["text"] for each in chunks]
    return "".join(pieces), next(each["finish_reason"] for each in reversed(chunks) if each["finish_reason"])


@pytest.mark.parametrize("path", FORMS)
def test_a_text_ends_before_a_stop_string(client, path: str) -> None:
    whole, why = text_of(client, path)
    assert why == "length"
    mark = whole[3:5]
    wanted = whole[: whole.index(mark)]
    for stop in (mark, [mark], ["never written", mark]):
        assert text_of(client, path, stop=stop) == (wanted, "stop")
        assert streamed(client, path, stop=stop) == (wanted, "stop")
    for stop in (None, [], "never written"):
        assert text_of(client, path, stop=stop) == (whole, why)


def test_it_is_the_text_of_the_library(client, folders) -> None:
    whole = torso.generate(PROMPT, model=str(folders["llama"]), max_new_tokens=12, do_sample=False).text
    mark = whole[3:5]
    made = torso.generate(
        PROMPT, model=str(folders["llama"]), max_new_tokens=12, do_sample=False, stop_strings=mark
    ).text
    assert text_of(client, "/v1/completions", stop=mark) == (made, "stop")


@pytest.mark.parametrize("path", FORMS)
@pytest.mark.parametrize(
    "setting",
    [dict(temperature=0.5), dict(temperature=1, top_p=0.5), dict(temperature=1, top_k=3), dict(temperature=1, top_k=-1),
     dict(temperature=1, min_p=0.1), dict(repetition_penalty=1.2), dict(temperature=1, n=2),
     dict(temperature=1, seed=3),
     dict(presence_penalty=0, frequency_penalty=0), dict(top_p=1), dict(seed=4), dict(n=1), dict(user="me")],
)  # fmt: skip
def test_each_setting_is_taken(client, path: str, setting: dict[str, Any]) -> None:
    assert text_of(client, path, **setting)[0]


def test_a_field_that_is_missing_is_said_to_be(client) -> None:
    answer = client.post("/v1/embeddings", json={"model": "embed"})
    assert answer.status_code == 400
    assert "The field input is missing" in answer.json()["error"]["message"]
    assert answer.json()["error"]["param"] == "input"
