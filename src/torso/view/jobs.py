"""What the page does to the models of this machine: each a command of its own process, so that it can be stopped.

A job belongs to the server and not to the tab that began it. Stopping one is Ctrl-C to its command: what has arrived of
a download is kept, and the same job goes on where it stopped. A paused job is one that waits, stopped, to go on.
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import IO, Any, cast

from torso.errors import InputError, LimitError, NotFoundError, TorsoError
from torso.language import language, speaking
from torso.view.model_job import ACTIONS, Action, Job

_MOST_RUNNING = 4
_MOST_KEPT = 50
_MOST_PRINTED = 1 << 20
MOST_WATCHED = 8
"""Streams of events at a time: each holds a thread."""
_EVERY = 0.25  # seconds between two looks at a job
_SILENCE = 10.0  # seconds after which something is sent all the same, so that a reader that has gone is noticed
_LONGEST = 600.0  # seconds of one stream; the page asks again


class Watching:
    """A stream of server-sent events on one job; to be closed, also if it was never read.

    Args:
        job: that is watched.
        leaving: set when the server ends.
        places: released once by the end of the stream.
    """

    def __init__(self, job: Job, leaving: threading.Event, places: threading.Semaphore) -> None:
        self._job, self._leaving, self._places = job, leaving, places
        self._begun = self._spoken = time.monotonic()
        self._last: bytes | None = None
        self._open = True

    def __iter__(self) -> Watching:
        """Return itself."""
        return self

    def __next__(self) -> bytes:
        """Return the next event, or a comment after some silence."""
        while self._open:
            job, now = self._job, time.monotonic()
            event = b"data: " + json.dumps(job.as_dict()).encode() + b"\n\n"
            if event != self._last or now - self._spoken > _SILENCE:
                changed = event != self._last
                self._last, self._spoken = event, now
                return event if changed else b": waiting\n\n"
            over = job.state not in ("running", "paused") or now - self._begun > _LONGEST
            if over or self._leaving.wait(_EVERY):
                self.close()
        raise StopIteration

    def close(self) -> None:
        """End the stream."""
        if self._open:
            self._open = False
            self._places.release()


class Jobs:
    """Jobs by id.

    Args:
        command: what a job runs, with the action and the model behind it.
    """

    def __init__(self, command: Callable[[Action, str], list[str]] | None = None) -> None:
        self._command = command or _command
        self._jobs: dict[str, Job] = {}
        self._watched = threading.Semaphore(MOST_WATCHED)
        self._leaving = threading.Event()

    def begin(self, action: str, model: str) -> Job:
        """Begin a job; what it needs of the network is found out in its own thread.

        Raises:
            InputError: ``E_REQUEST``, for another action, or a model that is no name of a hub or a cache.
            LimitError: ``E_TOO_MUCH``, while four run.
        """
        if action not in ACTIONS:
            raise InputError(
                "E_REQUEST",
                "There is no action {action!r}.",
                cure="Use get, check, repair or remove.",
                values=dict(action=action[:40]),
            )
        from torso.hub.source import parse_source

        if model.startswith("-") or parse_source(model).kind not in ("hub", "modelscope"):
            raise InputError(
                "E_REQUEST",
                "{model!r} is no name of a model on a hub.",
                cure="Give a name such as hfl/rbt3, or modelscope:org/name.",
                values=dict(model=model[:100]),
            )
        job = Job(secrets.token_urlsafe(6), action, model)
        self._start(job)
        self._jobs[job.number] = job
        while len(self._jobs) > _MOST_KEPT:
            first = next(each for each in self._jobs.values() if each.state != "running")
            del self._jobs[first.number]
        return job

    def _start(self, job: Job) -> None:
        if sum(each.state == "running" for each in self._jobs.values()) >= _MOST_RUNNING:
            raise LimitError("E_TOO_MUCH", "Four jobs are running.", cure="Wait for one of them, or stop it.")
        threading.Thread(target=self._run, args=(job, language()), name=f"job-{job.number}", daemon=True).start()

    def pause(self, number: str) -> Job:
        """Let a download wait; nothing happens to a job that has ended."""
        job = self.get(number)
        with job.lock:
            if job.action == "get" and job.state == "running":
                job.paused = True
                job.interrupt()
        return job

    def resume(self, number: str) -> Job:
        """Go on with a download that waits.

        Raises:
            LimitError: ``E_TOO_MUCH``, while four run.
        """
        job = self.get(number)
        with job.lock:
            if job.state == "paused":
                self._start(job)
                job.paused = job.waiting = False
        return job

    def events(self, number: str) -> Iterator[bytes]:
        """Yield how far a job is as server-sent events, whenever that changes, until it has ended.

        A stream ends after ten minutes, and when the server does; a reader asks again.

        Raises:
            NotFoundError: ``E_NO_JOB``. LimitError: ``E_TOO_MUCH``, while eight are read.
        """
        job = self.get(number)
        if not self._watched.acquire(blocking=False):
            raise LimitError("E_TOO_MUCH", "Eight pages watch jobs.", cure="Close one of them.")
        return Watching(job, self._leaving, self._watched)

    def leave(self) -> None:
        """End every stream of events: the server ends."""
        self._leaving.set()

    def all(self) -> list[dict[str, Any]]:
        """Return every job, the latest first."""
        return [job.as_dict() for job in reversed(self._jobs.values())]

    def get(self, number: str) -> Job:
        """Return a job.

        Raises:
            NotFoundError: ``E_NO_JOB``.
        """
        if number not in self._jobs:
            raise NotFoundError("E_NO_JOB", "There is no such job.", cure="Begin it again.")
        return self._jobs[number]

    def stop(self, number: str) -> Job:
        """Stop a job; what has arrived of a download is kept."""
        job = self.get(number)
        with job.lock:
            job.stopped = True
            if job.waiting:
                job.result = {}
            job.interrupt()
        return job

    def stop_all(self) -> None:
        """Stop every job, and wait for each: the server ends."""
        self.leave()
        running = [job for job in self._jobs.values() if job.state == "running"]
        for job in running:
            self.stop(job.number)
        for job in running:
            if job.process is not None:
                try:
                    job.process.wait(5)
                except subprocess.TimeoutExpired:
                    job.process.kill()

    def _run(self, job: Job, chosen: str) -> None:
        try:
            with speaking(chosen):
                if job.action == "get":
                    _plan(job)
            with job.lock:
                if job.stopped or job.paused:
                    return
                job.process = subprocess.Popen(
                    self._command(job.action, job.model),
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    text=True,
                    encoding="utf-8",
                    errors="replace",
                    env={**os.environ, "TORSO_LANG": chosen},
                )
            with cast("IO[str]", job.process.stdout) as output:
                printed = output.read(_MOST_PRINTED)
            job.process.wait()
            if not job.paused or job.process.returncode == 0:
                job.result = _parsed(printed)
        except TorsoError as error:
            with speaking(chosen):
                job.result = {"error": error.as_dict()}
        except Exception as error:
            job.result = {"error": {"code": "E_JOB", "what": f"{type(error).__name__}: {error}", "cure": ""}}
        finally:
            with job.lock:
                if job.result is None:
                    job.waiting = job.paused and not job.stopped
                    job.result = None if job.waiting else {}


def _plan(job: Job) -> None:
    """Find out what a download fetches."""
    # Imported here: most pages change nothing, and a server is ready sooner without what fetches.
    from torso.hub.announcement import plan_text
    from torso.hub.download_many import open_web
    from torso.hub.getting import plan_of
    from torso.hub.planning import GetOptions
    from torso.hub.settings import read_settings
    from torso.hub.source import parse_source

    settings = read_settings()
    with open_web(settings, None) as web:
        job.plan = plan_of(parse_source(job.model), GetOptions(), settings, web)
    job.about = plan_text(job.plan)


def _command(action: Action, model: str) -> list[str]:
    options = {"remove": ["--yes"]}.get(action, [])
    return [sys.executable, "-m", "torso", action, "--json", *options, "--", model]


def _parsed(printed: str) -> dict[str, Any]:
    try:
        value: object = json.loads(printed)
    except ValueError:
        return {}
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}
