"""What `torso serve` does for its application beyond ASGI: tell it that a client has left, send an answer whole."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

CONNECTION = "torso.connection"
"""Key of a `ClientConnection` among the extensions of a request's ASGI scope, where `torso serve` runs the application.

ASGI tells by a message that a client has left, for which a task must wait beside each request, gives a body by an event
and takes an answer in two messages. Under any other server the application does with that.
"""


class ClientConnection(Protocol):
    """A connection."""

    def watch(self, leave: Callable[[], object] | None) -> None:
        """Call ``leave`` when the connection is lost, at once if it is already; None to call nothing any more."""
        ...

    def whole_body(self, receive: object) -> bytes | None:
        """Return the body of a request if all of it is here, and is not needed by ``receive`` any more; else None.

        Args:
            receive: of the request.
        """
        ...

    def reply(self, send: object, status: int, headers: Sequence[tuple[bytes, bytes]], body: bytes) -> bool:
        """Send a whole answer at once; return whether it was: otherwise it is to be sent as ASGI says.

        Args:
            send: of the request that is answered.
            status: HTTP status.
            headers: all of them, with the length of the body.
            body: all of it.
        """
        ...
