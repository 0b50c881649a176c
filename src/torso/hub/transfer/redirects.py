"""Where a redirect may lead, and the origin that decides where credentials are sent."""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit

from torso.errors import ServerAnswerError
from torso.hub.transfer.addresses import zone_of_host
from torso.hub.transfer.failure import Failure, host_of
from torso.language import say


def origin_of(url: str) -> str:
    """Scheme, host and port of an address: what decides whether a token may go there."""
    parts = urlsplit(url)
    port = parts.port or {"https": 443, "http": 80}.get(parts.scheme, 0)
    return f"{parts.scheme}://{(parts.hostname or '').lower()}:{port}"


def next_hop(start: str, url: str, target: str, limit: int | None = None) -> str:
    """Return the address a redirect leads to, judged by its spelling; `Web.open` judges what it connects to as well.

    Args:
        start: the address that was asked for first.
        url: the address that redirects.
        target: where to.
        limit: the most private zone it may lead to (see `torso.hub.transfer.addresses`); None for that of ``start``.

    Raises:
        Failure: it leaves https, leaves the internet for this machine or its network, or carries a password.
    """
    try:
        there = urljoin(url, target)
        parts = urlsplit(there)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError:
        raise refused_redirect(start, target, "it is no address") from None
    if parts.scheme not in ("https", "http") or not host or parts.username is not None:
        raise refused_redirect(start, there, "it is not an address of the web")
    if parts.scheme == "http" and urlsplit(url).scheme == "https":
        raise refused_redirect(start, there, "it leaves https for http")
    if zone_of_host(host) > (zone_of_host(urlsplit(start).hostname or "") if limit is None else limit):
        raise refused_redirect(start, there, "it leads into a private network")
    return there


def refused_redirect(start: str, target: str, reason: str) -> Failure:
    """Return the failure of a redirect that is not followed."""
    return Failure(
        ServerAnswerError(
            "E_REDIRECT",
            "{host} redirects to {target}, which is refused: {reason}.",
            cure="Choose another source: --source hf-mirror, --source modelscope, or the address of a mirror",
            values=dict(host=host_of(start), target=target[:200], reason=say(reason)),
        ),
        again=False,
    )
