"""The page in the server: its hosts, keys and limits hold for every route of it, and its numbers are the server's."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import threading
import time

import pytest

import torso
from serve.conftest import serving
from torso.errors import InputError
from torso.serve.page_mount import MOST_AT_A_TIME
from torso.serve.server_rows import resident
from torso.serve.turns import Turns

ROUTES = ("/", "/view/app.js", "/view/api/start", "/view/api/models", "/view/api/config?model=embed")
TEXT = "今天天气很好"


def basic(password: str) -> dict[str, str]:
    return {"authorization": "Basic " + base64.b64encode(f"me:{password}".encode()).decode()}


def token_of(client, **headers) -> dict[str, str]:
    page = client.get("/", headers=headers).text
    return {"x-torso-token": re.search(r'name="torso-token" content="([\w-]{20,})"', page)[1]}


def test_the_page_is_at_the_root_beside_tei_s_route(client) -> None:
    page = client.get("/")
    assert page.status_code == 200
    assert "torso-app" in page.text
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    assert client.post("/", json={"inputs": "hello", "model": "embed"}).status_code == 200
    assert client.get("/view/none.js").status_code == 404
    started = client.get("/view/api/start").json()
    assert set(started["models"]) == set(client.app.state.torso.models.models)
    assert (started["admin"], started["server"], started["local"]) == (False, True, False)


@pytest.mark.parametrize("path", ROUTES)
@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil", "localhost:80@evil", ""])
def test_other_hosts_are_refused_on_every_route(client, path, host) -> None:
    assert client.get(path, headers={"host": host}).status_code == 403


def test_keys_hold_on_every_route_and_a_browser_sends_one_as_a_password(folders) -> None:
    digest = hashlib.sha256(b"secret").hexdigest()
    with serving({"embed": str(folders["embed"])}, keys={"alice": digest}) as client:
        for path in ROUTES:
            for headers in ({}, basic("wrong"), {"authorization": "Basic !"}, {"authorization": "Bearer wrong"}):
                answer = client.get(path, headers=headers)
                assert answer.status_code == 401, path
                assert answer.headers["www-authenticate"].startswith("Basic realm=")
            for headers in (basic("secret"), {"authorization": "Bearer secret"}, {"x-api-key": "secret"}):
                assert client.get(path, headers=headers).status_code == 200, path
        # A browser sends the password by itself, so nothing that another site's page can ask for takes it.
        models = client.get("/v1/models", headers=basic("secret"))
        assert models.status_code == 401
        body = {"model": "embed", "text": TEXT}
        good = basic("secret") | token_of(client, **basic("secret"))
        assert client.post("/view/api/look", json=body, headers=basic("secret")).status_code == 403
        assert client.post("/view/api/look", json=body, headers=good).status_code == 200
        for other in ({"origin": "http://evil.example"}, {"sec-fetch-site": "cross-site"}):
            assert client.post("/view/api/look", json=body, headers=good | other).status_code == 403


def test_what_is_looked_at_is_what_is_served(client, folders) -> None:
    headers = token_of(client)
    body = {"model": "sentiment", "text": TEXT}
    look = client.post("/view/api/look", json=body, headers=headers).json()
    (answer, *_) = client.get(f"/view/api/look/{look['id']}/answer").json()
    wanted = torso.classify(TEXT, model=str(folders["sentiment"]))
    assert {row["label"]: row["score"] for row in answer["data"]["scores"]} == pytest.approx(wanted.scores, abs=1e-6)
    for path in ("config", "weights", "model-heads"):
        text = client.get(f"/view/api/{path}?model=sentiment").text
        assert str(folders["sentiment"]) not in text
    served = client.get("/view/api/models").json()
    assert {each["id"] for each in served["served"]} == set(folders)
    assert served["models"] == []
    assert client.get("/view/api/config?model=torso:sentiment").status_code == 404
    for method, path in (("POST", "/jobs"), ("GET", "/jobs/x"), ("GET", "/jobs/x/events"), ("POST", "/jobs/x/pause")):
        asked = {"action": "remove", "model": "a/b"} if method == "POST" else None
        assert client.request(method, f"/view/api{path}", json=asked, headers=headers).status_code == 403


def test_a_text_is_written_while_the_server_writes(client, folders) -> None:
    headers, lines = token_of(client), []
    asked = {"model": "llama", "prompt": "the cat", "max_new_tokens": 12}

    def write() -> None:
        lines.extend(client.post("/view/api/write", json=asked, headers=headers).text.splitlines())

    thread = threading.Thread(target=write)
    thread.start()
    body = {"model": "llama", "prompt": "hello there", "max_tokens": 12, "temperature": 0}
    wanted = torso.generate("hello there", model=str(folders["llama"]), max_new_tokens=12).text
    for _ in range(4):
        assert client.post("/v1/completions", json=body).json()["choices"][0]["text"] == wanted
    thread.join(60)
    text = "".join(json.loads(line)["text"] for line in lines)
    assert text == torso.generate("the cat", model=str(folders["llama"]), max_new_tokens=12).text


def test_rows_of_the_server_are_its_counters(client) -> None:
    client.post("/v1/embeddings", json={"input": [TEXT] * 3, "model": "embed"})
    time.sleep(0.6)
    rows = client.get("/view/api/server").json()["rows"]
    found = {(row["name"], row["model"]): row for row in rows}
    assert found["state", ""]["value"] == "ok"
    assert found["running", ""]["value"] == 1  # the one that asks
    assert found["requests", ""]["value"] > 0
    assert found["read", ""]["value"] > 0
    assert found["queue", "embed"]["of"] > 1000
    assert found["cache", "llama"]["of"] >= found["cache", "llama"]["value"] == 0
    if resident() is not None:
        assert 10**7 < found["memory", ""]["value"] < found["memory", ""]["of"]


def test_pages_take_turns_with_the_engines_and_do_not_wait_for_ever() -> None:
    turns = Turns()
    with turns.turn("engine", 1.0):
        begun = time.monotonic()
        with pytest.raises(TimeoutError), turns.turn("page", 0.1, patience=0.05):
            pass
        assert time.monotonic() - begun < 5
    with turns.turn("page", 0.1, patience=0.05), pytest.raises(TimeoutError), turns.turn("engine", 1.0, patience=0.01):
        pass
    with turns.turn("engine", 1.0, patience=0.05):
        pass


def test_too_many_at_a_time_are_refused_and_none_while_the_server_ends(client, monkeypatch) -> None:
    headers = token_of(client)
    state = client.app.state.torso
    (page,) = {route.app for route in client.app.routes if route.path.startswith("/view")}
    monkeypatch.setattr(page, "_running", MOST_AT_A_TIME)
    answer = client.get("/view/api/start")
    assert (answer.status_code, answer.json()["error"]["code"]) == (429, "overloaded")
    assert float(answer.headers["retry-after"]) >= 1
    assert client.get("/").status_code == 200
    monkeypatch.setattr(page, "_running", 0)
    monkeypatch.setattr(state, "status", "draining")
    ended = client.post("/view/api/look", json={"model": "embed", "text": "a"}, headers=headers)
    assert (ended.status_code, ended.json()["error"]["code"]) == (503, "E_DRAINING")


def test_without_the_page_there_is_none(folders) -> None:
    with serving(str(folders["embed"]), page=False) as client:
        assert client.get("/").status_code == 405
        assert client.get("/view/app.js").status_code == 404


def test_the_page_of_one_user_shows_this_machine_and_asks_for_its_token(folders) -> None:
    with serving({"embed": str(folders["embed"])}, page_token="mine") as client:
        assert client.get("/view/api/start").status_code == 403
        started = client.get("/view/api/start", headers={"x-torso-token": "mine"}).json()
        assert (started["admin"], started["local"]) == (True, True)
        assert "mine" not in client.get("/").text
        body = {"action": "remove", "model": "torso:sentiment"}
        assert client.post("/view/api/jobs", json=body, headers={"x-torso-token": "mine"}).status_code == 400


@pytest.mark.parametrize(("host", "is_open"), [("0.0.0.0", False), ("127.0.0.1", True)])
def test_a_page_that_others_can_reach_changes_nothing(host, is_open) -> None:
    from torso.cli.serve import require_own

    require_own("127.0.0.1", is_open=False)
    with pytest.raises(InputError, match="E_PAGE_ADMIN"):
        require_own(host, is_open=is_open)


def test_python_names_a_model_by_what_loads_it(folders, monkeypatch) -> None:
    """Not by its alias here; and not by where it lies on this machine."""
    monkeypatch.chdir(folders["embed"].parent)
    models = {"mine": "embed", "elsewhere": str(folders["embed"]), "feeling": "torso:sentiment"}

    def lines(client, name: str) -> str:
        headers = token_of(client)
        look = client.post("/view/api/look", json={"model": name, "text": TEXT}, headers=headers).json()
        config = client.get(f"/view/api/config?model={name}").json()
        tokens = client.post("/view/api/tokens", json={"model": name, "text": TEXT}, headers=headers).json()
        answers = client.get(f"/view/api/look/{look['id']}/answer").json()
        assert look["model"] == name
        return "\n".join([*look["code"], *config["code"], *tokens["code"], *(each["code"] for each in answers)])

    with serving(models) as client:
        assert lines(client, "feeling").count("'torso:sentiment'") == 4
        mine = lines(client, "mine")
        assert mine.count("'embed'") >= 3
        assert "mine" not in mine
        [found] = [line for line in mine.splitlines() if line.startswith("look = ")]
        made: dict[str, torso.Look] = {}
        exec(f"import torso\n{found}", made)  # it is Python that works
        assert made["look"].text == TEXT
        assert "'./embed'" in lines(client, "elsewhere")
        sources = {"mine": "embed", "elsewhere": "./embed", "feeling": "torso:sentiment"}
        assert client.get("/view/api/start").json()["sources"] == sources
