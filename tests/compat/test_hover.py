"""What an editor shows of a config: each parameter with its meaning and default, without running anything."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lazy import LazyModule
from torso.config.ecosystem_names import explained
from torso.models.bert import BertConfig

jedi = LazyModule("jedi")

SOURCE = """from torso import BertConfig, LlamaConfig

config = BertConfig(hidden_size=8, num_labels=3)
print(config.intermediate_size, LlamaConfig().rope_theta)
"""
Ask = Callable[[str], Any]


@pytest.fixture(scope="module")
def ask(tmp_path_factory) -> Iterator[Ask]:
    """A question to pyright's language server, as editors put it."""
    folder: Path = tmp_path_factory.mktemp("editor")
    (folder / "use.py").write_text(SOURCE)
    (folder / "pyrightconfig.json").write_text(json.dumps({"venv": ".", "typeCheckingMode": "off"}))
    server = subprocess.Popen(
        [sys.executable, "-m", "pyright.langserver", "--stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert server.stdin is not None
    assert server.stdout is not None
    stdin, stdout = server.stdin, server.stdout

    def send(message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        stdin.flush()

    def receive() -> dict[str, Any]:
        length = 0
        while line := stdout.readline().strip():
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        return json.loads(stdout.read(length))

    def request(method: str, given: dict[str, Any]) -> Any:
        request.count += 1  # type: ignore[attr-defined]
        send({"id": request.count, "method": method, "params": given})  # type: ignore[attr-defined]
        while True:
            message = receive()
            if message.get("id") == request.count and "method" not in message:  # type: ignore[attr-defined]
                return message["result"]
            if "id" in message:  # a question of the server's: which settings there are
                interpreter = {"pythonPath": sys.executable}
                items = message.get("params", {}).get("items", [])
                wanted = [interpreter if each.get("section") == "python" else {} for each in items]
                send({"id": message["id"], "result": wanted if items else None})

    request.count = 0  # type: ignore[attr-defined]
    uri = folder.as_uri()
    capable = {"workspace": {"configuration": True}, "textDocument": {"hover": {"contentFormat": ["plaintext"]}}}
    request(
        "initialize",
        dict(processId=None, rootUri=uri, capabilities=capable, workspaceFolders=[dict(uri=uri, name="use")]),
    )
    send({"method": "initialized", "params": {}})
    document = dict(uri=f"{uri}/use.py", languageId="python", version=1, text=SOURCE)
    send({"method": "textDocument/didOpen", "params": {"textDocument": document}})
    yield lambda word: request(
        "textDocument/hover", {"textDocument": {"uri": document["uri"]}, "position": place_of(word)}
    )
    server.kill()
    server.wait()
    stdin.close()
    stdout.close()


def place_of(word: str) -> dict[str, int]:
    """Where a word stands the last time."""
    before = SOURCE[: SOURCE.rindex(word) + 1]
    return {"line": before.count("\n"), "character": len(before) - before.rfind("\n") - 1}


@pytest.mark.parametrize("name", ["hidden_size", "num_labels", "intermediate_size"])
def test_an_editor_shows_a_parameters_meaning(name, ask) -> None:
    declared = {each.name: each for each in BertConfig.declared()}[name]
    said = ask(name)["contents"]["value"]
    assert name in said
    assert " ".join(explained(declared).split()) in " ".join(said.split())


def test_an_editor_shows_every_parameter_of_a_class(ask) -> None:
    said = " ".join(ask("BertConfig(")["contents"]["value"].split())
    for each in BertConfig.declared():
        assert f"{each.name} (" in said
        assert " ".join(explained(each).split()) in said


def test_completion_by_jedi_shows_the_same() -> None:
    script = jedi.Script("import torso\ntorso.BertConfig(", environment=jedi.InterpreterEnvironment())
    (signature,) = script.get_signatures(2, 17)
    assert "hidden_size (int): " in signature.docstring() or "hidden_size (int): " in script.infer(2, 8)[0].docstring()
    found = script.infer(2, 8)[0].docstring()
    for each in BertConfig.declared():
        assert f"{each.name} ({each.type}): {explained(each)}" in found
