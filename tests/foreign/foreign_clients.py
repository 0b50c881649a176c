"""Official clients fetch the same bytes from the rig's servers, and read the cache that torso wrote."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.conftest import NAME, Machine, Rig, get
from hub.faultd import Cut, Proxy
from hub.gitd import Git
from hub.hubd import Access
from hub.modelscoped import ModelScope
from hub.repository import git_environment
from hub.test_compatibility import EACH, TAKEN

from .conftest import Foreign

SNAPSHOT = "import sys; from huggingface_hub import snapshot_download; print(snapshot_download(*sys.argv[1:]))"
LISTING = """
import sys
from huggingface_hub import HfApi
for entry in HfApi().list_repo_tree(sys.argv[1], recursive=True):
    if hasattr(entry, "blob_id"):
        print(entry.blob_id, entry.size, entry.lfs.sha256 if entry.lfs else "-", entry.path, sep="\\t")
"""
REFUSAL = """
import sys
from huggingface_hub import hf_hub_download
try:
    hf_hub_download(sys.argv[1], sys.argv[2], revision=sys.argv[3])
except Exception as error:
    print(type(error).__name__)
"""
MODELSCOPE = """
import sys
from modelscope_hub import HubApi
print(HubApi(endpoint=sys.argv[1]).download_repo(sys.argv[2], repo_type="model"))
"""
HUBS = pytest.mark.parametrize("hub", ["hub1", "hub2"])


def assert_same(folder: Path, rig: Rig) -> None:
    """Every file of the model is in the folder."""
    for name, data in rig.files.items():
        assert (folder / name).read_bytes() == data, name


@HUBS
def test_official_client_fetches_the_same_bytes(foreign: Foreign, rig: Rig, hub: str):
    rig.hub.page_size = 2
    folder = Path(foreign.python(hub, SNAPSHOT, NAME).strip())
    assert folder.name == rig.commit
    assert_same(folder, rig)


@HUBS
def test_official_client_lists_the_same(foreign: Foreign, rig: Rig, hub: str):
    rows = [line.split("\t") for line in foreign.python(hub, LISTING, NAME).splitlines()]
    entries = rig.repository.entries(rig.commit).values()
    assert sorted(rows) == sorted([one.oid, str(one.size), one.sha256 or "-", one.path] for one in entries)


@HUBS
@pytest.mark.parametrize(
    ("name", "path", "revision", "error"),
    [
        ("acme/absent", "config.json", "main", "RepositoryNotFoundError"),
        (NAME, "absent.json", "main", "RemoteEntryNotFoundError"),
        (NAME, "config.json", "v9", "RevisionNotFoundError"),
        ("acme/gated", "config.json", "main", "GatedRepoError"),
        ("acme/closed", "config.json", "main", "RepositoryNotFoundError"),
        ("acme/disabled", "config.json", "main", "DisabledRepoError"),
    ],
)
def test_official_client_tells_the_refusals_apart(
    foreign: Foreign, rig: Rig, hub: str, name: str, path: str, revision: str, error: str
):
    for other, access in (
        ("gated", Access(gated=True)),
        ("closed", Access(private=True)),
        ("disabled", Access(disabled=True)),
    ):
        rig.shelf.add(f"acme/{other}", {"config.json": b"{}"})
        rig.hub.access[f"acme/{other}"] = access
    said = foreign.python(hub, REFUSAL, name, path, revision).strip()
    assert said == error or (said == "LocalEntryNotFoundError" and error == "DisabledRepoError")


@HUBS
def test_official_client_reads_our_cache_offline(foreign: Foreign, rig: Rig, hub: str):
    get()
    rig.machine.set(HF_HUB_OFFLINE="1")
    rig.forget()
    assert foreign.python(hub, EACH, NAME, *TAKEN).split()[0] == NAME
    assert rig.requests() == 0


@HUBS
def test_official_client_verifies_our_cache(foreign: Foreign, rig: Rig, hub: str):
    get()
    foreign.run([foreign.folder / hub / "bin" / "hf", "cache", "verify", NAME])


@HUBS
def test_we_read_the_official_cache_without_a_request(foreign: Foreign, rig: Rig, hub: str):
    folder = Path(foreign.python(hub, SNAPSHOT, NAME).strip())
    rig.forget()
    assert get() == folder
    assert rig.requests() == 0


@pytest.fixture
def scope(rig: Rig) -> Iterator[ModelScope]:
    """ModelScope with the rig's model."""
    rig.shelf.add("scope/tiny", rig.files, branch="master")
    with ModelScope(rig.shelf, rig.storage.url) as server:
        rig.machine.set(MODELSCOPE_ENDPOINT=server.url)
        yield server


def test_modelscope_client_fetches_the_same_bytes(foreign: Foreign, rig: Rig, scope: ModelScope):
    folder = Path(foreign.python("modelscope", MODELSCOPE, scope.url, "scope/tiny").splitlines()[-1])
    assert_same(folder, rig)


def test_modelscope_client_resumes_from_our_storage(foreign: Foreign, rig: Rig, scope: ModelScope):
    rig.storage.plan(Cut(1_500_000))
    folder = Path(foreign.python("modelscope", MODELSCOPE, scope.url, "scope/tiny").splitlines()[-1])
    assert_same(folder, rig)
    assert rig.sent() <= len(rig.weights) + (1 << 20)


def test_we_read_the_modelscope_cache_without_a_request(foreign: Foreign, rig: Rig, scope: ModelScope):
    folder = Path(foreign.python("modelscope", MODELSCOPE, scope.url, "scope/tiny").splitlines()[-1])
    scope.forget()
    assert get("modelscope:scope/tiny") == folder
    assert scope.log == rig.front.log == []


def _lfs(foreign: Foreign, machine: Machine) -> dict[str, str]:
    return git_environment() | {
        "PATH": f"{foreign.tool('git-lfs').parent}:{os.environ['PATH']}",
        "HOME": str(machine.home),
    }


SMUDGE = ["-c", "filter.lfs.smudge=git-lfs smudge -- %f", "-c", "filter.lfs.process=git-lfs filter-process"]


def test_git_and_git_lfs_clone_the_same_bytes(foreign: Foreign, rig: Rig, git: tuple[Git, Proxy]):
    target = rig.machine.home / "clone"
    command: list[str | Path] = ["git", *SMUDGE, "-c", "filter.lfs.required=true", "clone", "-q"]
    foreign.run([*command, f"{git[0].url}/{NAME}.git", target], **_lfs(foreign, rig.machine))
    assert_same(target, rig)


def test_we_fetch_by_git_what_git_lfs_fetches(foreign: Foreign, rig: Rig, git: tuple[Git, Proxy]):
    ours, theirs = rig.machine.home / "ours", rig.machine.home / "theirs"
    command: list[str | Path] = ["git", *SMUDGE, "clone", "-q", f"{git[0].url}/{NAME}.git", theirs]
    foreign.run(command, **_lfs(foreign, rig.machine))
    done = rig.machine.torso("get", "--git", f"{git[1].url}/{NAME}.git", "--all", "--to", ours)
    assert done.returncode == 0, done.stderr
    for name in rig.files:
        assert (ours / name).read_bytes() == (theirs / name).read_bytes()


@pytest.mark.parametrize("at", [1, 777_777])
def test_curl_resumes(rig: Rig, at: int):
    target = rig.machine.home / "out"
    command = ["curl", "-sSL", "-o", str(target), f"{rig.url}/{NAME}/resolve/main/model.safetensors"]
    rig.storage.plan(Cut(at))
    assert subprocess.run(command, capture_output=True, check=False).returncode == 18
    assert target.stat().st_size == at
    subprocess.run([*command, "-C", "-"], capture_output=True, check=True)
    assert target.read_bytes() == rig.weights
    assert rig.sent() == len(rig.weights)


def test_interpreters_are_apart():
    """The environments are not this one: a client found here would prove nothing."""
    assert "TORSO_FOREIGN" in os.environ
    assert not sys.executable.startswith(os.environ["TORSO_FOREIGN"])
