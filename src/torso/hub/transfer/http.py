"""Requests: proxies, certificates, redirects and tokens, each by rules that a server cannot bend."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit
from weakref import WeakSet

import urllib3
import urllib3.exceptions

from torso.errors import ServerAnswerError
from torso.hub.settings import Patience
from torso.hub.transfer.addresses import zone_of_host
from torso.hub.transfer.connections import PrivateAddressError, new_pool, proxy_for
from torso.hub.transfer.failure import Failure, bad_server, from_exception, from_status, host_of, too_slow
from torso.hub.transfer.pace import REQUEST_SCOPE, RequestScope
from torso.hub.transfer.progress import Notices, Watcher, waiting
from torso.hub.transfer.redirects import next_hop, origin_of, refused_redirect
from torso.io.strict_json import decode_json

_HOPS = 8
_REST = 64 << 10  # bytes that are sooner read than a new connection is made
_JSON_LIMIT = 64 << 20
_WIRE = 2 * _JSON_LIMIT  # bytes of an answer of text: the limit, and as much again for how it is packed
_INWARDS = "it leads into a private network"
_HARMLESS = ("accept", "accept-encoding", "content-type", "if-range", "range")
_REDIRECTS = (301, 302, 303, 307, 308)


@dataclass(slots=True)
class Answer:
    """An answer whose body is still to be read.

    Attributes:
        response: the library's answer.
        url: where it came from, after redirects.
        hops: the headers of the redirects on the way, first one first.
    """

    response: urllib3.BaseHTTPResponse
    url: str
    hops: tuple[Mapping[str, str], ...] = ()

    def close(self, *, drain: bool = True) -> None:
        """End the answer: its connection is kept for the next request where little is left to read, else closed.

        Args:
            drain: read what is left, where it is little; a server that drips it is waited for.
        """
        left = self.response.length_remaining
        if drain and left is not None and left <= _REST:
            self.response.drain_conn()
        if not self.response.closed:
            self.response.close()
        self.response.release_conn()


@dataclass(slots=True)
class Web:
    """The network, as seen by one operation: connections are kept, tokens go only where they belong.

    Attributes:
        patience: how long to wait.
        tokens: headers that carry a secret, by the origin they may go to.
        cancelled: set to end everything that waits.
        watcher: notified of what is waited for.
    """

    patience: Patience
    tokens: Mapping[str, Mapping[str, str]] = field(default_factory=dict[str, Mapping[str, str]])
    cancelled: threading.Event = field(default_factory=threading.Event)
    watcher: Watcher = field(default_factory=lambda: Notices(quiet=True))
    _zones: dict[str, int] = field(default_factory=dict[str, int])
    _pools: dict[str, urllib3.PoolManager] = field(default_factory=dict[str, urllib3.PoolManager])
    _open: WeakSet[urllib3.BaseHTTPResponse] = field(default_factory=WeakSet[urllib3.BaseHTTPResponse])
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __enter__(self) -> Web:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def open(
        self,
        url: str,
        headers: Mapping[str, str],
        *,
        method: str = "GET",
        body: bytes | None = None,
        named_by: str = "",
        most: int = _WIRE,
    ) -> Answer:
        """Return the answer to a request, after at most 8 redirects; any status but a redirect's is an answer.

        Args:
            url: the address.
            headers: to be sent.
            method: of HTTP.
            body: to be sent.
            named_by: the address of the server that named ``url``; empty where a person or torso itself did. What a
                server names may not be more private than that server is, and is judged by the address connected to.
            most: bytes of an answer on the wire.

        Raises:
            Failure: no answer came, or a redirect leads where none may.
        """
        start, hops, seen = named_by or url, list[Mapping[str, str]](), set[str]()
        limit = self._zone_of(named_by) if named_by else None
        while True:
            if limit is not None and zone_of_host(urlsplit(url).hostname or "") > limit:
                raise refused_redirect(start, url, _INWARDS)
            scope = RequestScope(self.patience, most, limit)
            response = self._send(method, url, headers, body, scope, start)
            if limit is None:
                limit = self._remember(url, scope)
            target = response.headers.get("location")
            if response.status not in _REDIRECTS or target is None:
                return Answer(response, url, tuple(hops))
            Answer(response, url).close()
            hops.append(response.headers)
            seen.add(url)
            there = next_hop(start, url, target, limit)
            if origin_of(there) != origin_of(url):  # credentials of one server are not sent to another
                headers = {name: text for name, text in headers.items() if name in _HARMLESS}
            url = there
            if url in seen or len(hops) > _HOPS:
                raise refused_redirect(start, url, "it leads in a circle")

    def _remember(self, url: str, scope: RequestScope) -> int:
        """Return the zone of a host that a person named: how private what it names may be."""
        zone = zone_of_host(urlsplit(url).hostname or "") if scope.zone is None else scope.zone
        with self._lock:
            self._zones[origin_of(url)] = zone
        return zone

    def _zone_of(self, url: str) -> int:
        with self._lock:
            zone = self._zones.get(origin_of(url))
        return zone_of_host(urlsplit(url).hostname or "") if zone is None else zone

    def json(
        self, url: str, headers: Mapping[str, str], *, method: str = "GET", body: bytes | None = None
    ) -> tuple[Answer, object]:
        """Return an answer and its body as JSON, of at most 64 MiB; None as the body of any status but 200.

        Raises:
            Failure: as `open`; or what came is not JSON, such as the login page of a network.
        """
        with waiting(self.watcher, "waiting for {host} to say what it has", {"host": host_of(url)}):
            answer = self.open(url, {"accept-encoding": "gzip", **headers}, method=method, body=body)
            try:
                data = self.body(answer, _JSON_LIMIT)
            finally:
                answer.close(drain=False)
        if answer.response.status != 200:
            return answer, None
        kind = answer.response.headers.get("content-type", "").split(";")[0].strip().lower()
        if "json" not in kind:
            raise Failure(
                ServerAnswerError(
                    "E_NOT_A_HUB",
                    "{host} is not a hub: it answered with {kind} where a hub answers with JSON.",
                    cure="A network may want a login: open any page in a browser. Else check the address of the hub.",
                    values=dict(host=host_of(answer.url), kind=kind[:80] or "?"),
                ),
                again=False,
            )
        try:
            return answer, decode_json(data.decode())
        except ValueError as error:
            raise bad_server(answer.url, f"no valid JSON, {str(error)[:120]}") from None

    def body(self, answer: Answer, limit: int) -> bytes:
        """Return the body of an answer, decompressed.

        Raises:
            Failure: it is cut short, or longer than ``limit`` bytes; it comes too slowly, or takes too long in all.
        """
        data = bytearray()
        end = time.monotonic() + self.patience.listing
        try:
            while chunk := answer.response.read1(1 << 16, decode_content=True):
                if time.monotonic() > end:
                    raise too_slow(answer.url, limit=self.patience.listing)
                data += chunk
                if len(data) > limit:
                    raise bad_server(answer.url, f"more than {limit} bytes of text")
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise from_exception(error, answer.url, self.patience.read) from None
        return bytes(data)

    def fail(self, answer: Answer) -> Failure:
        """Convert an answer with an error status to a failure."""
        response, longest = answer.response, self.patience.longest_wait
        return from_status(response.status, response.headers, answer.url, longest, proxy_for(answer.url))

    def abort(self) -> None:
        """End every transfer at once: those that wait for bytes stop waiting."""
        self.cancelled.set()
        with self._lock:
            responses = list(self._open)
        for response in responses:
            try:
                response.shutdown()
            except (ValueError, RuntimeError, OSError):
                continue  # it has ended by itself

    def close(self) -> None:
        """Close the connections that were kept."""
        with self._lock:
            for pool in self._pools.values():
                pool.clear()

    def _send(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, scope: RequestScope, start: str
    ) -> urllib3.BaseHTTPResponse:
        sent = {"user-agent": "torso", "accept-encoding": "identity", **headers, **self.tokens.get(origin_of(url), {})}
        if self.cancelled.is_set():
            raise bad_server(url, "cancelled")
        proxy = proxy_for(url)
        pool = self._pool(proxy)
        token = REQUEST_SCOPE.set(scope)
        try:
            response = self._ask(pool, method, url, sent, body)
        except PrivateAddressError:
            raise refused_redirect(start, url, _INWARDS) from None
        except urllib3.exceptions.LocationParseError:
            raise bad_server(url, "an address that is none") from None
        except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            is_connected = isinstance(error, urllib3.exceptions.ReadTimeoutError)
            seconds = self.patience.read if is_connected else self.patience.connect
            raise from_exception(error, url, seconds, proxy) from None
        finally:
            REQUEST_SCOPE.reset(token)
        with self._lock:
            self._open.add(response)
        return response

    def _ask(
        self, pool: urllib3.PoolManager, method: str, url: str, headers: Mapping[str, str], body: bytes | None
    ) -> urllib3.BaseHTTPResponse:
        """One request; asked again at once where a kept connection turns out to have been closed meanwhile."""
        for last in (False, True):
            try:
                return pool.request(
                    method,
                    url,
                    headers=headers,
                    body=body,
                    preload_content=False,
                    decode_content=False,
                    redirect=False,
                    retries=False,
                    timeout=urllib3.Timeout(connect=self.patience.connect, read=self.patience.read),
                )
            except urllib3.exceptions.ProtocolError:
                if last or self.cancelled.is_set():
                    raise
        raise AssertionError("the last attempt answers or raises")

    def _pool(self, proxy: str) -> urllib3.PoolManager:
        """Return the connections through a proxy, or direct ones where it is empty."""
        with self._lock:
            if proxy not in self._pools:
                self._pools[proxy] = new_pool(proxy)
            return self._pools[proxy]
