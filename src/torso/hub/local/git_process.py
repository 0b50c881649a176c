"""The git binary as a child process: nothing that runs code or reaches out, and its output read within limits.

git buffers, waits and walks as a server or a repository makes it. So its output is read as it is printed, and the
process is ended when it prints more than a model can be, or takes longer than it may.
"""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from torso.errors import LimitError, NetworkError, TorsoError
from torso.hub.local.git_binary import require_git
from torso.hub.local.orphans import Guard
from torso.io.files import shown

_BLOCK = 1 << 16  # bytes taken from a pipe at once
_TICK = 0.1  # seconds between two looks at the clock
_SAFE = (
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.attributesFile=/dev/null",
    "safe.directory=*",
    "protocol.allow=never",
    "submodule.recurse=false",
    "fetch.recurseSubmodules=false",
    "fetch.unpackLimit=1",  # one pack, which grows as it arrives
    "http.followRedirects=false",
    "http.lowSpeedLimit=1000",
    "http.lowSpeedTime=30",
    "gc.auto=0",
    "maintenance.auto=false",
)
_QUIET = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "true",
    "GCM_INTERACTIVE": "never",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_LFS_SKIP_SMUDGE": "1",
    "GIT_NO_LAZY_FETCH": "1",
    "LC_ALL": "C",
}


@dataclass(frozen=True, slots=True)
class GitLimits:
    """What one call of git may take.

    Attributes:
        output: bytes of standard output.
        seconds: from its start to its end.
        silence: seconds without a byte of output, or of progress where the call has another measure of it.
    """

    output: int = 256 << 20
    seconds: float = 1800.0
    silence: float = 120.0


LOCAL = GitLimits()  # what only reads a repository on this disk


@contextmanager
def git_output(
    folder: Path,
    *arguments: str,
    protocol: str = "",
    stdin: bytes = b"",
    limits: GitLimits = LOCAL,
    progress: Callable[[], int] | None = None,
) -> Generator[Iterator[bytes]]:
    """Run git in a repository and yield its output, piece by piece; the process has ended when the block ends.

    Args:
        folder: the repository.
        arguments: the command and its arguments.
        protocol: the one protocol that it may use; empty for none, whatever the repository's own settings allow.
        stdin: what it reads.
        limits: when it is ended.
        progress: a number that grows while git works, for a command that prints nothing until its end.

    Raises:
        UnsupportedError: E_NO_GIT; E_OLD_GIT.
        LimitError: E_LIMIT, it printed more than it may.
        NetworkError: E_TIMEOUT, it took longer than it may; E_GIT, it failed, with its own last words.
    """
    require_git()
    process = _Process(git_command(folder, arguments), _environment(protocol), stdin, limits, progress)
    try:
        yield process.blocks()
    finally:
        process.stop()


def run_git(
    folder: Path,
    *arguments: str,
    protocol: str = "",
    limits: GitLimits = LOCAL,
    progress: Callable[[], int] | None = None,
) -> bytes:
    """Return git's whole output; see `git_output`."""
    with git_output(folder, *arguments, protocol=protocol, limits=limits, progress=progress) as blocks:
        return b"".join(blocks)


def git_command(folder: Path, arguments: Sequence[str]) -> list[str]:
    """Return the command line of git for a repository."""
    options = [option for setting in _SAFE for option in ("-c", setting)]
    return ["git", "--no-pager", *options, "-C", str(folder), *arguments]


def _environment(protocol: str) -> dict[str, str]:
    """Return git's environment; its GIT_ALLOW_PROTOCOL outranks every setting of a repository."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return inherited | _QUIET | {"GIT_ALLOW_PROTOCOL": protocol}


class _Process:
    """One run of git, in a group of processes of its own, with a thread that ends it in time."""

    def __init__(
        self,
        command: list[str],
        environment: dict[str, str],
        stdin: bytes,
        limits: GitLimits,
        progress: Callable[[], int] | None,
    ) -> None:
        self._command = next(word for word in command[command.index("-C") + 2 :])
        self._limits = limits
        self._progress = progress
        self._begin = self._heard = time.monotonic()
        self._reading = threading.Event()
        self._ended = threading.Event()
        self._failure: TorsoError | None = None
        self._said = deque[bytes](maxlen=2)
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE if stdin else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
            start_new_session=True,
        )
        self._guard = Guard(self._process.pid)
        assert self._process.stdout
        assert self._process.stderr
        self._stdout: IO[bytes] = self._process.stdout
        self._stderr: IO[bytes] = self._process.stderr
        work: list[Callable[[], None]] = [self._watch, self._listen]
        if stdin:
            work.append(lambda: self._feed(stdin))
        self._threads = [threading.Thread(target=each, name="git", daemon=True) for each in work]
        for thread in self._threads:
            thread.start()

    def blocks(self) -> Iterator[bytes]:
        """Yield what git prints, as it comes; see `git_output` for what is raised."""
        printed = 0
        while True:
            self._heard = time.monotonic()
            self._reading.set()
            block = os.read(self._stdout.fileno(), _BLOCK)
            self._reading.clear()
            if not block:
                break
            printed += len(block)
            if printed > self._limits.output:
                raise LimitError(
                    "E_LIMIT",
                    "git {command} printed more than a model can be: over {limit} bytes.",
                    cure="Choose another source, or check the name.",
                    values=dict(command=self._command, limit=self._limits.output),
                )
            yield block
        self._heard = time.monotonic()
        self._reading.set()
        status = self._process.wait()
        self._finish()
        if self._failure is not None:
            raise self._failure
        if status != 0:
            raise self._why_it_failed()

    def stop(self) -> None:
        """End git and what it started, and wait for both."""
        self._guard.release()
        self._kill()
        self._process.wait()
        self._finish()
        for stream in (self._stdout, self._stderr, self._process.stdin):
            if stream is not None:
                with suppress(OSError):
                    stream.close()

    def _finish(self) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join(5.0)

    def _kill(self) -> None:
        """Kill the whole group: git's helpers hold the connection."""
        if self._process.poll() is None or os.name == "posix":
            with suppress(OSError):
                if os.name == "posix":
                    os.killpg(self._process.pid, signal.SIGKILL)
                else:
                    self._process.kill()

    def _watch(self) -> None:
        """End git when it has taken too long; time in which its output is not read does not count."""
        grown = -1
        while not self._ended.wait(_TICK):
            now = time.monotonic()
            if self._progress is not None and (size := self._progress()) > grown:
                grown, self._heard = size, now
            silent = self._reading.is_set() and now - self._heard > self._limits.silence
            if silent or now - self._begin > self._limits.seconds:
                self._failure = NetworkError(
                    "E_TIMEOUT",
                    "git {command} made no progress for {seconds} s."
                    if silent
                    else "git {command} did not end within {seconds} s.",
                    cure="Run the same command later, or get the model without git: torso get org/name",
                    values=dict(
                        command=self._command,
                        seconds=f"{self._limits.silence if silent else self._limits.seconds:g}",
                    ),
                )
                self._kill()
                return

    def _listen(self) -> None:
        """Keep the end of git's standard error only: a server may send remarks without end."""
        with suppress(OSError, ValueError):
            while block := os.read(self._stderr.fileno(), 2048):
                self._said.append(block)

    def _feed(self, data: bytes) -> None:
        stream = self._process.stdin
        assert stream
        with suppress(OSError, ValueError):
            stream.write(data)
        with suppress(OSError, ValueError):
            stream.close()

    def _why_it_failed(self) -> TorsoError:
        lines = [line for line in b"".join(self._said).decode(errors="replace").splitlines() if line.strip()]
        said = lines[-1].strip().rstrip(".") if lines else f"status {self._process.returncode}"
        return NetworkError(
            "E_GIT",
            "git {command} failed: {said}.",
            cure="Check the address, and whether the repository is public: torso get --git https://host/org/name",
            values=dict(command=self._command, said=shown(said[:300])),
        )
