"""Answers of the wrong server: log-in pages, redirects, refusals without a reason; and where a token never goes."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from torso.hub.remote import huggingface

from .conftest import FOREVER, NAME, Rig, attempt, get, refused
from .faultd import Change, Say
from .httpd import Answer, Exchange
from .hubd import Cdn, Hub
from .repository import Shelf

REDIRECTS = f"{NAME}/resolve/"


PORTAL = b"<!DOCTYPE html><html><title>Hotel Wi-Fi</title><body>Please log in</body></html>"


def test_captive_portal(rig: Rig):
    """Row 22: a page with 200 for everything; the message says who answered and what."""
    rig.front.plan(Say(Answer(200, [("Content-Type", "text/html")], PORTAL)), times=FOREVER)
    with refused("E_NOT_A_HUB") as caught:
        get()
    assert "text/html" in str(caught.value)
    assert rig.url.removeprefix("http://") in str(caught.value)


def test_captive_portal_in_place_of_a_file(rig: Rig):
    """Row 22: the log-in page of a network comes where weights should."""
    rig.storage.plan(Say(Answer(200, [("Content-Type", "text/html")], PORTAL)), times=FOREVER)
    with refused("E_NOT_A_HUB"):
        get()
    assert not list(rig.machine.cache.glob("*/snapshots/*/model.safetensors"))


def test_portal_that_redirects(rig: Rig):
    """Row 22."""
    rig.front.plan(Say(Answer(302, [("Location", "/login"), ("Content-Type", "text/html")])), "/api/", times=FOREVER)
    rig.front.plan(Say(Answer(200, [("Content-Type", "text/html")], PORTAL)), "/login", times=FOREVER)
    with refused("E_NOT_A_HUB"):
        get()


def test_bare_404_says_where_and_why(rig: Rig):
    """Row 23: a mirror without error codes; the likely causes are named, not "check your connection"."""
    rig.hub.plain = True
    with refused("E_REPO_NOT_FOUND") as caught:
        get("acme/absent")
    assert rig.url in str(caught.value)
    assert "acme/absent" in str(caught.value)


def test_bare_401(rig: Rig):
    """Row 23."""
    rig.front.plan(Say(Answer(401)), times=FOREVER)
    with refused("E_REPO_NOT_FOUND") as caught:
        get()
    assert rig.url.removeprefix("http://") in str(caught.value)


@pytest.fixture
def only_loopback(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Addresses outside loopback that a connection was tried to."""
    tried: list[object] = []
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family != socket.AF_UNIX and address[0] not in ("127.0.0.1", "::1", "localhost"):
            tried.append(address)
            raise OSError("outside the rig")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)
    return tried


@pytest.mark.parametrize(
    "location",
    [
        "file:///etc/passwd",
        "ftp://127.0.0.1/x",
        "javascript:alert(1)",
        "http://169.254.169.254/latest/meta-data",
        "https://169.254.169.254/latest/meta-data",
        "http://[fe80::1]/x",
        "http://user:secret@127.0.0.1/x",
        "http://",
        "//",
        "http://127.0.0.1:99999/x",
        "http://127.0.0.1:x/",
        "http://[::1",
        "",
    ],
)
def test_redirect_to_nowhere_good(rig: Rig, only_loopback: list[object], location: str):
    """Row 18."""
    rig.front.plan(Say(Answer(302, [("Location", location)])), REDIRECTS, times=FOREVER)
    with refused("E_REDIRECT"):
        get()
    assert only_loopback == []


def test_redirect_without_a_location(rig: Rig):
    """Row 18."""
    rig.front.plan(Say(Answer(302)), REDIRECTS, times=FOREVER)
    with refused("E_REDIRECT", "E_HTTP_STATUS", "E_BAD_SERVER"):
        get()


@pytest.mark.parametrize("path", ["/api/models/", REDIRECTS])
def test_redirect_loop(rig: Rig, path: str):
    """Row 18."""

    def again(exchange: Exchange, answer: Answer) -> Answer:
        return Answer(302, [("Location", rig.url + exchange.target)])

    rig.front.plan(Change(again), path, times=FOREVER)
    with refused("E_REDIRECT"):
        get()
    assert len(rig.front.log) < 500


def test_next_page_elsewhere_is_not_asked(rig: Rig, only_loopback: list[object]):
    """A mirror that hands on the Hub's own ``Link``: the page is asked of the mirror, not of the Hub."""
    rig.hub.page_size = 2
    rig.hub.link_origin = "https://huggingface.co"
    rig.assert_whole(get())
    assert only_loopback == []
    assert len(rig.front.requests("/tree/")) == 3


@pytest.mark.parametrize(
    ("link", "query"),
    [
        ('<https://hub/x?a=1,2&cursor=c%2C>; rel="next"', {"a": ["1,2"], "cursor": ["c,"]}),
        ('<https://hub/x?cursor=c>;title="a"; REL = next', {"cursor": ["c"]}),
        ('<https://hub/y>; rel="xet-auth", <https://hub/x?cursor=c>; rel="last next"', {"cursor": ["c"]}),
        ('<https://hub/y?cursor=c>; rel="next-archive"', None),
        ("<https://hub/y?cursor=c>; rel=nextest", None),
        ('<https://hub/y?cursor=c>; title="rel=next"', None),
        ("", None),
    ],
)
def test_the_next_page_of_a_link_header(link: str, query: dict[str, list[str]] | None):
    assert huggingface._next_query(link, {}) == query


@pytest.fixture
def guarded(rig: Rig) -> Rig:
    """A machine that is logged in at the rig's Hub."""
    rig.hub.tokens.add("hf_secret")
    rig.machine.set(HF_TOKEN="hf_secret")
    return rig


def _tokens(*servers: Any) -> list[set[bool]]:
    return [{"authorization" in exchange.headers for exchange in server.log} for server in servers]


def test_token_goes_to_a_trusted_endpoint_and_no_further(guarded: Rig):
    """Row 17."""
    guarded.machine.set(TORSO_TRUSTED_ENDPOINTS=guarded.url)
    guarded.assert_whole(get())
    assert _tokens(guarded.front, guarded.storage) == [{True}, {False}]


def test_token_does_not_go_to_an_endpoint_nobody_trusts(guarded: Rig):
    guarded.assert_whole(get())
    assert _tokens(guarded.front, guarded.storage) == [{False}, {False}]


def test_token_does_not_go_to_a_mirror(guarded: Rig):
    mirror = guarded.mirror()
    guarded.machine.set(TORSO_TRUSTED_ENDPOINTS=guarded.url, TORSO_ENDPOINTS=f"{guarded.url},{mirror.url}")
    guarded.front.plan(Say(Answer(503)), REDIRECTS, times=FOREVER)
    guarded.assert_whole(get())
    assert _tokens(guarded.front, mirror) == [{True}, {False}]


def test_token_does_not_follow_a_redirect_of_the_listing(guarded: Rig, tmp_path: Any):
    """Row 17: another port is another origin."""
    guarded.machine.set(TORSO_TRUSTED_ENDPOINTS=guarded.url)
    shelf = Shelf(tmp_path / "other")
    shelf.repositories = guarded.shelf.repositories
    with Cdn(shelf) as cdn, Hub(shelf, cdn.url) as other:

        def away(exchange: Exchange, answer: Answer) -> Answer:
            return Answer(307, [("Location", other.url + exchange.target)])

        guarded.front.plan(Change(away), "/tree/", times=FOREVER)
        attempt(NAME, "E_REDIRECT")
        assert all("authorization" not in exchange.headers for exchange in other.log)
