"""Turns of several engines on the cores of one machine."""

from __future__ import annotations

import threading
import time
from collections.abc import Generator, Hashable
from contextlib import contextmanager
from heapq import heapify, heappop, heappush
from itertools import count

_PRESSING = 1.0  # seconds for which a turn of what writes counts


class Turns:
    """A lock that engines hold while they run a batch, given to the one that has used the fewest seconds so far.

    Start-time fair queueing with one pending turn for each engine: an engine that was idle saves up nothing.
    """

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._waiting: list[tuple[float, int]] = []
        self._order = count()
        self._finish: dict[Hashable, float] = {}
        self._virtual = 0.0
        self._held = False
        self._pressing: dict[Hashable, tuple[float, float]] = {}

    def beside(self, engine: Hashable) -> float | None:
        """Return the seconds of a turn of what writes beside an engine: of what has more weight; None for nothing."""
        now = time.monotonic()
        with self._condition:
            others = (value for name, value in self._pressing.items() if name != engine)
            return min((seconds for when, seconds in others if now < when + _PRESSING), default=None)

    @contextmanager
    def turn(
        self, engine: Hashable, seconds: float, weight: float = 1.0, *, patience: float | None = None
    ) -> Generator[None]:
        """Wait for a turn and hold it.

        Args:
            engine: whose turn.
            seconds: predicted length.
            weight: share relative to other engines.
            patience: seconds after which the turn is given up; None to wait for ever.

        Raises:
            TimeoutError: it did not come in time.
        """
        with self._condition:
            tag = max(self._virtual, self._finish.get(engine, 0.0))
            self._finish[engine] = tag + seconds / weight
            if weight > 1:
                self._pressing[engine] = (time.monotonic(), seconds)
            mine = (tag, next(self._order))
            heappush(self._waiting, mine)
            if not self._condition.wait_for(lambda: not self._held and self._waiting[0] == mine, patience):
                self._waiting.remove(mine)
                heapify(self._waiting)
                self._condition.notify_all()
                raise TimeoutError
            heappop(self._waiting)
            self._held, self._virtual = True, tag
        try:
            yield
        finally:
            with self._condition:
                self._held = False
                self._condition.notify_all()
