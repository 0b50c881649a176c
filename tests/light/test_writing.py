"""Decoders write by the kernels alone, by function, command and server: the same texts as PyTorch writes."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

import torso
from torso.kernels import library

from .decoder_folder import adapted, decoder

pytestmark = pytest.mark.skipif(library.library() is None, reason="torso was installed without its compiled kernels")
PROMPTS = ["the cat", "你好", "a" * 60]
WAYS: dict[str, dict[str, Any]] = {
    "greedy": {},
    "beams": {"num_beams": 3, "num_return_sequences": 2},
    "sampled": {"do_sample": True, "seed": 5, "temperature": 1.5, "num_return_sequences": 2},
    "nucleus": {"do_sample": True, "seed": 6, "temperature": 2.0, "settings": {"top_p": 0.8, "top_k": 0}},
    "typical": {"do_sample": True, "seed": 7, "settings": {"typical_p": 0.9, "min_p": 0.01, "top_k": 0}},
    "drawn beams": {"do_sample": True, "num_beams": 3, "seed": 8, "temperature": 2.0},
    "processed": {"settings": {"repetition_penalty": 1.4, "no_repeat_ngram_size": 2, "min_new_tokens": 4}},
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return decoder(tmp_path_factory.mktemp("m") / "decoder")


@pytest.fixture(scope="module")
def adapters(folder, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """An adapter, and the decoder that it makes of its base."""
    return adapted(tmp_path_factory.mktemp("a"), folder)


def ids(found: list[Any]) -> list[list[list[int]]]:
    return [[list(each.ids) for each in one] for one in found]


@pytest.mark.parametrize("way", WAYS)
def test_texts_are_those_of_pytorch(folder, expected, way) -> None:
    assert ids(torso.generate(PROMPTS, model=folder, **WAYS[way])) == expected["written"][way]


@pytest.mark.parametrize("way", WAYS)
def test_the_expected_texts_are_pytorch_s(folder, has_torch, expected, way) -> None:
    if not has_torch:
        pytest.skip("PyTorch is not installed here")
    model = torso.load(folder, torso.Task.CAUSAL_LM)
    assert ids(torso.generate(PROMPTS, model=model, **WAYS[way])) == expected["written"][way]


def test_nothing_loads_torch(folder) -> None:
    code = (
        "import sys, torso; torso.generate('a', model=sys.argv[1], num_beams=2, do_sample=True, seed=1);"
        "list(torso.stream('a', model=sys.argv[1])); torso.chat('a', model=sys.argv[1]); print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(folder)], capture_output=True, text=True, check=True)
    assert "torch" not in done.stdout.split()


def test_commands_write_as_functions(command, folder) -> None:
    done = command("generate", "the cat", "--model", str(folder), "--json")
    assert done.returncode == 0, done.stderr
    wanted = torso.generate("the cat", model=folder)
    assert [each["ids"] for each in json.loads(done.stdout)["completions"]] == [list(each.ids) for each in wanted]
    streamed = command("generate", "the cat", "--model", str(folder), "--stream")
    assert streamed.stdout == wanted.text + "\n", streamed.stderr
    chat = command("chat", "hello", "--model", str(folder))
    assert chat.stdout.strip() == torso.chat("hello", model=folder).text.strip(), chat.stderr


@pytest.mark.parametrize("mode", ["exact", "bf16", "int8", "int4"])
def test_an_adapter_is_merged_as_it_is_read(adapters, folder, mode) -> None:
    adapter, merged = adapters
    made = [torso.compiled_decoder(each, mode=mode) for each in (adapter, merged, folder)]
    found, wanted, base = (ids(torso.generate(PROMPTS, model=each)) for each in made)
    assert found == wanted != base
    assert made[0].report.source == str(adapter)


def test_an_adapter_writes_by_function_and_command_without_torch(adapters, command) -> None:
    adapter, merged = adapters
    wanted = torso.generate("the cat", model=merged).text
    code = (
        "import sys, torso; print(torso.generate('the cat', model=sys.argv[1]).text, end='');"
        "list(torso.stream('a', model=sys.argv[1])); torso.chat('a', model=sys.argv[1]);"
        "assert 'torch' not in sys.modules"
    )
    line = [sys.executable, "-c", code, str(adapter)]
    assert subprocess.run(line, capture_output=True, text=True, check=True).stdout == wanted
    done = command("generate", "the cat", "--model", str(adapter), "--stream")
    assert done.stdout == wanted + "\n", done.stderr
    chat = command("chat", "hello", "--model", str(adapter))
    assert chat.stdout.strip() == torso.chat("hello", model=merged).text.strip(), chat.stderr


def test_without_a_seed_no_two_texts_are_alike(folder) -> None:
    drawn = {torso.generate("a", model=folder, do_sample=True, temperature=3.0)[0].ids for _ in range(4)}
    assert len(drawn) == 4


@pytest.fixture(scope="module")
def port(folder, adapters) -> Iterator[int]:
    """A server in a process of its own."""
    if find_spec("uvicorn") is None:
        pytest.skip('torso is installed without "torso[serve]"')
    with socket.create_server(("127.0.0.1", 0)) as probe:
        number = probe.getsockname()[1]
    line = [sys.executable, "-m", "torso", "serve", "--port", str(number), f"writer={folder}", f"adapted={adapters[0]}"]
    with subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env={**os.environ}) as server:
        try:
            _wait_ready(server, number)
            yield number
        finally:
            server.terminate()


def _wait_ready(server: subprocess.Popen[bytes], number: int) -> None:
    for _ in range(1800):
        if server.poll() is not None:
            assert server.stderr is not None
            raise AssertionError(server.stderr.read().decode())
        try:
            with closing(HTTPConnection("127.0.0.1", number, timeout=5)) as connection:
                connection.request("GET", "/readyz")
                if connection.getresponse().status == 200:
                    return
        except OSError:
            pass
        time.sleep(0.05)
    raise AssertionError("not ready")


def ask(number: int, path: str, **body: Any) -> str:
    with closing(HTTPConnection("127.0.0.1", number, timeout=60)) as connection:
        connection.request("POST", path, json.dumps({"model": "writer", **body}), {"content-type": "application/json"})
        answer = connection.getresponse()
        text = answer.read().decode()
    assert answer.status == 200, text
    return text


def test_a_server_writes(port, folder) -> None:
    """By continuous batching: greedy, drawn, with log probabilities, and as events."""
    wanted = torso.generate("the cat", model=folder, max_new_tokens=9).text
    made = json.loads(ask(port, "/v1/completions", prompt="the cat", max_tokens=9, temperature=0))
    assert made["choices"][0]["text"] == wanted
    said = torso.chat("hello", model=folder, max_new_tokens=9).text
    messages = [{"role": "user", "content": "hello"}]
    knobs = {"max_tokens": 9, "temperature": 0, "logprobs": True, "top_logprobs": 3}
    made = json.loads(ask(port, "/v1/chat/completions", messages=messages, **knobs))
    assert made["choices"][0]["message"]["content"] == said
    events = ask(port, "/v1/chat/completions", messages=messages, max_tokens=9, temperature=0, stream=True)
    found = [json.loads(line) for line in re.findall("data: ({.*})", events)]
    assert "".join(each["choices"][0]["delta"].get("content") or "" for each in found if each["choices"]) == said
    drawn = torso.generate("the cat", model=folder, max_new_tokens=9, do_sample=True, temperature=1.5, seed=3).text
    made = json.loads(ask(port, "/v1/completions", prompt="the cat", max_tokens=9, temperature=1.5, seed=3))
    assert made["choices"][0]["text"] == drawn


def test_a_server_writes_with_an_adapter(port, adapters) -> None:
    wanted = torso.generate("the cat", model=adapters[1], max_new_tokens=9).text
    made = json.loads(ask(port, "/v1/completions", model="adapted", prompt="the cat", max_tokens=9, temperature=0))
    assert made["choices"][0]["text"] == wanted
