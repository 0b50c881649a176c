"""One server's share of a transfer: ranges over one or several connections, retried as long as they bring something."""

from __future__ import annotations

import random
import re
import threading
from collections.abc import Callable, Mapping

import urllib3.exceptions

from torso.hub.transfer import transfer_errors
from torso.hub.transfer.failure import Failure, from_exception
from torso.hub.transfer.file_url import FileUrl
from torso.hub.transfer.head_response import NoRangesError, judge
from torso.hub.transfer.http import Answer, Web
from torso.hub.transfer.partial_file import Part, Segment
from torso.hub.transfer.progress import Watcher
from torso.hub.transfer.redirects import origin_of

_READ = 256 << 10  # bytes taken from a connection at once: the most that a killed process asks for again
_SLACK = 1 << 20  # bytes that an answer on the wire may have beside twice its content
_PROGRESS = 16 << 10  # bytes since the last failure that make the next one a first failure again
_LONGEST_BACKOFF = 10.0
_EXPIRED = (400, 401, 403, 404, 410)
_STRONG = re.compile(r'"[\x21\x23-\x7e]{1,200}"')  # an ETag by which the very bytes are known


class Fetch:
    """Fills a part with what one server gives.

    Args:
        part: what is missing in it is asked for.
        place: the server's copy.
        web: the network.
        watcher: notified of each byte, and of each wait.
        connections: how many to use at once, if the server gives ranges.
        alone: no other server has the file, so this one is tried longer.
        grown: called whenever bytes have arrived.
    """

    def __init__(
        self,
        part: Part,
        place: FileUrl,
        web: Web,
        watcher: Watcher,
        *,
        connections: int,
        alone: bool,
        grown: Callable[[], None],
    ) -> None:
        self.part = part
        self.place = place
        self.web = web
        self.watcher = watcher
        self.gave = False
        self._grown = grown
        self._alone = alone
        self._connections = connections
        self._retries = web.patience.retries if alone else min(2, web.patience.retries)
        self._gives_ranges = True
        self._direct: str | None = None
        self._redirected = False
        self._was_wrong_size = False
        self._over = False
        self._reason: Failure | None = None
        self._broken: BaseException | None = None
        self._attempts = 0
        self._mark = part.arrived
        self._claimed: list[Segment] = []
        self._helpers: list[threading.Thread] = []
        self._lock = threading.Lock()

    def run(self) -> Failure | None:
        """Fetch until the part is whole and return None, or until the server failed too often and return why.

        Raises:
            OSError: the disk refused a write.
        """
        self._work(leads=True)
        for helper in self._helpers:
            helper.join()
        if self._broken is not None:
            raise self._broken
        return None if self.part.is_whole or self.web.cancelled.is_set() else self._reason

    def _work(self, *, leads: bool) -> None:
        """Fetch segments until none is left; the worker that leads also takes what helpers gave up."""
        while not (self._over or self.web.cancelled.is_set()):
            segment = self._claim(leads)
            if segment is None:
                if leads and self._join_helpers():
                    continue
                return
            try:
                self._fetch(segment, leads)
            except Failure as failure:
                self._failed(failure)
            except BaseException as error:
                self._broken, self._over = error, True
                return
            finally:
                with self._lock:
                    self._claimed.remove(segment)

    def _claim(self, leads: bool) -> Segment | None:
        with self._lock:
            if not leads and not self._gives_ranges:
                return None
            for segment in self.part.segments:
                if not segment.is_whole and not any(segment is other for other in self._claimed):
                    self._claimed.append(segment)
                    return segment
        return None

    def _join_helpers(self) -> bool:
        """Wait for the helpers; return whether they left anything to do."""
        for helper in self._helpers:
            helper.join()
        return bool(self._helpers) and not self.part.is_whole and not self._over

    def _start_helpers(self) -> None:
        left = sum(not segment.is_whole for segment in self.part.segments)
        for number in range(min(self._connections, left) - 1 - len(self._helpers)):
            helper = threading.Thread(target=self._work, kwargs={"leads": False}, name=f"fetch-{number}", daemon=True)
            self._helpers.append(helper)
            helper.start()

    def _failed(self, failure: Failure) -> None:
        """Count a failure, and wait before the next attempt unless there is none."""
        with self._lock:
            arrived = self.part.arrived
            if arrived - self._mark >= _PROGRESS and not failure.slow:
                self._attempts = 0
            self._mark = arrived
            self._attempts += 1
            self._reason = failure
            attempts = self._attempts
            if failure.error.code == "E_SIZE":  # once it may be an accident on the way
                self._over, self._was_wrong_size = self._over or self._was_wrong_size, True
            if attempts > 1:
                self._direct = None  # another server of the content network may do better
            if self._over or not failure.again or attempts > self._retries or (failure.slow and not self._alone):
                self._over = True
                return
        backoff = min(_LONGEST_BACKOFF, self.web.patience.backoff * 2 ** (attempts - 1)) * random.uniform(0.8, 1.2)
        wait = backoff if failure.wait is None else failure.wait
        self.watcher.note("{why} Trying again in {wait} s.", {"why": failure.error.what, "wait": f"{wait:.1f}"})
        self.web.cancelled.wait(wait)

    def _fetch(self, segment: Segment, leads: bool) -> None:
        """Request the missing bytes of a segment, and write them.

        Raises:
            Failure: it did not come, or not as promised.
        """
        size, start = self.part.file.size, segment.next
        ranged = self._gives_ranges and not (start == 0 and segment.end == size)
        answer = self._ask(start, segment.end, ranged)
        try:
            end = judge(self.web, answer, self.part.file, self.place, (start, segment.end) if ranged else None)
            self._remember(answer.response.headers)
            if end is not None:
                if leads:
                    self._start_helpers()
                self._stream(answer, start, end, decode=False)
            else:
                self._gives_ranges = self._gives_ranges and not ranged
                self._stream(answer, 0, size, decode=True)
        except NoRangesError:
            self._gives_ranges = False
            raise
        finally:
            answer.close()

    def _ask(self, start: int, end: int, ranged: bool) -> Answer:
        headers: dict[str, str] = {}
        if ranged:
            headers["range"] = f"bytes={start}-{end - 1}"
            validator = self.part.validators.get(self.place.server)
            if validator:
                headers["if-range"] = validator
        place, direct = self.place, self._direct
        most = 2 * self.part.file.size + _SLACK
        named_by = (place.named_by or place.url) if direct else place.named_by
        # The headers are for the host that named them; a redirect strips them, and so does what is kept of one.
        own = place.headers if direct is None or origin_of(direct) == origin_of(place.url) else dict[str, str]()
        answer = self.web.open(direct or place.url, {**own, **headers}, named_by=named_by, most=most)
        if answer.response.status in _EXPIRED and (direct or place.renew):
            answer.close()
            place = self._renewed(place)
            answer = self.web.open(place.url, {**place.headers, **headers}, named_by=place.named_by, most=most)
        if answer.hops and answer.response.status not in _EXPIRED:
            self._direct = answer.url
            if not self._redirected:  # a step forward: what fails from here on is another server
                self._redirected, self._attempts = True, 0
        return answer

    def _renewed(self, old: FileUrl) -> FileUrl:
        """Return the place after an address of it has expired, as those of content networks do within the hour."""
        with self._lock:
            self._direct = None
            if old.renew is not None and self.place is old:  # else another connection has asked already
                self.place = old.renew(self.web)
            return self.place

    def _remember(self, headers: Mapping[str, str]) -> None:
        etag = headers.get("etag", "")
        if _STRONG.fullmatch(etag):
            with self._lock:
                self.part.remember(self.place.server, etag)

    def _stream(self, answer: Answer, position: int, end: int, *, decode: bool) -> None:
        """Write the body of an answer, which begins at ``position`` and must reach ``end``.

        Raises:
            Failure: it ends early, brings too little a second, or goes on after the end.
        """
        response, patience = answer.response, self.web.patience
        decode = decode and response.headers.get("content-encoding", "identity").strip().lower() != "identity"
        try:
            while position < end:
                data = response.read1(min(_READ, end - position), decode_content=decode)
                if self.web.cancelled.is_set() or self._over:
                    return
                if not data:
                    raise transfer_errors.lost(answer.url, self.part.file, position)
                gained = self.part.put(position, data)
                position += len(data)
                if gained:
                    self.gave = True
                    self.watcher.advance(gained)
                    self._grown()
            if end == self.part.file.size and response.length_remaining is None and response.read1(1):
                raise transfer_errors.wrong_size(answer.url, self.part.file, f">{end}")
        except urllib3.exceptions.HTTPError as error:  # a bare OSError is the disk's
            if self.web.cancelled.is_set():
                return
            raise from_exception(error, answer.url, patience.read) from None
