"""What lies in a folder of notes: read where it can be, named on stderr where it cannot, never advice about models."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from torso.errors import AccessError, NotFoundError, TorsoError
from torso.tasks import passages as module
from torso.tasks.passages import documents

posix = pytest.mark.skipif(sys.platform == "win32", reason="needs links, FIFOs and permissions of POSIX")
as_a_person = pytest.mark.skipif(
    sys.platform != "win32" and os.geteuid() == 0, reason="the superuser may read everything"
)


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    folder = tmp_path / "notes"
    (folder / "deep").mkdir(parents=True)
    (folder / "a.txt").write_text("one")
    (folder / "deep" / "z.MD").write_text("two")
    return folder


def names(folder: Path) -> list[str]:
    return [each.name for each in documents(folder)]


POINTER = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 9\n"


@pytest.mark.parametrize(
    "text",
    [
        "<!DOCTYPE html>\n<html><p>A page that somebody wrote down.</p></html>",
        "<html lang=zh>\n",
        '<?xml version="1.0"?>\n<a/>',
        POINTER,
        POINTER + "\nThis is what a pointer looks like.",
        '{"a": 1}',
        "\x00\x01 control characters",
        "PK\x03\x04 is how an archive begins",
    ],
)
def test_notes_are_read_as_they_are(text: str, notes: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (notes / "README.md").write_bytes(text.encode())
    assert next(each for each in documents(notes) if each.name == "README.md").text == text
    assert capfd.readouterr().err == ""


BAD: dict[str, tuple[bytes, str]] = {
    "gbk": ("退货流程".encode("gbk"), "iconv -f GB18030 -t UTF-8"),
    "big5": ("退貨流程".encode("big5"), "iconv"),
    "utf-16": ("text".encode("utf-16"), "UTF-8"),
    "latin-1": ("café au lait".encode("latin-1"), "UTF-8"),
    "half a character": ("中".encode()[:2], "UTF-8"),
}


@pytest.mark.parametrize(("data", "said"), BAD.values(), ids=BAD.keys())
def test_a_text_in_another_coding_is_named_and_the_rest_is_searched(
    data: bytes, said: str, notes: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (notes / "b.txt").write_bytes(data)
    assert names(notes) == ["a.txt", "deep/z.MD"]
    errors = capfd.readouterr().err
    assert "b.txt" in errors
    assert said in errors
    assert "repair" not in errors
    assert errors.count("\n") == 1


def outside(notes: Path) -> Path:
    place = notes.parent / "outside"
    place.mkdir()
    (place / "secret.txt").write_text("secret")
    return place


LEFT_OUT: dict[str, tuple[Callable[[Path], object], str]] = {
    "a link to a file outside": (
        lambda notes: (notes / "l.txt").symlink_to(outside(notes) / "secret.txt"),
        "leads out",
    ),
    "a relative link outside": (
        lambda notes: (outside(notes), (notes / "l.txt").symlink_to("../outside/secret.txt")),
        "leads out",
    ),
    "a link to a folder outside": (lambda notes: (notes / "l.md").symlink_to(outside(notes)), "leads out"),
    "a link to a link outside": (
        lambda notes: (
            (notes / ".hop").symlink_to(outside(notes) / "secret.txt"),
            (notes / "l.txt").symlink_to(".hop"),
        ),
        "leads out",
    ),
    "a link to nothing": (lambda notes: (notes / "l.txt").symlink_to("none"), "not there"),
    "a link to itself": (lambda notes: (notes / "l.txt").symlink_to("l.txt"), "l.txt"),
    "a pipe": (lambda notes: os.mkfifo(notes / "l.txt"), "pipe"),
}


@posix
@pytest.mark.parametrize(("make", "said"), LEFT_OUT.values(), ids=LEFT_OUT.keys())
def test_what_leads_elsewhere_is_named_and_not_read(make, said, notes: Path, capfd: pytest.CaptureFixture[str]) -> None:
    make(notes)
    found = list(documents(notes))
    assert [each.name for each in found] == ["a.txt", "deep/z.MD"]
    assert "secret" not in "".join(each.text for each in found)
    assert said in capfd.readouterr().err


@posix
def test_links_within_the_folder_are_followed(notes: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (notes / "b.txt").symlink_to("deep/z.MD")
    (notes / "again").symlink_to("deep")
    (tmp_path / "other").symlink_to("notes")
    for folder in (notes, tmp_path / "other", notes / "deep" / ".."):
        assert names(folder) == ["a.txt", "b.txt", "deep/z.MD"]
    assert capfd.readouterr().err == ""


@posix
@as_a_person
def test_what_may_not_be_read_is_named(notes: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (notes / "b.txt").write_text("")
    (notes / "b.txt").chmod(0)
    (notes / "deep").chmod(0)
    try:
        assert names(notes) == ["a.txt"]
        errors = capfd.readouterr().err
        assert "b.txt" in errors
        assert "deep" in errors
        with pytest.raises(AccessError, match="E_ACCESS"):
            names(notes / "deep")
    finally:
        (notes / "deep").chmod(0o700)


def test_folders_that_cannot_be_read_are_named(notes: Path, monkeypatch, capfd: pytest.CaptureFixture[str]) -> None:
    """Where permissions mean nothing, as to the superuser, a disk still fails."""
    scan = os.scandir

    def failing(place):
        if str(place).endswith("deep"):
            raise OSError(5, "Input/output error", str(place))
        return scan(place)

    monkeypatch.setattr(os, "scandir", failing)
    assert names(notes) == ["a.txt"]
    assert "Input/output error" in capfd.readouterr().err


def test_a_file_that_is_too_large_is_named(notes: Path, monkeypatch, capfd: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(module, "_MOST", 5)
    (notes / "b.txt").write_text("123456")
    (notes / "c.txt").write_text("12345")
    assert names(notes) == ["a.txt", "c.txt", "deep/z.MD"]
    assert "b.txt" in capfd.readouterr().err


def test_many_are_counted(notes: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for number in range(50):
        (notes / f"n{number}.txt").write_bytes(b"\xff")
    names(notes)
    lines = capfd.readouterr().err.splitlines()
    assert len(lines) == 21
    assert "30" in lines[-1]


@pytest.mark.parametrize(
    ("name", "kind"),
    [("x" * 16_500, AccessError), ("a/" * 9_000, TorsoError), ("nul\0", AccessError), ("a.txt", NotFoundError)],
)
def test_a_folder_that_cannot_be(name: str, kind: type[TorsoError], notes: Path) -> None:
    with pytest.raises(kind) as caught:
        names(notes / name)
    assert caught.value.code in ("E_ACCESS", "E_NO_FOLDER")


def test_none_that_can_be_read(notes: Path, tmp_path: Path) -> None:
    only = tmp_path / "only"
    only.mkdir()
    (only / "a.txt").write_bytes(b"\xff")
    with pytest.raises(NotFoundError, match="can be read"):
        names(only)
