"""Work done one step ahead of those who use its results."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def ahead(items: Iterable[Item], work: Callable[[Item], Result], *, depth: int) -> Iterator[Result]:
    """``work`` of each item, in order, done in a thread of its own while the results before it are used.

    Items are taken in the caller's own thread, so that an iterator over a file or a database stays where it was made.
    What ``work`` raises comes where its result would have come. When the iterator is left early, nothing goes on.

    Args:
        items: taken at most ``depth`` ahead.
        work: gives up Python's lock for most of its time; else nothing is gained.
        depth: how many items are worked on, or done and waiting, beyond the one whose result was taken.
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
