"""The state of a batch job, from its folder alone."""

from __future__ import annotations

import os
from dataclasses import dataclass

from torso.errors import IntegrityError, TorsoError
from torso.io.paths import shown
from torso.scale.arrow import arrow
from torso.scale.job_plan import DONE, is_part, read_plan
from torso.scale.output_part import Totals, foreign_part, read_receipt, verify_part
from torso.scale.storage import joined, storage_of


@dataclass(frozen=True, slots=True)
class Status:
    """How far a job is.

    Attributes:
        folder: of the output.
        task: of the job.
        model: of the job.
        slices: of the plan.
        finished: those of them that are committed.
        rows: of the plan.
        finished_rows: of committed slices.
        tokens: read for them.
        failed: rows with an error in their place.
        whole: whether the job has ended.
    """

    folder: str
    task: str
    model: str
    slices: int
    finished: int
    rows: int
    finished_rows: int
    tokens: int
    failed: int
    whole: bool


def job_status(out: str | os.PathLike[str]) -> Status:
    """Return how far a job is, from its plan and the footers of its output files.

    Raises:
        NotFoundError: E_NO_JOB. IntegrityError: E_PLAN, E_PART.
    """
    arrow()
    folder = os.fspath(out)
    plan = read_plan(folder)
    here = set(storage_of(folder).parts(folder))
    names = [name for each in plan.slices if (name := each.name(plan.fingerprint)) in here]
    receipts = [read_receipt(joined(folder, name)) for name in names]
    done = Totals.of(receipts)
    return Status(
        folder,
        str(plan.settings["task"]),
        str(plan.settings["model"]),
        len(plan.slices),
        len(receipts),
        plan.rows,
        done.rows,
        done.tokens,
        done.failed,
        DONE in here,
    )


def check_job(out: str | os.PathLike[str]) -> list[TorsoError]:
    """Read every output file whole, and return what is wrong: damaged, missing or foreign files.

    Raises:
        NotFoundError: E_NO_JOB. IntegrityError: E_PLAN.
    """
    arrow()
    folder = os.fspath(out)
    plan = read_plan(folder)
    faults: list[TorsoError] = []
    names = {each.name(plan.fingerprint) for each in plan.slices}
    here = set(storage_of(folder).parts(folder))
    for name in sorted(names):
        path = joined(folder, name)
        if name not in here:
            faults.append(
                IntegrityError(
                    "E_PART",
                    "{file} is missing.",
                    cure="Run the same command again.",
                    values=dict(file=shown(path)),
                )
            )
            continue
        try:
            verify_part(path)
        except TorsoError as error:
            faults.append(error)
    return faults + [foreign_part(joined(folder, name)) for name in sorted(here - names) if is_part(name)]
