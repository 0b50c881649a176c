"""Git over HTTP: git's own ``git-http-backend`` behind a bridge, and the LFS batch API beside it."""

from __future__ import annotations

import os
import subprocess
from typing import Any, cast

from .httpd import Answer, Exchange, Server, json_answer, ranged
from .repository import Shelf, git_environment

_LFS_JSON = {"Content-Type": "application/vnd.git-lfs+json"}


class Git(Server):
    """A git host over a `Shelf`, at ``/owner/name.git`` and ``/owner/name``.

    Attributes:
        storage: origin of the LFS objects' addresses; this server's own when None.
        lfs_status: an error status for every LFS batch, 0 for none.
        missing: LFS ids that the batch answers with an error of 404.
    """

    def __init__(self, shelf: Shelf) -> None:
        super().__init__()
        self.shelf = shelf
        self.storage: str | None = None
        self.lfs_status = 0
        self.missing: set[str] = set()

    def answer(self, exchange: Exchange) -> Answer:
        """Routes a request."""
        if exchange.path.endswith("/info/lfs/objects/batch"):
            return self._batch(exchange)
        if exchange.path.startswith("/lfs/"):
            path = self.shelf.object_path(exchange.path.rsplit("/", 1)[-1])
            if exchange.headers.get("x-rig-key") != "from the batch":
                return Answer(403)
            return ranged(exchange, path, []) if path else Answer(404)
        return self._backend(exchange)

    def _batch(self, exchange: Exchange) -> Answer:
        if self.lfs_status:
            return json_answer({"message": "unavailable"}, status=self.lfs_status, headers=_LFS_JSON)
        asked = exchange.json()
        wanted = cast("list[dict[str, Any]]", cast("dict[str, Any]", asked)["objects"])
        objects = [self._object(one["oid"], one["size"]) for one in wanted]
        answer = json_answer({"transfer": "basic", "objects": objects, "hash_algo": "sha256"})
        answer.headers = list(_LFS_JSON.items())
        return answer

    def _object(self, oid: str, size: int) -> dict[str, object]:
        path = None if oid in self.missing else self.shelf.object_path(oid)
        if path is None or path.stat().st_size != size:
            return {"oid": oid, "size": size, "error": {"code": 404, "message": "Object does not exist"}}
        href = f"{self.storage or self.url}/lfs/{oid}"
        action = {"href": href, "header": {"X-Rig-Key": "from the batch"}, "expires_in": 3600}
        return {"oid": oid, "size": size, "authenticated": True, "actions": {"download": action}}

    def _backend(self, exchange: Exchange) -> Answer:
        """Runs git-http-backend as CGI says."""
        path, _, query = exchange.target.partition("?")
        name, _, rest = path.removeprefix("/").partition("/info/")
        tail = f"/info/{rest}" if rest else ""
        if not tail:
            name, _, service = name.rpartition("/")
            tail = f"/{service}"
        name = name.removesuffix(".git")
        if name not in self.shelf.repositories:
            return Answer(404, [("Content-Type", "text/plain")], b"Repository not found")
        environment = git_environment() | {
            "GIT_PROJECT_ROOT": str(self.shelf.root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": f"/{name}.git{tail}",
            "QUERY_STRING": query,
            "REQUEST_METHOD": exchange.method,
            "CONTENT_TYPE": exchange.headers.get("content-type", ""),
            "CONTENT_LENGTH": str(len(exchange.body)),
            "HTTP_CONTENT_ENCODING": exchange.headers.get("content-encoding", ""),
            "GIT_PROTOCOL": exchange.headers.get("git-protocol", ""),
            "GIT_CONFIG_COUNT": "2",
            "GIT_CONFIG_KEY_0": "safe.directory",
            "GIT_CONFIG_VALUE_0": "*",
            "GIT_CONFIG_KEY_1": "uploadpack.allowFilter",
            "GIT_CONFIG_VALUE_1": "true",
            "REMOTE_ADDR": "127.0.0.1",
            "PATH": os.environ["PATH"],
        }
        command = ["git", "http-backend"]
        done = subprocess.run(command, input=exchange.body, capture_output=True, env=environment, check=False)
        head, _, body = done.stdout.partition(b"\r\n\r\n")
        pairs = [line.split(": ", 1) for line in head.decode().split("\r\n") if ": " in line]
        headers = [(name, value) for name, value in pairs if name != "Status"]
        return Answer(int(dict(pairs).get("Status", "200").split()[0]), headers, body)  # type: ignore[arg-type]
