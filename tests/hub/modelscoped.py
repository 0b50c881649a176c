"""A server that speaks ModelScope's model endpoints, traps included, over the same repositories as the Hub of the rig.

Listings stop at 3,000 entries without saying so, git files ignore ``Range``, LFS files are redirected to another
origin, the default branch is ``master``, and a token is a cookie.
"""

from __future__ import annotations

import hashlib

from .httpd import Answer, Exchange, Server, json_answer
from .hubd import signature
from .repository import Repository, Shelf


class ModelScope(Server):
    """ModelScope over a `Shelf`; large files come from ``cdn``.

    Attributes:
        listing_limit: entries that a listing gives at most, the rest dropped in silence.
        tokens: values of the ``m_session_id`` cookie that open private models.
        private: names of private models.
        spurious_403: listings still to be refused for no reason, as the real one does now and then.
    """

    def __init__(self, shelf: Shelf, cdn: str) -> None:
        super().__init__()
        self.shelf = shelf
        self.cdn = cdn
        self.listing_limit = 3000
        self.tokens: set[str] = set()
        self.private: set[str] = set()
        self.spurious_403 = 0

    def answer(self, exchange: Exchange) -> Answer:
        """Routes a request."""
        parts = exchange.path.strip("/").split("/")
        if parts[:3] == ["openapi", "v1", "models"] and len(parts) >= 5:
            parts = ["api", "v1", "models", *parts[3:]]
        if parts[:3] != ["api", "v1", "models"] or len(parts) < 5:
            return self.refuse(404, 10010404001, "Not Found")
        name, rest = "/".join(parts[3:5]), parts[5:]
        repository = self.shelf.repositories.get(name)
        if repository is None or (name in self.private and self._token(exchange) not in self.tokens):
            return self.refuse(404, 10010205001, f"获取模型信息失败，信息不存在: {name}")
        if rest in (["repo", "files"], ["repo"]):
            return self._content(exchange, repository, listing=len(rest) == 2)
        if rest == ["revisions"]:
            return self.give(
                {"RevisionMap": {"Branches": _refs(repository, "heads"), "Tags": _refs(repository, "tags")}}
            )
        if not rest:
            path, owner = name.split("/")
            return self.give({"Name": owner, "Path": path, "Revision": "master", "Visibility": 5})
        return self.refuse(404, 10010404001, "Not Found")

    def give(self, data: object) -> Answer:
        """Data in ModelScope's envelope."""
        return json_answer({"Code": 200, "Data": data, "Message": "success", "RequestId": "rig", "Success": True})

    def refuse(self, status: int, code: int, message: str) -> Answer:
        """An error in ModelScope's envelope."""
        body = {"Code": code, "Data": None, "Message": message, "RequestId": "rig", "Success": False}
        return json_answer(body, status=status)

    def _token(self, exchange: Exchange) -> str:
        for part in exchange.headers.get("cookie", "").split(";"):
            name, _, value = part.strip().partition("=")
            if name == "m_session_id":
                return value
        return ""

    def _content(self, exchange: Exchange, repository: Repository, *, listing: bool) -> Answer:
        revision = exchange.query.get("Revision", "master")
        commit = repository.resolve(revision)
        if commit is None:
            return self.refuse(404, 10010205002, f"revision {revision} not found")
        entries = repository.entries(commit)
        if listing:
            if self.spurious_403:
                self.spurious_403 -= 1
                return self.refuse(403, 10010403001, "Forbidden")
            recursive = exchange.query.get("Recursive", "").lower() == "true"
            rows = _rows(repository, commit, exchange.query.get("Root", "").strip("/"), recursive=recursive)
            return self.give({"Files": rows[: self.listing_limit]})
        entry = entries.get(exchange.query.get("FilePath", ""))
        if entry is None:
            return self.refuse(404, 10010205003, "file not found")
        if entry.sha256 is None:
            return Answer(200, [("Content-Type", "application/octet-stream")], repository.read(entry))
        target = f"{self.cdn}/repos/aa/bb/{entry.sha256}?X-Amz-Signature={signature(entry.sha256)}"
        return Answer(302, [("X-Linked-ETag", entry.sha256), ("Location", target)])


def _refs(repository: Repository, kind: str) -> list[dict[str, object]]:
    return [{"Revision": name, "CreatedAt": 1700000000} for name in repository.refs(kind)]


def _rows(repository: Repository, commit: str, folder: str, *, recursive: bool) -> list[dict[str, object]]:
    prefix = f"{folder}/" if folder else ""
    rows: dict[str, dict[str, object]] = {}
    for path, entry in repository.entries(commit).items():
        if not path.startswith(prefix):
            continue
        names = path.removeprefix(prefix).split("/")
        for depth in range(1, len(names) if recursive else min(len(names), 2)):
            parent = prefix + "/".join(names[:depth])
            rows.setdefault(parent, _row(parent, "tree", 0, "", commit))
        if recursive or len(names) == 1:
            sha256 = entry.sha256 or hashlib.sha256(repository.read(entry)).hexdigest()
            rows[path] = _row(path, "blob", entry.size, sha256, commit) | {"IsLFS": entry.sha256 is not None}
    return list(rows.values())


def _row(path: str, kind: str, size: int, sha256: str, commit: str) -> dict[str, object]:
    return {
        "CommittedDate": 1700000000,
        "Mode": "33188" if kind == "blob" else "16384",
        "Name": path.rsplit("/", 1)[-1],
        "Path": path,
        "Revision": commit,
        "Sha256": sha256,
        "Size": size,
        "Type": kind,
    }
