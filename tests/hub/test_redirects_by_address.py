"""What a server names is judged by the address connected to: spellings, names, tunnels, and names that change."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest

from torso.hub.settings import Patience
from torso.hub.transfer.addresses import INTERNET, LOOPBACK, NEVER, PRIVATE, zone_of_address, zone_of_host
from torso.hub.transfer.failure import Failure
from torso.hub.transfer.http import Web
from torso.hub.transfer.redirects import next_hop

from .faultd import Proxy, Say
from .httpd import Answer, Exchange, Server, json_answer

HUB = "https://huggingface.co"
Names = dict[str, list[str]]


@pytest.mark.parametrize(
    ("address", "zone"),
    [
        ("8.8.8.8", INTERNET),
        ("198.18.0.7", INTERNET),
        ("2606:4700::1111", INTERNET),
        ("64:ff9b::808:808", INTERNET),
        ("10.1.2.3", PRIVATE),
        ("100.64.0.1", PRIVATE),
        ("fd00::1", PRIVATE),
        ("::ffff:192.168.0.1", PRIVATE),
        ("127.9.9.9", LOOPBACK),
        ("::1", LOOPBACK),
        ("::ffff:127.0.0.1", LOOPBACK),
        ("64:ff9b::7f00:1", LOOPBACK),
        ("2002:7f00:1::", LOOPBACK),
        ("169.254.169.254", NEVER),
        ("fe80::1%eth0", NEVER),
        ("64:ff9b::a9fe:a9fe", NEVER),
        ("0.0.0.0", NEVER),
        ("::", NEVER),
        ("224.0.0.1", NEVER),
    ],
)
def test_zone_of_an_address(address: str, zone: int):
    assert zone_of_address(address) == zone


SPELLINGS = ["2130706433", "127.1", "0x7f000001", "0x7f.1", "017700000001", "localhost.", "127.0.0.1.", "a.localhost"]


@pytest.mark.parametrize("host", [*SPELLINGS, "0", "169.254.169.254.", "0xa9fea9fe", "[64:ff9b::7f00:1]", "LOCALHOST"])
def test_spelling_of_this_machine(host: str):
    with pytest.raises(Failure) as caught:
        next_hop(HUB, HUB, f"https://{host}:8443/")
    assert caught.value.error.code == "E_REDIRECT"


@pytest.mark.parametrize("host", ["huggingface.co", "1e100.net", "cafe.example", "127.example", "0x.example"])
def test_names_are_no_addresses(host: str):
    assert zone_of_host(host) == INTERNET
    assert next_hop(HUB, HUB, f"https://{host}/") == f"https://{host}/"


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Names:
    """A resolver of the test's own: each name's addresses, one answer after another, the last for ever."""
    table: Names = {}
    real = socket.getaddrinfo

    def look_up(host: Any, port: Any, *arguments: Any, **options: Any) -> Any:
        known = table.get(str(host).rstrip("."))
        if known is None:
            return real(host, port, *arguments, **options)
        address = known.pop(0) if len(known) > 1 else known[0]
        return real(address, port, *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return table


@pytest.fixture
def public(monkeypatch: pytest.MonkeyPatch) -> None:
    """127.0.0.1 counts as the internet, so that the rig can play a public host; 127.0.0.2 stays this machine."""

    def zone(text: str) -> int:
        return INTERNET if text == "127.0.0.1" else zone_of_address(text)

    monkeypatch.setattr("torso.hub.transfer.connections.zone_of_address", zone)


class _Hub(Server):
    def answer(self, exchange: Exchange) -> Answer:
        return json_answer({"path": exchange.path})


@pytest.fixture
def web(names: Names, public: None) -> Iterator[tuple[Web, Proxy, str]]:
    """A network, a host that plays the internet, and its address by name."""
    with _Hub() as hub, Proxy(hub.url) as front, Web(Patience(retries=0)) as found:
        names["hub.example"] = ["127.0.0.1"]
        yield found, front, front.url.replace("127.0.0.1", "hub.example")


def _redirect(front: Proxy, host: str) -> None:
    port = front.server_address[1]
    front.plan(Say(Answer(302, [("Location", f"http://{host}:{port}/there")])), "^/here", times=100)


@pytest.mark.parametrize("address", ["127.0.0.2", "127.1.1.1", "169.254.1.1", "10.0.0.1"])
def test_name_that_means_this_machine(web: tuple[Web, Proxy, str], names: Names, address: str):
    network, front, url = web
    names["innocent.example"] = [address]
    _redirect(front, "innocent.example")
    with pytest.raises(Failure) as caught:
        network.json(f"{url}/here", {})
    assert caught.value.error.code == "E_REDIRECT"
    assert front.requests("/there") == []


def test_name_that_changes_between_two_questions(web: tuple[Web, Proxy, str], names: Names):
    """Public when it is judged, this machine when it is connected to."""
    network, front, url = web
    names["changing.example"] = ["127.0.0.1", "127.0.0.2"]
    _redirect(front, "changing.example")
    with pytest.raises(Failure) as caught:
        network.json(f"{url}/here", {})
    assert caught.value.error.code in ("E_REDIRECT", "E_CONNECT")
    assert front.requests("/there") == []


def test_kept_connection_is_judged_as_a_new_one(web: tuple[Web, Proxy, str], names: Names, monkeypatch):
    """A person asked for a private host before; a public one may not lead there over the same connection."""
    network, front, url = web
    with _Hub() as inner:
        port = inner.server_address[1]
        monkeypatch.setattr("torso.hub.transfer.connections.zone_of_address", lambda text: PRIVATE)
        assert network.json(f"http://127.0.0.1:{port}/x", {})[1] == {"path": "/x"}
        monkeypatch.setattr("torso.hub.transfer.connections.zone_of_address", lambda text: INTERNET)
        monkeypatch.setattr("torso.hub.transfer.http.zone_of_host", lambda host: INTERNET)
        monkeypatch.setattr("torso.hub.transfer.redirects.zone_of_host", lambda host: INTERNET)
        front.plan(Say(Answer(302, [("Location", f"http://127.0.0.1:{port}/there")])), "^/here", times=9)
        with pytest.raises(Failure) as caught:
            network.json(f"{url}/here", {})
        assert caught.value.error.code == "E_REDIRECT"
        assert inner.requests("/there") == []


@pytest.mark.parametrize("host", ["other.example", "hub.example"])
def test_host_that_is_as_public_is_followed(web: tuple[Web, Proxy, str], names: Names, host: str):
    network, front, url = web
    names["other.example"] = ["127.0.0.1"]
    _redirect(front, host)
    assert network.json(f"{url}/here", {})[1] == {"path": "/there"}


def test_private_mirror_that_a_person_named_leads_where_it_is_itself(names: Names):
    """By name or by address: what is judged is the address that the mirror has."""
    with _Hub() as hub, Proxy(hub.url) as front, Web(Patience(retries=0)) as network:
        names["mirror.example"] = ["127.0.0.1"]
        _redirect(front, "127.0.0.1")
        url = front.url.replace("127.0.0.1", "mirror.example")
        assert network.json(f"{url}/here", {})[1] == {"path": "/there"}


def test_address_in_an_answer_is_judged_by_its_server(web: tuple[Web, Proxy, str], names: Names):
    network, front, url = web
    names["innocent.example"] = ["127.0.0.2"]
    network.json(f"{url}/x", {})
    with pytest.raises(Failure) as caught:
        network.open(f"http://innocent.example:{front.server_address[1]}/there", {}, named_by=url)
    assert caught.value.error.code == "E_REDIRECT"
