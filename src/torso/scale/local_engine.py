"""The local engine of batch jobs: processes of this machine over slices."""

from __future__ import annotations

import multiprocessing
import os
from collections import Counter
from collections.abc import Generator, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from typing import Any

from torso.errors import TorsoError
from torso.scale.job import Job
from torso.scale.output_part import Receipt
from torso.scale.slice_run import Assignment, placed, run_isolated, run_slice
from torso.scale.worker import Worker

_TRIES = 2
"""Processes that a slice may end before its rows are run apart."""

_WORKER: list[Worker] = []


def default_workers() -> tuple[int, int]:
    """Return processes and threads of each: a process for each core that this one may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1, 1


def run_local(
    job: Job, assigned: Iterable[Assignment], *, workers: int, threads: int | None
) -> Generator[tuple[Assignment, Receipt]]:
    """Run slices in processes of this machine; yield each with its receipt as it is committed.

    A process that dies takes nothing with it but its slice, which is run again; one that dies twice of a slice has the
    slice's rows run apart (`run_isolated`).

    Raises:
        TorsoError: the first one of a slice; slices that are running are ended, and what is committed stays.
    """
    waiting = list(assigned)
    deaths: Counter[int] = Counter()
    while waiting:
        charged, waiting = yield from _pool(job, waiting, workers, threads)
        # Which of the slices that were running ended the process cannot be seen: each is charged with it.
        deaths.update(each.slice.number for each in charged)
        for each in charged:
            if deaths[each.slice.number] < _TRIES:
                waiting.append(each)
                continue
            try:
                receipt = run_isolated(job, each, threads)
            except TorsoError as error:
                raise placed(error, each) from None
            yield each, receipt


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


def _pool(
    job: Job, assigned: list[Assignment], workers: int, threads: int | None
) -> Generator[tuple[Assignment, Receipt], None, tuple[list[Assignment], list[Assignment]]]:
    """Run slices until all are done or a process dies; return those that were running then, and those not begun."""
    pool = ProcessPoolExecutor(
        min(workers, max(len(assigned), 1)),
        multiprocessing.get_context("spawn"),
        initializer=_prepare,
        initargs=(job, threads),
    )
    queue = list(reversed(assigned))
    running: dict[Future[Receipt], Assignment] = {}
    try:
        while queue or running:
            while queue and len(running) < workers:
                each = queue.pop()
                try:
                    running[pool.submit(_run, each)] = each
                except BrokenProcessPool:
                    queue.append(each)
                    break
            if not running:
                return [], list(reversed(queue))
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
    finally:
        _end(pool)


def _end(pool: ProcessPoolExecutor) -> None:
    """End a pool at once: its processes hold nothing that is not committed."""
    processes: list[Any] = list((getattr(pool, "_processes", None) or dict[int, Any]()).values())
    pool.shutdown(wait=False, cancel_futures=True)
    for process in processes:
        with suppress(OSError, AttributeError):
            process.terminate()
    for process in processes:
        with suppress(OSError, AssertionError):
            process.join()


def _prepare(job: Job, threads: int | None) -> None:
    import signal

    # Ctrl-C reaches the whole group of processes; the one that the user started says how to go on.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _WORKER[:] = [Worker.of(job, threads)]


def _run(each: Assignment) -> Receipt:
    return run_slice(_WORKER[0], each)
