"""The Hub and its mirrors: which commit a revision is, what it holds, and where each file is had."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from functools import partial
from typing import cast
from urllib.parse import parse_qs, quote, unquote, urlencode, urlsplit

from torso.errors import NetworkError, NotFoundError, TorsoError
from torso.hub.local.hub_cache import FILES
from torso.hub.remote.listing import Listing, checked, require_commit
from torso.hub.remote_file import COMMIT, RemoteFile
from torso.hub.transfer.failure import Failure, bad_server, host_of, too_slow
from torso.hub.transfer.file_url import FileUrl
from torso.hub.transfer.http import Answer, Web
from torso.hub.transfer.redirects import origin_of

_PAGES = 300
_LINK = re.compile(r"<([^<>]*)>([^<>]*)")  # RFC 8288; an address may hold commas
_NEXT = re.compile(r';\s*rel\s*=\s*(?:"(?:[^"]*\s)?next(?:\s[^"]*)?"|next(?=[\s;,]|$))', re.IGNORECASE)
_MIRROR_CURE = "Check the name; another source may have it: --source hf, --source hf-mirror or --source modelscope"


def list_files(web: Web, endpoint: str, name: str, revision: str | None) -> Listing:
    """Return what the Hub, or a mirror, has for a revision of a model.

    Two requests for most models: the revision's commit, and the files of that commit.

    Args:
        web: the network.
        endpoint: address of the server.
        name: ``org/name`` or ``name``.
        revision: branch, tag or commit; None for the default branch.

    Raises:
        Failure: E_REPO_NOT_FOUND, E_GATED, E_BAD_TOKEN, E_REVISION, E_DISABLED, E_RATE_LIMIT, E_NOT_A_HUB,
            E_BAD_SERVER, E_UNSAFE_PATH, E_LIMIT, or what `Web.open` raises.
    """
    base = f"{endpoint}/api/models/{quote(name)}"
    # Some mirrors answer only for a revision, as the official client always names one; the Hub's default is main.
    answer, value = web.json(f"{base}/revision/{quote(revision or 'main', safe='')}", {})
    if answer.response.status != 200:
        raise _why_not(web, answer, endpoint=endpoint, name=name, revision=revision)
    info = _table(value, answer.url)
    commit = require_commit(info.get("sha"), answer.url)
    if revision and COMMIT.fullmatch(revision) and commit != revision:
        raise bad_server(answer.url, f"asked for commit {revision}, it names {commit}")
    files = checked(_tree(web, f"{base}/tree/{commit}", endpoint), endpoint)
    return Listing(
        server=host_of(endpoint),
        origin=endpoint,
        commit=commit,
        revision=revision or "main",
        files=files,
        private=info.get("private") is True or info.get("gated") not in (None, False),
        place=lambda file: place(endpoint, name, commit, file),
    )


def place(endpoint: str, name: str, commit: str, file: RemoteFile) -> FileUrl:
    """Return where the Hub, or a mirror, has a file."""
    return FileUrl(
        f"{endpoint}/{quote(name)}/resolve/{commit}/{quote(file.path)}",
        host_of(endpoint),
        explain=partial(_why_not, endpoint=endpoint, name=name, revision=commit),
    )


def _tree(web: Web, url: str, endpoint: str) -> Iterator[RemoteFile]:
    """Yield the files of a commit, page by page."""
    query: Mapping[str, list[str]] = {"recursive": ["true"], "expand": ["false"]}
    count, end = 0, time.monotonic() + web.patience.listing
    for _ in range(_PAGES):
        if time.monotonic() > end:
            raise too_slow(endpoint, limit=web.patience.listing)
        answer, value = web.json(f"{url}?{urlencode(query, doseq=True)}", {})
        if answer.response.status != 200:
            raise web.fail(answer)
        if not isinstance(value, list):
            raise bad_server(answer.url, "a listing that is no list")
        entries = cast("list[object]", value)
        count += len(entries)
        for entry in entries:
            table = _table(entry, answer.url)
            if table.get("type") == "file":
                yield _file(table, answer.url)
        following = _next_query(answer.response.headers.get("link", ""), query)
        # Of the address of the next page only the query counts: mirrors pass on one that points to the Hub itself.
        if following is None:
            return
        query = following
        if count > FILES:
            break
    yield RemoteFile("too many files", 1 << 60, "0" * 40, "0" * 40)  # past any limit: `checked` refuses it by name


def _next_query(link: str, current: Mapping[str, list[str]]) -> Mapping[str, list[str]] | None:
    """Return the query of the next page in a ``Link`` header; None without one, or where it is this one again."""
    for found in _LINK.finditer(link):
        if _NEXT.search(found[2]):
            try:
                query = parse_qs(urlsplit(found[1]).query)
            except ValueError:
                return None
            return query if query != current else None
    return None


def _file(entry: Mapping[str, object], url: str) -> RemoteFile:
    large = entry.get("lfs")
    path, size, blob = entry.get("path"), entry.get("size"), entry.get("oid")
    etag = blob
    if isinstance(large, dict):
        table = cast("dict[str, object]", large)
        etag, size = table.get("oid"), table.get("size", size)
    if not isinstance(path, str) or not isinstance(size, int) or isinstance(size, bool):
        raise bad_server(url, f"an entry without path or size: {str(entry)[:120]}")
    if not isinstance(etag, str) or not isinstance(blob, str):
        raise bad_server(url, f"no hash for {path[:100]!r}")
    return RemoteFile(path, size, etag, blob)


def _table(value: object, url: str) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise bad_server(url, "a list or text where a hub gives an object")
    return cast("dict[str, object]", value)


def _why_not(web: Web, answer: Answer, *, endpoint: str, name: str, revision: str | None) -> Failure:
    """Return what an error of the Hub means, with a code for each cause that has a cure of its own."""
    headers, status = answer.response.headers, answer.response.status
    code, message = headers.get("x-error-code", ""), headers.get("x-error-message", "")
    sent = origin_of(answer.url) in web.tokens

    def says(words: str) -> bool:
        """Return whether the message has these words of its own, and not as a part of some name."""
        said = message.replace(name, " ")
        return re.search(rf"(?<![\w./-]){words}(?![\w/-]|\.\w)", said, re.IGNORECASE) is not None

    values: dict[str, object] = dict(
        host=host_of(endpoint), name=name, revision=revision or "main", status=status, endpoint=endpoint
    )
    if status == 401 and sent and says("invalid credentials?"):
        return Failure(_bad_token(web, answer.url, values), again=False)
    if code == "GatedRepo" or (status == 403 and says("gated")):
        return _found_out(
            NotFoundError(
                "E_GATED",
                "{name} is gated: its owner wants its terms accepted, and {host} does not see that you did.",
                cure="Accept them at {endpoint}/{name} while logged in, then set HF_TOKEN to a token of that account.",
                values=values,
            )
        )
    if code == "EntryNotFound":
        path = unquote(urlsplit(answer.url).path).rpartition("/resolve/")[2].partition("/")[2]
        return _found_out(
            NotFoundError(
                "E_FILE_NOT_FOUND",
                "{host} lists {path} for {name}, and does not have it.",
                cure="Choose another source: --source hf-mirror or --source modelscope",
                values=values | {"path": path},
            )
        )
    if code == "RevisionNotFound":
        return _found_out(
            NotFoundError(
                "E_REVISION",
                "{name} is on {host}, but has no revision {revision}.",
                where="It has: {known}.",
                cure="Name one of these, or the 40 digits of a commit: {name}@main",
                values=values | {"known": _known_revisions(web, endpoint, name)},
            )
        )
    if status == 403 and says("disabled"):
        return _found_out(
            NotFoundError("E_DISABLED", "{host} has disabled {name}.", cure="Choose another model.", values=values)
        )
    if code == "RepoNotFound" or status == 401:
        return _found_out(_not_found(sent, values))
    if status == 403:
        return _found_out(
            NotFoundError(
                "E_FORBIDDEN",
                "{host} does not let you have {name} (403).",
                cure="Ask its owner, or set HF_TOKEN to a token that may read it.",
                values=values,
            )
        )
    if status == 404:
        return _found_out(
            NotFoundError(
                "E_REPO_NOT_FOUND",
                "{name} was not found on {host}.",
                where="The name is misspelt, this mirror does not carry it, or {endpoint} is not the address of a hub.",
                cure=_MIRROR_CURE,
                values=values,
            )
        )
    return web.fail(answer)


def _found_out(error: TorsoError) -> Failure:
    return Failure(error, again=False)


def _not_found(sent: bool, values: dict[str, object]) -> TorsoError:
    if sent:
        return NotFoundError(
            "E_REPO_NOT_FOUND",
            "{host} has no {name} that your token may see.",
            where="Asked: {endpoint}/{name}",
            cure="Check the name; for a private model, set HF_TOKEN to one of an account that may read it.",
            values=values,
        )
    return NotFoundError(
        "E_REPO_NOT_FOUND",
        "{host} has no public model called {name}.",
        where="Asked: {endpoint}/{name}",
        cure="Check the name. If it is private, set HF_TOKEN; other servers than huggingface.co get it only if "
        "TORSO_TRUSTED_ENDPOINTS names them.",
        values=values,
    )


def _bad_token(web: Web, url: str, values: dict[str, object]) -> TorsoError:
    """Return the error for a refused token, which says whether one is needed at all."""
    plain = Web(web.patience, cancelled=web.cancelled)
    try:
        public = plain.json(url, {})[0].response.status == 200
    except Failure:
        public = False
    finally:
        plain.close()
    if public:
        return NetworkError(
            "E_BAD_TOKEN",
            "{host} refused your token (401). {name} is public and needs none.",
            cure="Remove the token (unset HF_TOKEN, or hf auth logout), or log in again.",
            values=values,
        )
    return NetworkError(
        "E_BAD_TOKEN",
        "{host} refused your token (401).",
        cure="Set HF_TOKEN to a valid one from {endpoint}/settings/tokens, or log in again: hf auth login",
        values=values,
    )


def _known_revisions(web: Web, endpoint: str, name: str) -> str:
    """Return the branches and tags of a model, as far as its server lists them."""
    try:
        _, value = web.json(f"{endpoint}/api/models/{quote(name)}/refs", {})
        table = _table(value, endpoint)
        entries = [*cast("list[object]", table.get("branches") or []), *cast("list[object]", table.get("tags") or [])]
        names = [str(_table(entry, endpoint).get("name"))[:60] for entry in entries[:8]]
    except (Failure, TypeError):
        names = []
    return ", ".join(names) or "main"
