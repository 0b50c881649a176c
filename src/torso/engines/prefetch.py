"""Prefetching: work in a background thread ahead of its consumer."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

Item = TypeVar("Item")
Result = TypeVar("Result")


def prefetch(items: Iterable[Item], work: Callable[[Item], Result], *, depth: int) -> Iterator[Result]:
    """Yield ``work(item)`` of each item, in order, computed in a background thread ahead of the consumer.

    Items are iterated in the caller's thread, so that an iterator over a file or a database stays in its thread.
    What ``work`` raises is raised in place of its result. Closing the iterator early cancels pending work.

    A child forked while the iterator is open continues it without the thread, which a fork does not copy: it computes
    pending items again, and touches none of the parent's locks, which the thread may have held. A single item is
    computed without a thread.

    Args:
        items: read at most ``depth`` ahead.
        work: should release the GIL for most of its time; else nothing is gained.
        depth: maximum number of items in progress or waiting.
    """
    process = os.getpid()
    pending: deque[tuple[Item, Future[Result] | None]] = deque()
    pool: ThreadPoolExecutor | None = None

    def begun(item: Item) -> Future[Result] | None:
        return pool.submit(work, item) if pool is not None and os.getpid() == process else None

    def first() -> Result:
        item, future = pending.popleft()
        return work(item) if future is None or os.getpid() != process else future.result()

    try:
        for item in items:
            if pending and pool is None and os.getpid() == process:
                pool = _thread()
                pending[0] = (pending[0][0], begun(pending[0][0]))
            pending.append((item, begun(item)))
            if len(pending) > depth:
                yield first()
        while pending:
            yield first()
    finally:
        if pool is not None and os.getpid() == process:
            for _, future in pending:
                if future is not None:
                    future.cancel()
            pool.shutdown()


def _thread() -> ThreadPoolExecutor:
    # Imported with the second item: a single text needs no thread, and is not to wait for this.
    from concurrent.futures import ThreadPoolExecutor

    return ThreadPoolExecutor(1, thread_name_prefix="torso")
