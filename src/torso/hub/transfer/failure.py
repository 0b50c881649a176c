"""Why a request failed, in one line with its cure, and whether trying the same server again can help."""

from __future__ import annotations

import re
import ssl
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import urllib3.exceptions as library

from torso.errors import NetworkError, ServerAnswerError, TorsoError
from torso.hub.transfer.pace import SlowTransferError, TooLargeError
from torso.language import say

_TLS_CAUSES = {
    9: "its certificate is not valid yet: is this machine's clock right?",
    10: "its certificate has expired",
    18: "its certificate is self-signed",
    19: "its certificate comes from an authority this machine does not know",
    20: "its certificate comes from an authority this machine does not know",
    62: "its certificate is for another name",
    64: "its certificate is for another address",
}
_TUNNEL_REFUSED = re.compile(r"Tunnel connection failed: 407\b")  # http.client has the status in its words alone
_OTHER_SOURCE = "Check the network, or choose another source: --source hf-mirror or --source modelscope"


class Failure(Exception):  # noqa: N818 (not an error yet, as its first line says)
    """One request that failed: not an error yet, since another attempt or another server may do.

    Attributes:
        error: what to raise if nothing else helps.
        again: whether the same server may succeed later.
        wait: seconds that the server asked to wait; None where it did not.
        slow: the server gives bytes, but too few to be worth waiting for.
    """

    def __init__(self, error: TorsoError, *, again: bool, wait: float | None = None, slow: bool = False) -> None:
        super().__init__(error)
        self.error = error
        self.again = again
        self.wait = wait
        self.slow = slow


def host_of(url: str) -> str:
    """Return the host of an address, with its port where it names one: how messages call a server."""
    return urlsplit(url).netloc.rpartition("@")[2] or url.rpartition("@")[2]


def from_exception(error: Exception, url: str, seconds: float, proxy: str = "") -> Failure:
    """Convert an exception of the HTTP library, for a request of ``url`` that waited ``seconds``."""
    host = host_of(url)
    if isinstance(error, SlowTransferError):
        return too_slow(url, rate=error.rate)
    if isinstance(error, TooLargeError):
        return bad_server(url, "more bytes than what was asked for can have")
    if isinstance(error, library.ProxyError):
        return _proxy(error, host, proxy)
    if isinstance(error, library.DecodeError):
        return bad_server(url, "content that is not in the encoding it names")
    tls = _tls_cause(error)
    if tls:
        return Failure(
            NetworkError(
                "E_TLS",
                "{host} cannot be trusted: {cause}.",
                cure="Behind a company's proxy, name its certificates: SSL_CERT_FILE=/path/to/bundle.pem",
                values=dict(host=host, cause=tls),
            ),
            again=False,
        )
    if isinstance(error, library.NameResolutionError):
        code, what = "E_DNS", "The name {host} has no address: it is misspelt, or there is no network."
    elif isinstance(error, (library.ConnectTimeoutError, library.ReadTimeoutError, TimeoutError)) and not isinstance(
        error, library.NewConnectionError
    ):
        code, what = "E_TIMEOUT", "{host} did not answer in {seconds} s."
    elif isinstance(error, library.NewConnectionError):
        code, what = "E_CONNECT", "{host} cannot be reached: {reason}."
    else:
        code, what = "E_CONNECTION_LOST", "The connection to {host} was lost: {reason}."
    values = dict(host=host, seconds=f"{seconds:g}", reason=_short(error))
    return Failure(NetworkError(code, what, cure=_OTHER_SOURCE, values=values), again=True)


def too_slow(url: str, *, rate: float = 0, limit: float = 0) -> Failure:
    """Return the failure of a transfer slower than ``rate`` bytes a second, or longer than ``limit`` seconds."""
    return Failure(
        NetworkError(
            "E_TOO_SLOW",
            "{server} sent less than {rate} bytes a second." if rate else "{server} did not end within {limit} s.",
            cure="What has arrived is kept. Run the same command later, or choose a source: --source hf-mirror",
            values=dict(server=host_of(url), rate=f"{rate:g}", limit=f"{limit:g}"),
        ),
        again=True,
        slow=True,
    )


def from_status(status: int, headers: Mapping[str, str], url: str, longest_wait: float, proxy: str = "") -> Failure:
    """Return the failure that an answer with an error status means, where no hub says more about it."""
    values = dict(host=host_of(url), status=status, path=urlsplit(url).path[:200])
    wait = retry_after(headers.get("retry-after", ""))
    if status == 407:
        return _proxy(None, host_of(url), proxy)
    if status == 429 or (wait is not None and wait > longest_wait):
        return Failure(
            NetworkError(
                "E_RATE_LIMIT",
                "{host} refuses more requests for now ({status}); it asks to wait {wait}.",
                cure="Wait, log in (HF_TOKEN), or choose another source: --source hf-mirror or --source modelscope",
                values=values | {"wait": f"{wait:g} s" if wait is not None else "?"},
            ),
            again=wait is None or wait <= longest_wait,
            wait=wait,
        )
    if status >= 500 or status in (408, 425):
        return Failure(
            NetworkError("E_SERVER", "{host} has a fault of its own ({status}).", cure=_OTHER_SOURCE, values=values),
            again=True,
            wait=wait,
        )
    return Failure(
        ServerAnswerError("E_HTTP_STATUS", "{host} answered {status} to {path}.", cure=_OTHER_SOURCE, values=values),
        again=False,
    )


def bad_server(url: str, reason: str) -> Failure:
    """Return the failure of an answer that no hub would give; ``reason`` is English and technical, shown as it is."""
    return Failure(
        ServerAnswerError(
            "E_BAD_SERVER",
            "{host} gave an answer that cannot be used: {reason}.",
            cure="Choose another source: --source hf-mirror, --source modelscope, or the address of a mirror",
            values=dict(host=host_of(url), reason=reason),
        ),
        again=False,
    )


def retry_after(text: str) -> float | None:
    """Return the seconds of a ``Retry-After`` header, a number or a date; None where it is neither."""
    text = text.strip()
    if re.fullmatch(r"\d{1,9}", text):
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _proxy(error: Exception | None, host: str, proxy: str) -> Failure:
    refused = error is None or _TUNNEL_REFUSED.match(_short(error)) is not None
    named = urlsplit(proxy if "://" in proxy else f"//{proxy}").username is not None
    if refused and named:
        return Failure(
            NetworkError(
                "E_PROXY",
                "The proxy {proxy} refused the name and the password that were given (407).",
                where="Asked for {host}.",
                cure="Correct them in HTTPS_PROXY or HTTP_PROXY: http://name:password@proxy:port, with %40 for @.",
                values=dict(host=host, proxy=host_of(proxy)),
            ),
            again=False,
        )
    return Failure(
        NetworkError(
            "E_PROXY",
            "The proxy wants a name and a password (407)."
            if refused
            else "The proxy {proxy} cannot be used: {reason}.",
            where="Asked for {host}.",
            cure="Set HTTPS_PROXY=http://name:password@proxy:port, or NO_PROXY for hosts reached directly.",
            values=dict(host=host, proxy=host_of(proxy), reason="" if error is None else _short(error)),
        ),
        again=not refused,
    )


def _tls_cause(error: BaseException | None) -> str:
    """Describe what is wrong with a certificate or a handshake; empty for errors that are not TLS's."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        if isinstance(error, ssl.SSLCertVerificationError):
            cause = _TLS_CAUSES.get(error.verify_code)
            return say(cause) if cause else error.verify_message or str(error.verify_code)
        if isinstance(error, (ssl.SSLEOFError, ssl.SSLZeroReturnError)):
            return ""  # cut, not refused
        if isinstance(error, ssl.SSLError):
            return say("the handshake failed ({reason})", {"reason": error.reason or "?"})
        inner = error.args[-1] if error.args else None
        error = error.__cause__ or error.__context__ or (inner if isinstance(inner, BaseException) else None)
    return ""


def _short(error: BaseException) -> str:
    """Return the innermost reason of an error, without the library's names and addresses."""
    cause: BaseException = error
    seen: set[int] = set()
    while id(cause) not in seen:
        seen.add(id(cause))
        inner = cause.__cause__ or cause.__context__ or (cause.args[-1] if cause.args else None)
        if not isinstance(inner, BaseException):
            break
        cause = inner
    if isinstance(cause, OSError) and cause.strerror:
        return cause.strerror
    if type(cause).__name__ == "IncompleteRead":
        return "it ended early"
    return re.sub(r"\s+", " ", str(cause))[:160] or type(cause).__name__
