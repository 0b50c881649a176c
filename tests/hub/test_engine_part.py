"""The part of a file: what it keeps, what it refuses to continue, and that no order of arrival can harm it."""

from __future__ import annotations

import hashlib
import json
import random
import tempfile
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from torso.hub.local.leftovers import arrived
from torso.hub.remote_file import RemoteFile
from torso.hub.transfer.digest import digest_of
from torso.hub.transfer.locking import locked, locked_if_free
from torso.hub.transfer.partial_file import Part, discard

DATA = random.Random(0).randbytes(10_000)
FILE = RemoteFile("model.safetensors", len(DATA), hashlib.sha256(DATA).hexdigest(), "0" * 40)


def test_pieces_in_any_order_by_many_threads(tmp_path: Path):
    part = Part(tmp_path / "x.torso-part", FILE, 1000)

    def bring(number: int) -> None:
        segment = part.segments[number]
        while not segment.is_whole:
            at = segment.next
            part.put(at, DATA[at : min(at + 77, segment.end)])

    threads = [threading.Thread(target=bring, args=(number,)) for number in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert part.is_whole
    part.finish(tmp_path / "blobs" / "x")
    assert (tmp_path / "blobs" / "x").read_bytes() == DATA
    assert [path.name for path in tmp_path.iterdir()] == ["blobs"]


def test_next_process_goes_on(tmp_path: Path):
    path = tmp_path / "x.torso-part"
    first = Part(path, FILE, 4000)
    first.put(0, DATA[:1500])
    first.put(4000, DATA[4000:4010])
    first.remember("host", '"v1"')
    first.close()
    assert arrived(path) == 1510
    second = Part(path, FILE, 10_000)
    assert (second.arrived, second.frontier) == (1510, 1500)
    assert second.validators == {"host": '"v1"'}
    assert second.read(0, 1500) == DATA[:1500]
    second.put(0, DATA)
    assert second.is_whole
    second.close()


def test_bytes_past_a_gap_are_not_counted(tmp_path: Path):
    part = Part(tmp_path / "x", FILE, 10_000)
    assert part.put(500, DATA[500:600]) == 0
    assert part.put(0, DATA[:100]) == 100
    assert part.put(50, DATA[50:150]) == 50
    assert part.arrived == 150
    part.close()


@pytest.mark.parametrize(
    "change",
    [
        lambda table: table.update(etag="f" * 64),
        lambda table: table.update(size=9_999),
        lambda table: table.update(segments=[]),
        lambda table: table["segments"][0].update(start=5),
        lambda table: table["segments"][0].update(done="-5"),
        lambda table: table["segments"][0].update(done="99999"),
        lambda table: table["segments"][-1].update(end=20_000),
        lambda table: table.pop("validators"),
        lambda table: table.update(segments="x"),
    ],
)
def test_record_of_another_file_is_not_continued(tmp_path: Path, change):
    path = tmp_path / "x.torso-part"
    part = Part(path, FILE, 4000)
    part.put(0, DATA[:1500])
    part.close()
    record = tmp_path / "x.torso-part.json"
    table = json.loads(record.read_text())
    change(table)
    record.write_text(json.dumps(table))
    again = Part(path, FILE, 4000)
    assert again.arrived == 0
    again.close()


def test_record_that_promises_more_than_the_disk_holds(tmp_path: Path):
    path = tmp_path / "x.torso-part"
    part = Part(path, FILE, 10_000)
    part.put(0, DATA[:5000])
    part.close()
    path.write_bytes(DATA[:3000])
    again = Part(path, FILE, 10_000)
    assert again.arrived == 3000
    again.close()


@given(st.binary(max_size=300))
@settings(max_examples=60, deadline=None)
def test_any_record_is_continued_or_begun_anew(record: bytes):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.torso-part"
        path.write_bytes(DATA[:100])
        path.with_name("x.torso-part.json").write_bytes(record)
        part = Part(path, FILE, 1000)
        part.put(0, DATA)
        assert part.is_whole
        part.close()


@given(st.lists(st.tuples(st.integers(0, 9_999), st.integers(1, 3_000)), max_size=20), st.integers(500, 10_000))
@settings(max_examples=40, deadline=None)
def test_count_of_new_bytes_is_true(pieces: list[tuple[int, int]], step: int):
    with tempfile.TemporaryDirectory() as folder:
        part = Part(Path(folder) / "x", FILE, step)
        gained = sum(part.put(at, DATA[at : at + size]) for at, size in pieces)
        assert gained == part.arrived == arrived(part.path)
        assert part.read(0, part.frontier) == DATA[: part.frontier]
        part.close()


def test_link_in_place_of_a_part_is_not_followed(tmp_path: Path):
    (tmp_path / "precious").write_bytes(b"precious")
    (tmp_path / "x.torso-part").symlink_to(tmp_path / "precious")
    with pytest.raises(OSError, match=r"x\.torso-part"):
        Part(tmp_path / "x.torso-part", FILE, 1000)
    assert (tmp_path / "precious").read_bytes() == b"precious"


def test_hashes_are_those_of_git_and_of_lfs(tmp_path: Path):
    path = tmp_path / "hello"
    path.write_bytes(b"hello\n")
    # as `git hash-object` and `sha256sum` print them
    assert digest_of(path, RemoteFile("x", 6, "0" * 40, "")) == "ce013625030ba8dba906f756967f9e9ca394464a"
    assert digest_of(path, RemoteFile("x", 6, "0" * 64, "")).startswith("5891b5b522d5df086d0ff0b110fbd9d21bb4fc71")


def test_discarding_what_is_not_there(tmp_path: Path):
    discard(tmp_path / "x.torso-part")
    assert arrived(tmp_path / "x.torso-part") == 0


def test_lock_excludes_and_is_freed(tmp_path: Path):
    never, waited = threading.Event(), list[int]()
    with locked(tmp_path / "a" / "lock", never, lambda: waited.append(1)) as held:
        assert held
        with locked_if_free(tmp_path / "a" / "lock") as second:
            assert not second
        cancelled = threading.Event()
        cancelled.set()
        with locked(tmp_path / "a" / "lock", cancelled, lambda: waited.append(2)) as third:
            assert not third
    assert waited == [2]
    with locked_if_free(tmp_path / "a" / "lock") as free:
        assert free
