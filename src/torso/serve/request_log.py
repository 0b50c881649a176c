"""Log of requests: one JSON object a line, without texts."""

from __future__ import annotations

import json
import sys
import threading
import time
from typing import Any, TextIO


class RequestLog:
    """Writes a line for each request; a stream that fails is dropped, and serving goes on.

    Args:
        stream: where lines go; standard error if None.
        enabled: whether anything is written.
    """

    def __init__(self, stream: TextIO | None = None, *, enabled: bool = True) -> None:
        self._stream, self._enabled = stream, enabled
        self._lock = threading.Lock()

    def write(self, values: dict[str, Any]) -> None:
        """Write one line; JSON escapes control characters."""
        if not self._enabled:
            return
        stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        line = json.dumps({"time": stamp, **values}, default=str)  # ASCII: no control character reaches a terminal
        try:
            with self._lock:
                stream = self._stream or sys.stderr
                stream.write(line + "\n")
                stream.flush()
        except (OSError, ValueError):
            self._enabled = False
