"""A browser, and the page served to it on the loopback address."""

from __future__ import annotations

import os
import shutil
import threading
from importlib.util import find_spec
from pathlib import Path

import pytest

import torso
from generation import small as writing
from tasks import small
from torso.architecture import Task

HOSTILE = "<img src=x onerror=\"document.title='taken'\">\u202e\"'</script>"
"""A name that would be markup, were it read as such, and turns the direction of what follows."""
TEXT = "弱小的我也有大梦想！"
NEEDED = ("playwright", "axe_playwright_python", "uvicorn", "starlette")


def chromium() -> str:
    """The browser of the system; without one, and outside CI, the test is skipped."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    lacking = [name for name in NEEDED if find_spec(name) is None] + ([] if found else ["chromium"])
    if lacking:
        reason = f"not installed: {', '.join(lacking)}"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return str(found)


def bert_base(folder: Path) -> Path:
    """The files of a model of BERT-base's shape, its weights a hole of zeros in the file."""
    import json
    import struct

    folder.mkdir()
    config = torso.BertConfig(vocab_size=30522)
    (folder / "config.json").write_text(json.dumps({**json.loads(config.text()), "architectures": ["BertModel"]}))
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *(f"word{number}" for number in range(30517))]
    (folder / "vocab.txt").write_text("\n".join(words) + "\n")
    from torso.model import Model, find
    from torso.nn.meta_init import weightless

    with weightless():
        model = Model(config, find("bert"), Task.FEATURES)
    header, at = {}, 0
    names = find("bert").names
    for name, shape in model.named_shapes():
        if name.startswith("trunk."):
            for key in names.keys(name.removeprefix("trunk."), ""):
                rows = [shape[0] // len(names.keys(name.removeprefix("trunk."), "")), *shape[1:]]
                size = 4
                for each in rows:
                    size *= each
                header[key] = {"dtype": "F32", "shape": rows, "data_offsets": [at, at + size]}
                at += size
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with (folder / "model.safetensors").open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        file.truncate(8 + len(text) + at)
    return folder


@pytest.fixture(scope="session")
def browser():
    path = chromium()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--force-color-profile=srgb"])


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """Where ``torso serve`` is, which asks for the key ``secret``; its models have the names of ``served``."""
    chromium()
    import hashlib

    import uvicorn

    import torso.serve
    from torso.serve.server_process import listen

    home = tmp_path_factory.mktemp("served")
    settings = torso.serve.ServeSettings(log=False, keys={"me": hashlib.sha256(b"secret").hexdigest()})
    models = {"torso:sentiment": "torso:sentiment", "writer": str(writing.llama(home))}
    listener = listen("127.0.0.1", 0)
    app = torso.serve.app(models, settings)
    running = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
    thread = threading.Thread(target=running.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not running.started:
        thread.join(0.05)
        assert thread.is_alive()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
    running.should_exit = True
    thread.join(20)


@pytest.fixture(scope="session")
def served(tmp_path_factory):
    """Where the page is, with a token of ``secret``."""
    chromium()
    import uvicorn

    from torso.view.page_application import app
    from torso.view.serving import listening

    home = tmp_path_factory.mktemp("models")
    hostile = small.save(home / "hostile", Task.SEQUENCE_CLASSIFICATION, labels=[HOSTILE, "x" * 10_000])
    (hostile / "vocab.txt").write_text(
        (hostile / "vocab.txt").read_text(encoding="utf-8").replace("hello", "<b>hello</b>"), encoding="utf-8"
    )
    (hostile / "<img src=x onerror=alert(1)>.md").write_text(HOSTILE)
    models = {
        "torso:sentiment": "torso:sentiment",
        "torso:tagger": "torso:tagger",
        "writer": str(writing.llama(home / "llama")),
        "translator": str(writing.t5(home / "t5")),
        HOSTILE: str(hostile),
        "base": str(bert_base(home / "base")),
    }
    listener = listening(0)
    page = app(models, token="secret", text=TEXT, admin=True)
    server = uvicorn.Server(uvicorn.Config(page, log_level="warning"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
    server.should_exit = True
    thread.join(10)
