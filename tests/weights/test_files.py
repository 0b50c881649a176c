"""Reading small files, JSON, names found in files, and writing whole or not at all."""

from __future__ import annotations

import errno
import json
import os
import stat
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from torso.errors import AccessError, DiskError, FileFormatError, LimitError, TorsoError, UnsafeFileError
from torso.io.files import (
    LfsPointer,
    inside,
    lfs_pointer,
    parse_json,
    read_bytes,
    read_json,
    read_text,
    shown,
    sniff,
    write_atomically,
)

from .builders import PAGE, POINTER

QUICK = settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
HERE = Path("config.json")


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"", "empty"),
        (POINTER, "lfs-pointer"),
        (PAGE, "html"),
        (b"\xef\xbb\xbf\r\n  <HTML>", "html"),
        (b"PK\x03\x04....", "zip"),
        (b"\x80\x02}q\x00.", "pickle"),
        ((640).to_bytes(8, "little") + b'{"a"', "safetensors"),
        (b"\x1f\x8b\x08", "gzip"),
        (b"\x28\xb5\x2f\xfd", "zstd"),
        (b"\xfd7zXZ\x00", "xz"),
        (b"7z\xbc\xaf\x27\x1c", "7z"),
        (bytes(257) + b"ustar", "tar"),
        (b"\x89HDF\r\n\x1a\n", "hdf5"),
        (b' {"a": 1}', "json"),
        ("弱小的我".encode()[:-1], "text"),
        (b"\xff\xfe\x00", "binary"),
        (b"\xff\xfe", "binary"),
    ],
)
def test_kinds_by_first_bytes(head: bytes, kind: str):
    assert sniff(head) == kind


@QUICK
@given(some.binary(max_size=40))
def test_any_bytes_have_a_kind(head: bytes):
    assert sniff(head)


@QUICK
@given(some.integers(0, 2**60), some.sampled_from(["\n", "\r\n"]))
def test_pointers_are_read_back(size: int, end: str):
    lines = ("version https://git-lfs.github.com/spec/v1", f"oid sha256:{'ab' * 32}", f"size {size}", "")
    assert lfs_pointer(end.join(lines).encode()) == LfsPointer("ab" * 32, size)


@pytest.mark.parametrize("data", [b"", POINTER[:60], POINTER + b"x" * 2000, POINTER.replace(b"a" * 64, b"z" * 64)])
def test_what_is_no_pointer_is_none(data: bytes):
    assert lfs_pointer(data) is None


@pytest.mark.parametrize(
    ("data", "code"),
    [(b"", "E_EMPTY"), (POINTER, "E_LFS_POINTER"), (PAGE, "E_WEB_PAGE"), (b"x" * 101, "E_LIMIT"), (b"x" * 100, "")],
)
def test_small_files_are_read_or_named(tmp_path: Path, data: bytes, code: str):
    path = tmp_path / "vocab.txt"
    path.write_bytes(data)
    limit = 100 if code in ("E_LIMIT", "") else 1000
    if not code:
        assert read_bytes(path, limit=limit) == data
        return
    with pytest.raises((FileFormatError, LimitError)) as raised:
        read_bytes(path, limit=limit)
    assert raised.value.code == code


def test_files_that_are_not_there_or_not_files(tmp_path: Path):
    (tmp_path / "link").symlink_to("nowhere")
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    codes: dict[str, str] = {}
    for name in ("absent", "link", "folder", "pipe", "absent/x", "nul\0"):
        with pytest.raises(TorsoError) as raised:
            read_bytes(tmp_path / name, limit=10)
        codes[name] = raised.value.code
    assert codes == {
        "absent": "E_MISSING_FILE",
        "link": "E_ACCESS",
        "folder": "E_ACCESS",
        "pipe": "E_UNSAFE_PATH",
        "absent/x": "E_MISSING_FILE",
        "nul\0": "E_ACCESS",
    }


def test_a_file_that_may_not_be_read_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "x").write_bytes(b"x")

    def refuse(*_: object, **__: object) -> int:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(AccessError, match="Permission denied"):
        read_bytes(tmp_path / "x", limit=10)


def test_text_is_utf_8_without_its_mark(tmp_path: Path):
    (tmp_path / "t").write_bytes("\ufeff你好".encode())
    assert read_text(tmp_path / "t", limit=100, code="E_X") == "你好"
    (tmp_path / "t").write_bytes("你好".encode("utf-16"))
    with pytest.raises(FileFormatError, match="UTF-16") as raised:
        read_text(tmp_path / "t", limit=100, code="E_X")
    assert raised.value.code == "E_X"
    (tmp_path / "t").write_bytes("你好".encode("gbk"))
    with pytest.raises(FileFormatError, match="byte 0xc4 at offset 0"):
        read_text(tmp_path / "t", limit=100, code="E_X")


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ('{"a": 1,\n "a": 2}', "line 2 column 2"),
        ('{"b": {"a": [{"x": "[{\\""}],\n  "a": 3}}', "line 2 column 3"),
        ('{"a":\n NaN}', "line 2 column 2: NaN"),
        ('["NaN", -Infinity]', "line 1 column 9"),
        ("[1e999]", "1e999"),
        ("[" * 65 + "]" * 65, "deeper than 64"),
        ("[" * 100_000, "deeper than 64"),
        ('{"a":' * 100_000, "deeper than 64"),
        ("9" * 5000, "digits"),
        ('["\\ud800"]', "surrogate"),
        ('{"a": 1,}', "line 1 column"),
        ("", "line 1 column 1"),
        ("[]" * 1_000_001, "1,000,000"),
    ],
    ids=range(13),
)
def test_json_is_strict_and_says_where(text: str, part: str):
    begin = time.process_time()
    with pytest.raises(FileFormatError) as raised:
        parse_json(text, path=HERE, code="E_CONFIG")
    assert time.process_time() - begin < 10
    assert raised.value.code == "E_CONFIG"
    assert part in str(raised.value)


@QUICK
@given(some.text(max_size=30) | some.text(alphabet='{}[]",:0123456789.eE+-\\untrufalse NaIity', max_size=60))
def test_any_text_as_json_is_read_or_refused(text: str):
    try:
        value = parse_json(text, path=HERE, code="E_CONFIG")
    except FileFormatError:
        return
    assert value == json.loads(text)


def test_good_json_is_read(tmp_path: Path):
    (tmp_path / "c.json").write_text('{"a": [1, 2.5, null, true, "\\ud83d\\ude00"], "b": {"a": {}}}')
    assert read_json(tmp_path / "c.json", limit=100, code="E_X") == {"a": [1, 2.5, None, True, "😀"], "b": {"a": {}}}
    assert parse_json("[" * 64 + "]" * 64, path=HERE, code="E_X")


@pytest.mark.parametrize("name", ["a", "1_Pooling/config.json", "模型.bin", "a b.bin", "..a", "console.txt"])
def test_names_inside_a_folder_are_joined(tmp_path: Path, name: str):
    assert inside(tmp_path, name) == tmp_path / name


@QUICK
@given(some.text(alphabet="ab./\\:\0\n~ \u202e中", max_size=12))
def test_no_name_leads_out(tmp_path: Path, name: str):
    try:
        path = inside(tmp_path, name)
    except UnsafeFileError:
        return
    assert path.resolve().is_relative_to(tmp_path.resolve())
    assert path != tmp_path


@pytest.mark.parametrize("name", ["CON", "aux.json", "com1.bin", "LPT³", "a/nul/b", "a.", "a ", "x" * 256, "中" * 86])
def test_names_that_some_system_cannot_hold_are_refused(tmp_path: Path, name: str):
    with pytest.raises(UnsafeFileError):
        inside(tmp_path, name)


def test_messages_stay_on_one_line():
    assert shown("a\nb\u202ec") == "a\\u000ab\\u202ec"


def test_a_file_appears_whole(tmp_path: Path):
    path = tmp_path / "x"
    path.write_bytes(b"old")
    with write_atomically(path) as file:
        file.write(b"new")
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"
    mask = os.umask(0)
    os.umask(mask)
    assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~mask
    assert os.listdir(tmp_path) == ["x"]


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError, ConnectionResetError])
def test_a_stopped_write_leaves_nothing(tmp_path: Path, error: type[BaseException]):
    def stop() -> None:
        with write_atomically(tmp_path / "x") as file:
            file.write(b"half")
            raise error

    with pytest.raises(error):
        stop()
    assert os.listdir(tmp_path) == []


def test_a_full_disk_is_a_disk_error_and_leaves_nothing(tmp_path: Path):
    def fill() -> None:
        with write_atomically(tmp_path / "x") as file:
            file.write(b"half")
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(DiskError) as raised:
        fill()
    assert raised.value.code == "E_DISK_FULL"
    assert os.listdir(tmp_path) == []


def test_a_folder_that_takes_no_file_is_an_access_error(tmp_path: Path):
    with pytest.raises(AccessError), write_atomically(tmp_path / "absent" / "x"):
        pass
    (tmp_path / "taken").mkdir()
    with pytest.raises(AccessError), write_atomically(tmp_path / "taken"):
        pass
    assert os.listdir(tmp_path) == ["taken"]
