"""One slice of a batch job, from its input rows to its committed output file; rows that end a process are isolated."""

from __future__ import annotations

import multiprocessing
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import Any

from torso.errors import TorsoError, UnsupportedError
from torso.io.paths import shown
from torso.scale.input_tables import Slice, read_slice
from torso.scale.job import Job
from torso.scale.output_part import Receipt, content_hash, write_part
from torso.scale.result_columns import RESULTS
from torso.scale.worker import Outcome, Worker, items_of


@dataclass(frozen=True, slots=True)
class Assignment:
    """A slice with all that a process needs to run it.

    Attributes:
        slice: the rows.
        folder: of the output.
        fingerprint: of the job.
        types: Arrow types of the columns to keep.
    """

    slice: Slice
    folder: str
    fingerprint: str
    types: Mapping[str, str]


def run_slice(worker: Worker, assigned: Assignment) -> Receipt:
    """Read, run, write and commit a slice.

    Raises:
        TorsoError: a row that is refused, named by its place in the table; files that cannot be read or written.
    """
    table = _table(worker.job, assigned)
    outcomes = worker.outcomes(items_of(worker.job, table), first=assigned.slice.first)
    return _written(worker, assigned, table, outcomes)


def run_isolated(job: Job, assigned: Assignment, threads: int | None) -> Receipt:
    """Run a slice that ended its process: in processes of its own, halved down to the rows that end them.

    Raises:
        UnsupportedError: E_CRASH, naming the row, where the job stops at errors.
    """
    table = _table(job, assigned)
    outcomes = _halved(job, items_of(job, table), assigned, threads, 0)
    return _written(Worker.of(job, threads), assigned, table, outcomes, width=_width(outcomes))


def _table(job: Job, assigned: Assignment) -> Any:
    return read_slice(assigned.slice, (*job.read, *job.keep), dict(assigned.types))


def _halved(job: Job, texts: Sequence[object], assigned: Assignment, threads: int | None, place: int) -> list[Outcome]:
    first = assigned.slice.first + place
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        try:
            return pool.submit(_outcomes, job, texts, first, threads).result()
        except BrokenProcessPool:
            pass
    if len(texts) > 1:
        middle = len(texts) // 2
        return [
            *_halved(job, texts[:middle], assigned, threads, place),
            *_halved(job, texts[middle:], assigned, threads, place + middle),
        ]
    error = UnsupportedError(
        "E_CRASH",
        "Row {row} of {file} ends the process that runs it.",
        cure='Leave it out, or keep the row with this message: errors="column" (--errors column).',
        values=dict(row=first, file=shown(assigned.slice.path)),
    )
    if job.errors == "stop":
        raise error
    return [Outcome(None, error)]


def _outcomes(job: Job, texts: Sequence[object], first: int, threads: int | None) -> list[Outcome]:
    return Worker.of(job, threads).outcomes(texts, first=first)


def _width(outcomes: Sequence[Outcome]) -> int | None:
    return next((len(each.result.vector) for each in outcomes if hasattr(each.result, "vector")), None)


def _written(
    worker: Worker, assigned: Assignment, table: Any, outcomes: Sequence[Outcome], width: int | None = None
) -> Receipt:
    result = worker.table(table, outcomes, RESULTS[worker.job.task], width)
    receipt = Receipt(
        assigned.fingerprint,
        result.num_rows,
        sum(result.column("tokens").drop_null().to_pylist()),
        sum(each.error is not None for each in outcomes),
        content_hash(result),
    )
    write_part(assigned.folder, assigned.slice.name(assigned.fingerprint), result, receipt)
    return receipt


def placed(error: TorsoError, assigned: Assignment) -> TorsoError:
    """Return an error with a note of the slice that it came from."""
    error.add_note(f"{assigned.slice.path}: {assigned.slice.first}-{assigned.slice.first + assigned.slice.rows - 1}")
    return error
