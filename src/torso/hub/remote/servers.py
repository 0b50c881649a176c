"""Which servers are asked for a model, in which order, and what it means when one of them fails."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import partial
from typing import TypeVar
from urllib.parse import urlsplit

from torso.errors import InputError
from torso.hub.remote import huggingface, modelscope
from torso.hub.remote.listing import Listing
from torso.hub.remote_file import RemoteFile
from torso.hub.settings import HUB, MIRROR, Settings, split_list
from torso.hub.source import Source, is_loopback, modelscope_endpoint
from torso.hub.transfer.download import no_source
from torso.hub.transfer.failure import Failure
from torso.hub.transfer.file_url import FileUrl
from torso.hub.transfer.http import Web
from torso.hub.transfer.progress import Watcher

Given = TypeVar("Given")

_FINAL = ("E_GATED", "E_REVISION", "E_DISABLED", "E_BAD_TOKEN", "E_UNSAFE_PATH", "E_LIMIT")
_UNREACHABLE = ("E_CONNECT", "E_DNS", "E_TIMEOUT")
_NAMES = ("auto", "hf", "hf-mirror", "modelscope")
_VARIABLES = ("HF_ENDPOINT", "TORSO_ENDPOINTS", "TORSO_SOURCE", "MODELSCOPE_ENDPOINT")
_HOST = re.compile(r"https?://([\w-]+\.)+[\w-]+(:\d+)?(/.*)?|https?://localhost(:\d+)?")


@dataclass(frozen=True, slots=True)
class Server:
    """A server to ask: its address, and whose protocol it speaks."""

    endpoint: str
    is_modelscope: bool

    def list_files(self, web: Web, name: str, revision: str | None) -> Listing:
        """See `torso.hub.remote.huggingface.list_files`."""
        module = modelscope if self.is_modelscope else huggingface
        return module.list_files(web, self.endpoint, name, revision)


def servers(source: Source, settings: Settings) -> list[Server]:
    """Return the servers to ask for a source, best first.

    Raises:
        InputError: E_SOURCE, the settings or the call name an unknown source.
    """
    if source.kind == "modelscope":
        return [Server(source.endpoint or _modelscope(settings), True)]
    if source.endpoint:
        return [Server(source.endpoint, False)]
    chosen = settings.source
    if chosen == "auto":
        return [_server(entry) for entry in settings.endpoints]
    if chosen == "hf":
        named = os.environ.get("HF_ENDPOINT", "").strip().rstrip("/")
        return [_server(named) if named else Server(HUB, False)]
    return [Server(MIRROR, False) if chosen == "hf-mirror" else _server(chosen)]


def find_listing(
    source: Source, settings: Settings, web: Web, watcher: Watcher
) -> tuple[Listing, Callable[[RemoteFile], tuple[FileUrl, ...]]]:
    """Return the listing of the first server that gives one, and for each file the places to have it from, best first.

    A server that cannot be reached, or a mirror that lacks the model, is passed over. What a hub says for certain
    (gated, no such revision, refused token) is final. ModelScope is asked for an id of the Hub only where no server of
    the Hub's kind could say whether it has it, since the same id may be another model there.

    Raises:
        TorsoError: the reasons of all servers.
    """
    asked = servers(source, settings)
    failures: list[tuple[str, Failure]] = []
    for server in asked:
        if server.is_modelscope and source.kind == "hub" and (_denied(failures) or "/" not in source.name):
            continue
        attempt = partial(server.list_files, web, source.name, source.revision)
        try:
            listing = with_retries(attempt, web, watcher, alone=len(asked) == 1, last=server is asked[-1])
        except Failure as failure:
            failures.append((server.endpoint, failure))
            if failure.error.code in _FINAL:
                break
            if server is not asked[-1]:
                watcher.note("{why} Asking the next source.", {"why": failure.error.what})
            continue
        others = [] if listing.private else [other for other in asked if other is not server]
        return listing, partial(_places, listing, others, source)
    last = failures[-1][1].error
    raise last if last.code in _FINAL else no_source(source.name, failures)


def with_retries(
    attempt: Callable[[], Given], web: Web, watcher: Watcher, *, alone: bool = True, last: bool = True
) -> Given:
    """Call ``attempt``, again while its failures may be transient, and return its result.

    Args:
        attempt: asks a server.
        web: the network.
        watcher: notified of each wait.
        alone: whether there is no other server to ask.
        last: whether no other is left; before that, one that cannot be reached is not waited for a second time.

    Raises:
        Failure: the last one.
    """
    retries = web.patience.retries if alone else 1
    for number in range(retries + 1):
        try:
            return attempt()
        except Failure as failure:
            unreachable = failure.error.code in _UNREACHABLE and not last
            # A list that drips begins from its start again, and drips again.
            hopeless = unreachable or failure.slow
            if not failure.again or number == retries or hopeless or web.cancelled.is_set():
                raise
            wait = min(10.0, web.patience.backoff * 2**number) if failure.wait is None else failure.wait
            watcher.note("{why} Trying again in {wait} s.", {"why": failure.error.what, "wait": f"{wait:.1f}"})
            web.cancelled.wait(wait)
    raise AssertionError("the last attempt gives or raises")


def _places(listing: Listing, others: Sequence[Server], source: Source, file: RemoteFile) -> tuple[FileUrl, ...]:
    """Return every server that may have a file: whose listing it is, then the rest, whose bytes the hash judges."""
    found = [listing.place(file)]
    for other in others:
        if other.is_modelscope:
            if file.is_large and "/" in source.name:
                found.append(modelscope.place(other.endpoint, source.name, source.revision or modelscope.DEFAULT, file))
        elif not listing.origin.startswith("modelscope:"):
            found.append(huggingface.place(other.endpoint, source.name, listing.commit, file))
    return tuple(found)


def require_source(text: str) -> str:
    """``text`` itself, where it names a source: auto, hf, hf-mirror, modelscope, or an address.

    Raises:
        InputError: E_SOURCE.
    """
    if text != "auto":
        _server(text)
    return text


def _denied(failures: Sequence[tuple[str, Failure]]) -> bool:
    """Return whether a server of the Hub's kind has said for certain that the model is not there."""
    return any(failure.error.code in ("E_REPO_NOT_FOUND", "E_FORBIDDEN") for _, failure in failures)


def _modelscope(settings: Settings) -> str:
    named = [_server(entry) for entry in (settings.source, *settings.endpoints) if entry.startswith("modelscope")]
    return named[0].endpoint if named else modelscope_endpoint()


def _server(entry: str) -> Server:
    if entry in ("hf", "hf-mirror"):
        return Server(HUB if entry == "hf" else MIRROR, False)
    is_modelscope = entry == "modelscope" or entry.startswith("modelscope:")
    address = entry.removeprefix("modelscope").removeprefix(":") if is_modelscope else entry
    if is_modelscope and not address:
        address = modelscope_endpoint()
    if not _is_address(address):
        raise _no_source(address)
    return Server(address.rstrip("/"), is_modelscope)


def _is_address(text: str) -> bool:
    """Return whether a text is the address of a server: http or https, a host, no user, no query."""
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        return False
    whole = parts.scheme in ("https", "http") and parts.hostname and parts.username is None and not parts.query
    return bool(whole) and not re.search(r"[\s\"'<>\\]", text)


def _no_source(entry: str) -> InputError:
    """Return the error for what names no server: which variable holds it, and what was probably meant."""
    named = next((name for name in _VARIABLES if entry in split_list(os.environ.get(name, ""))), "")
    plain = entry.strip().strip("\"'“”‘’` ")
    close = get_close_matches(plain, _NAMES, n=1)
    scheme = "http" if is_loopback(plain.partition(":")[0]) else "https"
    host = plain if "://" in plain else f"{scheme}://{plain}"
    meant = host if _is_address(host) and _HOST.fullmatch(host) else "".join(close)
    values = dict(
        entry=repr(entry[:200]), variable=named, meant=meant, names=", ".join(_NAMES), plain=repr(plain[:200])
    )
    if named:
        quoted = plain != entry and _is_address(plain)
        return InputError(
            "E_SOURCE",
            "{variable} is {entry}, with quotes that belong to its value; so it is not a source."
            if quoted
            else "{variable} is {entry}, which is not a source.",
            cure="Set {variable}={meant}"
            if meant
            else "The sources are: {names}, or the address of a server: https://host.",
            values=values,
        )
    return InputError(
        "E_SOURCE",
        "{entry} is not a source.",
        cure="The sources are: {names}, or the address of a server: https://host. Nearest: {meant}."
        if meant
        else "The sources are: {names}, or the address of a server: https://host.",
        values=values,
    )
