"""What is to be served: the names and sources of models, their tasks, and the arithmetic that they run in."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

from torso.architecture import TASKS, Task
from torso.errors import InputError
from torso.language import say
from torso.serve.model_functions import task_of
from torso.tasks.ready import Ready, Usable, make_ready

_WRITING: tuple[Task[Any], ...] = (Task.CAUSAL_LM, Task.SEQ2SEQ_LM)


@dataclass(frozen=True, slots=True)
class ModelSource:
    """What to serve: ``NAME=SOURCE:task``, of which name and task may be missing.

    Attributes:
        name: what requests call it.
        source: a folder, a name, a loaded model, or one made ready.
        task: name of a task; empty for the one that its files say.
        mode: arithmetic on a CPU: ``exact`` is float32, as tasks have it; else ``bf16``, ``int8``, ``int4`` for what
            writes, or ``auto`` for what reads, see `torso.compiled` and `torso.compiled_decoder`.
    """

    name: str
    source: Usable[Any]
    task: str = ""
    mode: str = "exact"

    @classmethod
    def parse(cls, text: str) -> ModelSource:
        """Read the form of the command line.

        Raises:
            InputError: E_ARGUMENT for an empty name or source.
        """
        name, equals, source = text.rpartition("=")
        source, _, task = source.rpartition(":") if source.rpartition(":")[2] in _TASK_NAMES else (source, "", "")
        if not source or (equals and not name):
            raise InputError(
                "E_ARGUMENT",
                "{text!r} names no model.",
                cure="Write NAME=SOURCE, such as embed=BAAI/bge-small-zh-v1.5",
                values=dict(text=text),
            )
        return cls(name or source, source, task)


_TASK_NAMES = frozenset(task.name for task in TASKS)


def in_modes(sources: list[ModelSource], mode: str | Mapping[str, str]) -> list[ModelSource]:
    """Return sources in the modes that are asked for.

    Args:
        sources: what is to be served.
        mode: of all of them; or of each by its name, those that are not named being ``exact``.

    Raises:
        InputError: E_ARGUMENT, for a name that is not served.
    """
    if isinstance(mode, str):
        return [replace(each, mode=mode) for each in sources]
    names = [each.name for each in sources]
    for name in mode:
        if name not in names:
            raise InputError(
                "E_ARGUMENT",
                "A mode is given for {name}, which is not served.",
                cure="Name one of: {known}.",
                values=dict(name=name, known=", ".join(names)),
            )
    return [replace(each, mode=mode.get(each.name, "exact")) for each in sources]


def load_ready(given: ModelSource, *, device: str | None = None) -> Ready[Any]:
    """Load a model that is to be served.

    Raises:
        InputError: E_ARGUMENT for a mode of a model that is loaded already, or that is to run on a device.
        TorsoError: as `make_ready`, `torso.compiled` and `torso.compiled_decoder`.
    """
    source = given.source
    if not isinstance(source, (str, os.PathLike)):
        if given.mode != "exact":
            raise _no_mode(given, say("it is loaded already"))
        return make_ready(source, source.runner.task if isinstance(source, Ready) else source.task)
    from torso.hub import resolve

    task = Task.named(given.task) if given.task else task_of(resolve(source).folder)
    if given.mode == "exact":
        return make_ready(source, task, device=device)
    if device not in (None, "cpu"):
        raise _no_mode(given, say("it is to run on {device}", dict(device=device)))
    if task in _WRITING:
        from torso.engines.compiled_decoder import compiled_decoder

        return make_ready(cast("Any", compiled_decoder(source, cast("Any", given.mode))), task)
    from torso.engines.compiled_model import CompiledModel
    from torso.engines.optimise import compiled

    mode = cast("Any", given.mode)

    def open_adapter(name: str) -> CompiledModel[Any]:
        return compiled(source, task, mode, adapter=name)

    return replace(make_ready(compiled(source, task, mode), task), open_adapter=open_adapter)


def _no_mode(given: ModelSource, reason: str) -> InputError:
    return InputError(
        "E_ARGUMENT",
        "{name} cannot be served in the mode {mode}: {reason}.",
        cure="Name its folder, and leave the device out: modes are of CPUs.",
        values=dict(name=given.name, mode=given.mode, reason=reason),
    )
