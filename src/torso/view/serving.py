"""The page on a port of this machine alone, for its one user, until Ctrl-C."""

from __future__ import annotations

import logging
import secrets
import signal
import socket
import webbrowser
from collections.abc import Callable, Generator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

from torso.errors import InputError
from torso.language import say
from torso.view.page_application import app, require_extra

if TYPE_CHECKING:
    import uvicorn


def listening(port: int) -> socket.socket:
    """Return a socket that listens on the loopback address; a free port for 0.

    Raises:
        InputError: ``E_PORT``, if the port is taken.
    """
    found = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind(("127.0.0.1", port))
        found.listen(128)  # a browser that comes before the server waits
    except OSError as error:
        found.close()
        raise InputError(
            "E_PORT",
            "Port {port} cannot be used: {why}.",
            cure="Leave --port out: a free one is taken.",
            values=dict(port=port, why=error.strerror or error),
        ) from None
    return found


def view(
    model: str,
    text: str,
    *,
    port: int = 0,
    admin: bool = False,
    browser: bool = True,
    tell: Callable[[str], None] = print,
) -> None:
    """Serve the page of a model until Ctrl-C, and open it in a browser.

    Args:
        model: shown first; any other of this machine can be chosen on the page.
        text: shown first.
        port: on the loopback address; a free one for 0.
        admin: whether models may be fetched, repaired and removed from the page.
        browser: whether a browser is opened.
        tell: is given the address, in words.

    Raises:
        MissingPackageError: ``E_EXTRA``. InputError: ``E_PORT``.
        TorsoError: the model is not here, or not readable.
    """
    require_extra()
    import uvicorn

    from torso.inspection.opened_config import Opened

    Opened.of(model)  # what is not there is said before anything is served
    token = secrets.token_urlsafe(24)
    page = app([model], admin=admin, text=text, token=token)
    with listening(port) as bound:
        address = f"http://127.0.0.1:{bound.getsockname()[1]}/#token={token}"
        settings = uvicorn.Config(
            page, log_level="warning", access_log=False, server_header=False, timeout_graceful_shutdown=2
        )
        opened = browser and webbrowser.open(address)
        line = "The page is open in your browser; Ctrl-C ends it: {address}"
        if not opened:
            line = "Open this in a browser; Ctrl-C ends it: {address}"
        tell(say(line, dict(address=address)))
        _server(settings).run(sockets=[bound])


def _server(settings: uvicorn.Config) -> uvicorn.Server:
    import uvicorn

    class PageServer(uvicorn.Server):
        """A server that Ctrl-C or SIGTERM ends as it is meant to end: with nothing to say, and status 0."""

        def handle_exit(self, sig: int, frame: FrameType | None) -> None:
            # A page that still waits for an answer is cut off: uvicorn would print a traceback of it.
            logging.getLogger("uvicorn.error").disabled = True
            super().handle_exit(sig, frame)

        @contextmanager
        def capture_signals(self) -> Generator[None]:
            numbers = (signal.SIGINT, signal.SIGTERM)
            before = {number: signal.signal(number, self.handle_exit) for number in numbers}
            try:
                yield
            finally:
                for number, handler in before.items():
                    signal.signal(number, handler)

    return PageServer(settings)
