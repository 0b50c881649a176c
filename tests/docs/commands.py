"""Runs the lines of a block of commands: ``torso`` in this process, servers in their own, the rest by bash."""

from __future__ import annotations

import hashlib
import io
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from torso.cli import main

SERVERS = ("serve", "view")  # until they are stopped
PORT = "8080"


def lines(text: str) -> list[str]:
    """Commands of a block: without comments and blank lines, continued lines as one."""
    joined = re.sub(r"\\\n\s*", " ", text).splitlines()
    return [line for each in joined if (line := _without_comment(each).strip())]


def _without_comment(line: str) -> str:
    quote = ""
    for at, mark in enumerate(line):
        if mark == "#" and not quote and (at == 0 or line[at - 1].isspace()):
            return line[:at]
        if mark in "\"'":
            quote = "" if mark == quote else quote or mark
    return line


def words(line: str) -> list[str]:
    """Words and operators of a line."""
    found = shlex.shlex(line, posix=True, punctuation_chars="|&><;")
    found.whitespace_split = True
    found.commenters = ""
    return list(found)


def parts(line: str) -> list[list[str]]:
    """Commands of a line that stand between ``&&``."""
    found: list[list[str]] = [[]]
    for word in words(line):
        if word == "&&":
            found.append([])
        else:
            found[-1].append(word)
    return found


class Shell:
    """Runs commands in the current folder, and ends the servers that it started.

    A model that one page has trained is not trained again for the same command and table: its folder is copied.
    """

    def __init__(self, capture: pytest.CaptureFixture[str], patch: pytest.MonkeyPatch, trained: Path) -> None:
        self._capture, self._patch, self._trained = capture, patch, trained
        self._servers: list[subprocess.Popen[bytes]] = []
        self.port = ""

    def end(self) -> None:
        """Stop every server."""
        for each in self._servers:
            each.terminate()
            assert each.wait(60) in (0, 143, -15)

    def local(self, text: str) -> str:
        """A text with the port of the server that runs here, if one does."""
        return text.replace(f":{PORT}", f":{self.port}") if self.port else text

    def run(self, line: str) -> str:
        """What a line prints; it ends with status 0."""
        printed = ""
        for part in parts(self.local(line)):
            plain = not {"|", ">", "<", "&", ";"} & set(part)
            if part[:1] == ["torso"] and plain and part[1] in SERVERS and "--help" not in part:
                self._serve(part[1:])
            elif part[:1] == ["torso"] and plain:
                printed += self._here(part[1:], "")
            elif (
                part[0] in ("cat", "echo") and part[-1] != ">" and "|" in part and part[part.index("|") + 1] == "torso"
            ):
                at = part.index("|")
                given = Path(part[1]).read_text("utf-8") if part[0] == "cat" else " ".join(part[1:at]) + "\n"
                printed += self._here(part[at + 2 :], given)
            elif part[:1] == ["torso"] and part[-2] == ">":
                Path(part[-1]).write_text(self._here(part[1:-2], ""), encoding="utf-8")
            else:
                return printed + self._by_bash(self.local(line))
        return printed

    def _here(self, arguments: list[str], given: str) -> str:
        if arguments[0] != "train" or "--out" not in arguments or "--dry-run" in arguments:
            return self._called(arguments, given)
        table = Path(arguments[arguments.index("--data") + 1]).read_bytes()
        out = Path(arguments[arguments.index("--out") + 1])
        kept = self._trained / hashlib.sha256(shlex.join(arguments).encode() + table).hexdigest()
        if not kept.exists():
            printed = self._called(arguments, given)
            shutil.copytree(out, kept / "model")
            (kept / "printed").write_text(printed, encoding="utf-8")
        elif not out.exists():
            shutil.copytree(kept / "model", out)
        return (kept / "printed").read_text("utf-8")

    def _called(self, arguments: list[str], given: str) -> str:
        self._patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given.encode()), encoding="utf-8"))
        self._capture.readouterr()
        with _unchanged_language():
            status = main(arguments)
        out, err = self._capture.readouterr()
        assert status == 0, f"torso {shlex.join(arguments)}: {status}\n{err}\n{out}"
        return out

    def _by_bash(self, line: str) -> str:
        programs = Path.cwd() / ".programs"
        programs.mkdir(exist_ok=True)
        for name, start in (("torso", "-m torso"), ("python", "")):
            (programs / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" {start} "$@"\n', encoding="utf-8")
            (programs / name).chmod(0o755)
        environment = os.environ | {"PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}
        bash = shutil.which("bash")
        assert bash is not None
        done = subprocess.run(
            [bash, "-eu", "-o", "pipefail", "-c", line], env=environment, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, f"{line}: {done.returncode}\n{done.stderr}\n{done.stdout}"
        return done.stdout

    def _serve(self, arguments: list[str]) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = str(free.getsockname()[1])
        if "--port" in arguments:
            del arguments[arguments.index("--port") : arguments.index("--port") + 2]
        command = [sys.executable, "-m", "torso", *arguments, "--port", self.port]
        if arguments[0] == "view" and "--no-browser" not in command:
            command.append("--no-browser")
        with open("server.log", "ab") as log:
            self._servers.append(subprocess.Popen(command, stdout=log, stderr=log))
        path = "/readyz" if arguments[0] == "serve" else "/"
        for _ in range(600):
            assert self._servers[-1].poll() is None, Path("server.log").read_text("utf-8")
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10).close()
                return
            except urllib.error.HTTPError as error:
                if error.code != 503:
                    return
            except OSError:
                pass
            time.sleep(0.1)
        raise AssertionError(Path("server.log").read_text("utf-8"))


@contextmanager
def _unchanged_language() -> Iterator[None]:
    """``--lang`` of one command is not that of the next."""
    before = os.environ["TORSO_LANG"]
    try:
        yield
    finally:
        os.environ["TORSO_LANG"] = before
