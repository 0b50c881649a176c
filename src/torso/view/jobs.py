"""What the page does to the models of this machine: each a command of its own process, so that it can be stopped.

A job belongs to the server and not to the tab that began it. Stopping one is Ctrl-C to its command: what has arrived of
a download is kept, and the same job goes on where it stopped.
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import IO, Any, Literal, cast

from torso.errors import InputError, LimitError, NotFoundError
from torso.hub.announcement import plan_text
from torso.hub.download_many import open_web
from torso.hub.getting import plan_of
from torso.hub.local.leftovers import arrived
from torso.hub.planning import Order, Plan
from torso.hub.settings import read_settings
from torso.hub.source import parse_source
from torso.language import language, speaking

Action = Literal["get", "check", "repair", "remove"]
ACTIONS: tuple[Action, ...] = ("get", "check", "repair", "remove")
_MOST_RUNNING = 4
_MOST_KEPT = 50
_MOST_PRINTED = 1 << 20


@dataclass
class Job:
    """One command.

    Attributes:
        number: its id.
        action: what it does.
        model: to which model.
        process: its process; None before it began.
        plan: of a download, what it fetches.
        about: the plan in words.
        result: what it printed, as JSON; None until it ended.
        stopped: whether it was asked to stop.
    """

    number: str
    action: Action
    model: str
    process: subprocess.Popen[str] | None = None
    plan: Plan | None = None
    about: str = ""
    result: dict[str, Any] | None = None
    stopped: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)

    def as_dict(self) -> dict[str, Any]:
        """Return how far it is."""
        state = "running" if self.result is None else "failed" if "error" in self.result else "done"
        state = "stopped" if self.stopped and state != "running" else state
        files = [] if self.plan is None else _progress(self.plan)
        return {
            "id": self.number,
            "action": self.action,
            "model": self.model,
            "state": state,
            "about": self.about,
            "files": files,
            "result": self.result,
        }


class Jobs:
    """Jobs by id.

    Args:
        command: what a job runs, with the action and the model behind it.
    """

    def __init__(self, command: Callable[[Action, str], list[str]] | None = None) -> None:
        self._command = command or _command
        self._jobs: dict[str, Job] = {}

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
        if model.startswith("-") or parse_source(model).kind not in ("hub", "modelscope"):
            raise InputError(
                "E_REQUEST",
                "{model!r} is no name of a model on a hub.",
                cure="Give a name such as hfl/rbt3, or modelscope:org/name.",
                values=dict(model=model[:100]),
            )
        if sum(job.result is None for job in self._jobs.values()) >= _MOST_RUNNING:
            raise LimitError("E_TOO_MUCH", "Four jobs are running.", cure="Wait for one of them, or stop it.")
        job = Job(secrets.token_urlsafe(6), action, model)
        self._jobs[job.number] = job
        while len(self._jobs) > _MOST_KEPT:
            first = next(each for each in self._jobs.values() if each.result is not None)
            del self._jobs[first.number]
        threading.Thread(target=self._run, args=(job, language()), name=f"job-{job.number}", daemon=True).start()
        return job

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
            if job.process is not None and job.process.poll() is None:
                job.process.send_signal(signal.SIGINT if os.name != "nt" else signal.SIGTERM)
        return job

    def stop_all(self) -> None:
        """Stop every job, and wait for each: the server ends."""
        running = [job for job in self._jobs.values() if job.result is None]
        for job in running:
            self.stop(job.number)
        for job in running:
            if job.process is not None:
                try:
                    job.process.wait(5)
                except subprocess.TimeoutExpired:
                    job.process.kill()

    def _run(self, job: Job, chosen: str) -> None:
        from torso.errors import TorsoError

        try:
            with speaking(chosen):
                if job.action == "get":
                    settings = read_settings()
                    with open_web(settings, None) as web:
                        job.plan = plan_of(parse_source(job.model), Order(), settings, web)
                    job.about = plan_text(job.plan)
            with job.lock:
                if job.stopped:
                    job.result = {}
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
            job.result = _parsed(printed)
        except TorsoError as error:
            with speaking(chosen):
                job.result = {"error": error.as_dict()}
        except Exception as error:
            job.result = {"error": {"code": "E_JOB", "what": f"{type(error).__name__}: {error}", "cure": ""}}
        finally:
            job.result = job.result if job.result is not None else {}


def _command(action: Action, model: str) -> list[str]:
    options = {"remove": ["--yes"]}.get(action, [])
    return [sys.executable, "-m", "torso", action, "--json", *options, "--", model]


def _parsed(printed: str) -> dict[str, Any]:
    try:
        value: object = json.loads(printed)
    except ValueError:
        return {}
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _progress(plan: Plan) -> list[dict[str, Any]]:
    """Return each file of a download with the bytes of it that are here."""
    rows: list[dict[str, Any]] = []
    for file in plan.need:
        here = file.size
        if plan.destination.lacks(file):
            here = min(arrived(plan.destination.job(file, ()).part), file.size)
        rows.append({"path": file.path, "size": file.size, "here": here})
    return rows
