"""The Ray engine of batch jobs: Ray Data deals slices to actors, retries them and replaces nodes.

An item of the dataset is the description of a slice, and a result its receipt: no text and no vector passes through
Ray's object store, and an attempt that is run twice commits once (`torso.scale.output_part`).
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from torso.io.optional_packages import optional_module
from torso.scale.input_tables import Slice
from torso.scale.job import Job
from torso.scale.output_part import Receipt
from torso.scale.slice_run import Assignment, run_slice
from torso.scale.worker import Worker


def run_on_ray(
    job: Job, assigned: Iterable[Assignment], *, workers: int | None, threads: int | None
) -> Generator[tuple[Assignment, Receipt]]:
    """Run slices on the Ray cluster that this process is connected to, or on a new one of this machine.

    Raises:
        MissingPackageError: E_EXTRA without Ray. TorsoError: the first one of a slice.
    """
    ray, data = _ray("ray"), _ray("ray.data")
    by_number = {each.slice.number: each for each in assigned}
    if not by_number:
        return
    if not ray.is_initialized():
        ray.init(log_to_driver=False, logging_level="ERROR")
    some = next(iter(by_number.values()))
    items = [{"slice": asdict(each.slice)} for each in by_number.values()]
    pool = data.ActorPoolStrategy(size=workers) if workers else data.ActorPoolStrategy(min_size=1, max_size=len(items))
    receipts = data.from_items(items, override_num_blocks=len(items)).map_batches(
        _Actor,
        fn_constructor_args=(job, str(some.folder.resolve()), some.fingerprint, dict(some.types), threads),
        batch_size=1,
        compute=pool,
        num_cpus=threads or 1,
    )
    for row in receipts.iter_rows():
        values = dict(row)
        yield by_number[values.pop("number")], Receipt(**values)


class _Actor:
    """Runs slices in a process of Ray's."""

    def __init__(self, job: Job, folder: str, fingerprint: str, types: dict[str, str], threads: int | None) -> None:
        self.worker = Worker.of(job, threads or 1)
        self.folder, self.fingerprint, self.types = Path(folder), fingerprint, types

    def __call__(self, batch: dict[str, Any]) -> dict[str, list[Any]]:
        made: dict[str, list[Any]] = {"number": []}
        for each in batch["slice"]:
            assigned = Assignment(Slice(**each), self.folder, self.fingerprint, self.types)
            receipt = run_slice(self.worker, assigned)
            made["number"].append(assigned.slice.number)
            for name in Receipt.__slots__:
                made.setdefault(name, []).append(getattr(receipt, name))
        return made


def _ray(module: str) -> Any:
    return optional_module(module, "scale", "ray[data]")
