"""Connections: through the proxy that the environment names, trusting the authorities that it names.

Each is judged by the address that it connects to, where the host was named by a server and not by a person.
"""

from __future__ import annotations

import os
import socket
import ssl
import threading
from base64 import b64encode
from contextlib import suppress
from pathlib import Path
from typing import Any, cast
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from torso.errors import ConfigError, NetworkError
from torso.hub.source import is_loopback
from torso.hub.transfer.addresses import zone_of_address
from torso.hub.transfer.pace import REQUEST_SCOPE, PacedResponse

_BUNDLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


class PrivateAddressError(Exception):
    """A host that a server named has an address in a more private network than that server's own."""


class _Judged(HTTPConnection):
    """A connection that knows how private the address at its other end is."""

    response_class = PacedResponse
    zone: int | None = None

    def _new_conn(self) -> socket.socket:
        scope = REQUEST_SCOPE.get()
        if scope is None or self.proxy is not None:
            return super()._new_conn()
        if scope.limit is not None:
            _require_public(self._dns_host, self.port, scope.limit)
        connected = super()._new_conn()
        self.zone = zone_of_address(str(connected.getpeername()[0]))
        if scope.limit is not None and self.zone > scope.limit:  # the name has another address than a moment ago
            connected.close()
            raise PrivateAddressError
        scope.zone = self.zone
        return connected

    def putrequest(self, method: str, url: str, skip_host: bool = False, skip_accept_encoding: bool = False) -> None:
        """Begin a request; a kept connection is judged as a new one is."""
        scope = REQUEST_SCOPE.get()
        if scope is not None and self.zone is not None and self.sock is not None:
            if scope.limit is not None and self.zone > scope.limit:
                raise PrivateAddressError
            scope.zone = self.zone
        super().putrequest(method, url, skip_host, skip_accept_encoding)


class _JudgedHttps(_Judged, HTTPSConnection):
    """A connection whose handshake ends in time, however the server drips it."""

    _timer: threading.Timer | None = None
    _twin: socket.socket | None = None

    def _new_conn(self) -> socket.socket:
        connected = super()._new_conn()
        scope = REQUEST_SCOPE.get()
        if scope is not None:
            self._twin = connected.dup()  # the handshake takes the socket itself over
            self._timer = threading.Timer(scope.patience.connect + scope.patience.read, self._abandon)
            self._timer.daemon = True
            self._timer.start()
        return connected

    def connect(self) -> None:
        """Connects, through a proxy's tunnel where there is one, and shakes hands."""
        try:
            super().connect()
        finally:
            if self._timer is not None:
                self._timer.cancel()
            if self._twin is not None:
                self._twin.close()
            self._timer = self._twin = None

    def _abandon(self) -> None:
        twin = self._twin
        if twin is not None:
            with suppress(OSError):
                twin.shutdown(socket.SHUT_RDWR)


class _HttpPool(HTTPConnectionPool):
    ConnectionCls = cast("type[Any]", _Judged)  # urllib3's own classes are not of its protocol's type either


class _HttpsPool(HTTPSConnectionPool):
    ConnectionCls = cast("type[Any]", _JudgedHttps)


def _require_public(host: str, port: int | None, limit: int) -> None:
    """Raise, before anything is sent, if one of a host's addresses is more private than allowed."""
    with suppress(OSError):  # a name without an address is reported by the connection
        for *_, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
            if zone_of_address(str(address[0])) > limit:
                raise PrivateAddressError


def proxy_for(url: str) -> str:
    """Return the proxy that the environment names for an address; empty for none, and for this machine itself."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    named = getproxies()
    proxy = named.get(parts.scheme) or named.get("all") or ""
    return "" if not proxy or is_loopback(host) or proxy_bypass(host) else proxy


def new_pool(proxy: str) -> urllib3.PoolManager:
    """Return connections through a proxy, or direct ones where it is empty.

    Raises:
        NetworkError: E_PROXY, it is no HTTP proxy. ConfigError: E_TLS, the named authorities cannot be read.
    """
    context = _tls_context()
    if not proxy:
        return _judged(urllib3.PoolManager(ssl_context=context, maxsize=32, num_pools=8))
    address = proxy if "://" in proxy else f"http://{proxy}"
    if not _has_host(address):
        raise NetworkError(
            "E_PROXY",
            "{proxy} is not the address of a proxy.",
            cure="Set HTTPS_PROXY to an HTTP proxy: http://proxy:port",
            values=dict(proxy=repr(address.rpartition("@")[2][:200])),
        )
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https"):
        raise NetworkError(
            "E_PROXY",
            "A proxy of the kind {kind} cannot be used.",
            cure="Set HTTPS_PROXY to an HTTP proxy: http://proxy:port",
            values=dict(kind=parts.scheme),
        )
    login = None
    if parts.username is not None:
        words = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        login = {"proxy-authorization": f"Basic {b64encode(words.encode()).decode()}"}  # UTF-8, as RFC 7617 has it
        address = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
    return _judged(urllib3.ProxyManager(address, proxy_headers=login, ssl_context=context, maxsize=32, num_pools=8))


def _has_host(address: str) -> bool:
    """Return whether an address names a host, with a port that can be."""
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError:
        return False
    return bool(parts.hostname) and not any(character.isspace() for character in parts.hostname or "")


def _judged(manager: urllib3.PoolManager) -> urllib3.PoolManager:
    pools: dict[str, type[HTTPConnectionPool | HTTPSConnectionPool]] = {"http": _HttpPool, "https": _HttpsPool}
    manager.pool_classes_by_scheme = pools
    return manager


def _tls_context() -> ssl.SSLContext:
    """Verification against the system's authorities, or those that the environment names."""
    named = next(((name, os.environ[name]) for name in _BUNDLES if os.environ.get(name)), None)
    if named is None:
        return ssl.create_default_context()
    path = Path(named[1]).expanduser()
    try:
        return ssl.create_default_context(
            cafile=None if path.is_dir() else path, capath=path if path.is_dir() else None
        )
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(
            "E_TLS",
            "{variable} names {path}, which holds no certificates that can be read: {reason}.",
            cure="Correct or unset {variable}.",
            values=dict(variable=named[0], path=path, reason=cast("object", error.strerror or error)),
        ) from None
