"""Where a redirect may lead, and what a server may be told."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urljoin, urlsplit

from torso.errors import ServerAnswerError
from torso.hub.source import is_loopback
from torso.hub.transfer.failure import Failure, host_of
from torso.language import say


def origin_of(url: str) -> str:
    """Scheme, host and port of an address: what decides whether a token may go there."""
    parts = urlsplit(url)
    port = parts.port or {"https": 443, "http": 80}.get(parts.scheme, 0)
    return f"{parts.scheme}://{(parts.hostname or '').lower()}:{port}"


def next_hop(start: str, url: str, target: str) -> str:
    """The address a redirect leads to.

    Raises:
        Failure: it leaves https, leaves the internet for this machine or its network, or carries a password.
    """
    try:
        there = urljoin(url, target)
        parts, begin = urlsplit(there), urlsplit(start)
        host, home = parts.hostname or "", begin.hostname or ""
        _ = parts.port
    except ValueError:
        raise refused_redirect(start, target, "it is no address") from None
    if parts.scheme not in ("https", "http") or not host or parts.username is not None:
        raise refused_redirect(start, there, "it is not an address of the web")
    if parts.scheme == "http" and urlsplit(url).scheme == "https":
        raise refused_redirect(start, there, "it leaves https for http")
    if _zone(host) > _zone(home) and host != home:
        raise refused_redirect(start, there, "it leads into a private network")
    return there


def _zone(host: str) -> int:
    """How private a host's address is: 0 the internet, 1 a private network, 2 this machine, 3 never followed."""
    try:
        address = ip_address(host)
    except ValueError:
        return 2 if is_loopback(host) or host.lower().endswith(".localhost") else 0
    if address.is_link_local or address.is_multicast or address.is_unspecified:
        return 3
    return 2 if address.is_loopback else 1 if address.is_private else 0


def refused_redirect(start: str, target: str, reason: str) -> Failure:
    """The failure of a redirect that is not followed."""
    return Failure(
        ServerAnswerError(
            "E_REDIRECT",
            "{host} redirects to {target}, which is refused: {reason}.",
            cure="Choose another source: --source hf-mirror, --source modelscope, or the address of a mirror",
            values=dict(host=host_of(start), target=target[:200], reason=say(reason)),
        ),
        again=False,
    )
