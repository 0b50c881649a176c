"""``torso view`` as a process: its address, its token, and its end."""

from __future__ import annotations

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
from importlib.util import find_spec

import pytest

from torso.cli import main

pytestmark = pytest.mark.skipif(find_spec("uvicorn") is None, reason="the extra serve is not installed")


def asked(port: str, path: str, token: str | None, host: str | None = None) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=60)
    headers = {} if token is None else {"x-torso-token": token}
    connection.request("GET", path, headers=headers | ({} if host is None else {"host": host}))
    status = connection.getresponse().status
    connection.close()
    return status


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_until_a_signal_and_ends_without_a_word(number) -> None:
    command = [sys.executable, "-m", "torso", "view", "torso:tagger", "今天天气很好", "--no-browser"]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1", "TORSO_LANG": "en"},
    )
    try:
        line = process.stdout.readline()
        port, token = re.search(r"http://127\.0\.0\.1:(\d+)/#token=([\w-]{20,})", line).groups()
        assert asked(port, "/", None) == 200
        assert asked(port, "/view/api/start", token) == 200
        assert asked(port, "/view/api/start", None) == 403
        assert asked(port, "/view/api/start", token, "evil.example") == 403
        with socket.create_connection(("127.0.0.1", int(port))) as held:  # a page that waits for an answer
            head = f"POST /view/api/look HTTP/1.1\r\nhost: localhost\r\nx-torso-token: {token}\r\n"
            held.sendall(f"{head}content-type: application/json\r\ncontent-length: 10\r\n\r\n".encode())
            assert asked(port, "/", None) == 200, "it has come"
            process.send_signal(number)
            out, err = process.communicate(timeout=60)
    finally:
        process.kill()
        process.wait()
    assert (process.returncode, out, err) == (0, "", "")


def test_what_cannot_be_shown_is_said_before_anything_is_served(tmp_path, capsys, offline) -> None:
    assert main(["view", str(tmp_path / "none"), "--no-browser"]) == 3
    assert "E_NO_FOLDER" in capsys.readouterr().err
    assert main(["view", "no/such", "--no-browser"]) == 3
    assert "E_OFFLINE" in capsys.readouterr().err


def test_a_port_that_is_taken_is_named(capsys) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert main(["view", "--no-browser", "--port", str(taken.getsockname()[1])]) == 3
    assert "E_PORT" in capsys.readouterr().err
