"""Links below a folder of torso: nothing outside is written or removed, whatever they lead to."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from torso.errors import TorsoError

from .conftest import NAME, Rig, get, refused, sha256

MINE = "written by a person"


@pytest.fixture
def victim(rig: Rig) -> Iterator[Path]:
    """A folder of a person's, which is afterwards as it was."""
    folder = rig.machine.home / "victim"
    for name in ("thesis.txt", "torso/thesis.txt", "torso.lock/thesis.txt", "models/thesis.txt"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(MINE)
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    yield folder
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def get_to(rig: Rig, to: str = "to") -> Path:
    """Gets the model into a plain folder."""
    from torso.hub.getting import get
    from torso.hub.planning import GetOptions

    return get(NAME, GetOptions(to=rig.machine.home / to)).folder


def _weights_part(rig: Rig) -> str:
    return f"{sha256(rig.weights)}.torso-part"


FOLDER_LINKS: dict[str, Callable[[Rig, Path, Path], None]] = {
    ".cache is a link": lambda rig, to, victim: (to / ".cache").symlink_to(victim),
    ".cache is a link to nothing": lambda rig, to, victim: (to / ".cache").symlink_to(victim / "new"),
    ".cache is a relative link": lambda rig, to, victim: (to / ".cache").symlink_to("../victim"),
    ".cache/torso is a link": lambda rig, to, victim: _link(to / ".cache/torso", victim),
    ".cache/torso.lock is a link": lambda rig, to, victim: _link(to / ".cache/torso.lock", victim / "thesis.txt"),
    "the part is a link": lambda rig, to, victim: _link(
        to / ".cache/torso" / _weights_part(rig), victim / "thesis.txt"
    ),
    "the part's record is a link": lambda rig, to, victim: _link(
        to / ".cache/torso" / (_weights_part(rig) + ".json"), victim / "thesis.txt"
    ),
    "the part is a hard link": lambda rig, to, victim: _hard_link(
        to / ".cache/torso" / _weights_part(rig), victim / "thesis.txt"
    ),
    "the part's record is a hard link": lambda rig, to, victim: _hard_link(
        to / ".cache/torso" / (_weights_part(rig) + ".json"), victim / "thesis.txt"
    ),
    "a file of the model is a link": lambda rig, to, victim: _link(to / "config.json", victim / "thesis.txt"),
}


def _link(path: Path, target: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(target)


def _hard_link(path: Path, target: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    os.link(target, path)


@pytest.mark.parametrize("case", FOLDER_LINKS)
def test_links_in_a_plain_folder(rig: Rig, victim: Path, case: str):
    to = rig.machine.home / "to"
    to.mkdir()
    FOLDER_LINKS[case](rig, to, victim)
    with refused("E_UNSAFE_PATH"):
        get_to(rig)


@pytest.mark.parametrize("case", [None, *FOLDER_LINKS])
def test_systems_that_open_no_folders(rig: Rig, victim: Path, case: str | None, monkeypatch: pytest.MonkeyPatch):
    """Each step is looked at instead, as on Windows."""
    monkeypatch.setattr("torso.io.rooted.RELATIVE", False)
    to = rig.machine.home / "to"
    to.mkdir()
    if case is None:
        rig.assert_whole(get_to(rig))
        rig.assert_whole(get())
        assert sorted(path.name for path in to.iterdir() if path.name.startswith(".")) == []
        return
    FOLDER_LINKS[case](rig, to, victim)
    with refused("E_UNSAFE_PATH"):
        get_to(rig)


def test_link_of_the_weights_folder(rig: Rig, victim: Path):
    """A folder of the model, such as 1_Pooling, leads elsewhere."""
    rig.repository.commit({"1_Pooling/config.json": b'{"word_embedding_dimension": 1}'})
    to = rig.machine.home / "to"
    to.mkdir()
    (to / "1_Pooling").symlink_to(victim)
    with refused("E_UNSAFE_PATH"):
        get_to(rig)


def test_the_folder_itself_may_be_a_link(rig: Rig):
    """Whoever names a link means what it leads to."""
    (rig.machine.home / "disk").mkdir()
    (rig.machine.home / "to").symlink_to("disk")
    rig.assert_whole(get_to(rig))
    assert (rig.machine.home / "disk" / "model.safetensors").is_file()


def test_what_torso_did_not_make_stays(rig: Rig):
    """Files of a person in .cache and .cache/torso, and an empty .cache."""
    to = rig.machine.home / "to"
    for name in (".cache/notes.txt", ".cache/torso/notes.txt", ".cache/torso/folder/notes.txt", ".cache/torso.lock"):
        (to / name).parent.mkdir(parents=True, exist_ok=True)
        (to / name).write_text(MINE)
    rig.assert_whole(get_to(rig))
    kept = {str(path.relative_to(to / ".cache")) for path in (to / ".cache").rglob("*") if path.is_file()}
    assert kept == {"notes.txt", "torso/notes.txt", "torso/folder/notes.txt", "torso.lock"}
    (rig.machine.home / "other/.cache").mkdir(parents=True)
    get_to(rig, "other")
    assert (rig.machine.home / "other/.cache").is_dir()
    get_to(rig, "third")
    assert not (rig.machine.home / "third/.cache").exists()


def test_error_says_what_to_do(rig: Rig, victim: Path):
    """The link is named, and deleting it cures."""
    to = rig.machine.home / "to"
    to.mkdir()
    (to / ".cache").symlink_to(victim)
    with pytest.raises(TorsoError) as caught:
        get_to(rig)
    assert str(to / ".cache") in caught.value.what
    assert str(to / ".cache") in caught.value.cure
    (to / ".cache").unlink()
    rig.assert_whole(get_to(rig))


def _home(rig: Rig) -> Path:
    return rig.machine.cache / ("models--" + NAME.replace("/", "--"))


CACHE_LINKS: dict[str, Callable[[Rig, Path], Path]] = {
    "blobs": lambda rig, home: home / "blobs",
    "snapshots": lambda rig, home: home / "snapshots",
    "refs": lambda rig, home: home / "refs",
    "trees": lambda rig, home: home / "trees",
    "listings": lambda rig, home: home / "listings",
    "the snapshot": lambda rig, home: home / "snapshots" / rig.commit,
    "the repository's folder": lambda rig, home: home,
    ".locks": lambda rig, home: home.parent / ".locks",
    "the repository's locks": lambda rig, home: home.parent / ".locks" / home.name,
}


@pytest.mark.parametrize("case", CACHE_LINKS)
def test_links_in_the_cache(rig: Rig, victim: Path, case: str):
    path = CACHE_LINKS[case](rig, _home(rig))
    _link(path, victim)
    with refused("E_UNSAFE_PATH"):
        get()
    assert path.is_symlink()
    assert rig.sent() == 0


@pytest.mark.parametrize("name", ["the part", "its record", "its lock"])
@pytest.mark.parametrize("link", [_link, _hard_link], ids=["link", "hard link"])
def test_files_of_a_download_that_are_links(rig: Rig, victim: Path, name: str, link: Callable[[Path, Path], None]):
    part = _home(rig) / "blobs" / _weights_part(rig)
    lock = rig.machine.cache / ".locks" / _home(rig).name / f"{sha256(rig.weights)}.lock"
    link(
        {"the part": part, "its record": part.with_name(part.name + ".json"), "its lock": lock}[name],
        victim / "thesis.txt",
    )
    if (name, link) == ("its lock", _hard_link):
        rig.assert_whole(get())  # nothing is ever written into a lock
        return
    with refused("E_UNSAFE_PATH"):
        get()


def test_blob_that_is_a_link(rig: Rig, victim: Path):
    """What it leads to has other bytes: the link goes, and what it leads to stays."""
    blob = _home(rig) / "blobs" / sha256(rig.weights)
    (victim / "same-size").write_bytes(bytes(len(rig.weights)))
    _link(blob, victim / "same-size")
    rig.assert_whole(get())
    assert not blob.is_symlink()
    assert (victim / "same-size").read_bytes() == bytes(len(rig.weights))
    (victim / "same-size").unlink()


def test_the_cache_itself_may_be_a_link(rig: Rig):
    disk = rig.machine.home / "disk"
    disk.mkdir()
    _link(rig.machine.cache, disk)
    rig.assert_whole(get())
    assert rig.machine.torso("remove", NAME, "--yes").returncode == 0
    assert not list(disk.glob("models--*"))
    assert rig.machine.cache.is_symlink()


@pytest.mark.parametrize("case", ["blobs", "snapshots", "refs", "the snapshot", "the repository's folder"])
def test_remove_follows_no_link(rig: Rig, victim: Path, case: str):
    get()
    path = CACHE_LINKS[case](rig, _home(rig))
    moved = rig.machine.home / "moved"
    path.rename(moved)
    path.symlink_to(moved)
    before = sorted(moved.rglob("*"))
    done = rig.machine.torso("remove", NAME, "--yes")
    assert done.returncode in (0, 3), done.stderr
    assert "Traceback" not in done.stderr
    assert sorted(moved.rglob("*")) == before


def test_remove_parts_follows_no_link(rig: Rig, victim: Path):
    etag = sha256(rig.weights)
    (victim / f"{etag}.torso-part").write_text(MINE)
    _link(_home(rig) / "blobs", victim)
    _link(rig.machine.cache / "models--acme--other" / "blobs" / f"{etag}.torso-part", victim / "thesis.txt")
    assert rig.machine.torso("remove", "--parts", "--yes").returncode in (0, 3)
    assert (victim / f"{etag}.torso-part").read_text() == MINE
    (victim / f"{etag}.torso-part").unlink()


@pytest.mark.parametrize("layout", ["models/acme--tiny/snapshots", "models/acme", "hub/models/acme", "hub/acme"])
def test_remove_in_the_cache_of_modelscope(rig: Rig, victim: Path, layout: str):
    """A folder on the way that is a link, to a folder of a person's that looks like a model."""
    for name, content in rig.files.items():
        (victim / "tiny" / name).parent.mkdir(parents=True, exist_ok=True)
        (victim / "tiny" / name).write_bytes(content)
    _link(rig.machine.home / "modelscope" / layout, victim)
    done = rig.machine.torso("remove", "modelscope:acme/tiny", "--yes")
    assert done.returncode == 3
    assert (victim / "tiny" / "model.safetensors").read_bytes() == rig.weights
    for name in rig.files:
        (victim / "tiny" / name).unlink()


def test_what_is_not_the_caches_stays(rig: Rig):
    """A person's file in the folder of a repository."""
    get()
    notes = _home(rig) / "notes.txt"
    notes.write_text(MINE)
    assert rig.machine.torso("remove", NAME, "--yes").returncode == 0
    assert list(_home(rig).rglob("*")) == [notes]


@pytest.mark.parametrize("target", ["to/.cache", "cache"])
def test_folders_that_become_links_meanwhile(rig: Rig, victim: Path, target: str):
    """Another process puts a link in the place of a folder again and again while torso works there."""
    folder = rig.machine.home / "to/.cache" if target == "to/.cache" else _home(rig) / "blobs"
    folder.parent.mkdir(parents=True, exist_ok=True)
    over = threading.Event()

    def swap() -> None:
        aside = folder.with_name("aside")
        while not over.is_set():
            with suppress(OSError):
                folder.rename(aside)
            with suppress(OSError):
                folder.symlink_to(victim)
                folder.unlink()
            with suppress(OSError):
                aside.rename(folder)

    thread = threading.Thread(target=swap)
    thread.start()
    try:
        for _ in range(5):
            with suppress(TorsoError):
                get_to(rig) if target == "to/.cache" else get()
    finally:
        over.set()
        thread.join()


@pytest.mark.parametrize("name", ["torso.lock.json", "Torso.Lock.JSON"])
def test_repository_with_a_lock_of_its_own(rig: Rig, name: str):
    """A lock that came with the model is not taken, and the folder is whole afterwards."""
    rig.repository.commit({name: b"{}"})
    for _ in range(2):
        done = rig.machine.torso("get", NAME, "--to", "to")
        assert done.returncode == 0, done.stderr
    assert rig.machine.torso("get", NAME, "--to", "all", "--all").returncode == 0
    for folder in ("to", "all"):
        checked = rig.machine.torso("check", rig.machine.home / folder)
        assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize(
    "path", [".CACHE/torso/x.json", ".Git/config", ".Locks/x.json", "1_Pooling/.GIT/config", "git~1/config"]
)
def test_names_that_are_the_caches_own_where_capitals_do_not_count(rig: Rig, path: str):
    rig.repository.commit({path: b"{}"})
    with refused("E_UNSAFE_PATH"):
        get()


def test_lock_of_a_folder_that_is_a_link(rig: Rig, victim: Path):
    """The link is replaced; what it leads to stays."""
    get_to(rig)
    lock = rig.machine.home / "to" / "torso.lock.json"
    content = lock.read_bytes()
    lock.unlink()
    (victim / "lock").write_bytes(content)
    lock.symlink_to(victim / "lock")
    (rig.machine.home / "to" / "vocab.txt").unlink()
    get_to(rig)
    assert (victim / "lock").read_bytes() == content
    (victim / "lock").unlink()
