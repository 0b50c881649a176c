"""The local engine of batch jobs: processes of this machine over slices."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import Counter
from collections.abc import Generator, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing, suppress
from typing import Any

from torso.errors import TorsoError, UnsupportedError
from torso.scale.job import Job
from torso.scale.output_part import Receipt
from torso.scale.slice_run import Assignment, placed, run_isolated, run_slice
from torso.scale.worker import Worker

_TRIES = 2
"""Processes that a slice may end before its rows are run apart."""
_STARTS = 3
"""Pools in a row that may end before any of their processes has a model."""

_WORKER: list[Worker] = []


def default_workers() -> tuple[int, int]:
    """Return processes and threads of each: a process for each core that this one may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1, 1


def run_local(
    job: Job, assigned: Iterable[Assignment], *, workers: int, threads: int | None
) -> Generator[tuple[Assignment, Receipt]]:
    """Run slices in processes of this machine; yield each with its receipt as it is committed.

    Raises:
        TorsoError: as `Processes.run`.
    """
    slices = list(assigned)
    with closing(Processes(job, min(workers, max(len(slices), 1)), threads)) as processes:
        yield from processes.run(slices)


def run_here(job: Job, assigned: Iterable[Assignment], *, threads: int | None) -> Generator[tuple[Assignment, Receipt]]:
    """Run slices in this process, one after the other.

    Raises:
        TorsoError: the first one of a slice.
    """
    worker = Worker.of(job, threads)
    for each in assigned:
        try:
            receipt = run_slice(worker, each)
        except TorsoError as error:
            raise placed(error, each) from None
        yield each, receipt


class Processes:
    """Processes that keep their model from slice to slice, and outlive neither this one nor `close`.

    A process that dies takes nothing with it but its slice, which is run again; a slice of which one dies twice has its
    rows run apart (`run_isolated`).

    Args:
        job: what they run.
        workers: their number.
        threads: of each; None leaves them as they are.
    """

    def __init__(self, job: Job, workers: int, threads: int | None) -> None:
        self._job, self._workers, self._threads = job, workers, threads
        self._pool: ProcessPoolExecutor | None = None
        self._ready: Future[None] | None = None
        self._unstarted = 0

    def run(self, assigned: Iterable[Assignment]) -> Generator[tuple[Assignment, Receipt]]:
        """Run slices; yield each with its receipt as it is committed.

        Raises:
            TorsoError: the first one of a slice; slices that are running are ended, and what is committed stays.
            UnsupportedError: E_WORKER_START, if the processes end before one of them has its model.
        """
        waiting = list(assigned)
        deaths: Counter[int] = Counter()
        while waiting:
            charged, waiting = yield from self._round(waiting)
            if self._started():
                # Which of the running slices ended the process cannot be seen: each is charged with it.
                deaths.update(each.slice.number for each in charged)
            if charged:
                self.close()
            for each in charged:
                if deaths[each.slice.number] < _TRIES:
                    waiting.append(each)
                    continue
                try:
                    receipt = run_isolated(self._job, each, self._threads)
                except TorsoError as error:
                    raise placed(error, each) from None
                yield each, receipt

    def close(self) -> None:
        """End the processes at once: they hold nothing that is not committed."""
        pool, self._pool = self._pool, None
        if pool is None:
            return
        processes: list[Any] = list((getattr(pool, "_processes", None) or dict[int, Any]()).values())
        for process in processes:
            with suppress(OSError, AttributeError):
                process.terminate()
        # Its thread sees them end. Left to itself, it may close what the end of the interpreter still writes to.
        pool.shutdown(wait=True, cancel_futures=True)
        for process in processes:
            with suppress(OSError, AssertionError, ValueError):
                process.join()

    def _round(
        self, assigned: list[Assignment]
    ) -> Generator[tuple[Assignment, Receipt], None, tuple[list[Assignment], list[Assignment]]]:
        """Run slices until all are done or a process dies; return those that were running then, and those not begun."""
        queue = list(reversed(assigned))
        running: dict[Future[Receipt], Assignment] = {}
        while queue or running:
            while queue and len(running) < self._workers:
                each = queue.pop()
                try:
                    running[self._open().submit(_run, each)] = each
                except BrokenProcessPool:
                    return [each, *running.values()], list(reversed(queue))
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            broken: list[Assignment] = []
            for future in done:
                each = running.pop(future)
                try:
                    receipt = future.result()
                except BrokenProcessPool:
                    broken.append(each)
                except TorsoError as error:
                    raise placed(error, each) from None
                else:
                    yield each, receipt
            if broken:
                return [*broken, *running.values()], list(reversed(queue))
        return [], []

    def _open(self) -> ProcessPoolExecutor:
        if self._pool is None:
            self._pool = ProcessPoolExecutor(
                self._workers,
                multiprocessing.get_context("spawn"),
                initializer=_prepare,
                initargs=(self._job, self._threads),
            )
            self._ready = self._pool.submit(_load)
        return self._pool

    def _started(self) -> bool:
        """Return whether a process of the pool had its model, or raise what keeps them from it."""
        if self._ready is None or not self._ready.done():
            return False
        error = self._ready.exception()
        if error is None:
            self._unstarted = 0
            return True
        if not isinstance(error, BrokenProcessPool):
            raise error
        self._unstarted += 1
        if self._unstarted < _STARTS:
            return False
        raise UnsupportedError(
            "E_WORKER_START",
            "The processes of the job end before they have loaded the model.",
            cure="Look whether memory lasts for {workers} of them, and begin a script that calls torso.scale.run with: "
            'if __name__ == "__main__":',
            values=dict(workers=self._workers),
        ) from None


def _prepare(job: Job, threads: int | None) -> None:
    # Ctrl-C reaches the whole group of processes; the one that the user started says how to go on.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _WORKER[:] = [Worker.of(job, threads)]


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _load() -> None:
    _WORKER[0].load()


def _run(each: Assignment) -> Receipt:
    return run_slice(_WORKER[0], each)
