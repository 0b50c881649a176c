"""The log of requests: whole lines in order, and no server that waits for who reads them."""

from __future__ import annotations

import io
import json
import threading

from torso.serve.request_log import RequestLog


class Stalled(io.StringIO):
    """A stream that stands still until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.free = threading.Event()

    def write(self, text: str) -> int:
        assert self.free.wait(60)
        return super().write(text)


def test_lines_are_written_in_order() -> None:
    stream = io.StringIO()
    log = RequestLog(stream)
    for number in range(1000):
        log.write({"number": number, "text": "\x1b[31m\n"})
    log.close()
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [line["number"] for line in lines] == list(range(1000))
    assert "\x1b" not in stream.getvalue()


def test_a_reader_that_stands_still_loses_lines_and_is_told_how_many() -> None:
    stream = Stalled()
    log = RequestLog(stream)
    for number in range(25_000):
        log.write({"number": number})
    stream.free.set()
    log.close(60)
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    dropped = sum(line.get("lines_dropped", 0) for line in lines)
    numbers = [line["number"] for line in lines if "number" in line]
    assert dropped >= 10_000
    assert len(numbers) + dropped == 25_000
    assert numbers == sorted(numbers)


def test_a_stream_that_fails_ends_the_log_alone() -> None:
    stream = io.StringIO()
    stream.close()
    log = RequestLog(stream)
    for _ in range(10):
        log.write({})
    log.close()


def test_nothing_is_written_where_nothing_is_asked_for() -> None:
    stream = io.StringIO()
    log = RequestLog(stream, enabled=False)
    log.write({"a": 1})
    log.close()
    assert stream.getvalue() == ""
