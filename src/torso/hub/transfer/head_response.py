"""The head of an answer to a request for a file's bytes, judged before its body is touched."""

from __future__ import annotations

import re
from collections.abc import Mapping

from torso.hub.remote_file import RemoteFile
from torso.hub.transfer import transfer_errors
from torso.hub.transfer.failure import Failure, bad_server
from torso.hub.transfer.file_url import FileUrl
from torso.hub.transfer.http import Answer, Web

_RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18}|\*)")
_PLAIN = ("", "identity")
_KNOWN = (*_PLAIN, "gzip", "deflate")


class NoRangesError(Failure):
    """The server's ranges cannot be relied on: it is to be asked for the whole file at once."""

    def __init__(self, answer: Answer, reason: str) -> None:
        super().__init__(bad_server(answer.url, reason).error, again=True, wait=0)


def judge(web: Web, answer: Answer, file: RemoteFile, place: FileUrl, asked: tuple[int, int] | None) -> int | None:
    """Return the position at which the body ends, if it is the range that was asked for; None if it is the whole file.

    Args:
        web: knows what an error status means.
        answer: its head.
        file: what the listing says the file is.
        place: the server's copy that was asked for.
        asked: the first byte and the one after the last; None where no range was asked for.

    Raises:
        NoRangesError: the range is another, or compressed.
        Failure: it is an error, or another file.
    """
    status, headers = answer.response.status, answer.response.headers
    _compare(answer.hops[0] if answer.hops else headers, place, file)
    if asked is not None and status == 206:
        return _end_of_range(answer, file, asked)
    if asked is not None and status == 416:
        raise NoRangesError(answer, "status 416")
    if status == 206:
        raise bad_server(answer.url, "a range, and none was asked for")
    if status != 200:
        raise place.explain(web, answer) if place.explain and not answer.hops else web.fail(answer)
    coding = headers.get("content-encoding", "").strip().lower()
    if coding not in _KNOWN:
        raise bad_server(answer.url, f"content in the encoding {coding[:40]!r}, and none was asked for")
    length = headers.get("content-length", "")
    if length and coding in _PLAIN and length != str(file.size):
        if "html" in headers.get("content-type", ""):
            raise transfer_errors.web_page(answer.url)
        raise transfer_errors.wrong_size(answer.url, file, length)
    return None


def _end_of_range(answer: Answer, file: RemoteFile, asked: tuple[int, int]) -> int:
    headers = answer.response.headers
    found = _RANGE.fullmatch(headers.get("content-range", "").strip())
    if found is None or found[3] not in ("*", str(file.size)):
        raise NoRangesError(answer, "a range of another file")
    if int(found[1]) != asked[0] or not asked[0] <= int(found[2]) < asked[1]:
        raise NoRangesError(answer, "a range that was not asked for")
    if headers.get("content-encoding", "").strip().lower() not in _PLAIN:
        raise NoRangesError(answer, "a range of compressed content")
    return int(found[2]) + 1


def _compare(headers: Mapping[str, str], place: FileUrl, file: RemoteFile) -> None:
    """Refuse a server that says by itself that it has another file under this name."""
    etag = headers.get("x-linked-etag", "").removeprefix("W/").strip('"')
    if etag and len(etag) == len(file.etag) and etag != file.etag:
        raise transfer_errors.other_version(place.server, file, etag)
    size = headers.get("x-linked-size", "")
    if size and size != str(file.size):
        raise transfer_errors.wrong_size(place.url, file, size)
