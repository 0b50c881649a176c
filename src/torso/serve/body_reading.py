"""Bodies of requests as they come: what they say of themselves, and the bytes they hold of those of all requests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from starlette.requests import ClientDisconnect

from torso.serve.batch_scheduler import Refusal
from torso.serve.call import ServerState, too_much
from torso.serve.client_connection import ClientConnection
from torso.serve.queue_errors import refused
from torso.serve.request_errors import RequestError

if TYPE_CHECKING:
    from starlette.types import Receive

_SMALL = 64 << 10
"""Bytes of a body that is read even if its request is refused: that costs less than its connection anew."""

_DIGITS = 16  # of a length; what states more is counted as it comes


class Body:
    """The body of one request.

    Args:
        headers: of the request; of equal names the first.
        state: what all requests share.
    """

    def __init__(self, headers: Mapping[bytes, bytes], state: ServerState) -> None:
        self._headers, self._state, self._reserved = headers, state, 0
        stated = headers.get(b"content-length", b"")
        self._stated = int(stated) if stated.isdigit() and len(stated) < _DIGITS else 0

    @property
    def small(self) -> bool:
        """Whether it is soon read, as far as the header says."""
        return self._stated <= _SMALL

    async def read(self, receive: Receive, connection: ClientConnection | None = None) -> bytes:
        """Return all of it.

        Args:
            receive: ASGI's.
            connection: that may have all of it at once.

        Raises:
            RequestError: E_CONTENT_TYPE, E_TOO_MUCH, E_OVERLOADED.
            ClientDisconnect: the client has left.
        """
        self._check()
        most = self._state.settings.body_bytes
        self._reserve(self._stated)
        whole = None if connection is None else connection.whole_body(receive)
        if whole is not None:
            self._reserve(max(len(whole), self._stated))
            return whole
        parts: list[bytes] = []
        size, more = 0, True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            part, more = message.get("body", b""), message.get("more_body", False)
            size += len(part)
            if size > self._reserved:
                self._reserve(size)
            parts.append(part)
            if size > most:
                raise too_much("bytes", size, most, None)
        return b"".join(parts)

    def release(self) -> None:
        """Give back what it holds, once the request is answered."""
        self._state.flight -= self._reserved
        self._reserved = 0

    def _check(self) -> None:
        kind = self._headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
        if kind != b"application/json":
            raise RequestError(
                415,
                "E_CONTENT_TYPE",
                "The body is {kind!r}, not JSON.",
                cure="Send the header content-type: application/json",
                values=dict(kind=kind[:80].decode("latin-1")),
            )
        if self._headers.get(b"content-encoding", b"identity").lower() != b"identity":
            raise RequestError(
                415, "E_CONTENT_TYPE", "The body is compressed.", cure="Send it without content-encoding."
            )

    def _reserve(self, size: int) -> None:
        """Reserve bytes of those that all bodies may hold."""
        settings = self._state.settings
        if size > settings.body_bytes:
            raise too_much("bytes", size, settings.body_bytes, None)
        if self._state.flight - self._reserved + size > settings.flight_bytes:
            raise refused(Refusal("full", 1.0))
        self._state.flight += size - self._reserved
        self._reserved = size
