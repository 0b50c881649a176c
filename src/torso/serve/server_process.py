"""The server as a process: sockets, signals, drain."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import socket
import sys
from collections.abc import Callable
from types import FrameType
from typing import TYPE_CHECKING, Any

import uvicorn

from torso.errors import AccessError, InputError
from torso.serve.application import drain, mounted
from torso.serve.http_protocol import DeadlineProtocol

if TYPE_CHECKING:
    from starlette.applications import Starlette

_COLLECTIONS = (5_000, 20, 20)
"""Allocations and collections after which garbage is looked for: a request leaves little of it."""

_SWITCH = 0.001
"""Seconds after which a thread that prepares a long list lets the event loop, or a model's thread, go on."""

LINGER = 2.0
"""Seconds in which a server that ends still listens, so that load balancers notice first."""


class Server(uvicorn.Server):
    """uvicorn's server that drains on the first signal and ends at once on the second.

    Attributes:
        whole: whether every accepted request was answered.
    """

    def __init__(self, config: uvicorn.Config, app: Starlette, reload: Callable[[], None], linger: float) -> None:
        super().__init__(config)
        self._app, self._reload, self._linger = app, reload, linger
        self._ending: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self.whole = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Load the application, and set the interpreter to a server's ways."""
        await super().startup(sockets)
        gc.freeze()  # what has been loaded stays: no collection need look at it again
        gc.set_threshold(*_COLLECTIONS)
        sys.setswitchinterval(_SWITCH)

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve until a signal ends it."""
        self._loop = asyncio.get_running_loop()
        hangup = getattr(signal, "SIGHUP", None)
        before = None if hangup is None else signal.signal(hangup, self._hung_up)
        try:
            await super().serve(sockets)
        finally:
            if hangup is not None:
                signal.signal(hangup, before)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to drain; end at once if that has begun."""
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._end)

    def _end(self) -> None:
        if self._ending is None:
            self._ending = asyncio.ensure_future(self._drain())
        else:
            self.whole = self.whole and not mounted(self._app).active
            _be_silent()
            self.should_exit = self.force_exit = True

    async def _drain(self) -> None:
        state = mounted(self._app)
        state.status = "draining"
        await asyncio.sleep(self._linger)
        self.whole = await drain(state)
        if not self.whole:
            _be_silent()
            # Those who still wait, and streams, get an error before the connection ends.
            for model in state.models.models.values():
                await asyncio.to_thread(model.engine.stop, 1.0)
                if model.generator is not None:
                    await asyncio.to_thread(model.generator.stop, 1.0)
            await asyncio.sleep(0.2)
        self.should_exit = True

    def _hung_up(self, sig: int, frame: FrameType | None) -> None:
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._reload)


def _be_silent() -> None:
    """Print nothing of requests that are cut off: the exit status says so.

    uvicorn prints a traceback for each, and where nobody reads them the process would wait for a reader for ever.
    """
    logging.getLogger("uvicorn.error").disabled = True


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens.

    Raises:
        AccessError: E_PORT, if the port is taken or may not be used.
        InputError: E_ARGUMENT, for a host that this machine does not have.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family, backlog=2048)
    except (socket.gaierror, OverflowError, UnicodeError):
        raise InputError(
            "E_ARGUMENT",
            "This machine has no address {host} with a port {port}.",
            cure="Leave --host and --port out: 127.0.0.1 and 8080.",
            values=dict(host=host, port=port),
        ) from None
    except OSError as error:
        raise AccessError(
            "E_PORT",
            "The port {port} of {host} cannot be used: {problem}.",
            cure="Choose another: --port 8081",
            values=dict(host=host, port=port, problem=error.strerror or str(error)),
        ) from None


def run(
    app: Starlette,
    listener: socket.socket,
    *,
    connections: int = 1024,
    prefix: str = "",
    proxies: str = "",
    certificate: str | None = None,
    key: str | None = None,
    reload: Callable[[], None] = lambda: None,
    linger: float = LINGER,
) -> bool:
    """Serve an application until SIGTERM or Ctrl-C; return whether every accepted request was answered.

    Args:
        app: of `torso.serve.app`.
        listener: listens already.
        connections: at a time, at most.
        prefix: path that a proxy removes.
        proxies: addresses whose ``X-Forwarded-*`` count, separated by commas.
        certificate: file of a TLS certificate.
        key: file of its key.
        reload: called on SIGHUP.
        linger: seconds in which the ending server still listens.
    """
    options: dict[str, Any] = dict(ssl_certfile=certificate, ssl_keyfile=key) if certificate else {}
    config = uvicorn.Config(
        app,
        http=DeadlineProtocol,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=5,
        limit_concurrency=connections,
        root_path=prefix,
        proxy_headers=bool(proxies),
        forwarded_allow_ips=proxies or "",
        **options,
    )
    server = Server(config, app, reload, linger)
    server.run(sockets=[listener])
    return server.whole
