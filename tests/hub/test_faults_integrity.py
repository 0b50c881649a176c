"""Bytes that come and are wrong: flipped, too many, too few, of another range, version or coding; none is ever kept.

Each test names its row of the fault matrix in the design of downloading.
"""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from .conftest import FOREVER, MEBIBYTE, NAME, Rig, get, refused, sha256
from .faultd import Change, Cut, First, Flip, Refuse, Say
from .httpd import Answer, Exchange
from .models import weights


@pytest.mark.parametrize("at", [0, 1_234_567, -1])
def test_flipped_byte_is_never_kept(rig: Rig, at: int):
    """Row 11."""
    rig.storage.plan(Flip(at % len(rig.weights)), times=FOREVER)
    with refused("E_HASH") as caught:
        get()
    assert sha256(rig.weights) in str(caught.value)
    assert not list(rig.machine.cache.glob("*/snapshots/*/model.safetensors"))
    assert not list(rig.machine.cache.glob(f"*/blobs/{sha256(rig.weights)}*"))


def test_flipped_byte_goes_to_the_next_mirror(rig: Rig):
    """Row 11."""
    mirror = rig.mirror()
    rig.machine.set(TORSO_ENDPOINTS=f"{rig.url},{mirror.url}")
    rig.storage.plan(Flip(1_234_567), times=FOREVER)
    rig.assert_whole(get())


def test_flipped_byte_in_a_small_file(rig: Rig):
    """Row 11: git's own sha1 verifies what has no sha256."""
    rig.front.plan(Flip(3), "/vocab.txt", times=FOREVER)
    with refused("E_HASH"):
        get()


def _resized(grow: int, *, declare: int = 0):
    """A body that is longer or shorter than the file, and a Content-Length that is off from the body."""

    def change(exchange: Exchange, answer: Answer) -> Answer:
        answer.body = (answer.body + b"\0" * max(0, grow))[: len(answer.body) + grow]
        if declare:
            answer.headers.append(("Content-Length", str(len(answer.body) + declare)))
        return answer

    return Change(change)


@pytest.mark.parametrize(("grow", "declare"), [(-10, 0), (10, 0), (-10, 10), (0, 10), (0, -10)])
def test_wrong_length_is_never_kept(rig: Rig, grow: int, declare: int):
    """Row 12: every answer for the file has a wrong length, said or unsaid."""
    rig.machine.set(TORSO_RETRIES="2")
    rig.storage.plan(_resized(grow, declare=declare), "/repos/", times=FOREVER)
    with refused("E_SIZE", "E_CONNECTION_LOST", "E_HASH", "E_BAD_SERVER"):
        get()
    assert not list(rig.machine.cache.glob("*/snapshots/*/model.safetensors"))


@pytest.mark.parametrize(("grow", "declare"), [(-10, 0), (10, 0), (-10, 10), (0, 10), (0, -10)])
def test_wrong_length_once_is_made_good(rig: Rig, grow: int, declare: int):
    """Row 12."""
    rig.storage.plan(_resized(grow, declare=declare), "/repos/")
    rig.assert_whole(get())


def test_linked_size_that_lies(rig: Rig):
    """Row 12: a header contradicts the listing; the storage does not, and what it gives has the right hash."""

    def change(exchange: Exchange, answer: Answer) -> Answer:
        answer.headers = [(name, "7" if name == "X-Linked-Size" else value) for name, value in answer.headers]
        return answer

    rig.front.plan(Change(change), f"{NAME}/resolve/", times=FOREVER)
    rig.assert_whole(get())


def test_range_ignored_starts_again(rig: Rig):
    """Row 13: the whole file answers a request for its second half."""
    rig.storage.plan(Cut(1_000_000))
    rig.storage.plan(First(lambda exchange: exchange.headers.pop("range", None)), "/repos/", times=FOREVER)
    rig.assert_whole(get())


def _header(name: str, value: str | None):
    """Rewrites one header of an answer of 206."""

    def change(exchange: Exchange, answer: Answer) -> Answer:
        if answer.status == 206:
            answer.headers = [pair for pair in answer.headers if pair[0].lower() != name.lower()]
            answer.headers += [(name, value)] if value is not None else []
        return answer

    return Change(change)


@pytest.mark.parametrize(
    "content_range",
    [None, "bytes 0-9/10", "bytes 1000000-1000009/99", "bytes 5-2/1", "bytes */*", "lines 1-2/3", "x" * 9000],
)
def test_wrong_content_range_is_not_spliced(rig: Rig, content_range: str | None):
    """Row 14."""
    rig.storage.plan(Cut(1_000_000))
    rig.storage.plan(_header("Content-Range", content_range), "/repos/", skip=1)
    rig.assert_whole(get())


def _failed_part(rig: Rig, at: int) -> Path:
    """The part that an interrupted download left."""
    rig.storage.plan(Cut(at))
    rig.storage.plan(Refuse(), "/repos/", times=FOREVER, skip=1)
    with refused("E_CONNECTION_LOST"):
        get()
    rig.storage.plans.clear()
    return max(rig.machine.parts(), key=lambda part: part.stat().st_size)


def test_complete_part_is_verified_and_taken(rig: Rig):
    """Row 15: everything had come, and the process died before it said so."""
    part = _failed_part(rig, len(rig.weights) - 1)
    with part.open("r+b") as stream:
        stream.write(rig.weights)
    rig.forget()
    rig.assert_whole(get())
    assert rig.sent() <= MEBIBYTE


@pytest.mark.parametrize("tail", [b"", b"too long"])
def test_stale_part_is_discarded(rig: Rig, tail: bytes):
    """Row 15: a part of the right length or longer with wrong bytes."""
    part = _failed_part(rig, 2_000_000)
    part.write_bytes(bytes(len(rig.weights)) + tail)
    rig.assert_whole(get())


def test_part_with_a_wrong_byte_is_found_out(rig: Rig):
    """Row 15: a disk that lied in the kept part costs one more download, not a wrong file."""
    part = _failed_part(rig, 2_000_000)
    with part.open("r+b") as stream:
        stream.seek(100)
        stream.write(b"\xff\xff\xff")
    rig.assert_whole(get())


def test_file_changed_between_attempts(rig: Rig):
    """Row 16: the branch moved on between two runs; the old part is no part of the new file."""
    _failed_part(rig, 2_000_000)
    rig.repository.commit({"model.safetensors": weights(seed=1)})
    rig.assert_whole(get())


def test_file_changed_while_it_was_read(rig: Rig):
    """Row 16: the same address gives another file's second half; only the hash can tell."""
    other = bytes(reversed(rig.weights))

    def swap(exchange: Exchange, answer: Answer) -> Answer:
        answer.body = other[len(other) - len(answer.body) :]
        return answer

    rig.storage.plan(Cut(1_000_000))
    rig.storage.plan(Change(swap), "/repos/", skip=1)
    rig.assert_whole(get())


def test_compressed_part_is_not_taken_for_bytes(rig: Rig):
    """Row 24: gzip in answer to a request for identity."""

    def pack(exchange: Exchange, answer: Answer) -> Answer:
        answer.body = gzip.compress(answer.body, 1)
        answer.headers.append(("Content-Encoding", "gzip"))
        return answer

    rig.storage.plan(Cut(1_000_000))
    rig.storage.plan(Change(pack), "/repos/", skip=1)
    rig.assert_whole(get())
    asked = {exchange.headers.get("accept-encoding") for exchange in rig.storage.requests()}
    assert asked == {"identity"}


@pytest.mark.parametrize("encoding", ["gzip", "br", "x-unknown"])
def test_wrong_content_encoding_is_refused(rig: Rig, encoding: str):
    """Row 24: bytes that are not what their header says."""

    def mark(exchange: Exchange, answer: Answer) -> Answer:
        answer.headers.append(("Content-Encoding", encoding))
        return answer

    rig.storage.plan(Change(mark), "/repos/", times=FOREVER)
    with refused("E_BAD_SERVER"):
        get()
    assert not list(rig.machine.cache.glob("*/snapshots/*/model.safetensors"))


def _serves(data: bytes):
    """A mirror that gives some other file of the same name."""

    def change(exchange: Exchange, answer: Answer) -> Answer:
        return Answer(200, [("Content-Type", "application/octet-stream")], data)

    return Change(change)


def test_mirror_with_another_revision_is_rejected(rig: Rig):
    """Row 30: same name, same size, other bytes; the third endpoint has the right ones."""
    wrong, right = rig.mirror(), rig.mirror()
    rig.machine.set(TORSO_ENDPOINTS=f"{rig.url},{wrong.url},{right.url}")
    rig.storage.plan(Refuse(), "/repos/", times=FOREVER)
    wrong.plan(_serves(bytes(reversed(rig.weights))), "/model.safetensors", method="GET", times=FOREVER)
    rig.assert_whole(get())
    assert wrong.sent("/model.safetensors") <= len(rig.weights)


def test_only_another_revision_is_an_error(rig: Rig):
    """Row 30."""
    wrong = rig.mirror()
    rig.machine.set(TORSO_ENDPOINTS=f"{rig.url},{wrong.url}")
    rig.storage.plan(Refuse(), "/repos/", times=FOREVER)
    wrong.plan(_serves(bytes(reversed(rig.weights))), "/model.safetensors", method="GET", times=FOREVER)
    with refused("E_HASH"):
        get()
    assert not list(rig.machine.cache.glob("*/snapshots/*/model.safetensors"))


def test_unsatisfiable_range_starts_again(rig: Rig):
    """Row 15: 416 for a part that the server should be able to continue."""
    rig.storage.plan(Cut(2_000_000))
    rig.storage.plan(Say(Answer(416, [("Content-Range", "bytes */5")])), "/repos/", skip=1)
    rig.assert_whole(get())
