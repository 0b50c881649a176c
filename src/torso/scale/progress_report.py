"""The state of a batch job, from its folder alone."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from torso.errors import IntegrityError, TorsoError
from torso.io.paths import shown
from torso.scale.arrow import arrow
from torso.scale.job_plan import DONE, read_plan
from torso.scale.output_part import Totals, foreign_part, read_receipt, verify_part


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

    folder: Path
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
    folder = Path(out)
    plan = read_plan(folder)
    receipts = [read_receipt(path) for each in plan.slices if (path := folder / each.name(plan.fingerprint)).exists()]
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
        (folder / DONE).exists(),
    )


def check_job(out: str | os.PathLike[str]) -> list[TorsoError]:
    """Read every output file whole, and return what is wrong: damaged, missing or foreign files.

    Raises:
        NotFoundError: E_NO_JOB. IntegrityError: E_PLAN.
    """
    arrow()
    folder = Path(out)
    plan = read_plan(folder)
    faults: list[TorsoError] = []
    names = {each.name(plan.fingerprint) for each in plan.slices}
    for name in sorted(names):
        path = folder / name
        if not path.exists():
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
    return faults + [foreign_part(path) for path in sorted(folder.glob("part-*.parquet")) if path.name not in names]
