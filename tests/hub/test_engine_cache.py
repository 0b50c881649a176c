"""The caches of others, read; our own, written; and what is taken for whole."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from torso.errors import NotFoundError, OfflineError, TorsoError
from torso.hub.local.git_clone import git_slug, head_commit, remote_address
from torso.hub.local.hub_cache import Repository, repository
from torso.hub.local.lockfile import Lock, Locked, read_lock, write_lock
from torso.hub.local.modelscope_cache import modelscope_folders
from torso.hub.remote_file import RemoteFile
from torso.hub.resolution import resolve
from torso.io.rooted import Root

from .conftest import Machine, sha256
from .models import bert

COMMIT = "a" * 40


def fill(home: Repository, files: dict[str, bytes], *, listed: bool = True) -> Path:
    """A snapshot as the official client leaves it."""
    tree: dict[str, RemoteFile] = {}
    for name, data in files.items():
        etag = sha256(data)
        home.blob(etag).parent.mkdir(parents=True, exist_ok=True)
        home.blob(etag).write_bytes(data)
        home.link(COMMIT, name, etag)
        tree[name] = RemoteFile(name, len(data), etag, "b" * 40)
    if listed:
        home.write_tree(COMMIT, tree)
    home.write_ref("main", COMMIT)
    return home.snapshot(COMMIT)


@pytest.mark.parametrize("listed", [True, False])
def test_whole_snapshot_is_found(machine: Machine, listed: bool):
    folder = fill(repository(machine.cache, "acme/tiny"), bert(), listed=listed)
    found = resolve("acme/tiny")
    assert (found.folder, found.origin, found.revision) == (folder, "hub cache", COMMIT)
    assert resolve(f"acme/tiny@{COMMIT}").folder == folder
    assert not os.path.isabs(os.readlink(folder / "vocab.txt"))


@pytest.mark.parametrize("listed", [True, False])
@pytest.mark.parametrize("absent", ["config.json", "vocab.txt", "model.safetensors"])
def test_half_a_snapshot_is_not_whole(machine: Machine, absent: str, listed: bool):
    folder = fill(repository(machine.cache, "acme/tiny"), bert(), listed=listed)
    (folder / absent).resolve().unlink()
    with pytest.raises(OfflineError, match="E_OFFLINE") as caught:
        resolve("acme/tiny", local_files_only=True)
    assert (absent if listed or absent != "vocab.txt" else "tokenizer.json") in caught.value.what


def test_config_alone_is_enough_for_the_config(machine: Machine):
    files = {name: data for name, data in bert().items() if name != "model.safetensors"}
    folder = fill(repository(machine.cache, "acme/tiny"), files, listed=False)
    assert resolve("acme/tiny", config_only=True, local_files_only=True).folder == folder


def test_cache_dir_names_another_cache(machine: Machine, tmp_path: Path):
    folder = fill(repository(tmp_path / "elsewhere", "acme/tiny"), bert())
    assert resolve("acme/tiny", cache_dir=tmp_path / "elsewhere", local_files_only=True).folder == folder


def test_truncated_blob_is_not_whole(machine: Machine):
    folder = fill(repository(machine.cache, "acme/tiny"), bert())
    (folder / "model.safetensors").resolve().write_bytes(b"short")
    with pytest.raises(OfflineError, match=r"model\.safetensors"):
        resolve("acme/tiny", local_files_only=True)


@pytest.mark.parametrize("content", ["", "main", "../../x", "g" * 40, COMMIT + "x", "\0" * 40])
def test_ref_that_is_no_commit(machine: Machine, content: str):
    home = repository(machine.cache, "acme/tiny")
    fill(home, bert())
    (home.folder / "refs" / "main").write_text(content)
    assert home.commit("main") is None


@given(st.recursive(st.none() | st.integers() | st.text(max_size=5), lambda inner: st.lists(inner, max_size=2)))
@settings(max_examples=60, deadline=None)
def test_any_kept_listing_is_read_or_ignored(value: object):
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        home = repository(Path(folder), "a/b")
        path = home.folder / "trees" / f"{COMMIT}.json"
        path.parent.mkdir(parents=True)
        for table in (value, {"format_version": 1, "files": value}, {"format_version": 1, "files": {"x": value}}):
            path.write_text(json.dumps(table))
            assert home.tree(COMMIT) in (None, {})


def test_bare_folder_without_a_model_is_said(machine: Machine):
    Path("gpt2").mkdir()
    with pytest.raises(NotFoundError, match="hf:gpt2"):
        resolve("gpt2")
    (Path("gpt2") / "config.json").write_text("{}")
    assert resolve("gpt2").origin == "folder"


def test_bundled_model_that_is_not_there(machine: Machine):
    with pytest.raises(NotFoundError, match="E_NO_BUNDLED"):
        resolve("torso:nothing-of-this-name")


def test_modelscope_folders_newest_first(tmp_path: Path):
    found = [path.relative_to(tmp_path).as_posix() for path in modelscope_folders(tmp_path, "a/b.c")]
    assert found == [
        "models/a--b.c/snapshots/master",
        "models/a--b.c/snapshots/main",
        "models/a/b___c",
        "hub/models/a/b___c",
        "hub/a/b___c",
        "a/b___c",
    ]
    assert len(modelscope_folders(tmp_path, "a/b", "v1")) == 1


def test_lock_file_round_trip(tmp_path: Path):
    lock = Lock("a/b", "https://huggingface.co", "main", COMMIT, {"x": Locked(3, "c" * 64, "d" * 40)})
    write_lock(tmp_path, lock)
    assert read_lock(tmp_path) == lock


@pytest.mark.parametrize("content", ["{}", "[]", '{"format": 2}', '{"files": {"x": 1}}', "{"])
def test_lock_file_that_is_none(tmp_path: Path, content: str):
    (tmp_path / "torso.lock.json").write_text(content)
    with pytest.raises(TorsoError, match="E_LOCK_FILE"):
        read_lock(tmp_path)


@pytest.mark.parametrize(
    ("head", "wanted"),
    [(COMMIT, COMMIT), ("ref: refs/heads/main", "b" * 40), ("ref: refs/heads/packed", "c" * 40)]
    + [(text, None) for text in ("ref: ../../x", "ref: refs/heads/../../config", "ref: refs/heads/none", "nonsense")],
)
def test_commit_of_a_clone_is_read_without_git(tmp_path: Path, head: str, wanted: str | None):
    git = tmp_path / ".git"
    (git / "refs" / "heads").mkdir(parents=True)
    (git / "HEAD").write_text(head + "\n")
    (git / "refs" / "heads" / "main").write_text("b" * 40 + "\n")
    (git / "packed-refs").write_text(f"# pack-refs\n{'c' * 40} refs/heads/packed\n")
    (git / "config").write_text('[core]\n\tbare = false\n[remote "origin"]\n\turl = https://host/a/b\n\tfetch = x\n')
    assert head_commit(tmp_path) == wanted
    assert remote_address(tmp_path) == "https://host/a/b"


def test_git_addresses_have_names_of_their_own():
    assert git_slug("https://host/a/b") == git_slug("https://host/a/b.git") == git_slug("https://host/a/b/")
    assert git_slug("https://host/a/b") != git_slug("https://host/a-b")
    assert "--" not in git_slug("https://host/a//b--c")


@pytest.mark.parametrize("before", ["nothing", "the same link", "another link", "a file"])
@pytest.mark.parametrize("taken", [0, 1, 3])
def test_link_whose_temporary_another_process_takes_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: str, taken: int
):
    home, etag = Repository(tmp_path, "models--a--b"), "a" * 40
    home.blob(etag).parent.mkdir(parents=True)
    home.blob(etag).write_text("right")
    target = home.snapshot(COMMIT) / "x.json"
    target.parent.mkdir(parents=True)
    if before == "a file":
        target.write_text("wrong")
    elif before != "nothing":
        target.symlink_to(f"../../blobs/{etag if before == 'the same link' else 'b' * 40}")
    left, replace = [taken], Root.replace

    def swept(self: Root, source: Path, to: Path) -> None:
        if left[0] and source.suffix == ".link":
            left[0] -= 1
            source.unlink()
        replace(self, source, to)

    monkeypatch.setattr(Root, "replace", swept)
    assert home.link(COMMIT, "x.json", etag) == target
    assert os.readlink(target) == f"../../blobs/{etag}"
    assert target.read_text() == "right"
    assert os.listdir(home.folder / "blobs") == [etag]
