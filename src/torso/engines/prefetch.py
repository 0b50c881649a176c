"""Prefetching: work in a background thread ahead of its consumer."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def ahead(items: Iterable[Item], work: Callable[[Item], Result], *, depth: int) -> Iterator[Result]:
    """Yield ``work(item)`` of each item, in order, computed in a background thread ahead of the consumer.

    Items are iterated in the caller's thread, so that an iterator over a file or a database stays in its thread.
    What ``work`` raises is raised in place of its result. Closing the iterator early cancels pending work.

    Args:
        items: read at most ``depth`` ahead.
        work: should release the GIL for most of its time; else nothing is gained.
        depth: maximum number of items in progress or waiting.
    """
    pending: deque[Future[Result]] = deque()
    with ThreadPoolExecutor(1, thread_name_prefix="torso") as pool:
        try:
            for item in items:
                pending.append(pool.submit(work, item))
                if len(pending) > depth:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        finally:
            for each in pending:
                each.cancel()
