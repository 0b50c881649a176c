"""torso fetches from servers that others wrote: olah, as a mirror of repositories on disk and as a proxy; nginx."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hub.conftest import MEBIBYTE, NAME, Rig, get
from hub.faultd import Cut, Proxy, Refuse
from hub.hubd import Hub

from .conftest import Foreign
from .install import python_of


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


@contextmanager
def serving(command: list[str | Path], port: int, folder: Path) -> Generator[str]:
    """A server's origin, while it runs."""
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder)
        try:
            deadline = time.monotonic() + 60
            while time.monotonic() < deadline and process.poll() is None:
                try:
                    with socket.create_connection(("127.0.0.1", port), timeout=1):
                        break
                except OSError:
                    time.sleep(0.05)
            assert process.poll() is None, (folder / "server.log").read_text()
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(20)


@pytest.fixture
def olah(foreign: Foreign, rig: Rig, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """olah, mirroring the rig's repositories from the disk or the rig's Hub over http."""
    port, folder = free_port(), tmp_path / "olah"
    (folder / "mirror" / "models" / "acme").mkdir(parents=True)
    settings = [f'host = "127.0.0.1"\nport = {port}\nrepos-path = "{folder}/repos"']
    if request.param == "mirror":
        clone = folder / "mirror" / "models" / "acme" / "tiny"  # olah wants a work tree with its .git inside
        shutil.copytree(rig.repository.path, clone / ".git")
        subprocess.run(["git", "-C", clone, "config", "core.bare", "false"], check=True)
        settings.append(f'mirrors-path = ["{folder}/mirror"]\n[accessibility]\noffline = true')
    else:
        netloc = rig.url.removeprefix("http://")
        storage = rig.storage.url.removeprefix("http://")
        settings.append(f'hf-scheme = "http"\nhf-netloc = "{netloc}"\nhf-lfs-netloc = "{storage}"')
    (folder / "olah.toml").write_text("[basic]\n" + "\n".join(settings) + "\n")
    command = [
        python_of(foreign.folder, "olah").with_name("olah-cli"),
        "-c",
        folder / "olah.toml",
        "--log-path",
        "logs",
    ]
    with serving([*command, "--port", str(port), "--host", "127.0.0.1"], port, folder) as url:
        yield url


@pytest.mark.parametrize("olah", ["mirror", "proxy"], indirect=True)
def test_olah(rig: Rig, olah: str):
    rig.machine.set(HF_ENDPOINT=olah, TORSO_READ="20", TORSO_RATE_WINDOW="20", TORSO_CONNECT="20")
    rig.assert_whole(get())


def static_mirror(rig: Rig, root: Path) -> None:
    """The Hub's answers for one commit as plain files, as anyone with a web server could publish them."""
    with Hub(rig.shelf, rig.storage.url) as hub:
        for path in (f"revision/{rig.commit}", "revision/main", f"tree/{rig.commit}"):
            target = root / "api" / "models" / NAME / path
            target.parent.mkdir(parents=True, exist_ok=True)
            with urllib.request.urlopen(f"{hub.url}/api/models/{NAME}/{path}?recursive=true") as answer:
                target.write_bytes(answer.read())
    assert json.loads((root / "api" / "models" / NAME / "revision" / "main").read_bytes())["sha"] == rig.commit
    files = root / NAME / "resolve" / rig.commit
    files.mkdir(parents=True)
    for name, data in rig.files.items():
        (files / name).write_bytes(data)


@pytest.fixture
def nginx(foreign: Foreign, rig: Rig, tmp_path: Path) -> Iterator[Proxy]:
    """nginx with a static mirror, behind a fault proxy."""
    port, folder = free_port(), tmp_path / "nginx"
    static_mirror(rig, folder / "root")
    temporary = "".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(f"""
        daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log; events {{}}
        http {{
            access_log off; {temporary} default_type application/octet-stream;
            server {{
                listen 127.0.0.1:{port}; root {folder}/root;
                location /api/ {{ default_type application/json; }}
            }}
        }}""")
    command: list[str | Path] = [
        foreign.tool("nginx"),
        "-p",
        folder,
        "-e",
        folder / "error.log",
        "-c",
        folder / "nginx.conf",
    ]
    with serving(command, port, folder) as url, Proxy(url) as front:
        rig.machine.set(HF_ENDPOINT=front.url)
        yield front


def test_nginx(rig: Rig, nginx: Proxy):
    rig.assert_whole(get(revision="main"))
    assert rig.requests() == 0


@pytest.mark.parametrize("reset", [False, True])
def test_nginx_resumes(rig: Rig, nginx: Proxy, reset: bool):
    """nginx's own Range and If-Range, with its own etag."""
    nginx.plan(Cut(1_000_001, reset=reset), "/model.safetensors")
    nginx.plan(Cut(2_000_002, reset=reset), "/model.safetensors")
    rig.assert_whole(get(revision="main"))
    assert nginx.sent("/model.safetensors") <= len(rig.weights) + MEBIBYTE


def test_nginx_as_second_endpoint(rig: Rig, nginx: Proxy):
    """The Hub's listing, and the bytes from whoever has them."""
    rig.machine.set(TORSO_ENDPOINTS=f"{rig.url},{nginx.url}")
    rig.storage.plan(Refuse(), times=10_000)
    rig.assert_whole(get())
    assert nginx.sent("/model.safetensors") == len(rig.weights)


def test_git_is_on_this_machine():
    """The rest of the rig needs it."""
    assert shutil.which("git")
