"""A batch job: what decides its numbers, and the fingerprint of that."""

from __future__ import annotations

import hashlib
import inspect
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from difflib import get_close_matches
from functools import cache
from importlib import import_module
from typing import Any, Literal, TypedDict

from torso.errors import InputError, UnknownParameterError
from torso.io.arguments import unknown_argument
from torso.io.paths import shown

TASKS = ("embed", "classify", "tag", "zero_shot", "answer", "fill", "generate", "translate", "summarise")
"""The tasks that map a row to a row."""
NUMBERS = 1
"""Counts changes of torso after which the same job gives other numbers: parts of both never stand in one folder."""

Errors = Literal["stop", "column"]
Long = Literal["error", "truncate", "window"]
Mode = Literal["exact", "bf16", "int8"]


class Settings(TypedDict, total=False):
    """What a job may be told beside its task, model and column; each is an attribute of `Job`."""

    keep: Sequence[str]
    mode: Mode
    long: Long
    errors: Errors
    question: str | None
    questions: str | None
    options: Mapping[str, object]


_EMPTY: Mapping[str, object] = {}
_SET_BY_JOB = ("model", "tokenizer", "device", "budget", "long", "text")
"""Parameters of tasks that a job sets itself."""


@dataclass(frozen=True, slots=True)
class Job:
    """One task over one column of tables.

    Attributes:
        task: one of `TASKS`.
        model: folder, bundled model or name.
        column: the column of texts.
        keep: columns that are written again beside the results.
        mode: ``exact`` computes in float32 as `torso.load` does; ``bf16`` and ``int8`` are those of `torso.optimise`.
        long: treatment of texts beyond the model's maximum length.
        errors: ``stop`` ends the job at the first row that cannot be processed; ``column`` writes its message into
            the column ``error`` and goes on.
        question: what is asked of every text, for ``answer``.
        questions: the column of questions, in its place.
        options: further options of the task's function, by name.
    """

    task: str
    model: str
    column: str
    keep: tuple[str, ...] = ()
    mode: Mode = "exact"
    long: Long = "error"
    errors: Errors = "stop"
    question: str | None = None
    questions: str | None = None
    options: Mapping[str, object] = field(default_factory=lambda: _EMPTY)

    def __post_init__(self) -> None:
        """Check the arguments against each other.

        Raises:
            InputError: E_ARGUMENT for an unknown task, mode or treatment of errors; E_COLUMN for a column named twice.
            UnknownParameterError: E_UNKNOWN_ARGUMENT for an option that the task's function does not have.
        """
        require_known("task", self.task, TASKS)
        require_known("mode", self.mode, ("exact", "bf16", "int8"))
        require_known("long", self.long, ("error", "truncate", "window"))
        require_known("errors", self.errors, ("stop", "column"))
        if len(set(self.keep)) != len(self.keep):
            raise InputError(
                "E_COLUMN",
                "The columns to keep name one twice: {names}.",
                cure="Name each column once.",
                values=dict(names=", ".join(self.keep)),
            )
        if (self.question is not None) + (self.questions is not None) != (self.task == "answer"):
            raise InputError(
                "E_ARGUMENT",
                "The task {task} does not go with the questions given: answer takes one question, or a column of them.",
                cure="For answer give question= (--question TEXT) or questions= (--questions NAME), else neither.",
                values=dict(task=self.task),
            )
        known_options = _options_of(self.task)
        for name in self.options:
            if name not in known_options:
                nearest = get_close_matches(name, known_options, 1, 0.6)
                raise UnknownParameterError(
                    "E_UNKNOWN_ARGUMENT",
                    "{task} has no option {name}.",
                    cure="Did you mean {nearest}?" if nearest else "It has: {known}.",
                    values=dict(
                        task=self.task, name=name, nearest="".join(nearest), known=", ".join(sorted(known_options))
                    ),
                )

    @classmethod
    def of(cls, task: str, model: str, column: str, settings: Settings, function: str) -> Job:
        """Return a job from the arguments of a function that takes `Settings`.

        Raises:
            InputTypeError: E_ARGUMENT, for a name that is none of them. TorsoError: as for a job.
        """
        for name in settings:
            if name not in Settings.__annotations__:
                raise unknown_argument(function, name, sorted(Settings.__annotations__))
        values: dict[str, Any] = dict(settings)
        values |= {"keep": tuple(settings.get("keep", ())), "options": dict(settings.get("options", {}))}
        return cls(task, model, column, **values)

    @property
    def read(self) -> tuple[str, ...]:
        """The columns that the task reads."""
        return (self.column,) if self.questions is None else (self.column, self.questions)

    def settings(self) -> dict[str, Any]:
        """Return what decides the numbers and columns of the result, but the contents of model and inputs."""
        return {**asdict(self), "keep": list(self.keep), "options": dict(self.options), "numbers": NUMBERS}


@cache
def _options_of(task: str) -> frozenset[str]:
    _, *parameters = inspect.signature(getattr(import_module("torso.tasks"), task)).parameters
    return frozenset(parameters).difference(_SET_BY_JOB)


def require_known(name: str, value: str, known: Sequence[str]) -> None:
    """Raise if an argument has none of its values.

    Raises:
        InputError: E_ARGUMENT.
    """
    if value not in known:
        raise InputError(
            "E_ARGUMENT",
            "{name}={value} is not known to a batch job.",
            cure="It is one of: {known}.",
            values=dict(name=name, value=repr(value), known=", ".join(known)),
        )


def fingerprint(settings: Mapping[str, object], model: str) -> str:
    """Return 16 hexadecimal digits that differ where settings or model would give other results."""
    try:
        text = json.dumps({"settings": settings, "model": model}, sort_keys=True, ensure_ascii=False)
    except TypeError:
        raise InputError(
            "E_ARGUMENT",
            "An option of the job is no text, number, truth value or list: {options}.",
            cure="Pass plain values, as JSON has them.",
            values=dict(options=shown(repr(settings["options"])[:200])),
        ) from None
    return hashlib.sha256(text.encode()).hexdigest()[:16]
