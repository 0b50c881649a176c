"""Log of requests: one JSON object a line, without texts."""

from __future__ import annotations

import json
import queue
import sys
import threading
import time
from typing import Any, TextIO

_MOST_LINES = 10_000
"""Lines that wait to be written; more are dropped and counted: who reads slowly must not hold up the server."""


class RequestLog:
    """Writes a line for each request from a thread of its own.

    A stream that fails is dropped, and serving goes on; one that stands still loses lines, and a later line says how
    many.

    Args:
        stream: where lines go; standard error if None.
        enabled: whether anything is written.
    """

    def __init__(self, stream: TextIO | None = None, *, enabled: bool = True) -> None:
        self._stream, self._enabled = stream, enabled
        self._lines: queue.Queue[str | None] = queue.Queue(_MOST_LINES)
        self._lock = threading.Lock()
        self._dropped = 0
        self._thread: threading.Thread | None = None

    @property
    def enabled(self) -> bool:
        """Whether anything is written."""
        return self._enabled

    def write(self, values: dict[str, Any]) -> None:
        """Write one line soon; JSON escapes control characters."""
        if not self._enabled:
            return
        line = _line(values)
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._loop, name="torso-log", daemon=True)
                self._thread.start()
            try:
                self._lines.put_nowait(line)
            except queue.Full:
                self._dropped += 1

    def close(self, seconds: float = 2.0) -> None:
        """Write what waits, for at most ``seconds``."""
        with self._lock:
            thread, self._enabled = self._thread, False
        if thread is None:
            return
        try:
            self._lines.put(None, timeout=seconds)
        except queue.Full:
            return
        thread.join(seconds)

    def _loop(self) -> None:
        while (line := self._lines.get()) is not None:
            with self._lock:
                dropped, self._dropped = self._dropped, 0
            try:
                stream = self._stream or sys.stderr
                stream.write(line if not dropped else line + _line({"lines_dropped": dropped}))
                stream.flush()
            except (OSError, ValueError):
                self._enabled = False
                return


def _line(values: dict[str, Any]) -> str:
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    return json.dumps({"time": stamp, **values}, default=str) + "\n"  # ASCII: no control character reaches a terminal
