"""Who may call: hosts, keys, and what is refused before a body is read. Pure ASGI."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import ipaddress
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

from torso.io.host_names import LOOPBACK, HostNames
from torso.serve.request_errors import RequestError

if TYPE_CHECKING:
    from starlette.types import Scope

KEYLESS = frozenset({"/livez", "/readyz", "/health", "/ping"})
"""Routes that probes read without a key."""


class Guard:
    """Checks of a request's header.

    Args:
        hosts: values of ``Host`` beside those of loopback; ``*`` for any.
        keys: names of clients, and the SHA-256 of their keys in hex; empty to ask for none.
    """

    def __init__(self, hosts: tuple[str, ...], keys: Mapping[str, str]) -> None:
        self.hosts = HostNames((*LOOPBACK, *hosts))
        self.keys: dict[str, bytes] = {}
        self.replace_keys(keys)

    def replace_keys(self, keys: Mapping[str, str]) -> None:
        """Use other keys from now on."""
        self.keys = {name: bytes.fromhex(digest) for name, digest in keys.items()}

    def client(self, scope: Scope, *, browser: bool = False) -> str:
        """Return the client whose share of the machine a request uses: a key's name, else a network address.

        Args:
            scope: of the request.
            browser: whether the key may also be the password that a browser asks for and sends by itself. Only what
                refuses the requests of other sites' pages may take it so.

        Raises:
            RequestError: E_HOST, E_KEY.
        """
        headers: list[tuple[bytes, bytes]] = scope["headers"]
        self._check_host([value for name, value in headers if name == b"host"])
        if not self.keys:
            return _address(scope)
        if scope["path"].removeprefix(scope.get("root_path", "")) in KEYLESS:
            return "probe"
        return self._key_name(headers, browser=browser)

    def _check_host(self, values: list[bytes]) -> None:
        if len(values) != 1:
            raise RequestError(
                400,
                "E_HOST",
                "The request has {count} Host headers; it needs exactly one.",
                cure="Send it with any HTTP client.",
                values=dict(count=len(values)),
            )
        if not self.hosts.answer(values):
            raise RequestError(
                403,
                "E_HOST",
                "Requests to the host {host!r} are not answered: another site could have sent them.",
                cure="Call it by its address, or start the server with --name HOST.",
                values=dict(host=values[0].decode("latin-1")[:80]),
            )

    def _key_name(self, headers: list[tuple[bytes, bytes]], *, browser: bool) -> str:
        given = [value for name, value in headers if name == b"x-api-key"]
        for name, value in headers:
            if name == b"authorization":
                kind, _, token = value.partition(b" ")
                if browser and kind.lower() == b"basic":
                    given.append(_password(token))
                else:
                    given.append(token.strip() if kind.lower() == b"bearer" else b"")
        digests = [hashlib.sha256(each).digest() for each in given[:2]]
        name = None
        for each, wanted in self.keys.items():  # all of them: the time says nothing about which came near
            for digest in digests:
                if hmac.compare_digest(digest, wanted):
                    name = each
        if name is None or len(given) != 1:
            raise RequestError(
                401,
                "E_KEY",
                "The key is missing or wrong.",
                cure="Send the header Authorization: Bearer KEY",
                kind="invalid_api_key",
                headers={
                    "www-authenticate": 'Basic realm="torso: any name, a key as the password"' if browser else "Bearer"
                },
            )
        return name


def _password(token: bytes) -> bytes:
    """Return the password of HTTP's basic authentication; nothing for what is none."""
    try:
        return base64.b64decode(token.strip(), validate=True).partition(b":")[2]
    except binascii.Error:
        return b""


def _address(scope: Scope) -> str:
    """Return the network that shares a client's part: the address itself, or the /64 of IPv6."""
    client = scope.get("client")
    return "local" if client is None else _network(str(client[0]))


@lru_cache(1024)
def _network(text: str) -> str:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return text
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is None:
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)
