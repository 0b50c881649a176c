"""The batch API of Git LFS: where the objects of a repository are had. Source: git-lfs, docs/api/batch.md."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import cast

from torso.errors import NotFoundError
from torso.hub.remote_file import RemoteFile
from torso.hub.transfer.addresses import NEVER
from torso.hub.transfer.failure import Failure, bad_server, host_of
from torso.hub.transfer.file_url import FileUrl
from torso.hub.transfer.http import Web
from torso.hub.transfer.redirects import next_hop

_TYPE = "application/vnd.git-lfs+json"
_AT_ONCE = 100
_HEADERS = 16
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,200}")  # a token of RFC 9110
_VALUE = re.compile(r"[\x21-\x7e\x80-\xff]([\t\x20-\x7e\x80-\xff]{0,8192}[\x21-\x7e\x80-\xff])?|")
# What governs the connection, the length of a message or which bytes are asked for is torso's to say.
_OWN = re.compile(
    r"host|connection|keep-alive|te|trailer|transfer-encoding|upgrade|expect|date|via|proxy-.*|http2-settings"
    r"|content-.*|range|if-.*|accept|accept-encoding"
)


def find_objects(web: Web, address: str, ref: str, files: Sequence[RemoteFile]) -> dict[str, FileUrl]:
    """Return each object's download address, by its SHA-256.

    Args:
        web: the network.
        address: of the git repository.
        ref: the branch or tag they are wanted for.
        files: the files whose content they are.

    Raises:
        Failure: E_LFS_MISSING, the host has lost one; E_BAD_SERVER, or what `Web.open` raises.
    """
    url = f"{address.removesuffix('/').removesuffix('.git')}.git/info/lfs/objects/batch"
    found: dict[str, FileUrl] = {}
    for start in range(0, len(files), _AT_ONCE):
        batch = {file.etag: file for file in files[start : start + _AT_ONCE]}
        asked = {
            "operation": "download",
            "transfers": ["basic"],
            "hash_algo": "sha256",
            "objects": [{"oid": oid, "size": file.size} for oid, file in batch.items()],
        } | ({"ref": {"name": ref}} if ref.startswith("refs/") else {})
        headers = {"accept": _TYPE, "content-type": _TYPE}
        answer, value = web.json(url, headers, method="POST", body=json.dumps(asked).encode())
        if answer.response.status != 200:
            raise web.fail(answer)
        for entry in _objects(value, url):
            file = batch.get(str(entry.get("oid")))
            if file is not None:
                renew = partial(_renewed, address=address, ref=ref, file=file)
                found[file.etag] = replace(_place(entry, file, url), renew=renew)
        lost = [file.path for oid, file in batch.items() if oid not in found]
        if lost:
            raise _lost(lost[0], url)
    return found


def _renewed(web: Web, *, address: str, ref: str, file: RemoteFile) -> FileUrl:
    """Return an object's new download address; addresses expire after minutes or hours."""
    return find_objects(web, address, ref, [file])[file.etag]


def _objects(value: object, url: str) -> list[Mapping[str, object]]:
    table = cast("dict[str, object]", value) if isinstance(value, dict) else {}
    objects = table.get("objects")
    if not isinstance(objects, list) or table.get("transfer", "basic") != "basic":
        raise bad_server(url, "an answer that is not Git LFS's")
    return [cast("dict[str, object]", entry) for entry in cast("list[object]", objects) if isinstance(entry, dict)]


def _place(entry: Mapping[str, object], file: RemoteFile, url: str) -> FileUrl:
    if "error" in entry:
        raise _lost(file.path, url)
    try:
        action = cast("dict[str, dict[str, object]]", entry["actions"])["download"]
        header = cast("dict[str, object]", action.get("header") or {})
        href, entries = action["href"], list(header.items())
    except (KeyError, TypeError, AttributeError):
        raise bad_server(url, f"no address for {file.path[:100]!r}") from None
    if not isinstance(href, str):
        raise bad_server(url, f"no address for {file.path[:100]!r}")
    if len(entries) > _HEADERS or not all(_can_be_sent(name, value) for name, value in entries):
        raise bad_server(url, f"headers for {file.path[:100]!r} that cannot be sent")
    headers = {name.lower(): str(value) for name, value in entries}
    taken = {name: value for name, value in headers.items() if not _OWN.fullmatch(name)}
    return FileUrl(next_hop(url, url, href, NEVER), host_of(href), taken, named_by=url)


def _can_be_sent(name: str, value: object) -> bool:
    """Return whether a header has the form that HTTP knows."""
    return isinstance(value, str) and _NAME.fullmatch(name) is not None and _VALUE.fullmatch(value) is not None


def _lost(path: str, url: str) -> Failure:
    return Failure(
        NotFoundError(
            "E_LFS_MISSING",
            "{host} has a pointer to {path}, and not the object itself.",
            cure="Get the model from another place: torso get org/name --source hf",
            values=dict(host=host_of(url), path=path),
        ),
        again=False,
    )
