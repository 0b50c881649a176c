"""What the page shows of the server: queue, rates, refusals, memory against its bound."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from torso.serve.call import ServerState

_WINDOW = 10.0  # seconds over which rates are taken
_EVERY = 0.5  # seconds between two samples

Row = dict[str, Any]


class ServerRows:
    """Rows ``{"name", "model", "value", "unit", "of"}`` of a server's state.

    Args:
        state: of the server.
        clock: seconds, never going back.
    """

    def __init__(self, state: ServerState, clock: Callable[[], float] = time.monotonic) -> None:
        self._state, self._clock = state, clock
        self._begun = clock()
        self._samples: deque[tuple[float, float, float, float]] = deque()
        self.rest: int | None = None
        """Bytes in memory when the server was ready: the weights, and the programs themselves."""

    def ready(self) -> None:
        """Note what the server takes before the first request."""
        self.rest = resident()

    def sample(self) -> None:
        """Note the counters, for rates; called a few times a second."""
        now = self._clock()
        if self._samples and now - self._samples[-1][0] < _EVERY:
            return
        self._samples.append((now, *self._counts()))
        while now - self._samples[0][0] > _WINDOW:
            self._samples.popleft()

    def rows(self) -> list[Row]:
        """Return what is so now; rates are those of the last ten seconds."""
        state, now = self._state, self._clock()
        counts = (now, *self._counts())
        first = self._samples[0] if self._samples else counts
        seconds = max(now - first[0], _EVERY)
        requests, read, written = ((new - old) / seconds for new, old in zip(counts[1:], first[1:], strict=True))
        rows = [
            _row("state", state.status),
            _row("uptime", round(now - self._begun), "s"),
            _row("running", state.active),
            _row("requests", round(requests, 1), "/s"),
            _row("read", round(read), "tokens/s"),
            _row("written", round(written, 1), "tokens/s"),
        ]
        for name, model in state.models.models.items():
            scheduler = model.engine.scheduler
            rows.append(_row("queue", scheduler.queue.tokens, "tokens", name, scheduler.limits.queue_tokens))
            rows.append(_row("wait", round(model.engine.wait(), 2), "s", name, state.settings.queue_seconds))
            if model.generator is not None:
                decoder = model.generator.decoder
                rows.append(_row("cache", decoder.rows - decoder.free, "rows", name, decoder.rows))
        refused = state.metrics.total(state.metrics.refused)
        rows.append(_row("refused", round(refused)))
        rows.append(_row("cancelled", round(state.metrics.total(state.metrics.cancelled))))
        rows.append(_row("bodies", state.flight, "bytes", "", state.settings.flight_bytes))
        here, bound = resident(), state.metrics.total(state.metrics.bound)
        if here is not None:
            rows.append(_row("memory", here, "bytes", "", None if self.rest is None else round(self.rest + bound)))
        return rows

    def _counts(self) -> tuple[float, float, float]:
        metrics = self._state.metrics
        read, written = (metrics.total(metrics.tokens, {"kind": kind}) for kind in ("read", "generated"))
        return metrics.total(metrics.requests), read, written


def _row(name: str, value: object, unit: str = "", model: str = "", of: float | None = None) -> Row:
    return {"name": name, "model": model, "value": value, "unit": unit, "of": of}


def resident() -> int | None:
    """Return the memory that this process holds now, in bytes; None where the system does not say, as on Windows."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError, AttributeError):
        return None
