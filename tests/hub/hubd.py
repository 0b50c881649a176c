"""A server that speaks the Hugging Face Hub's protocol over real git repositories, and the CDN it redirects to.

The shapes are those of huggingface.co as the official client (1.33 and 2.4) reads them: listings with pages, etags that
are git's sha1 or LFS's sha256, error codes in headers, a redirect to another origin for large files and a redirect on
the same origin for small ones, Xet's headers (which a plain client passes over), and rate-limit headers.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, quote, unquote

from .httpd import Answer, Exchange, Server, json_answer, ranged
from .repository import Entry, Repository, Shelf

_SECRET = b"the CDN and the Hub of the rig share this"
_RATE = {"RateLimit": '"api";r=499;t=300', "RateLimit-Policy": '"fixed window";"api";q=500;w=300'}


@dataclass
class Access:
    """Who may read a repository; ``readers`` are tokens."""

    private: bool = False
    gated: bool = False
    disabled: bool = False
    readers: set[str] = field(default_factory=set[str])


class Cdn(Server):
    """The second origin: signed addresses of LFS objects, with ranges; an Authorization header is an error, as at S3.

    It has a host name of its own, because official clients tell origins apart by name and not by port.
    """

    host = "localhost"

    def __init__(self, shelf: Shelf) -> None:
        super().__init__()
        self.shelf = shelf

    def answer(self, exchange: Exchange) -> Answer:
        """An object or a part of it."""
        if "authorization" in exchange.headers:
            return Answer(400, [("Content-Type", "application/xml")], b"<Code>InvalidArgument</Code>")
        sha256 = exchange.path.rsplit("/", 1)[-1]
        if exchange.query.get("X-Amz-Signature") != signature(sha256):
            return Answer(403, [("Content-Type", "application/xml")], b"<Code>SignatureDoesNotMatch</Code>")
        path = self.shelf.object_path(sha256)
        if path is None:
            return Answer(404, [("Content-Type", "application/xml")], b"<Code>NoSuchKey</Code>")
        return ranged(exchange, path, [("ETag", storage_etag(path))])


def signature(sha256: str) -> str:
    """What proves that the Hub gave an address of the CDN."""
    return hmac.new(_SECRET, sha256.encode(), hashlib.sha256).hexdigest()


def storage_etag(path: Path) -> str:
    """The etag of an object store, which is not the object's sha256."""
    return f'"{hashlib.md5(path.name.encode(), usedforsecurity=False).hexdigest()}-1"'


class Hub(Server):
    """The Hub over a `Shelf`; ``cdn`` is the origin that large files are fetched from.

    Attributes:
        access: restrictions by repository name.
        tokens: tokens that exist; any other is refused even for public models.
        page_size: files of a listing's page.
        link_origin: origin written into ``Link: rel="next"``; the Hub itself always writes its own, mirrors included.
        plain: a bare mirror: no error codes in headers, no redirect, no ``X-Linked-*``.
    """

    def __init__(self, shelf: Shelf, cdn: str) -> None:
        super().__init__()
        self.shelf = shelf
        self.cdn = cdn
        self.access: dict[str, Access] = {}
        self.tokens: set[str] = set()
        self.page_size = 1000
        self.link_origin: str | None = None
        self.public_url: str | None = None
        self.plain = False

    def answer(self, exchange: Exchange) -> Answer:
        """Routes a request."""
        parts = exchange.target.split("?", 1)[0].strip("/").split("/")
        token = exchange.headers.get("authorization", "").removeprefix("Bearer ")
        if token and token not in self.tokens:
            return self.refuse(401, "", "Invalid credentials in Authorization header")
        if parts == ["api", "whoami-v2"]:
            return json_answer({"name": "rig"}) if token else self.refuse(401, "", "Invalid username or password.")
        resolves = [at for at, part in enumerate(parts) if part == "resolve" and at in (1, 2)]
        if parts[:2] == ["api", "models"]:
            return self._api(exchange, parts[2:], token)
        if parts[:2] == ["api", "resolve-cache"]:
            name, rest = self._split(parts[3:])
            return self._within(name, token, lambda repository: self._cached(exchange, repository, rest))
        if resolves:
            name, rest = "/".join(parts[: resolves[0]]), parts[resolves[0] + 1 :]
            return self._within(name, token, lambda repository: self._resolve(exchange, name, repository, rest, token))
        return Answer(404, [("Content-Type", "text/html")], b"<!DOCTYPE html><title>404</title>")

    def refuse(self, status: int, code: str, message: str) -> Answer:
        """An error as the Hub says it: in headers and in JSON."""
        headers = {"X-Error-Message": message} | ({"X-Error-Code": code} if code else {})
        if self.plain:
            return Answer(status, [("Content-Type", "text/plain")], b"Not Found" if status == 404 else b"")
        return json_answer({"error": message}, status=status, headers=headers)

    def _split(self, parts: list[str]) -> tuple[str, list[str]]:
        length = 1 if parts[0] in self.shelf.repositories else 2
        return "/".join(parts[:length]), parts[length:]

    def _within(self, name: str, token: str, act: Callable[[Repository], Answer]) -> Answer:
        repository, access = self.shelf.repositories.get(name), self.access.get(name, Access())
        if repository is None or (access.private and token not in access.readers):
            if token or self.plain:
                return self.refuse(404, "RepoNotFound", "Repository not found")
            return self.refuse(401, "RepoNotFound", "Invalid username or password.")
        if access.disabled:
            return self.refuse(403, "", "Access to this resource is disabled.")
        return act(repository)

    def _api(self, exchange: Exchange, parts: list[str], token: str) -> Answer:
        name, rest = self._split(parts or [""])
        return self._within(name, token, lambda repository: self._about(exchange, name, repository, rest))

    def _about(self, exchange: Exchange, name: str, repository: Repository, rest: list[str]) -> Answer:
        verb, arguments = (rest[0], rest[1:]) if rest else ("revision", ["main"])
        if verb == "refs":
            return json_answer(
                {"branches": _refs(repository, "heads"), "tags": _refs(repository, "tags"), "converts": []}
            )
        commit = repository.resolve(unquote(arguments[0])) if arguments else None
        if commit is None:
            revision = unquote(arguments[0]) if arguments else ""
            return self.refuse(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        entries = repository.entries(commit)
        if verb == "tree":
            return self._tree(exchange, entries, "/".join(map(unquote, arguments[1:])))
        if verb == "paths-info":
            asked = parse_qs(exchange.body.decode()).get("paths", [])
            return json_answer([_listed(entries[path]) for path in asked if path in entries], headers=_RATE)
        access = self.access.get(name, Access())
        about = {"_id": "rig", "id": name, "modelId": name, "sha": commit, "private": access.private}
        about |= {"gated": "manual" if access.gated else False, "disabled": access.disabled, "tags": [], "downloads": 0}
        about |= {"siblings": [{"rfilename": path} for path in entries]}
        return json_answer(about, headers=_RATE)

    def _tree(self, exchange: Exchange, entries: Mapping[str, Entry], folder: str) -> Answer:
        rows = _rows(entries, folder, recursive=exchange.query.get("recursive", "").lower() in ("true", "1"))
        if folder and not rows:
            return self.refuse(404, "EntryNotFound", f"{folder} does not exist")
        start = int(exchange.query.get("cursor", "0"))
        headers = dict(_RATE)
        if start + self.page_size < len(rows):
            path = exchange.target.split("?", 1)[0]
            others = "&".join(f"{name}={quote(value)}" for name, value in exchange.query.items() if name != "cursor")
            origin = self.link_origin or self.public_url or self.url
            headers["Link"] = f'<{origin}{path}?{others}&cursor={start + self.page_size}>; rel="next"'
        return json_answer(rows[start : start + self.page_size], headers=headers)

    def _resolve(self, exchange: Exchange, name: str, repository: Repository, rest: list[str], token: str) -> Answer:
        access = self.access.get(name, Access())
        if access.gated and token not in access.readers:
            words = f"Access to model {name} is restricted"
            return self.refuse(403 if token else 401, "GatedRepo", words)
        commit = repository.resolve(unquote(rest[0]))
        if commit is None:
            return self.refuse(404, "RevisionNotFound", f"Invalid rev id: {unquote(rest[0])}")
        entry = repository.entries(commit).get("/".join(map(unquote, rest[1:])))
        if entry is None:
            return self.refuse(404, "EntryNotFound", "Entry not found")
        if self.plain:
            content = repository.object_path(entry.sha256) if entry.sha256 else repository.read(entry)
            return ranged(exchange, content, [("ETag", f'"{entry.etag}"'), ("X-Repo-Commit", commit)])
        headers = [("X-Repo-Commit", commit), ("Accept-Ranges", "bytes"), ("Vary", "Origin, Accept")]
        headers += [("X-Linked-Etag", f'"{entry.etag}"'), ("X-Linked-Size", str(entry.size))]
        if entry.sha256 is None:
            target = f"/api/resolve-cache/models/{name}/{commit}/{quote(entry.path)}"
            return Answer(307, [*headers, ("ETag", f'"{entry.oid}"'), ("Location", target)])
        refresh = f"{self.public_url or self.url}/api/models/{name}/xet-read-token/{commit}"
        headers += [("X-Xet-Hash", entry.sha256), ("Link", f'<{refresh}>; rel="xet-auth"')]
        target = f"{self.cdn}/repos/aa/bb/{entry.sha256}?X-Amz-Expires=3600&X-Amz-Signature={signature(entry.sha256)}"
        return Answer(302, [*headers, ("Location", target)], b"Found. Redirecting")

    def _cached(self, exchange: Exchange, repository: Repository, rest: list[str]) -> Answer:
        entry = repository.entries(rest[0]).get("/".join(map(unquote, rest[1:])))
        if entry is None:
            return self.refuse(404, "EntryNotFound", "Entry not found")
        headers = [("ETag", f'"{entry.oid}"'), ("X-Repo-Commit", rest[0])]
        return ranged(exchange, repository.read(entry), headers)


def _refs(repository: Repository, kind: str) -> list[dict[str, str]]:
    return [
        {"name": name, "ref": f"refs/{kind}/{name}", "targetCommit": commit}
        for name, commit in repository.refs(kind).items()
    ]


def _rows(entries: Mapping[str, Entry], folder: str, *, recursive: bool) -> list[dict[str, object]]:
    """The listing of a folder: folders first where they begin, files as the Hub shows them."""
    prefix = f"{folder}/" if folder else ""
    rows: dict[str, dict[str, object]] = {}
    for path, entry in entries.items():
        if not path.startswith(prefix):
            continue
        names = path.removeprefix(prefix).split("/")
        for depth in range(1, len(names) if recursive else min(len(names), 2)):
            parent = prefix + "/".join(names[:depth])
            oid = hashlib.sha1(parent.encode(), usedforsecurity=False).hexdigest()
            rows.setdefault(parent, {"type": "directory", "oid": oid, "size": 0, "path": parent})
        if recursive or len(names) == 1:
            rows[path] = _listed(entry)
    return list(rows.values())


def _listed(entry: Entry) -> dict[str, object]:
    row: dict[str, object] = {"type": "file", "oid": entry.oid, "size": entry.size, "path": entry.path}
    if entry.sha256:
        row["lfs"] = {"oid": entry.sha256, "size": entry.size, "pointerSize": entry.blob_size}
        row["xetHash"] = entry.sha256
    return row
