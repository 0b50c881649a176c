"""Several files fetched side by side into one destination."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial

from torso.errors import TorsoError
from torso.hub.planning import Plan, require_space
from torso.hub.remote_file import RemoteFile
from torso.hub.settings import Settings
from torso.hub.source import Source
from torso.hub.transfer.auth import token_headers
from torso.hub.transfer.download import PARALLEL_FROM, WAITING, Job, download, write_error, write_errors
from torso.hub.transfer.http import Web
from torso.hub.transfer.progress import Notices, TransferProgress
from torso.language import say

_REFRESH = 0.1  # seconds between looks at the bar, and the longest that Ctrl-C waits


def open_web(settings: Settings, token: str | bool | None) -> Web:
    """Open HTTP connections with the tokens that may be used."""
    watcher = Notices(quiet=settings.quiet, always=True)
    return Web(settings.patience, token_headers(token, settings.trusted), watcher=watcher)


def fetch(plan: Plan, settings: Settings, web: Web) -> None:
    """Fetch what a plan needs, and record what is then here.

    Raises:
        TorsoError: the first file that could not be had; the parts of all stay.
        KeyboardInterrupt: see `get`.
    """
    with exclusively(plan, settings, web) as plan:
        if plan.need:
            require_space(plan)
        _writing(plan, partial(start, plan))
        same: dict[str, list[RemoteFile]] = {}
        for file in plan.need:
            same.setdefault(file.etag, []).append(file)
        jobs = [plan.destination.job(files[0], plan.places(files[0])) for files in same.values()]
        run_jobs(plan.source, jobs, partial(_put, plan, same), settings, web)
        _writing(plan, partial(plan.destination.finish, plan.listing, plan.take))


@contextmanager
def exclusively(plan: Plan, settings: Settings, web: Web) -> Generator[Plan]:
    """Hold the plan's folder against other processes; yield the plan without what one of them fetched meanwhile.

    Raises:
        AccessError: E_ACCESS, the folder may not be written.
    """
    waited = threading.Event()

    def wait() -> None:
        waited.set()
        Notices(quiet=settings.quiet).note(WAITING, {"name": plan.source.name})

    with ExitStack() as stack:
        _writing(plan, lambda: stack.enter_context(plan.destination.locked(web.cancelled, wait)))
        need = tuple(file for file in plan.need if plan.destination.needs(file)) if waited.is_set() else plan.need
        yield replace(plan, need=need)


def _put(plan: Plan, same: Mapping[str, Sequence[RemoteFile]], job: Job) -> None:
    plan.destination.put(same[job.file.etag])


def start(plan: Plan) -> None:
    """Prepare the destination of a plan, and put there what is elsewhere on this machine."""
    plan.destination.start(plan.listing)
    for file in plan.take:
        if file not in plan.need:
            plan.destination.reuse(file)


def run_jobs(source: Source, jobs: Sequence[Job], finish: Callable[[Job], None], settings: Settings, web: Web) -> None:
    """Download files side by side, large ones one after another with several connections each.

    Args:
        source: what they belong to, for the bar and the hint.
        jobs: the files.
        finish: called with each once it is whole, from any thread.
        settings: how many connections.
        web: the network; it is aborted when a file fails.

    Raises:
        TorsoError: why the first file failed.
        KeyboardInterrupt: see `get`.
    """
    if not jobs:
        return
    total = sum(job.file.size for job in jobs)
    with TransferProgress(source.name, total, quiet=settings.quiet) as meter:
        pool = _WorkerPool(jobs, finish, settings.connections, web, meter)
        try:
            pool.run(meter.refresh)
        except KeyboardInterrupt as interrupt:
            web.abort()
            pool.join()
            interrupt.add_note(
                say("{name}: what has arrived is kept. To go on, ask for it again.", {"name": str(source)})
            )
            raise


class _WorkerPool:
    """Threads that download: several for small files, then one for the large ones, which use several connections."""

    def __init__(
        self, jobs: Sequence[Job], finish: Callable[[Job], None], connections: int, web: Web, meter: TransferProgress
    ) -> None:
        self._small = deque(job for job in jobs if job.file.size < PARALLEL_FROM)
        self._large = deque(job for job in jobs if job.file.size >= PARALLEL_FROM)
        self._finish = finish
        self._connections = connections
        self._web = web
        self._meter = meter
        self._threads: list[threading.Thread] = []
        self._error: BaseException | None = None
        self._lock = threading.Lock()

    def run(self, look: Callable[[], None]) -> None:
        """Download everything, calling ``look`` meanwhile."""
        for queue in (self._small, self._large):
            workers = min(self._connections, len(queue)) if queue is self._small else min(1, len(queue))
            self._threads = [
                threading.Thread(target=self._work, args=(queue,), name=f"get-{number}", daemon=True)
                for number in range(workers)
            ]
            for thread in self._threads:
                thread.start()
            for thread in self._threads:
                while thread.is_alive():
                    thread.join(_REFRESH)
                    look()
            if self._error is not None:
                raise self._error

    def join(self) -> None:
        """Wait a moment for the threads, after the signal to stop."""
        for thread in self._threads:
            thread.join(2.0)

    def _work(self, queue: deque[Job]) -> None:
        while not self._web.cancelled.is_set():
            with self._lock:
                if not queue:
                    return
                job = queue.popleft()
            try:
                download(job, self._web, self._meter, self._connections)
                if not self._web.cancelled.is_set():
                    self._finish(job)
            except BaseException as error:
                with self._lock:
                    self._error = self._error or _as_ours(error, job)
                self._web.abort()


def _as_ours(error: BaseException, job: Job) -> BaseException:
    return write_error(job.target, error) if isinstance(error, OSError) and not isinstance(error, TorsoError) else error


def _writing(plan: Plan, write: Callable[[], object]) -> None:
    with write_errors(plan.destination.folder):
        write()
