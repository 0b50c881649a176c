"""Headers that an answer of Git LFS asks to be sent: well-formed, for one host, and none of the connection's own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .conftest import FOREVER, NAME, Rig, get, refused, sha256
from .faultd import Proxy, Say
from .gitd import Git
from .httpd import Answer

Front = tuple[Git, Proxy]


@pytest.fixture
def git(rig: Rig) -> Iterator[Front]:
    """A git host with LFS, and the fault proxy that stands before both."""
    with Git(rig.shelf) as server, Proxy(server.url) as front:
        server.storage = front.url
        yield server, front


def address(front: Proxy) -> str:
    """The source that a person types."""
    return f"git+{front.url}/{NAME}.git"


@pytest.mark.parametrize(
    "header",
    [
        {"x-a": "中文"},
        {"a:b": "x"},
        {"": "x"},
        {"x a": "y"},
        {"x-a": "a\r\nb: c"},
        {"x-a": " padded"},
        {"中": "x"},
        {"x-a": 7},
        {"x-a": "\x00"},
        {f"x-{number}": "y" for number in range(17)},
    ],
    ids=repr,
)
def test_headers_that_no_request_can_have(rig: Rig, git: Front, monkeypatch, header: dict[str, object]):
    _batch(git[0], monkeypatch, header)
    begin = len(git[1].log)
    with refused("E_BAD_SERVER"):
        get(address(git[1]))
    assert len([one for one in git[1].log[begin:] if one.path.endswith("batch")]) == 1


@pytest.mark.parametrize(
    "name",
    ["Host", "Content-Length", "Connection", "Proxy-Authorization", "Transfer-Encoding", "Range", "TE", "Expect"],
)
def test_headers_that_are_never_taken(rig: Rig, git: Front, monkeypatch, name: str):
    _batch(git[0], monkeypatch, {name: "evil", "X-Rig-Key": "from the batch"})
    rig.assert_whole(get(address(git[1])))
    sent = [one.headers for one in git[1].requests("/lfs/") if one.method == "GET"]
    assert sent
    assert all("evil" not in headers.values() for headers in sent)


def test_headers_of_one_host_are_not_told_to_another(rig: Rig, git: Front):
    """Nor when the transfer goes on where a redirect led to before."""
    target = f"/lfs/{sha256(rig.weights)}"
    with Proxy(git[0].url) as elsewhere:
        moved = Answer(302, [("Location", elsewhere.url + target)])
        git[1].plan(Say(moved), "^/lfs/", times=FOREVER)
        with refused("E_HTTP_STATUS"):
            get(address(git[1]))
        assert elsewhere.log
        assert all("x-rig-key" not in one.headers for one in elsewhere.log)


def _batch(server: Git, monkeypatch: pytest.MonkeyPatch, header: dict[str, object]) -> None:
    """Lets the batch API ask for headers."""
    plain = server._object

    def changed(oid: str, size: int) -> dict[str, object]:
        found = plain(oid, size)
        found["actions"]["download"]["header"] = header  # type: ignore[index]
        return found

    monkeypatch.setattr(server, "_object", changed)
