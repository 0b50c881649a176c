"""One thing that is done to a model of this machine: a command, and how far it is."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from torso.hub.planning import Plan

Action = Literal["get", "check", "repair", "remove"]
ACTIONS: tuple[Action, ...] = ("get", "check", "repair", "remove")


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
        paused: whether it was asked to wait.
        waiting: whether it does: its command has ended, and may go on.
    """

    number: str
    action: Action
    model: str
    process: subprocess.Popen[str] | None = None
    plan: Plan | None = None
    about: str = ""
    result: dict[str, Any] | None = None
    stopped: bool = False
    paused: bool = False
    waiting: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def state(self) -> str:
        """One of running, paused, done, failed, stopped."""
        if self.result is None:
            return "paused" if self.waiting else "running"
        return "stopped" if self.stopped else "failed" if "error" in self.result else "done"

    def interrupt(self) -> None:
        """Send Ctrl-C to its command, if that runs."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT if os.name != "nt" else signal.SIGTERM)

    def as_dict(self) -> dict[str, Any]:
        """Return how far it is."""
        files = [] if self.plan is None else _progress(self.plan)
        return {
            "id": self.number,
            "action": self.action,
            "model": self.model,
            "state": self.state,
            "about": self.about,
            "files": files,
            "result": self.result,
        }


def _progress(plan: Plan) -> list[dict[str, Any]]:
    """Return each file of a download with the bytes of it that are here."""
    from torso.hub.local.leftovers import arrived

    rows: list[dict[str, Any]] = []
    for file in plan.need:
        here = file.size
        if plan.destination.needs(file):
            here = min(arrived(plan.destination.job(file, ()).part), file.size)
        rows.append({"path": file.path, "size": file.size, "here": here})
    return rows
