"""Answers that are wrong on purpose: nothing is written outside the cache and nothing unverified is kept."""

from __future__ import annotations

import gzip
import json
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from .conftest import FOREVER, NAME, Machine, Rig, get, refused
from .faultd import Change, Say
from .httpd import Answer, Exchange

Row = dict[str, Any]


@pytest.fixture(autouse=True)
def nothing_escapes(rig: Rig) -> Iterator[None]:
    """Whatever a server says, files appear in the Hub's cache only, links stay inside it, and names are harmless."""
    outside = {path for path in rig.machine.home.parent.rglob("*") if rig.shelf.root not in path.parents}
    yield
    cache = rig.machine.cache
    appeared = {path for path in rig.machine.home.parent.rglob("*") if rig.shelf.root not in path.parents} - outside
    foreign = [path for path in appeared if path != cache and cache not in path.parents and path not in cache.parents]
    assert foreign == []
    for path in cache.rglob("*"):
        assert path.resolve().is_relative_to(cache.resolve())
        assert all(character.isprintable() and character not in '\\:*?"<>|' for character in path.name), path


def _json(change: Callable[[Any], Any]) -> Change:
    """Rewrites the JSON of an answer."""

    def rewrite(exchange: Exchange, answer: Answer) -> Answer:
        headers = [pair for pair in answer.headers if pair[0].lower() != "content-encoding"]
        body = gzip.decompress(answer.body) if answer.body[:2] == b"\x1f\x8b" else answer.body
        return Answer(answer.status, headers, json.dumps(change(json.loads(body))).encode())

    return Change(rewrite)


def each_file(change: Callable[[Row], object], path: str = "model.safetensors") -> Change:
    """Rewrites one file's row of the listing."""

    def rewrite(rows: list[Row]) -> list[Row]:
        for row in rows:
            if row["path"] == path:
                change(row)
        return rows

    return _json(rewrite)


UNSAFE = [
    "../model.safetensors",
    "/model.safetensors",
    "a/../../model.safetensors",
    "C:\\model.safetensors",
    "C:/model.safetensors",
    "..\\model.safetensors",
    "\\\\host\\share\\model.safetensors",
    "a\0b/model.safetensors",
    "a\nb.json",
    "con",
    "CON.json",
    "aux/config.json",
    "config.json ",
    "config.json.",
    "./config.json",
    "a//config.json",
    "",
    ".",
    "..",
    "~/config.json",
    ".git/config",
    "x" * 300 + ".json",
    "/".join(["a"] * 200) + "/config.json",
    "a\u202ejson.config",
]


@pytest.mark.parametrize("path", UNSAFE)
def test_unsafe_path_in_a_listing(rig: Rig, path: str):
    """Row 21."""
    rig.front.plan(each_file(lambda row: row.update(path=path)), "/tree/", times=FOREVER)
    with refused("E_UNSAFE_PATH", "E_BAD_SERVER"):
        get()
    assert not list(rig.machine.cache.glob("*/blobs/*"))


@pytest.mark.parametrize(
    "path", ["Config.json", "VOCAB.TXT", "config.json", "config.json/x.json", "vocab.txt/model.bin"]
)
def test_two_files_that_are_one(rig: Rig, path: str):
    """Row 21: the same name twice, by case, or as a file and a folder."""

    def add(rows: list[Row]) -> list[Row]:
        return [*rows, rows[1] | {"path": path, "type": "file"}]

    rig.front.plan(_json(add), "/tree/", times=FOREVER)
    with refused("E_UNSAFE_PATH", "E_BAD_SERVER"):
        get()


@pytest.mark.parametrize("size", [10**18, 2**63, -1, "7", 7.5, None, True, 1e400])
def test_size_that_cannot_be(rig: Rig, size: object):
    """Row 21."""

    def change(row: Row) -> None:
        row["size"] = size
        row["lfs"]["size"] = size

    rig.front.plan(each_file(change), "/tree/", times=FOREVER)
    with refused("E_LIMIT", "E_BAD_SERVER", "E_DISK_FULL"):
        get()


def test_listing_without_end(rig: Rig):
    """Row 21: every page has another next page, and no page ends it."""

    def again(exchange: Exchange, answer: Answer) -> Answer:
        following = int(exchange.query.get("cursor", "0")) + 1
        path = exchange.target.split("?")[0]
        link = ("Link", f'<{rig.url}{path}?recursive=true&cursor={following}>; rel="next"')
        return Answer(200, [("Content-Type", "application/json"), link], b"[]")

    rig.front.plan(Change(again), "/tree/", times=FOREVER)
    with refused("E_LIMIT", "E_BAD_SERVER"):
        get()
    assert len(rig.front.requests("/tree/")) < 1100


def test_listing_of_too_many_files(rig: Rig):
    """Row 21."""
    row = {"type": "file", "oid": "0" * 40, "size": 0}
    body = json.dumps([row | {"path": f"{number}.json"} for number in range(200_001)]).encode()
    rig.front.plan(Say(Answer(200, [("Content-Type", "application/json")], body)), "/tree/", times=FOREVER)
    with refused("E_LIMIT", "E_BAD_SERVER"):
        get()


def test_listing_that_unpacks_to_far_more_than_it_is(rig: Rig):
    """Row 21: 70 KB of gzip, 70 MB of blanks."""
    bomb = gzip.compress(b"[" + b" " * (70 << 20) + b"]", 1)
    headers = [("Content-Type", "application/json"), ("Content-Encoding", "gzip"), ("Content-Length", str(len(bomb)))]
    rig.front.plan(Say(Answer(200, headers, bomb)), "/tree/", times=FOREVER)
    with refused("E_LIMIT", "E_BAD_SERVER"):
        get()


@pytest.mark.parametrize("oid", ["", "/abs", "../x", "0" * 39, "g" * 40, "A" * 64, "0" * 10_000, 'W/"x"', None, 7])
def test_hash_of_a_listing_that_is_none(rig: Rig, oid: object):
    """Row 19: the hash that names the blob."""
    rig.front.plan(each_file(lambda row: row["lfs"].update(oid=oid)), "/tree/", times=FOREVER)
    with refused("E_BAD_SERVER"):
        get()
    assert not list(rig.machine.cache.glob("*/blobs/*"))


@pytest.mark.parametrize("etag", ['"/abs"', '"../x"', "", 'W/"weak"', '"' + "x" * 10_000 + '"', "\x7f"])
def test_etag_in_headers_names_no_file(rig: Rig, etag: str):
    """Row 19: torso names blobs by the listing, so an etag of a header is harmless whatever it says."""

    def change(exchange: Exchange, answer: Answer) -> Answer:
        answer.headers = [pair for pair in answer.headers if pair[0].lower() not in ("etag", "x-linked-etag")]
        answer.headers += [("ETag", etag), ("X-Linked-Etag", etag)]
        return answer

    rig.front.plan(Change(change), "resolve", times=FOREVER)
    rig.storage.plan(Change(change), times=FOREVER)
    rig.assert_whole(get())


@pytest.mark.parametrize("sha", ["main", "../../../x", "0" * 39, "0" * 41, "g" * 40, "", None, 7, "A" * 40, "0" * 64])
def test_commit_that_is_none(rig: Rig, sha: object):
    """Row 20."""
    rig.front.plan(_json(lambda about: about | {"sha": sha}), f"/api/models/{NAME}", times=FOREVER)
    with refused("E_BAD_SERVER"):
        get()
    assert not list(rig.machine.cache.glob("*/snapshots/*"))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"7",
        b"{",
        b"\xff\xfe",
        b'{"sha": 1}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"NaN",
        b'"' + b"x" * 9,
    ],
    ids=lambda value: repr(value)[:16],
)
@pytest.mark.parametrize("path", ["/revision/|/tiny$", "/tree/"], ids=["about", "listing"])
def test_json_that_is_none(rig: Rig, path: str, body: bytes):
    rig.front.plan(Say(Answer(200, [("Content-Type", "application/json")], body)), path, times=FOREVER)
    with refused("E_NOTHING" if (path, body) == ("/tree/", b"[]") else "E_BAD_SERVER"):
        get()


def test_headers_without_end(rig: Rig):
    many = [(f"X-{number}", "x" * 1000) for number in range(300)]
    rig.front.plan(Say(Answer(200, many, b"{}")), "/api/", times=FOREVER)
    with refused("E_BAD_SERVER", "E_CONNECTION_LOST"):
        get()


def test_no_answer_is_http(machine: Machine, rig: Rig):
    """A server that speaks something else."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        from threading import Thread

        def greet() -> None:
            for _ in range(40):
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    connection.sendall(b"220 smtp.example.org ready\r\n")

        thread = Thread(target=greet, daemon=True)
        thread.start()
        machine.set(HF_ENDPOINT=f"http://127.0.0.1:{listener.getsockname()[1]}")
        with refused("E_BAD_SERVER", "E_CONNECTION_LOST"):
            get()
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(5)
