"""Running a batch job: plan, slices that are missing, report."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Unpack

from torso.engines.model_files import model_files_hash
from torso.scale.arrow import arrow
from torso.scale.job import Job, Settings, require_known
from torso.scale.job_plan import DONE, JobPlan, is_part, make_plan, resolve_plan
from torso.scale.output_part import Receipt, Totals, foreign_part, read_receipt
from torso.scale.slice_run import Assignment
from torso.scale.storage import file_hash, joined, storage_of

ROWS = 20_000


@dataclass(frozen=True, slots=True)
class Report:
    """What a batch job did.

    Attributes:
        folder: of the output.
        rows: written, in this call and before.
        tokens: read for them.
        failed: rows with an error in their place.
        slices: output files.
        resumed: those of them that were there before.
        seconds: of this call.
    """

    folder: str
    rows: int
    tokens: int
    failed: int
    slices: int
    resumed: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job is: rows of committed slices, of all; rows resumed."""

    rows: int
    all_rows: int
    resumed: int
    seconds: float


def run(
    sources: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    out: str | os.PathLike[str],
    *,
    task: str,
    model: str,
    column: str,
    engine: Literal["local", "ray"] = "local",
    workers: int | None = None,
    threads: int | None = None,
    rows: int = ROWS,
    progress: Callable[[Progress], None] | None = None,
    **settings: Unpack[Settings],
) -> Report:
    """Run a task over the rows of tables, each once; the same call goes on where an earlier one was ended.

    A slice of up to ``rows`` rows becomes one Parquet file, which appears under its name whole or not at all. Whatever
    ends a run, the same call finds the finished slices and runs the others; the files are equal to those of an
    unbroken run, to the byte. Another model, setting or input than the folder's is refused.

    Args:
        sources: Parquet and JSON lines: files, folders, patterns.
        out: folder of the output.
        task: one of `torso.scale.job.TASKS`.
        model: folder, bundled model or name.
        column: the column of texts.
        engine: ``local`` runs processes of this machine, ``ray`` actors of a Ray cluster.
        workers: processes or actors; 0 for this process itself, where a row that ends it ends the job too; None for
            one per core of this machine, or Ray's own choice.
        threads: of each; None for 1.
        rows: of a slice, at most.
        progress: called before the first slice, and after each.
        settings: ``keep`` (columns written again beside the results), ``mode`` (``exact``, ``bf16``, ``int8``),
            ``long``, ``errors``, ``question``, ``questions`` and ``options``; see `torso.scale.Job`.

    Raises:
        InputError: E_OTHER_JOB, E_INPUT_CHANGED, E_COLUMN, E_ARGUMENT, or a row that is refused.
        NotFoundError: E_MISSING_FILE. IntegrityError: E_PART for an output file that is damaged.
        MissingPackageError: E_EXTRA without pyarrow or Ray. UnsupportedError: E_CRASH for a row that ends its process.
        KeyboardInterrupt: what is finished stays.
    """
    arrow()
    begun = time.monotonic()
    job = Job.of(task, os.fspath(model), column, settings, "run")
    require_known("engine", engine, ("local", "ray"))
    named = [sources] if isinstance(sources, str | os.PathLike) else list(sources)
    folder = os.fspath(out)
    plan = make_plan(job, _model_hash(job.model), [os.fspath(each) for each in named], rows)
    storage = storage_of(folder)
    storage.prepare(folder)
    resolve_plan(plan, folder)
    storage.sweep(folder)
    here = _finished(plan, folder)
    missing = [
        Assignment(each, folder, plan.fingerprint, plan.types) for each in plan.slices if each.number not in here
    ]
    resumed = done = Totals.of(here.values())
    receipts = dict(here)
    if progress is not None:
        progress(Progress(done.rows, plan.rows, resumed.rows, time.monotonic() - begun))
    try:
        for assigned, receipt in _engine(engine)(job, missing, workers=workers, threads=threads, model=plan.model):
            receipts[assigned.slice.number] = receipt
            done = done.plus(receipt)
            if progress is not None:
                progress(Progress(done.rows, plan.rows, resumed.rows, time.monotonic() - begun))
    finally:
        storage.sweep(folder)
    _finish(plan, folder, receipts, done)
    seconds = time.monotonic() - begun
    return Report(folder, done.rows, done.tokens, done.failed, len(receipts), len(here), seconds)


def _engine(name: str) -> Callable[..., Iterable[tuple[Assignment, Receipt]]]:
    if name == "ray":
        from torso.scale.ray_engine import run_on_ray

        return run_on_ray
    from torso.scale.local_engine import default_workers, run_here, run_local

    def local(
        job: Job, assigned: list[Assignment], *, workers: int | None, threads: int | None, model: str
    ) -> Iterable[tuple[Assignment, Receipt]]:
        processes, each = default_workers()
        del model  # this machine has one alone
        if workers == 0:
            return run_here(job, assigned, threads=threads)
        return run_local(job, assigned, workers=workers or processes, threads=threads or each)

    return local


def _model_hash(model: str) -> str:
    from torso.hub import resolve

    return model_files_hash(resolve(model).folder)


def _finished(plan: JobPlan, folder: str) -> dict[int, Receipt]:
    """Return the receipts of the slices that are committed, by number.

    Raises:
        IntegrityError: E_PART for a file that is damaged, of another job, or of none.
    """
    names = {each.name(plan.fingerprint): each for each in plan.slices}
    found: dict[int, Receipt] = {}
    for name in sorted(filter(is_part, storage_of(folder).parts(folder))):
        path = joined(folder, name)
        each = names.get(name)
        if each is None:
            raise foreign_part(path)
        receipt = read_receipt(path)
        if receipt.fingerprint != plan.fingerprint or receipt.rows != each.rows:
            raise foreign_part(path)
        found[each.number] = receipt
    return found


def _finish(plan: JobPlan, folder: str, receipts: Mapping[int, Receipt], done: Totals) -> None:
    path = joined(folder, DONE)
    storage = storage_of(folder)
    if storage.exists(path):
        return
    parts: dict[str, Any] = {}
    for each in plan.slices:
        name = each.name(plan.fingerprint)
        parts[name] = {"rows": receipts[each.number].rows, "sha256": file_hash(joined(folder, name))}
    summary = {
        "fingerprint": plan.fingerprint,
        "rows": done.rows,
        "tokens": done.tokens,
        "failed": done.failed,
        "parts": parts,
    }
    storage.replace(path, json.dumps(summary, indent=1).encode())
