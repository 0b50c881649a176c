"""Fixtures of the rig: a machine with no history and no way out, and the hubs it may ask."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Generator, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from torso.errors import TorsoError

from .faultd import Proxy
from .hubd import Cdn, Hub
from .models import bert
from .repository import Repository, Shelf

MEBIBYTE = 1 << 20
NAME = "acme/tiny"
FOREVER = 10_000  # times that a fault strikes
IMPATIENT = {"TORSO_READ": "0.5", "TORSO_RATE_WINDOW": "0.5"}
"""For the tests of servers that are slow on purpose: to others, on a machine that is busy, these would be faults."""
_FAST = {
    "TORSO_CONNECT": "20",
    "TORSO_READ": "20",
    "TORSO_MINIMUM_RATE": "1024",
    "TORSO_RATE_WINDOW": "20",
    "TORSO_RETRIES": "3",
    "TORSO_BACKOFF": "0.01",
    "TORSO_LONGEST_WAIT": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "HF_HUB_DISABLE_XET": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_UPDATE_CHECK": "1",
    "OMP_NUM_THREADS": "1",
    "PYTHONFAULTHANDLER": "1",
}
_FOREIGN = ("HF_", "HUGGINGFACE_", "TRANSFORMERS_", "TORSO_", "MODELSCOPE_", "GIT_", "XDG_", "SSL_CERT", "REQUESTS_CA")
_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "curl_ca_bundle")


@dataclass
class Machine:
    """A home of its own, with the environment that processes started on it get."""

    home: Path
    patch: pytest.MonkeyPatch

    @property
    def cache(self) -> Path:
        """The Hub's cache."""
        return self.home / "hf" / "hub"

    def set(self, **variables: str) -> None:
        """Sets environment variables for this test and for what it starts."""
        for name, value in variables.items():
            self.patch.setenv(name, value)

    def command(self, *arguments: str | Path) -> list[str]:
        """The command line of torso."""
        return [sys.executable, "-m", "torso.cli", *map(str, arguments)]

    def torso(self, *arguments: str | Path, wait: float = 60) -> subprocess.CompletedProcess[str]:
        """Runs torso to its end."""
        return subprocess.run(
            self.command(*arguments), cwd=self.home, capture_output=True, text=True, timeout=wait, check=False
        )

    def start(self, *arguments: str | Path) -> subprocess.Popen[str]:
        """Starts torso, in a group of processes of its own."""
        pipe = subprocess.PIPE
        return subprocess.Popen(
            self.command(*arguments), cwd=self.home, stdout=pipe, stderr=pipe, text=True, start_new_session=True
        )

    def files(self) -> dict[str, bytes]:
        """Every regular file and link below the home, by path."""
        found = (path for path in self.home.rglob("*") if path.is_file() or path.is_symlink())
        return {str(path.relative_to(self.home)): path.read_bytes() for path in sorted(found)}

    def parts(self) -> list[Path]:
        """Files of unfinished downloads: all that lies in a folder of blobs and is not named by a hash alone."""
        return [path for path in self.cache.glob("*/blobs/*") if len(path.name) not in (40, 64)]


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """A machine that never downloaded anything, and that waits in tenths of seconds."""
    home = tmp_path / "home"
    home.mkdir()
    for name in list(os.environ):
        if name.startswith(_FOREIGN) or name.lower() in _PROXIES or name == "DO_NOT_TRACK":
            monkeypatch.delenv(name)
    found = Machine(home, monkeypatch)
    found.set(HOME=str(home), HF_HOME=str(home / "hf"), MODELSCOPE_CACHE=str(home / "modelscope"), **_FAST)
    monkeypatch.chdir(home)
    return found


@dataclass
class Rig:
    """A Hub with its CDN, each behind a fault proxy; clients see the proxies only."""

    machine: Machine
    shelf: Shelf
    cdn: Cdn
    storage: Proxy
    hub: Hub
    front: Proxy
    repository: Repository
    files: Mapping[str, bytes]
    stack: ExitStack = field(default_factory=ExitStack)

    @property
    def url(self) -> str:
        """The Hub as clients see it."""
        return self.front.url

    @property
    def weights(self) -> bytes:
        """The content of the model's one large file."""
        return self.files["model.safetensors"]

    @property
    def commit(self) -> str:
        """The newest commit of ``main``."""
        found = self.repository.resolve("main")
        assert found is not None
        return found

    def mirror(self, *, shelf: Shelf | None = None) -> Proxy:
        """Another endpoint: a bare mirror, which serves every file itself, behind a fault proxy of its own."""
        hub = self.stack.enter_context(Hub(shelf or self.shelf, self.cdn.url))
        hub.plain = True
        proxy = self.stack.enter_context(Proxy(hub.url))
        hub.public_url = proxy.url
        return proxy

    def requests(self) -> int:
        """Requests of every kind that reached the Hub or its CDN."""
        return len(self.front.log) + len(self.storage.log)

    def forget(self) -> None:
        """Forgets all requests."""
        self.front.forget()
        self.storage.forget()

    def sent(self) -> int:
        """Bytes of the weights that reached the client."""
        return self.storage.sent()

    def assert_whole(self, folder: Path, *, commit: str | None = None, only: set[str] | None = None) -> None:
        """Every file of the commit is in the folder with the right bytes, and no unfinished part is left."""
        entries = self.repository.entries(commit or self.commit)
        wanted = {path for path in entries if path not in {".gitattributes", "README.md"}} if only is None else only
        for path in wanted:
            content = (folder / path).read_bytes()
            assert content == self.repository.read(entries[path]), path
        assert [part.name for part in self.machine.parts()] == []


@pytest.fixture
def rig(machine: Machine, tmp_path: Path) -> Iterator[Rig]:
    """One model on a Hub, which is the machine's only endpoint."""
    shelf = Shelf(tmp_path / "shelf")
    files = bert()
    repository = shelf.add(NAME, files)
    with ExitStack() as stack:
        cdn = stack.enter_context(Cdn(shelf))
        storage = stack.enter_context(Proxy(cdn.url, host="localhost"))
        hub = stack.enter_context(Hub(shelf, storage.url))
        front = stack.enter_context(Proxy(hub.url))
        hub.public_url = front.url
        machine.set(HF_ENDPOINT=front.url)
        yield Rig(machine, shelf, cdn, storage, hub, front, repository, files, stack)


def sha256(data: bytes) -> str:
    """The sha256 of some bytes, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def get(source: str = NAME, *, revision: str | None = None) -> Path:
    """What `torso.hub.resolve` gives."""
    from torso.hub import resolve

    return resolve(source, revision=revision).folder


def attempt(source: str, *codes: str) -> Path | None:
    """What `get` gives, or None where it ends in an error of torso with one of the codes."""
    try:
        return get(source)
    except TorsoError as error:
        if error.code not in codes:
            raise
        return None


@contextmanager
def refused(*codes: str) -> Generator[pytest.ExceptionInfo[TorsoError]]:
    """The block ends in an error of torso with one of the codes, and with a cure."""
    with pytest.raises(TorsoError) as caught:
        yield caught
    assert caught.value.code in codes, str(caught.value)
    assert caught.value.cure
