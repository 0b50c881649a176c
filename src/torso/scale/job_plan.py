"""The plan of a batch job: its slices and what decides its numbers, kept beside its output."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from torso.errors import InputError, IntegrityError, NotFoundError
from torso.io.paths import shown
from torso.io.strict_json import decode_json
from torso.io.typed_values import typed
from torso.scale.input_tables import InputFile, Slice, columns_of, input_paths, slices_of
from torso.scale.job import Job, fingerprint
from torso.scale.storage import joined, storage_of

PLAN = "_torso/plan.json"
DONE = "_SUCCESS"
_LIMIT = 256 << 20  # bytes of a plan


@dataclass(frozen=True, slots=True)
class JobPlan:
    """Slices of a job, and what its output belongs to.

    Attributes:
        fingerprint: of settings and model.
        settings: see `Job.settings`.
        model: hash of the model's files.
        slice_rows: rows of a slice, at most.
        inputs: the tables, sorted by path.
        slices: of all tables, in order.
        types: Arrow types of the columns to keep.
    """

    fingerprint: str
    settings: Mapping[str, Any]
    model: str
    slice_rows: int
    inputs: tuple[InputFile, ...]
    slices: tuple[Slice, ...]
    types: dict[str, str]

    @property
    def rows(self) -> int:
        """Rows of all inputs."""
        return sum(each.rows for each in self.inputs)


def is_part(name: str) -> bool:
    """Return whether a file of a folder has the name of an output file."""
    return name.startswith("part-") and name.endswith(".parquet")


def make_plan(job: Job, model: str, sources: Sequence[str], slice_rows: int) -> JobPlan:
    """Cut the inputs of a job into slices.

    Raises:
        TorsoError: see `input_paths`, `slices_of`, `columns_of`.
    """
    if slice_rows < 1:
        raise InputError(
            "E_ARGUMENT",
            "A slice of {rows} rows holds nothing.",
            cure="Give at least one row: rows=20000 (--rows 20000).",
            values=dict(rows=slice_rows),
        )
    paths = input_paths(sources)
    inputs: list[InputFile] = []
    slices: list[Slice] = []
    types: dict[str, str] = {}
    for path in paths:
        found, cut = slices_of(path, slice_rows, len(slices))
        if cut:
            of_this = columns_of(path, job.keep, job.read)
            types = types or of_this
        inputs.append(found)
        slices += cut
    settings = job.settings()
    return JobPlan(fingerprint(settings, model), settings, model, slice_rows, tuple(inputs), tuple(slices), types)


def resolve_plan(plan: JobPlan, folder: str) -> None:
    """Keep a plan beside the output, or hold it to the one that is kept there.

    Raises:
        InputError: E_OTHER_JOB, naming what differs: setting, model or input.
    """
    path = joined(folder, PLAN)
    storage = storage_of(folder)
    if not storage.exists(path):
        if any(is_part(name) for name in storage.parts(folder)):
            raise InputError(
                "E_OTHER_JOB",
                "{folder} holds output files, and no plan that says of which job.",
                cure="Write into an empty folder.",
                values=dict(folder=shown(folder)),
            )
        if storage.create(path, json.dumps(asdict(plan), ensure_ascii=False).encode()):
            return
    kept = read_plan(folder)
    difference = _difference(kept, plan)
    if difference is not None:
        name, before, now = difference
        raise InputError(
            "E_OTHER_JOB",
            "{folder} holds the output of another job: {name} was {before}, and is {now}.",
            cure="Give what was given before, or write into another folder.",
            values=dict(folder=shown(folder), name=name, before=before, now=now),
        )


def read_plan(folder: str) -> JobPlan:
    """Return the plan that is kept beside the output of a job.

    Raises:
        NotFoundError: E_NO_JOB.
        IntegrityError: E_PLAN, for a plan that torso did not write.
    """
    path = joined(folder, PLAN)
    storage = storage_of(folder)
    if not storage.exists(path):
        raise NotFoundError(
            "E_NO_JOB",
            "{folder} holds no batch job.",
            cure="Name the folder that torso scale writes into.",
            values=dict(folder=shown(folder)),
        )
    try:
        with storage.open(path) as file:
            text = file.read(_LIMIT + 1).decode()
        if len(text) > _LIMIT:
            raise ValueError("longer than any plan")
        plan = typed(JobPlan, decode_json(text))
        matches = plan.fingerprint == fingerprint(plan.settings, plan.model)
    except ValueError:
        matches, plan = False, None
    if plan is None or not matches:
        raise IntegrityError(
            "E_PLAN",
            "{file} is not a plan that torso wrote.",
            cure="Write into another folder.",
            values=dict(file=shown(path)),
        )
    return plan


def _difference(kept: JobPlan, plan: JobPlan) -> tuple[str, object, object] | None:
    for name in sorted({*kept.settings, *plan.settings}):
        before, now = kept.settings.get(name), plan.settings.get(name)
        if before != now:
            return name, before, now
    if kept.model != plan.model:
        return "model", kept.model[:12], plan.model[:12]
    if kept.slice_rows != plan.slice_rows:
        return "rows", kept.slice_rows, plan.slice_rows
    before = {each.path: each.identity for each in kept.inputs}
    now = {each.path: each.identity for each in plan.inputs}
    for path in sorted({*before, *now}):
        if before.get(path) != now.get(path):
            return path, before.get(path, "-")[:24], now.get(path, "-")[:24]
    return None
