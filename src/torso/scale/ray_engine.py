"""The Ray engine of batch jobs: Ray Data deals slices to actors, retries them and replaces nodes.

An item of the dataset is the description of a slice, and a result its receipt: no text and no vector passes through
Ray's object store, and an attempt that is run twice commits once (`torso.scale.output_part`). An actor runs its slices
in a process of its own (`torso.scale.local_engine.Processes`), so that a row that ends a process costs no actor.
"""

from __future__ import annotations

import json
import logging
import os
import secrets
import warnings
from collections.abc import Generator, Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

from torso import errors
from torso.errors import IntegrityError, TorsoError, UnsupportedError
from torso.io.optional_packages import optional_module
from torso.scale.input_tables import Slice
from torso.scale.job import Job
from torso.scale.local_engine import Processes
from torso.scale.output_part import Receipt, committed
from torso.scale.slice_run import Assignment, placed

_DEATHS = 20
"""Actors in a row that may die while they start, as on nodes that are taken away, before the job ends."""


def run_on_ray(
    job: Job, assigned: Iterable[Assignment], *, workers: int | None, threads: int | None, model: str
) -> Generator[tuple[Assignment, Receipt]]:
    """Run slices on the Ray cluster that this process is connected to, or that RAY_ADDRESS names, or a new one here.

    Ray Data runs the slices of a dead actor or node again elsewhere. Where it comes to a halt, which it says itself
    after half an hour (``RAY_DATA_EXECUTION_NO_PROGRESS_TIMEOUT_S``), slices without a file are given to new actors.

    Args:
        job: what to run.
        assigned: the slices.
        workers: actors; None for as many as the cluster has room for.
        threads: of each, and the processors that Ray counts for it; None for 1.
        model: hash of the model's files, which each node must have.

    Raises:
        MissingPackageError: E_EXTRA without Ray.
        TorsoError: the first one of a slice.
        UnsupportedError: E_RAY, if Ray itself fails, or comes to a halt twice without a slice between.
    """
    ray, data = _ray("ray"), _ray("ray.data")
    missing = {each.slice.number: each for each in assigned}
    if not missing:
        return
    if not ray.is_initialized():
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        # What Ray's own C++ says on stderr of every actor of Ray Data (its issue 53727) is nothing to act on.
        os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
        ray.init(log_to_driver=False, logging_level="ERROR")
        logging.getLogger("ray.data").setLevel("ERROR")
    halted = getattr(_ray("ray.data.exceptions"), "ExecutionTimeoutError", ())
    while missing:
        before = len(missing)
        try:
            for number, receipt in _receipts(data, job, list(missing.values()), workers, threads, model):
                yield missing.pop(number), receipt
            return
        except halted as error:
            for each in list(missing.values()):  # whose receipts may be lost
                receipt = committed(each.folder, each.slice.name(each.fingerprint))
                if receipt is not None:
                    yield missing.pop(each.slice.number), receipt
            if len(missing) == before:
                raise _failed(str(error).partition("\n")[0]) from None
        except ray.exceptions.RayError as error:  # whose last line is the cause
            raise _failed(str(error).strip().rpartition("\n")[2] or type(error).__name__) from None


def _receipts(
    data: Any, job: Job, assigned: list[Assignment], workers: int | None, threads: int | None, model: str
) -> Generator[tuple[int, Receipt]]:
    by_number = {each.slice.number: each for each in assigned}
    some = assigned[0]
    # Nodes have other working folders than this process.
    items = [asdict(replace(each.slice, path=_everywhere(each.slice.path))) for each in assigned]
    placed_job = replace(job, model=_everywhere(job.model) if Path(job.model).is_dir() else job.model)
    pool = data.ActorPoolStrategy(size=workers) if workers else data.ActorPoolStrategy(min_size=1, max_size=len(items))
    run, names = secrets.token_hex(8), list[str]()

    def named() -> dict[str, str]:
        names.append(f"torso-{run}-{len(names)}")
        return {"name": names[-1]}

    source = data.from_items(items, override_num_blocks=len(items))
    source.context.enable_progress_bars = False
    source.context.max_consecutive_actor_init_deaths = _DEATHS
    with warnings.catch_warnings():
        # Names are how actors that hang are found and ended; Ray 2.60 to 2.63 deprecate this way and have no other.
        warnings.filterwarnings("ignore", message=".*ray_remote_args_fn")
        dataset = source.map_batches(
            Actor,
            fn_constructor_args=(
                placed_job,
                model,
                _everywhere(some.folder),
                some.fingerprint,
                dict(some.types),
                threads or 1,
            ),
            batch_size=1,
            batch_format="pyarrow",
            compute=pool,
            num_cpus=threads or 1,
            ray_remote_args_fn=named,
        )
    dataset.context.enable_progress_bars = False
    dataset.context.max_consecutive_actor_init_deaths = _DEATHS
    try:
        for row in dataset.iter_rows():
            number, made = row["number"], _read(row["made"])
            if isinstance(made, TorsoError):
                raise placed(made, by_number[number])
            yield number, made
    except BaseException:
        _kill(names)
        raise
    finally:
        executor = getattr(dataset, "_current_executor", None)
        if executor is not None:  # otherwise actors work on until the dataset is collected as garbage
            executor.shutdown(force=True)


def _kill(names: Sequence[str]) -> None:
    """End actors that may hang: after a halt Ray Data waits for them, and they keep their processors from the next."""
    ray = _ray("ray")
    for name in names:
        with suppress(ValueError):  # it has ended
            ray.kill(ray.get_actor(name))


class Actor:
    """Runs slices, in a process of its own beneath one of Ray's; what it returns is a receipt or an error of torso's.

    Args:
        job: what to run.
        model: hash of the model's files.
        folder: of the output.
        fingerprint: of the job.
        types: Arrow types of the columns to keep.
        threads: of the process.
    """

    def __init__(
        self, job: Job, model: str, folder: str, fingerprint: str, types: dict[str, str], threads: int
    ) -> None:
        self.job, self.model, self.claimed = job, model, False
        self.folder, self.fingerprint, self.types = folder, fingerprint, types
        self.processes = Processes(job, 1, threads)

    def __del__(self) -> None:
        """End the process before Ray ends this one: Ray kills all children, and Python would miss its own."""
        self.processes.close()

    def __call__(self, batch: Any) -> Any:
        """Map a table of slices to one of receipts."""
        pa = _ray("pyarrow")

        rows = [{name: row[name] for name in (each.name for each in fields(Slice))} for row in batch.to_pylist()]
        made = [self._made(Assignment(Slice(**row), self.folder, self.fingerprint, self.types)) for row in rows]
        return pa.table(
            {
                "number": pa.array([row["number"] for row in rows], pa.int64()),
                "made": pa.array([_written(each) for each in made], pa.string()),
            }
        )

    def _made(self, assigned: Assignment) -> Receipt | TorsoError:
        try:
            if not self.claimed:
                require_model(self.job.model, self.model)
                self.claimed = True
            [(_, receipt)] = self.processes.run([assigned])
        except TorsoError as error:
            return error
        return receipt


def require_model(model: str, expected: str) -> None:
    """Raise if this node has another model under a name than the one of the job's plan.

    Raises:
        IntegrityError: E_OTHER_MODEL. TorsoError: as `torso.hub.resolve`.
    """
    from torso.engines.model_files import model_files_hash
    from torso.hub import resolve

    folder = resolve(model).folder
    if model_files_hash(folder) != expected:
        raise IntegrityError(
            "E_OTHER_MODEL",
            "{folder} on {node} is another model than the one that this job was planned with.",
            cure="Put the same files on every node, or name a folder that all of them read.",
            values=dict(folder=str(folder), node=os.uname().nodename if hasattr(os, "uname") else ""),
        )


def _written(made: Receipt | TorsoError) -> str:
    """Return a receipt or an error as JSON: nothing that comes back from a node is ever run."""
    if isinstance(made, Receipt):
        return json.dumps({"receipt": asdict(made)})
    what, where, cure = made.templates
    kind = next(each.__name__ for each in type(made).__mro__ if each.__module__ == errors.__name__)
    told = dict(kind=kind, code=made.code, what=what, where=where, cure=cure, values=made.values)
    return json.dumps({"error": told}, default=str)


def _read(text: str) -> Receipt | TorsoError:
    found = json.loads(text)
    if "receipt" in found:
        return Receipt(**found["receipt"])
    told = found["error"]
    kind: type[TorsoError] = getattr(errors, told["kind"])
    return kind(told["code"], told["what"], where=told["where"], cure=told["cure"], values=told["values"])


def _everywhere(path: str) -> str:
    """Return the name that a file has from any working folder."""
    return path if "://" in path else os.path.abspath(os.path.expanduser(path))


def _failed(reason: str) -> TorsoError:
    return UnsupportedError(
        "E_RAY",
        "Ray ended the job: {reason}",
        cure="Run the same command again: what is finished stays.",
        values=dict(reason=reason),
    )


def _ray(module: str) -> Any:
    return optional_module(module, "scale", "ray[data]>=2.60")
