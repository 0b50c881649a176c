"""Faults within the processes of a batch job.

Python imports this module at the start of every process that has its folder on PYTHONPATH. The folder that
TORSO_FAULTS names holds a file for each fault, ``<stage>-<kind>-<number>``: the process that comes to the stage removes
the file, which one alone can, and has the fault. ``log`` there gets a line for each slice that is run.
"""

import importlib.abc
import importlib.machinery
import os
import signal
import sys
import time
from pathlib import Path

STAGES = {
    "torso.scale.slice_run": {"read": "read_slice", "write": "write_part"},
    "torso.scale.worker": {"run": "Worker.outcomes"},
    "torso.scale.local_commit": {"commit": "_commit"},
}
FATAL = "crash"
"""A text that ends the process that runs it."""


def happen(folder: Path, stage: str) -> None:
    for path in sorted(folder.glob(f"{stage}-*")):
        try:
            path.unlink()
        except FileNotFoundError:
            continue  # another process has it
        kind = path.name.split("-")[1]
        if kind == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        elif kind == "parent":  # of the process that runs slices: the driver, or Ray's own worker
            os.kill(os.getppid(), signal.SIGKILL)
            time.sleep(600)
        elif kind == "exit":
            os._exit(3)
        elif kind == "hang":
            time.sleep(600)


def faulty(call, stage: str, folder: Path):
    def instead(*given, **named):
        happen(folder, f"before_{stage}")
        if stage == "run":
            with (folder / "log").open("a") as log:
                log.write(f"{os.getpid()} {named.get('first')}\n")
            if FATAL in given[1]:
                os._exit(139)
        result = call(*given, **named)
        happen(folder, f"after_{stage}")
        return result

    return instead


class Finder(importlib.abc.MetaPathFinder):
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def find_spec(self, fullname, path, target=None):
        if fullname not in STAGES:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path)
        run = spec.loader.exec_module

        def exec_module(module) -> None:
            run(module)
            for stage, name in STAGES[fullname].items():
                *owners, last = name.split(".")
                owner = module
                for each in owners:
                    owner = getattr(owner, each)
                setattr(owner, last, faulty(getattr(owner, last), stage, self.folder))

        spec.loader.exec_module = exec_module
        return spec


if "TORSO_FAULTS" in os.environ:
    sys.meta_path.insert(0, Finder(Path(os.environ["TORSO_FAULTS"])))
