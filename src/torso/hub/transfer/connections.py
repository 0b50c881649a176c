"""Connections: through the proxy that the environment names, trusting the authorities that it names."""

from __future__ import annotations

import os
import ssl
from pathlib import Path
from typing import cast
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

import urllib3

from torso.errors import ConfigError, NetworkError
from torso.hub.source import is_loopback

_BUNDLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


def proxy_for(url: str) -> str:
    """The proxy that the environment names for an address; empty for none, and for this machine itself."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    named = getproxies()
    proxy = named.get(parts.scheme) or named.get("all") or ""
    return "" if not proxy or is_loopback(host) or proxy_bypass(host) else proxy


def new_pool(proxy: str) -> urllib3.PoolManager:
    """Connections through a proxy, or direct ones where it is empty.

    Raises:
        NetworkError: E_PROXY, it is no HTTP proxy. ConfigError: E_TLS, the named authorities cannot be read.
    """
    context = _tls_context()
    if not proxy:
        return urllib3.PoolManager(ssl_context=context, maxsize=32, num_pools=8)
    address = proxy if "://" in proxy else f"http://{proxy}"
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
        login = urllib3.make_headers(proxy_basic_auth=f"{unquote(parts.username)}:{unquote(parts.password or '')}")
        address = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
    return urllib3.ProxyManager(address, proxy_headers=login, ssl_context=context, maxsize=32, num_pools=8)


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
