"""Links below a folder of torso: nothing outside is written or removed, whatever they lead to."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from torso.errors import TorsoError

from .conftest import NAME, Rig, refused, sha256

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
    from torso.hub.planning import Order

    return get(NAME, Order(to=rig.machine.home / to)).folder


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
