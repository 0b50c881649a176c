"""Workers: a table of texts in, a table of results out. What the local engine, Ray, Daft, Dask and Spark call."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any, Unpack, cast

from torso.errors import (
    ConfigError,
    InputError,
    MissingPackageError,
    TorsoError,
    UnknownParameterError,
    UntrainedError,
    WeightsError,
)
from torso.scale.arrow import arrow
from torso.scale.job import Job, Settings
from torso.scale.result_columns import RESULTS, Results

Item = str | tuple[str, str]
"""A text, or a question and a text."""
_OF_EVERY_ROW = (ConfigError, MissingPackageError, UnknownParameterError, UntrainedError, WeightsError)
"""Errors of model and arguments: with ``errors="column"`` they would fill the column."""


def items_of(job: Job, table: Any) -> list[object]:
    """Return what a task reads of each row: its text, or for ``answer`` its question and text."""
    texts: list[object] = table.column(job.column).to_pylist()
    if job.task != "answer":
        return texts
    asked = [job.question] * len(texts) if job.questions is None else table.column(job.questions).to_pylist()
    return list(zip(asked, texts, strict=True))


@dataclass(frozen=True, slots=True)
class Outcome:
    """One row's result, or the error in its place."""

    result: Any
    error: TorsoError | None


class Worker:
    """Callable that maps a `pyarrow.Table` (or `RecordBatch`) with a column of texts to one with results.

    The model is loaded at the first call, so that a worker can be sent to another process. Its result holds the kept
    columns, then those of the task (see `torso.scale.result_columns`), ``tokens`` (int32, tokens read), ``truncated``
    (whether a part of the text was not read) and, with ``errors="column"``, ``error``.

    Args:
        task: one of `torso.scale.job.TASKS`.
        model: folder, bundled model or name.
        column: the column of texts.
        threads: of this process; None leaves them as they are.
        settings: see `torso.scale.job.Settings`.

    Raises:
        TorsoError: see `torso.scale.Job`; at a call, as the task's function, unless ``errors="column"``.
    """

    def __init__(
        self,
        *,
        task: str,
        model: str,
        column: str,
        threads: int | None = None,
        **settings: Unpack[Settings],
    ) -> None:
        self.job = Job.of(task, model, column, settings, "Worker")
        self.threads = threads
        self._run: Callable[[list[Item]], list[Any]] | None = None

    @classmethod
    def of(cls, job: Job, threads: int | None = None) -> Worker:
        """Return a worker for a job."""
        values: dict[str, Any] = {each.name: getattr(job, each.name) for each in fields(job)}
        return cls(**values, threads=threads)

    def __getstate__(self) -> dict[str, Any]:
        """Leave the model behind: the process that unpickles a worker loads its own."""
        return {**self.__dict__, "_run": None}

    def load(self) -> None:
        """Load the model now, if it is not loaded.

        Raises:
            TorsoError: as `torso.load`.
        """
        self._task()

    def __call__(self, table: Any) -> Any:
        """Map a table of texts to a table of results, row by row in order."""
        job, results = self.job, RESULTS[self.job.task]
        outcomes = self.outcomes(items_of(job, table), first=0)
        return self.table(table, outcomes, results)

    def outcomes(self, texts: Sequence[object], *, first: int) -> list[Outcome]:
        """Return a result or an error for each text.

        Args:
            texts: what the column holds, or pairs of question and text; what is none is an error.
            first: the place of the first one, for messages.
        """
        good: list[tuple[int, Item]] = []
        made: list[Outcome | None] = [None] * len(texts)
        for place, text in enumerate(texts):
            if isinstance(text, str):
                good.append((place, text))
                continue
            pair: tuple[object, ...] = cast("tuple[object, ...]", text) if isinstance(text, tuple) else ()
            if pair and all(isinstance(each, str) for each in pair):
                good.append((place, cast("tuple[str, str]", pair)))
                continue
            error = InputError(
                "E_TEXT",
                "Row {row} of the column {column} holds no text.",
                cure='Leave such rows out, or keep them with their message: errors="column" (--errors column).',
                values=dict(row=first + place, column=", ".join(map(repr, self.job.read))),
            )
            if self.job.errors == "stop":
                raise error
            made[place] = Outcome(None, error)
        if good:
            self.load()  # what keeps the model from being loaded is no fault of a row
        for place, outcome in self._attempt(good):
            made[place] = outcome
        return cast("list[Outcome]", made)

    def table(self, source: Any, outcomes: Sequence[Outcome], results: Results, width: int | None = None) -> Any:
        """Return kept columns, results, measures and errors as one `pyarrow.Table`.

        Args:
            source: the table with the columns to keep.
            outcomes: of each row.
            results: how results become columns.
            width: of vectors; None for that of the loaded model.
        """
        pa = arrow()

        columns: dict[str, Any] = {name: source.column(name) for name in self.job.keep}
        found = [each.result for each in outcomes]
        columns |= results.columns(found, self._width() if width is None else width)
        extents = [None if each is None else results.extent(each) for each in found]
        columns["tokens"] = pa.array([None if each is None else each.read for each in extents], pa.int32())
        columns["truncated"] = pa.array([None if each is None else each.read < each.tokens for each in extents])
        columns["truncated"] = columns["truncated"].cast(pa.bool_())
        if self.job.errors == "column":
            columns["error"] = pa.array(
                [None if each.error is None else str(each.error) for each in outcomes], pa.string()
            )
        taken = [name for name in self.job.keep if name in {*results.names, "tokens", "truncated", "error"}]
        if taken:
            raise InputError(
                "E_COLUMN",
                "The column {column} is to be kept, and is also a column of the results.",
                cure="Rename it in the input.",
                values=dict(column=repr(taken[0])),
            )
        return pa.table(columns)

    def _attempt(self, some: Sequence[tuple[int, Item]]) -> Iterator[tuple[int, Outcome]]:
        """Run some texts; with ``errors="column"``, halves of those among which one is refused, down to that one."""
        if not some:
            return
        try:
            results = self._task()([text for _, text in some])
        except TorsoError as error:
            if self.job.errors == "stop" or isinstance(error, _OF_EVERY_ROW):
                raise
            if len(some) == 1:
                yield some[0][0], Outcome(None, error)
                return
            middle = len(some) // 2
            yield from self._attempt(some[:middle])
            yield from self._attempt(some[middle:])
            return
        for (place, _), result in zip(some, results, strict=True):
            yield place, Outcome(result, None)

    def _task(self) -> Callable[[list[Item]], list[Any]]:
        if self._run is None:
            self._run = _task_of(self.job, self.threads)
        return self._run

    def _width(self) -> int | None:
        return getattr(self._run, "width", None)


class _Task:
    """A task's function with a model made ready for it."""

    def __init__(self, function: Callable[..., list[Any]], ready: Any, options: dict[str, Any], width: int) -> None:
        self.function, self.ready, self.options, self.width = function, ready, options, width

    def __call__(self, texts: list[Item]) -> list[Any]:
        return self.function(texts, model=self.ready, **self.options)


def _task_of(job: Job, threads: int | None) -> _Task:
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    from torso import tasks
    from torso.engines.optimise import compiled

    if threads is not None:
        # Of the kernels, and of PyTorch where it is loaded later.
        os.environ["OMP_NUM_THREADS"] = str(threads)
        if "torch" in sys.modules:
            sys.modules["torch"].set_num_threads(threads)
    function = getattr(tasks, job.task)
    task, untrained = _model_task(job), bool(job.options.get("untrained"))
    if job.mode == "exact":
        ready = tasks.make_ready(job.model, task, untrained=untrained)
    else:
        ready = tasks.make_ready(compiled(job.model, task, job.mode, new_head=untrained), task, untrained=untrained)
    options: dict[str, Any] = dict(job.options)
    if "long" in _parameters(function):
        options["long"] = job.long
    width = 0
    if job.task == "embed":
        probe = function(["a"], model=ready, **options)
        width = len(probe[0].vector)
    return _Task(function, ready, options, width)


def _model_task(job: Job) -> Any:
    from torso.architecture import Task
    from torso.hub import resolve
    from torso.loading.load import read_config

    named = {
        "embed": Task.FEATURES,
        "classify": Task.SEQUENCE_CLASSIFICATION,
        "zero_shot": Task.SEQUENCE_CLASSIFICATION,
        "tag": Task.TOKEN_CLASSIFICATION,
        "answer": Task.QUESTION_ANSWERING,
        "fill": Task.MASKED_LM,
    }
    if job.task in named:
        return named[job.task]
    return Task.SEQ2SEQ_LM if Task.SEQ2SEQ_LM in read_config(resolve(job.model).folder)[0].tasks else Task.CAUSAL_LM


def _parameters(function: Callable[..., Any]) -> Iterable[str]:
    import inspect

    return inspect.signature(function).parameters


def batches(
    *,
    task: str,
    model: str,
    column: str,
    **settings: Unpack[Settings],
) -> Callable[[Iterator[Any]], Iterator[Any]]:
    """Return a function from an iterator of `pyarrow.RecordBatch` to one of results, for Spark's ``mapInArrow``.

    Its arguments are those of `Worker`.
    """
    worker = Worker.of(Job.of(task, model, column, settings, "batches"))

    def through(given: Iterator[Any]) -> Iterator[Any]:
        pa = arrow()

        for batch in given:
            yield from worker(pa.Table.from_batches([batch])).to_batches()

    return through
