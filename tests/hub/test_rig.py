"""The rig itself: what it serves, counts and breaks is what it says."""

from __future__ import annotations

import http.client
import json
from urllib.parse import urlsplit

import pytest

from .conftest import NAME, Rig, sha256
from .faultd import Cut, Flip, Say
from .httpd import Answer, wanted_range


def fetch(url: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    """One GET without following redirects."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)
    try:
        connection.request("GET", parts.path + (f"?{parts.query}" if parts.query else ""), headers=headers)
        response = connection.getresponse()
        return response.status, {name.lower(): value for name, value in response.getheaders()}, response.read()
    finally:
        connection.close()


def test_hub_tells_true_hashes(rig: Rig):
    _, _, body = fetch(f"{rig.url}/api/models/{NAME}/tree/main?recursive=true")
    rows = {row["path"]: row for row in json.loads(body)}
    assert rows.keys() == rig.files.keys()
    assert rows["model.safetensors"]["lfs"]["oid"] == sha256(rig.weights)
    assert rows["model.safetensors"]["size"] == len(rig.weights)
    assert rows["vocab.txt"]["oid"] == rig.repository.entries(rig.commit)["vocab.txt"].oid


def test_hub_redirects_large_files_to_another_origin(rig: Rig):
    status, headers, _ = fetch(f"{rig.url}/{NAME}/resolve/main/model.safetensors")
    assert status == 302
    assert headers["x-linked-etag"] == f'"{sha256(rig.weights)}"'
    assert headers["location"].startswith(rig.storage.url)
    assert fetch(headers["location"], Authorization="Bearer x")[0] == 400
    assert fetch(headers["location"].replace("Signature=", "Signature=0"))[0] == 403
    status, ranged, body = fetch(headers["location"], Range="bytes=10-19")
    assert (status, ranged["content-range"], body) == (206, f"bytes 10-19/{len(rig.weights)}", rig.weights[10:20])
    assert fetch(headers["location"], Range=f"bytes={len(rig.weights)}-")[0] == 416


@pytest.mark.parametrize("reset", [False, True])
def test_proxy_cuts_at_the_byte_and_counts(rig: Rig, reset: bool):
    _, headers, _ = fetch(f"{rig.url}/{NAME}/resolve/main/model.safetensors")
    rig.storage.plan(Cut(1_234_567, reset=reset))
    with pytest.raises((http.client.IncompleteRead, ConnectionResetError)):
        fetch(headers["location"])
    assert rig.sent() == 1_234_567
    assert fetch(headers["location"])[2] == rig.weights


def test_proxy_strikes_by_offset_in_the_file(rig: Rig):
    _, headers, _ = fetch(f"{rig.url}/{NAME}/resolve/main/model.safetensors")
    rig.storage.plan(Flip(2_000_000))
    assert fetch(headers["location"], Range="bytes=0-1999999")[2] == rig.weights[:2_000_000]
    wrong = fetch(headers["location"], Range="bytes=1999990-2000009")[2]
    assert [at for at in range(20) if wrong[at] != rig.weights[1_999_990 + at]] == [10]


def test_proxy_strikes_as_often_as_planned(rig: Rig):
    rig.front.plan(Say(Answer(503)), "/api/", times=2, skip=1)
    statuses = [fetch(f"{rig.url}/api/models/{NAME}")[0] for _ in range(4)]
    assert statuses == [200, 503, 503, 200]


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, None),
        ("bytes=0-", (0, 10)),
        ("bytes=3-4", (3, 5)),
        ("bytes=-3", (7, 10)),
        ("bytes=5-99", (5, 10)),
        ("x", None),
    ],
)
def test_ranges(header: str | None, expected: tuple[int, int] | None):
    assert wanted_range(header, 10) == expected


@pytest.mark.parametrize("header", ["bytes=10-", "bytes=4-3"])
def test_ranges_without_a_byte(header: str):
    with pytest.raises(ValueError, match="bytes"):
        wanted_range(header, 10)
