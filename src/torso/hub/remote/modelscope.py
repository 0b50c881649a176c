"""ModelScope, by its own endpoints: what a model holds, and where each file is had.

Its traps: a listing ends silently at 3,000 entries, so larger ones are walked folder by folder; small files ignore
``Range``; the default branch is ``master``; and a branch names no commit, so one is made from the hashes of its files.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Mapping
from typing import cast
from urllib.parse import quote, urlencode

from torso.errors import LimitError, NotFoundError
from torso.hub.remote.listing import Listing, checked
from torso.hub.remote_file import RemoteFile
from torso.hub.transfer.failure import Failure, bad_server, host_of, too_slow
from torso.hub.transfer.file_url import FileUrl
from torso.hub.transfer.http import Web

_FULL = 3000  # entries at which a listing may have been cut
_FOLDERS = 2000
DEFAULT = "master"


def list_files(web: Web, endpoint: str, name: str, revision: str | None) -> Listing:
    """Return what ModelScope has for a revision of a model.

    Args:
        web: the network.
        endpoint: address of the server.
        name: ``owner/name``.
        revision: branch or tag; None for ``master``.

    Raises:
        Failure: E_REPO_NOT_FOUND, E_BAD_SERVER, E_UNSAFE_PATH, E_LIMIT, or what `Web.open` raises.
    """
    branch = revision or DEFAULT
    files = checked(_walk(web, endpoint, name, branch), endpoint)
    text = "".join(f"{path}\0{files[path].etag}\n" for path in sorted(files))
    return Listing(
        server=host_of(endpoint),
        origin=f"modelscope:{endpoint}",
        commit=hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest(),
        revision=branch,
        files=files,
        private=False,
        place=lambda file: place(endpoint, name, branch, file),
    )


def place(endpoint: str, name: str, revision: str, file: RemoteFile) -> FileUrl:
    """Return where ModelScope has a file."""
    query = urlencode({"Revision": revision, "FilePath": file.path}, quote_via=quote)
    return FileUrl(f"{endpoint}/api/v1/models/{quote(name)}/repo?{query}", host_of(endpoint))


def _walk(web: Web, endpoint: str, name: str, revision: str) -> Iterator[RemoteFile]:
    """Yield every file: by one listing where it is whole, else folder by folder."""
    entries = _entries(web, endpoint, name, revision, "", recursive=True)
    if len(entries) < _FULL:
        yield from (_file(entry, endpoint) for entry in entries if entry.get("Type") != "tree")
        return
    folders, end = [""], time.monotonic() + web.patience.listing
    for count, folder in enumerate(folders):
        if time.monotonic() > end:
            raise too_slow(endpoint, limit=web.patience.listing)
        entries = _entries(web, endpoint, name, revision, folder, recursive=False)
        if len(entries) >= _FULL or count >= _FOLDERS:
            raise Failure(
                LimitError(
                    "E_LIMIT",
                    "{host} lists only the first {limit} files of {folder} in {name}.",
                    cure="Get it by git: torso get --git {endpoint}/{name}.git",
                    values=dict(
                        host=host_of(endpoint), limit=_FULL, folder=folder or "/", name=name, endpoint=endpoint
                    ),
                ),
                again=False,
            )
        for entry in entries:
            if entry.get("Type") == "tree":
                folders.append(str(entry.get("Path")))
            else:
                yield _file(entry, endpoint)


def _entries(
    web: Web, endpoint: str, name: str, revision: str, folder: str, *, recursive: bool
) -> list[Mapping[str, object]]:
    query = {"Revision": revision, "Recursive": "True" if recursive else "False"} | ({"Root": folder} if folder else {})
    url = f"{endpoint}/api/v1/models/{quote(name)}/repo/files?{urlencode(query)}"
    answer, value = web.json(url, {})
    if answer.response.status == 404 and revision != DEFAULT and not folder:
        _entries(web, endpoint, name, DEFAULT, "", recursive=False)  # raises where not even the model is there
        raise Failure(
            NotFoundError(
                "E_REVISION",
                "{name} is on {host}, but has no revision {revision}.",
                cure="Look at its branches and tags: {endpoint}/models/{name}/files. The default is {default}.",
                values=dict(host=host_of(endpoint), name=name, revision=revision, endpoint=endpoint, default=DEFAULT),
            ),
            again=False,
        )
    if answer.response.status in (401, 403, 404):
        raise Failure(
            NotFoundError(
                "E_REPO_NOT_FOUND",
                "{host} has no public model called {name} with a revision {revision}.",
                cure="Look at {endpoint}/models: ids differ between hubs. If it is private, set MODELSCOPE_API_TOKEN.",
                values=dict(host=host_of(endpoint), name=name, revision=revision, endpoint=endpoint),
            ),
            again=answer.response.status == 403,  # its listings answer so now and then without a reason
        )
    if answer.response.status != 200:
        raise web.fail(answer)
    try:
        data = cast("dict[str, dict[str, object]]", value)["Data"]
        files = cast("list[Mapping[str, object]]", data["Files"] or [])
        if not all(isinstance(entry, dict) for entry in files):
            raise TypeError
    except (KeyError, TypeError):
        raise bad_server(answer.url, "a listing in another form than ModelScope's") from None
    return files


def _file(entry: Mapping[str, object], url: str) -> RemoteFile:
    path, size, sha256 = entry.get("Path"), entry.get("Size"), entry.get("Sha256")
    if not isinstance(path, str) or not isinstance(size, int) or isinstance(size, bool):
        raise bad_server(url, f"an entry without path or size: {str(entry)[:120]}")
    if not isinstance(sha256, str) or len(sha256) != 64:
        raise bad_server(url, f"no SHA-256 for {path[:100]!r}")
    # The server does not give git's own hash; the tree kept in the cache then names the content twice.
    return RemoteFile(path, size, sha256.lower(), sha256.lower()[:40])
