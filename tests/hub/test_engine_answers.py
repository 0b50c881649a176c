"""Answers of servers, judged without one: paths, redirects, waits, folders that are not what they seem."""

from __future__ import annotations

import json
import posixpath
import time
from email.utils import formatdate
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from torso.errors import UnsafeFileError
from torso.hub.checking import check
from torso.hub.remote.listing import checked, require_distinct
from torso.hub.remote_file import RemoteFile
from torso.hub.transfer.failure import Failure, retry_after
from torso.hub.transfer.progress import size_text
from torso.hub.transfer.redirects import next_hop, origin_of

from .conftest import Machine
from .models import bert

URL = "https://hub.example"


def row(path: str, size: int = 1, etag: str = "0" * 40) -> RemoteFile:
    return RemoteFile(path, size, etag, "0" * 40)


@pytest.mark.parametrize(
    "path",
    [
        *("", "..", "../x", "a/../../x", "/x", "~/x", "C:\\x", "C:x", "a\\b", "a\0b", "a\nb", "a\u202eb", "con"),
        *("a/NUL.txt", "a ", "a.", "a//b", "./a", "x" * 256, "a/" * 40 + "b", ".git/config", ".cache/x", "com1.json"),
        "\ud800",
    ],
)
def test_unsafe_path(path: str):
    with pytest.raises(Failure) as caught:
        checked([row(path)], URL)
    assert caught.value.error.code == "E_UNSAFE_PATH"


@pytest.mark.parametrize("names", [["a", "a"], ["a", "a/b"], ["a/b/c", "a/b"]])
def test_one_name_for_two_things(names: list[str]):
    with pytest.raises(Failure):
        checked(map(row, names), URL)


@pytest.mark.parametrize("size", [-1, 10**18])
def test_impossible_size(size: int):
    with pytest.raises(Failure) as caught:
        checked([row("a", size)], URL)
    assert caught.value.error.code == "E_LIMIT"


@pytest.mark.parametrize("etag", ["", "x", "../../x", "A" * 40, "0" * 39, "0" * 10_000])
def test_hash_that_is_none(etag: str):
    with pytest.raises(Failure) as caught:
        checked([row("a", etag=etag)], URL)
    assert caught.value.error.code == "E_BAD_SERVER"


def test_names_that_differ_in_capitals():
    require_distinct(["README.md", "config.json"], URL)
    with pytest.raises(UnsafeFileError):
        require_distinct(["Config.json", "config.json"], URL)


@given(st.text(max_size=30))
@settings(max_examples=300, deadline=None)
def test_accepted_path_stays_below_its_folder(path: str):
    try:
        checked([row(path)], URL)
    except Failure:
        return
    assert posixpath.normpath(f"/home/{path}") == f"/home/{path}"


@pytest.mark.parametrize(
    "target",
    [
        "http://hub.example/x",
        "file:///etc/passwd",
        "ftp://hub.example/x",
        "https://169.254.169.254/latest",
        "https://[fe80::1]/x",
        "https://127.0.0.1/x",
        "https://localhost/x",
        "https://10.0.0.1/x",
        "https://name:password@cdn.example/x",
        "https://[::1/x",
        "https://cdn.example:99999/x",
        "//0.0.0.0/x",
    ],
)
def test_redirect_that_is_refused(target: str):
    with pytest.raises(Failure) as caught:
        next_hop(URL, URL, target)
    assert caught.value.error.code == "E_REDIRECT"


def test_redirect_that_is_followed():
    assert next_hop(URL, f"{URL}/a/b", "../c?d") == f"{URL}/c?d"
    assert next_hop(URL, URL, "https://cdn.example/x") == "https://cdn.example/x"
    assert next_hop("http://127.0.0.1:1", "http://127.0.0.1:1", "http://127.0.0.1:2/x") == "http://127.0.0.1:2/x"


def test_origins():
    assert origin_of("https://Hub.example/a") == origin_of("https://hub.example:443")
    assert origin_of("http://hub.example") != origin_of("https://hub.example")


def test_retry_after_in_every_form():
    assert retry_after("2") == 2
    assert retry_after(" 0 ") == 0
    assert 50 < (retry_after(formatdate(time.time() + 60, usegmt=True)) or 0) <= 60
    assert retry_after(formatdate(time.time() - 60, usegmt=True)) == 0
    assert [retry_after(text) for text in ("", "soon", "-1", "1e9", "9" * 30)] == [None] * 5


@given(st.text(max_size=40))
@settings(max_examples=200, deadline=None)
def test_retry_after_of_anything(text: str):
    assert (retry_after(text) or 0) >= 0


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (156_000_000, "156 MB"), (5 * 10**12, "5.0 TB")]
)
def test_sizes_in_words(count: int, text: str):
    assert size_text(count) == text


def _folder(machine: Machine, **changes: bytes | None) -> Path:
    folder = machine.home / "Downloads"
    folder.mkdir()
    for name, data in (bert() | changes).items():
        if data is not None:
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_bytes(data)
    return folder


POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"a" * 64 + b"\nsize 156000000\n"


@pytest.mark.parametrize(
    ("changes", "path", "code"),
    [
        ({"model.safetensors": POINTER}, "model.safetensors", "E_LFS_POINTER"),
        ({"vocab.txt": POINTER}, "vocab.txt", "E_LFS_POINTER"),
        ({"model.safetensors": b"<!DOCTYPE html><html>"}, "model.safetensors", "E_WEB_PAGE"),
        ({"config.json": b'{"a": '}, "config.json", "E_JSON"),
        ({"config.json": b""}, "config.json", "E_EMPTY"),
        ({"vocab.txt": None}, "tokenizer.json", "E_MISSING_FILE"),
        ({"model.safetensors": bert()["model.safetensors"][:-1]}, "model.safetensors", "E_TRUNCATED"),
        ({"vocab.txt": None, "vocab (1).txt": b"a"}, "vocab (1).txt", "E_MISPLACED"),
        (
            {"tokenizer_config.json": None, "tokenizer_config.json.txt": b"{}"},
            "tokenizer_config.json.txt",
            "E_MISPLACED",
        ),
        ({"config (1).json": b'{"word_embedding_dimension": 4}'}, "config (1).json", "E_MISPLACED"),
        ({"config.json": b'{"pooling_mode_mean_tokens": true}'}, "config.json", "E_MISPLACED"),
    ],
)
def test_what_is_wrong_with_a_folder(machine: Machine, changes: dict[str, bytes | None], path: str, code: str):
    report = check(_folder(machine, **changes))
    assert (path, code) in [(finding.path, finding.error.code) for finding in report.findings]
    assert all(finding.error.cure for finding in report.findings)
    assert json.loads(json.dumps(report.as_dict()))["whole"] is False


@pytest.mark.parametrize(
    ("path", "code"), [("model.safetensors.crdownload", "E_PARTIAL_DOWNLOAD"), ("config (1).json", "E_MISPLACED")]
)
def test_clutter_beside_a_whole_model_is_told_and_no_harm(machine: Machine, path: str, code: str):
    """The model is whole, and the cure is one that helps: nothing is to be fetched for it."""
    report = check(_folder(machine, **{path: b"{}"}))
    (finding,) = report.findings
    assert (finding.path, finding.error.code) == (path, code)
    assert finding.error.cure.endswith(path)
    assert report.is_whole
    assert json.loads(json.dumps(report.as_dict()))["whole"] is True


def test_pooling_is_told_where_it_belongs(machine: Machine):
    report = check(_folder(machine, **{"config (1).json": b'{"word_embedding_dimension": 4}'}))
    assert report.findings[0].error.cure.endswith("1_Pooling/config.json")


def test_whole_folder_says_what_could_not_be_known(machine: Machine):
    report = check(_folder(machine))
    assert report.is_whole
    assert not report.verified
    assert "model.safetensors" in report.unverified
