"""What a name means: a folder, a bundled model, a repository of the Hub or of ModelScope, or a git repository.

Decided by the form of the name and by what exists here, never by asking a network: what looks like a path is a path.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Literal, cast
from urllib.parse import SplitResult, unquote, urlsplit

from torso.errors import InputError, InputTypeError
from torso.hub.existing_folder import existing_folder, is_folder
from torso.hub.settings import HUB, MIRROR, MODELSCOPE
from torso.io.embedded_files import holds_files
from torso.io.files import shown
from torso.weights.gguf_files import ENDING

Kind = Literal["folder", "bundled", "hub", "modelscope", "git"]

_PART = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9_])?"
_ID = re.compile(rf"(?:{_PART}/)?{_PART}")
_REVISION = re.compile(r"(?!-|/|.*(?:\.\.|//|@\{|\.lock$|/$))[\w.+@#=,%/-]{1,200}")
_DRIVE = re.compile(r"[A-Za-z]:([\\/]|$)")
_HUB_HOSTS = {"huggingface.co": HUB, "www.huggingface.co": HUB, "hf.co": HUB, "hf-mirror.com": MIRROR}
_MODELSCOPE_HOSTS = {"modelscope.cn", "www.modelscope.cn", "modelscope.ai", "www.modelscope.ai"}


@dataclass(frozen=True, slots=True)
class Source:
    """What a name means.

    Attributes:
        kind: where the model is.
        name: the folder, the bundled model's name, the id ``org/name``, or the address of a git repository.
        revision: branch, tag or commit asked for; None for the default one.
        endpoint: the server that the name itself names; None where settings choose.
        ambiguous: a folder that was given without ``./``, so that the name could have been an id too.
    """

    kind: Kind
    name: str
    revision: str | None = None
    endpoint: str | None = None
    ambiguous: bool = False

    def __str__(self) -> str:
        prefix = {"bundled": "torso:", "modelscope": "modelscope:", "git": "git+"}.get(self.kind, "")
        return f"{prefix}{self.name}" + (f"@{self.revision}" if self.revision else "")


def parse_source(source: str | os.PathLike[str], revision: str | None = None) -> Source:
    """Parse the name of a model: a folder, ``org/name``, an address.

    Args:
        source: a path (of a folder, or a GGUF file);
            ``torso:NAME``; ``org/name``, ``name`` or ``hf:org/name``; ``modelscope:org/name``; the address
            of a model's page on the Hub, a mirror or ModelScope; ``git+https://…``. An id may end in ``@revision``.
            A `pathlib.Path` is always a folder.
        revision: branch, tag or commit, as an argument instead of ``@revision``.

    Raises:
        InputTypeError: E_SOURCE for what is no text and no path.
        InputError: E_SOURCE for a text that can mean nothing, or two different revisions.
        NotFoundError: E_NO_FOLDER for a path that is not there, with the nearest names.
    """
    text = _text(source)
    if isinstance(source, str) and _is_pasted(text):
        found = _address(f"https://{text}")
    elif not isinstance(source, str) or _is_path_like(text):
        found = Source("folder", str(existing_folder(text)))
    elif text.startswith("torso:"):
        found = Source("bundled", text.removeprefix("torso:"))
    elif text.startswith("git+"):
        found = _git(text.removeprefix("git+"))
    elif text.lower().startswith(("https://", "http://")):
        found = _address(text)
    elif text.startswith("modelscope:"):
        found = _id(text.removeprefix("modelscope:"), "modelscope")
    elif text.startswith("hf:"):
        found = _id(text.removeprefix("hf:"), "hub")
    elif is_folder(Path(text)):
        found = Source("folder", text, ambiguous=True)
    else:
        found = _id(text, "hub")
    return _with_revision(found, revision)


def is_loopback(host: str) -> bool:
    """Return whether a host name or address is this machine itself."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def require_revision(revision: str) -> str:
    """``revision`` itself, where it can be a branch, tag or commit.

    Raises:
        InputError: E_SOURCE.
    """
    if not _REVISION.fullmatch(revision):
        raise InputError(
            "E_SOURCE",
            "{revision} cannot be a branch, tag or commit.",
            cure='Give one such as "main", "v1.0" or the 40 digits of a commit.',
            values=dict(revision=repr(revision[:200])),
        )
    return revision


def _text(source: object) -> str:
    if not isinstance(source, (str, os.PathLike)):
        raise InputTypeError(
            "E_SOURCE",
            "A model is named by a text or a path, not by {kind}.",
            cure='Give a folder such as "./rbt3", or an id such as "hfl/rbt3".',
            values=dict(kind=type(source).__name__),
        )
    text = os.fsdecode(cast("str | os.PathLike[str]", source))
    if not text.strip() or any(ord(c) < 32 or ord(c) == 127 for c in text):
        raise InputError(
            "E_SOURCE",
            "{text} names no model.",
            cure='Give a folder such as "./rbt3", or an id such as "hfl/rbt3".',
            values=dict(text=repr(text)),
        )
    return text if isinstance(source, os.PathLike) else text.strip()


def _is_pasted(text: str) -> bool:
    """Return whether a text is the address of a page of a known hub as browsers show it, without ``https://``."""
    host, slash, rest = text.partition("/")
    known = host.lower() in _HUB_HOSTS or host.lower() in _MODELSCOPE_HOSTS
    return known and bool(slash and rest) and not is_folder(Path(text))


def _is_path_like(text: str) -> bool:
    """Return whether a text has the form of a path, so that no network may ever be asked for it."""
    if "://" in text or text.startswith(("torso:", "modelscope:", "hf:", "git+")):
        return False
    return (
        text.startswith(("/", "./", "../", "~", "\\"))
        or text in (".", "..")
        or text.endswith("/")
        or (text.lower().endswith(ENDING) and "/" not in text)
        or holds_files(Path(text))
        or "\\" in text
        or text.split("@")[0].count("/") >= 2
        or _DRIVE.match(text) is not None
    )


def _id(text: str, kind: Literal["hub", "modelscope"], endpoint: str | None = None) -> Source:
    name, _, revision = text.partition("@")
    owner, _, last = name.rpartition("/")
    if (
        not _ID.fullmatch(name)
        or max(len(owner), len(last)) > 96
        or "--" in name
        or ".." in name
        or name.endswith(".git")
        or (kind == "modelscope" and not owner)
    ):
        raise InputError(
            "E_SOURCE",
            "{text} is neither a folder here nor an id that a hub can have.",
            cure='An id is "org/name": letters, digits, "-", "_" and ".". A folder that is meant must exist: "./name".',
            values=dict(text=repr(text[:200])),
        )
    return Source(kind, name, require_revision(revision) if "@" in text else None, endpoint)


def _address(text: str) -> Source:
    """Return the model that the address of a page, a file or a clone names."""
    parts = _split(text)
    host = (parts.hostname or "").lower()
    steps = [unquote(step) for step in parts.path.split("/") if step]
    if host in _MODELSCOPE_HOSTS:
        steps = steps[1:] if steps[:1] == ["models"] else steps
        return _id("/".join(steps[:2]).removesuffix(".git"), "modelscope", f"https://{host}")
    endpoint = _HUB_HOSTS.get(host) or (f"{parts.scheme}://{parts.netloc}" if is_loopback(host) else None)
    if endpoint is None or steps[:1] in (["datasets"], ["spaces"], ["kernels"]) or not steps:
        raise InputError(
            "E_SOURCE",
            "{text} is not the address of a model on a hub that torso knows.",
            cure="For a mirror: torso get org/name --source URL. For a git repository: git+URL",
            values=dict(text=repr(text[:300])),
        )
    at = next((i for i, step in enumerate(steps) if i and step in ("tree", "resolve", "blob", "commit")), None)
    name = "/".join(steps[: 2 if at is None else at]).removesuffix(".git")
    found = _id(name, "hub", endpoint)
    # A branch may hold slashes; on a page of the Hub they are written as %2F, so one step is one revision.
    revision = steps[at + 1] if at is not None and at + 1 < len(steps) else None
    return Source("hub", found.name, require_revision(revision) if revision else found.revision, endpoint)


def _split(text: str) -> SplitResult:
    """Return the parts of an address; of one that has none, nothing."""
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        return urlsplit("")
    return parts


def _git(text: str) -> Source:
    parts = _split(text)
    before, at, revision = text.rpartition("@")
    has_revision = bool(at) and "/" in urlsplit(before).path
    address = before if has_revision else text
    host = parts.hostname or ""
    if (
        not (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host)))
        or not host
        or parts.username
        or len(urlsplit(address).path) < 2
    ):
        raise InputError(
            "E_SOURCE",
            "{text} is not an address that git may fetch from here: https://host/path, without a user name.",
            cure="Give: git+https://host/org/name",
            values=dict(text=repr(text[:300])),
        )
    return Source("git", address, require_revision(revision) if has_revision else None)


def _with_revision(found: Source, revision: str | None) -> Source:
    if revision is None:
        return found
    if found.revision not in (None, revision):
        raise InputError(
            "E_SOURCE",
            "Two revisions are asked for: {first} in the name and {second} as an argument.",
            cure="Leave one of them out.",
            values=dict(first=found.revision, second=revision),
        )
    if found.kind in ("folder", "bundled"):
        if revision in ("main", "master"):  # the default of scripts that take an id and a folder alike
            return found
        raise InputError(
            "E_SOURCE",
            "{name} is a folder and holds one version; it has no revision {revision}.",
            cure="Leave the revision out, or give the id of a model on a hub.",
            values=dict(name=shown(found.name), revision=repr(revision)),
        )
    return Source(found.kind, found.name, require_revision(revision), found.endpoint)


def modelscope_endpoint() -> str:
    """Return the address of ModelScope: ``MODELSCOPE_ENDPOINT``, else modelscope.cn."""
    return os.environ.get("MODELSCOPE_ENDPOINT", "").strip().rstrip("/") or MODELSCOPE
