"""How fast an answer must come: headers and body alike, measured where bytes leave the socket."""

from __future__ import annotations

import http.client
import io
import socket
import time
from contextvars import ContextVar
from dataclasses import dataclass
from typing import IO, Protocol, cast

import urllib3.exceptions

from torso.hub.settings import Patience

_HEAD = 1 << 20  # bytes of a status line and headers, and of all answers "100 Continue" before them


class SlowTransferError(urllib3.exceptions.HTTPError):
    """An answer comes, but fewer than ``rate`` bytes a second of it."""

    def __init__(self, rate: float) -> None:
        super().__init__(f"less than {rate:g} bytes a second")
        self.rate = rate


class TooLargeError(urllib3.exceptions.HTTPError):
    """An answer has more bytes on the wire than what was asked for can have."""


@dataclass(slots=True)
class RequestScope:
    """What one request may do, and how far it went.

    Attributes:
        patience: how long to wait.
        most: bytes of the answer on the wire.
        limit: the most private zone of an address that it may connect to; None for any, where a person named the host.
        zone: that of the address it is connected to; None through a proxy.
    """

    patience: Patience
    most: int
    limit: int | None = None
    zone: int | None = None


REQUEST_SCOPE: ContextVar[RequestScope | None] = ContextVar("REQUEST_SCOPE", default=None)


class _Raw(Protocol):
    def readinto(self, buffer: memoryview, /) -> int | None: ...

    def close(self) -> None: ...


class _Paced(io.RawIOBase):
    """A socket's bytes, refused where they drip: only the time spent waiting for the socket is counted.

    The first byte is waited for by the timeout of the socket; from then on, each span of ``rate_window`` seconds must
    bring ``minimum_rate`` bytes a second.
    """

    def __init__(self, raw: _Raw, scope: RequestScope) -> None:
        self.left = _HEAD
        self._raw = raw
        self._patience = scope.patience
        self._waited = 0.0
        self._count = 0
        self._begun = False

    def readable(self) -> bool:
        """As every raw stream of a socket."""
        return True

    def readinto(self, buffer: object, /) -> int | None:
        """Read what has come.

        Raises:
            SlowTransferError, TooLargeError: see the classes. OSError: as the socket.
        """
        since = time.monotonic()
        count = self._raw.readinto(cast("memoryview", buffer))
        if not count:
            return count
        self.left -= count
        if self.left < 0:
            raise TooLargeError("the answer is larger than what was asked for")
        if not self._begun:
            self._begun = True
            return count
        self._waited += time.monotonic() - since
        self._count += count
        window, rate = self._patience.rate_window, self._patience.minimum_rate
        if self._waited >= window:
            if self._count < rate * window:
                raise SlowTransferError(rate)
            self._waited, self._count = 0.0, 0
        return count

    def close(self) -> None:
        """Release the socket."""
        super().close()
        self._raw.close()


class PacedResponse(http.client.HTTPResponse):
    """An answer whose headers and body come at a minimum rate, and end."""

    def __init__(
        self, sock: socket.socket, debuglevel: int = 0, method: str | None = None, url: str | None = None
    ) -> None:
        super().__init__(sock, debuglevel, method, url)
        scope = REQUEST_SCOPE.get()
        self._paced: _Paced | None = None
        if scope is not None:
            raw = cast("IO[bytes]", self.fp)
            self._paced = _Paced(cast("_Raw", cast("io.BufferedReader", raw).detach()), scope)
            self._most = scope.most
            self.fp = io.BufferedReader(self._paced, 1 << 16)

    def begin(self) -> None:
        """Read status and headers."""
        super().begin()
        if self._paced is not None:
            self._paced.left = self._most
