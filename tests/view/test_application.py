"""The routes of the page without a browser: numbers, refusals, and what stands before both."""

from __future__ import annotations

import json
import subprocess
import sys
import time

import numpy as np
import pytest
import torch

import torso
from generation import small as writing
from tasks import small
from torso.architecture import Task
from torso.view.assets import assets, script
from torso.view.jobs import MOST_WATCHED, Jobs
from torso.view.look_data import KEPT_SECONDS, Looks
from torso.view.page_application import app
from torso.view.words import WORDS, words_of

pytest.importorskip("starlette")
TOKEN = {"x-torso-token": "secret"}
TEXT = "弱小的我也有大梦想！"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return writing.llama(tmp_path_factory.mktemp("llama"))


@pytest.fixture(scope="module")
def client(folder):
    from starlette.testclient import TestClient

    models = {"torso:sentiment": "torso:sentiment", "writer": str(folder)}
    return TestClient(app(models, token="secret", text=TEXT), base_url="http://127.0.0.1:8000", headers=TOKEN)


@pytest.fixture(scope="module")
def mounted(folder):
    """The page as a server mounts it: for whoever reaches it."""
    from starlette.testclient import TestClient

    rows = [{"name": "queue", "value": 3, "unit": "tokens"}]
    page = app({"writer": torso.load(folder, Task.CAUSAL_LM), "a": str(folder)}, server=lambda: rows)
    return TestClient(page, base_url="http://localhost")


def test_the_page_and_its_files_are_small_and_from_memory(client) -> None:
    page = client.get("/")
    assert page.status_code == 200
    assert "torso-app" in page.text
    assert sum(len(asset.body) for asset in assets().values()) <= 200_000
    assert sum(len(asset.packed) for asset in assets().values()) <= 60_000
    for name, asset in assets().items():
        assert "http://" not in asset.body.decode().replace("http://www.w3.org/", ""), name
        assert "https://" not in asset.body.decode(), name
        assert "innerHTML" not in asset.body.decode(), name
        if name.endswith(".js"):
            assert len(asset.body.splitlines()) <= 300, name
    again = client.get("/view/app.js", headers={"if-none-match": assets()["app.js"].etag})
    assert (again.status_code, again.content) == (304, b"")
    assert client.get("/view/style.css", headers={"accept-encoding": "gzip"}).content == assets()["style.css"].body
    assert client.head("/view/style.css").status_code == 200


@pytest.mark.parametrize("path", ["/", "/view/app.js", "/view/api/start", "/view/none.js", "/view/api/config?model=x"])
def test_every_answer_carries_the_policy(client, path) -> None:
    headers = client.get(path).headers
    assert headers["content-security-policy"].startswith("default-src 'none'; script-src 'self';")
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cross-origin-resource-policy"] == "same-origin"


@pytest.mark.parametrize(
    "path",
    [
        "/view/../../etc/passwd",
        "/view/%2e%2e/x",
        "/view/a%00",
        "/view/..%5cx",
        "/view/" + "a" * 3000,
        "/x",
        "/view/index.html",
    ],
)
def test_what_is_no_file_of_the_page_is_not_there(client, path) -> None:
    assert client.get(path).status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "headers", "body", "status"),
    [
        ("GET", "/", {"host": "evil.example"}, None, 403),
        ("GET", "/", {"host": "127.0.0.1.evil"}, None, 403),
        ("GET", "/", {"host": "127.0.0.1:80@evil"}, None, 403),
        ("GET", "/", {"host": "LOCALHOST:9"}, None, 200),
        ("GET", "/", {"host": "[::1]:9"}, None, 200),
        ("POST", "/", {}, b"{}", 405),
        ("GET", "/view/api/start", {"x-torso-token": "wrong"}, None, 403),
        ("GET", "/view/api/start", {"x-torso-token": ""}, None, 403),
        ("GET", "/view/api/start", {"sec-fetch-site": "cross-site"}, None, 403),
        ("GET", "/view/api/start", {"sec-fetch-site": "same-site"}, None, 403),
        ("POST", "/view/api/tokens", {"origin": "http://evil.example"}, b"{}", 403),
        ("POST", "/view/api/tokens", {"content-type": "text/plain"}, b"{}", 415),
        ("POST", "/view/api/tokens", {"content-encoding": "gzip"}, b"{}", 415),
        ("POST", "/view/api/tokens", {}, b"x" * ((1 << 20) + 1), 413),
        ("POST", "/view/api/tokens", {}, b"[" * 100_000, 400),
        ("POST", "/view/api/tokens", {}, b"[]", 400),
        ("POST", "/view/api/tokens", {}, b'{"model": 3}', 400),
        ("POST", "/view/api/tokens", {}, b'{"model": "torso:sentiment", "text": [1]}', 400),
        ("POST", "/view/api/tokens", {}, b'{"model": "../../etc", "text": "a"}', 404),
        ("POST", "/view/api/tokens", {}, b'{"model": "http://a.example/x", "text": "a"}', 404),
        ("POST", "/view/api/look", {}, b'{"model": "writer", "text": ""}', 400),
        ("POST", "/view/api/look", {}, b'{"model": "writer", "text": "a", "changes": {"no_such": 1}}', 400),
        ("GET", "/view/api/look/none/attention/0", {}, None, 404),
        ("POST", "/view/api/write", {}, b'{"model": "torso:sentiment", "prompt": "a"}', 400),
        ("POST", "/view/api/write", {}, b'{"model": "writer", "prompt": "a", "max_new_tokens": 1e9}', 400),
        ("POST", "/view/api/write", {}, b'{"model": "writer", "messages": "a"}', 400),
        ("POST", "/view/api/jobs", {}, b'{"action": "get", "model": "a/b"}', 403),
        ("DELETE", "/view/api/jobs/x", {}, None, 403),
        ("PUT", "/view/api/jobs/x", {}, b"{}", 405),
    ],
)
def test_what_should_not_be_asked_is_refused(client, method, path, headers, body, status) -> None:
    sent = {"content-type": "application/json", **headers} if body is not None else headers
    answer = client.request(method, path, headers=sent, content=body)
    assert answer.status_code == status, answer.text
    if status in (400, 404):
        assert answer.json()["error"]["code"].startswith("E_")


def test_two_hosts_are_refused_and_so_is_none() -> None:
    from torso.view.page_guard import Guard

    guard = Guard(None, token="a", hosts=("localhost",), reading_needs_token=False)
    scope = {"type": "http", "method": "GET", "path": "/"}
    assert guard._refusal({**scope, "headers": [(b"host", b"localhost")]}) == 0
    assert guard._refusal({**scope, "headers": []}) == 403
    assert guard._refusal({**scope, "headers": [(b"host", b"localhost")] * 2}) == 403


def test_config_and_changes_are_the_library_s(client) -> None:
    config = torso.AutoConfig.from_pretrained("torso:sentiment")
    data = client.get("/view/api/config?model=torso:sentiment").json()
    shown = {row["name"]: row["value"] for row in data["parameters"]}
    assert shown == json.loads(json.dumps({row.name: row.value for row in config.describe()}))
    chinese = client.get("/view/api/config?model=torso:sentiment&lang=zh").json()
    assert chinese["parameters"][0]["meaning"] != data["parameters"][0]["meaning"]
    body = {"model": "torso:sentiment", "changes": {"layer_norm_eps": "1e-5", "hidden_dropout_prob": "0"}}
    found = client.post("/view/api/changes", json=body).json()
    assert {row["name"]: row["new"] for row in found["changes"]} == {"layer_norm_eps": 1e-5, "hidden_dropout_prob": 0}
    assert (found["runs"], found["weights_checked"]) == ({"layer_norm_eps": 1e-5}, True)
    refused = client.post("/view/api/changes", json={**body, "changes": {"hidden_size": "12"}})
    assert refused.json()["error"]["code"] in ("E_CONFIG_WEIGHTS", "E_CONFIG")
    weights = client.get("/view/api/weights?model=torso:sentiment").json()
    model = torso.load("torso:sentiment", Task.MASKED_LM)
    assert weights["count"] == len(weights["tensors"]) > 50
    assert weights["parameters"] >= sum(each.numel() for each in model.trunk.parameters())
    heads = client.get("/view/api/model-heads?model=torso:sentiment").json()
    assert heads["heads"] == ["sequence-classification", "masked-lm"]
    assert "features" not in heads["absent"]


def test_two_configs_are_compared(client) -> None:
    found = client.get("/view/api/compare?model=torso:sentiment&other=torso:tagger").json()
    names = {row["name"] for row in found["differences"]}
    assert "id2label" in names
    assert client.get("/view/api/compare?model=writer&other=writer").json()["differences"] == []


@pytest.mark.parametrize("model", ["torso:sentiment", "writer"])
def test_numbers_of_a_look_are_the_library_s(client, folder, model) -> None:
    mine = torso.look(folder if model == "writer" else model, "hello 弱小")
    look = client.post("/view/api/look", json={"model": model, "text": "hello 弱小"}).json()
    assert [row["token"] for row in look["tokens"]] == [row.token for row in mine.tokens]
    ask = f"/view/api/look/{look['id']}"
    part = look["parts"][0]
    size = len(mine.tokens)
    body = client.get(f"{ask}/attention/1?part=self").content
    count = part["heads"] * size * size
    shares = np.frombuffer(body[:count], np.uint8).reshape(part["heads"], size, size)
    largest = np.frombuffer(body[count:], "<f4").reshape(part["heads"], size, 1)
    wanted = mine.attention(1)
    assert np.allclose(shares / 255 * largest, wanted.numpy(), atol=0.5 / 255 + 1e-5)
    assert np.allclose(largest[..., 0], wanted.amax(-1).numpy(), atol=1e-5)
    heads = client.get(f"{ask}/heads").json()
    assert np.allclose(heads["entropy"], mine.head_summary().entropy.numpy(), atol=1e-5)
    rows = client.get(f"{ask}/rows").json()
    assert np.allclose(rows["norms"], mine.layer_rows().norms.numpy(), rtol=1e-5)
    assert np.allclose(rows["points"], mine.layer_rows().points.numpy(), atol=1e-4)
    lens = client.get(f"{ask}/lens").json()
    assert lens["ids"] == mine.logit_lens(3).ids.tolist()
    assert set(lens["names"]) == {str(number) for layer in lens["ids"] for row in layer for number in row}
    answers = client.get(f"{ask}/answer").json()
    assert [each["task"] for each in answers] == [task.name for task in mine.heads]


def test_a_look_with_changes_runs_with_them_and_leaves_the_model(client) -> None:
    def norms(changes):
        body = {"model": "torso:sentiment", "text": TEXT, "changes": changes}
        number = client.post("/view/api/look", json=body).json()["id"]
        return client.get(f"/view/api/look/{number}/rows").json()["norms"]

    before = norms({})
    assert norms({"hidden_act": "relu"}) != before
    assert norms({}) == before


def test_tokens_of_a_long_text_say_where_the_model_ends(client) -> None:
    data = client.post("/view/api/tokens", json={"model": "torso:sentiment", "text": "好" * 600}).json()
    assert (data["count"], data["max_tokens"], data["cut_at"]) == (602, 512, 511)
    look = client.post("/view/api/look", json={"model": "torso:sentiment", "text": "好" * 600}).json()
    assert len(look["tokens"]) == 512
    assert "602" in look["cut"]


def test_a_text_is_written_piece_by_piece_as_the_library_writes_it(client, folder) -> None:
    body = {"model": "writer", "messages": [{"role": "user", "content": "hello"}], "max_new_tokens": 8}
    lines = [json.loads(line) for line in client.post("/view/api/write", json=body).text.splitlines()]
    wanted = list(torso.chat_stream("hello", model=folder, max_new_tokens=8, do_sample=False))
    assert [line["id"] for line in lines] == [piece.id for piece in wanted]
    assert lines[-1]["why"] == wanted[-1].why
    completion = client.post("/view/api/write", json={"model": "writer", "prompt": "hello", "max_new_tokens": 4})
    assert 1 <= len(completion.text.splitlines()) <= 4


def test_a_mounted_page_names_no_folder_and_holds_its_own_token(mounted, folder) -> None:
    page = mounted.get("/")
    token = page.text.partition('name="torso-token" content="')[2].partition('"')[0]
    assert len(token) > 20
    assert mounted.get("/view/api/start").json()["models"] == ["writer", "a"]
    assert mounted.get("/view/api/server").json()["rows"] == [{"name": "queue", "value": 3, "unit": "tokens"}]
    look = {"model": "writer", "text": "hello"}
    assert mounted.post("/view/api/look", json=look).status_code == 403
    assert mounted.post("/view/api/look", json=look, headers={"x-torso-token": token}).status_code == 200
    texts = [mounted.get(f"/view/api/{route}?model=a").text for route in ("config", "weights", "model-heads")]
    texts.append(
        mounted.post(
            "/view/api/changes", json={"model": "a", "changes": {"vocab_size": "7"}}, headers={"x-torso-token": token}
        ).text
    )
    assert all(str(folder) not in text for text in texts)
    assert mounted.get("/view/api/config?model=torso:sentiment").status_code == 404


def test_looks_are_kept_for_a_while(folder) -> None:
    now = [0.0]
    looks = Looks(lambda: now[0])
    look = torso.look(folder, "hello")
    number = looks.add(look)
    now[0] = KEPT_SECONDS - 1
    assert looks.get(number) is look
    now[0] += KEPT_SECONDS + 1
    with pytest.raises(torso.TorsoError, match="E_LOOK_GONE"):
        looks.get(number)
    numbers = [looks.add(look) for _ in range(100)]
    assert sum(1 for each in numbers if each in looks._kept) <= 64
    assert looks.get(numbers[-1]) is look


def test_looks_at_models_that_are_no_longer_loaded_are_dropped(folder) -> None:
    looks = Looks()
    numbers = {name: looks.add(torso.look(name, "hello")) for name in (str(folder), "torso:tagger")}
    looks.keep_only(["torso:tagger"])
    assert looks.get(numbers["torso:tagger"]).name == "torso:tagger"
    with pytest.raises(torso.TorsoError, match="E_LOOK_GONE"):
        looks.get(numbers[str(folder)])


def test_no_message_of_a_mounted_page_holds_a_folder(folder) -> None:
    from torso.hub import resolve
    from torso.view.shown_models import ShownModels

    models = {"a": torso.load(folder, Task.CAUSAL_LM), "b": "torso:tagger", "c": "no/such"}
    hide = ShownModels(models, of_machine=False).hide_folders
    assert hide(f"In {folder}/config.json.") == "In a/config.json."
    bundled = resolve("torso:tagger").folder
    assert hide(f"{bundled}: {bundled}") == "b: b"


def test_the_words_of_the_page_are_those_it_asks_for() -> None:
    import re

    asked, prefixes = set(), set()
    for name, asset in assets().items():
        if name.endswith(".js"):
            asked |= set(re.findall(r'\bt\(\s*"([\w.-]+)"\s*[,)]', asset.body.decode()))
            asked |= set(re.findall(r'\? "([a-z]+\.[\w.]+)" : "[a-z]+\.', asset.body.decode()))
            asked |= set(re.findall(r'\? "[a-z]+\.[\w.]+" : "([a-z]+\.[\w.]+)"', asset.body.decode()))
            prefixes |= set(re.findall(r'\bt\("([a-z]+\.)" \+', asset.body.decode()))
    assert asked <= set(WORDS)
    assert {key for key in WORDS if key not in asked and not key.startswith(tuple(prefixes))} == set()
    from torso.architecture import TASKS

    assert {f"head.{task.name}" for task in TASKS} <= set(WORDS)
    assert all(words_of("zh")[key] != text for key, text in WORDS.items() if len(text) > 12 and key != "try.ended")


def test_the_modules_make_one_script_and_share_no_name() -> None:
    import re

    for first in ("app.js", "saved.js"):
        text = script(first)
        assert not re.search(r"^(import|export) ", text, re.MULTILINE)
        names = re.findall(r"^(?:async )?(?:function|class|const|let) (\w+)", text, re.MULTILINE)
        names += [
            each for group in re.findall(r"^(?:const|let) \{([^}]*)\}", text, re.MULTILINE) for each in group.split(",")
        ]
        assert len(names) == len(set(names))


def jobs_that(code: str) -> Jobs:
    return Jobs(lambda action, model: [sys.executable, "-c", code, action, model])


def ended(jobs, job, within=20.0):
    for _ in range(int(within / 0.05)):
        if job.as_dict()["state"] != "running":
            break
        time.sleep(0.05)
    return job.as_dict()


def test_a_job_is_a_command_that_can_be_stopped() -> None:
    jobs = jobs_that("import sys; print('{\"whole\": true}')")
    job = jobs.begin("check", "hfl/rbt3")
    found = ended(jobs, job)
    assert (found["state"], found["result"]) == ("done", {"whole": True})
    slow = jobs_that("import time; print('x', flush=True); time.sleep(60)")
    job = slow.begin("repair", "hfl/rbt3")
    time.sleep(0.2)
    slow.stop(job.number)
    assert ended(slow, job)["state"] == "stopped"
    assert isinstance(job.process, subprocess.Popen)
    assert job.process.poll() is not None


def test_a_job_is_watched_by_events_until_it_ends_and_can_wait() -> None:
    jobs = jobs_that("import time; time.sleep(60)")
    job = jobs.begin("check", "hfl/rbt3")
    job.action = "get"  # a download of a hub would be planned first
    while job.process is None:
        time.sleep(0.01)
    told = jobs.events(job.number)
    assert json.loads(next(told).removeprefix(b"data: "))["state"] == "running"
    jobs.pause(job.number)
    assert json.loads(next(told).removeprefix(b"data: "))["state"] == "paused"
    first = job.process
    assert first is not None
    assert first.poll() is not None
    jobs._command = lambda action, model: [sys.executable, "-c", "print('{}')"]
    job.action = "check"
    jobs.resume(job.number)
    states = [json.loads(each.removeprefix(b"data: "))["state"] for each in told]
    assert states[-1] == "done"
    assert job.process is not first
    job = jobs.begin("check", "hfl/rbt3")
    jobs.pause(job.number)
    assert ended(jobs, job)["state"] == "done", "what is not a download does not wait"
    jobs.resume(job.number)
    assert job.state == "done"


def test_a_job_that_waits_is_stopped_and_streams_of_events_are_few() -> None:
    jobs = jobs_that("import time; time.sleep(60)")
    job = jobs.begin("check", "hfl/rbt3")
    job.action = "get"
    jobs.pause(job.number)
    assert ended(jobs, job)["state"] == "paused"
    streams = [jobs.events(job.number) for _ in range(MOST_WATCHED)]
    with pytest.raises(torso.TorsoError, match="E_TOO_MUCH"):
        jobs.events(job.number)
    for each in streams:
        each.close()
    told = jobs.events(job.number)
    next(told)
    assert jobs.stop(job.number).state == "stopped"
    assert [json.loads(each.removeprefix(b"data: "))["state"] for each in told] == ["stopped"]
    with pytest.raises(torso.TorsoError, match="E_NO_JOB"):
        jobs.events("x")
    left = jobs.events(job.number)
    jobs.leave()
    assert len(list(left)) == 1


@pytest.mark.parametrize("model", ["./x", "/etc", "torso:sentiment", "--all", "-y", "git+https://a.example/b", "a b"])
def test_jobs_take_names_of_hubs_alone(model) -> None:
    with pytest.raises(torso.TorsoError):
        jobs_that("").begin("remove", model)
    with pytest.raises(torso.TorsoError, match="E_REQUEST"):
        jobs_that("").begin("rm", "a/b")


def test_a_job_of_the_real_command_says_why_it_failed(offline) -> None:
    jobs = Jobs()
    found = ended(jobs, jobs.begin("check", "no/such"), within=60)
    assert (found["state"], found["result"]["error"]["code"]) == ("failed", "E_NOT_HERE")
    found = ended(jobs, jobs.begin("get", "no/such"), within=60)
    assert (found["state"], found["result"]["error"]["code"]) == ("failed", "E_OFFLINE")


def test_a_saved_look_holds_its_numbers_and_no_address(tmp_path) -> None:
    folder = small.save(
        tmp_path / "m", Task.TOKEN_CLASSIFICATION, labels=["</script><img src=x onerror=alert(1)>", "b"]
    )
    look = torso.look(folder, "弱<b>小")
    text = look.save(tmp_path / "look.html").read_text(encoding="utf-8")
    assert "http" not in text.replace("http-equiv", "").replace("http://www.w3.org/", "").replace("HTTP", "")
    assert text.count("</script>") == 2
    data = json.loads(text.partition('id="held">')[2].partition("</script>")[0])["look"]
    assert np.allclose(data["rows?part=self"]["norms"], look.layer_rows().norms.numpy(), rtol=1e-5)
    assert len([name for name in data if name.startswith("attention/")]) == 2
    look.save(tmp_path / "one.html", layers=[1])
    assert (tmp_path / "one.html").stat().st_size < len(text.encode())


def test_what_is_too_large_for_one_file_is_not_saved(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("torso.view.saved_page.MOST_BYTES", 100)
    look = torso.look(small.save(tmp_path / "m", Task.MASKED_LM), TEXT)
    with pytest.raises(torso.TorsoError, match="E_TOO_MUCH"):
        look.save(tmp_path / "look.html")
    assert not (tmp_path / "look.html").exists()


def test_without_the_extra_the_one_command_is_named(monkeypatch) -> None:
    import importlib.util

    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(torso.TorsoError, match=r'pip install "torso\[serve\]"'):
        app(["torso:sentiment"])


def test_attention_survives_rows_of_zeros() -> None:
    from torso.view.look_data import attention_bytes

    body = attention_bytes(torch.zeros(1, 2, 2))
    assert body == bytes(4 + 8)
