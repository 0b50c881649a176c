"""What stands before every request of the page: who may ask, how much may be sent, and which headers answers carry."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, Collection, MutableMapping
from typing import Any

from torso.io.host_names import HostNames

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

API = "/view/api/"
MOST_BYTES = 1 << 20
"""Bytes of a request's body at most."""
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = (
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"x-frame-options", b"DENY"),
)


class Guard:
    """Pure ASGI middleware of the page.

    A request is refused before anything of it is read, unless its one ``Host`` is of ``hosts``; below `API` it needs
    the token; and what changes something must be JSON from the page itself, never from another site's.

    Args:
        app: the application behind it.
        token: of this start of the server.
        hosts: names, without a port, under which the page may be asked for; None leaves that to what stands before it.
        reading_needs_token: whether requests that only read need the token too.
    """

    def __init__(
        self, app: Application, *, token: str, hosts: Collection[str] | None, reading_needs_token: bool
    ) -> None:
        self.app = app
        self.token = token.encode()
        self.hosts = None if hosts is None else HostNames(hosts)
        self.reading_needs_token = reading_needs_token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), *HEADERS]
            await send(message)

        status = self._refusal(scope)
        if status:
            await with_headers({"type": "http.response.start", "status": status, "headers": []})
            await with_headers({"type": "http.response.body", "body": b""})
            return
        await self.app(scope, receive, with_headers)

    def _refusal(self, scope: Scope) -> int:
        """Return the status that refuses a request; 0 lets it pass."""
        headers: dict[bytes, list[bytes]] = {}
        for name, value in scope["headers"]:
            headers.setdefault(name.lower(), []).append(value)
        host = headers.get(b"host", [])
        if self.hosts is not None and not self.hosts.answer(host):
            return 403
        # A mounted application sees the whole path, and the part of it that it is mounted at.
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        reads = scope["method"] in ("GET", "HEAD")
        if not path.startswith(API):
            return 0 if reads else 405
        if headers.get(b"sec-fetch-site", [b"same-origin"])[-1] not in (b"same-origin", b"none"):
            return 403
        origin = headers.get(b"origin")
        if origin and origin[0].partition(b"://")[2] != (host or [b""])[0]:
            return 403
        given = headers.get(b"x-torso-token", [b""])[0]
        if (self.reading_needs_token or not reads) and not hmac.compare_digest(given, self.token):
            return 403
        return 0 if reads or scope["method"] == "DELETE" else _refusal_of_body(headers)


def _refusal_of_body(headers: dict[bytes, list[bytes]]) -> int:
    kind = headers.get(b"content-type", [b""])[0].partition(b";")[0].strip().lower()
    if kind != b"application/json" or b"content-encoding" in headers:
        return 415
    length = headers.get(b"content-length", [b"0"])[0]
    return 413 if not length.isdigit() or int(length) > MOST_BYTES else 0
