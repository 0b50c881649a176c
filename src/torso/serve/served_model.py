"""Models that a server holds: their names, their tasks, their engines."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, TypeVar, cast

from torso.architecture import Task
from torso.errors import InputError
from torso.serve.engine_thread import Engine
from torso.serve.model_functions import functions_of
from torso.serve.request_errors import RequestError
from torso.tasks.ready import Ready

if TYPE_CHECKING:
    from torso.serve.generation_thread import Generator
    from torso.tasks.task_plan import Plan

PlanOf = TypeVar("PlanOf", bound="Plan[Any, Any, Any, Any]")
_PLANS = 64  # of different options that a model keeps


@dataclass(eq=False, slots=True)
class ServedModel:
    """A model that requests can name.

    Attributes:
        name: what requests call it.
        ready: the model and its tokenizer.
        engine: runs its batches.
        created: Unix time at which it was loaded.
        source: the folder or the name that it was loaded by; empty for one that was loaded before.
        generator: writes texts, where the model can; see `torso.serve.generation_thread`.
        functions: the functions of torso that it serves; made of its task, its folder and its template.
        template: by which a decoder ranks texts, of `torso.tasks.rerank_templates`; None for what its files say.
    """

    name: str
    ready: Ready[Any]
    engine: Engine
    created: int
    source: str = ""
    generator: Generator | None = None
    functions: tuple[str, ...] = ()
    template: str | None = None
    _plans: dict[Hashable, Plan[Any, Any, Any, Any]] = field(default_factory=dict[Hashable, Any], repr=False)

    def __post_init__(self) -> None:
        """Find what the model serves.

        Raises:
            InputError: E_RERANK_TEMPLATE for a template that there is not; E_TOKEN for one that the model cannot
                follow.
        """
        self.functions = self.functions or functions_of(self.ready, self.template)

    def plan(self, key: Hashable, make: Callable[[], PlanOf]) -> PlanOf:
        """Return the plan of these options, made at their first request: a plan serves any number, in any thread.

        Args:
            key: the kind of the plan and its options.
            make: makes it.
        """
        found = self._plans.get(key)
        if found is None:
            found = make()
            if len(self._plans) >= _PLANS:  # clients choose prompts freely
                self._plans.clear()
            self._plans[key] = found
        return cast("PlanOf", found)

    @property
    def task(self) -> Task[Any]:
        """The task that its head is for."""
        return self.ready.runner.task

    def stuck(self) -> bool:
        """Return whether one of its threads hangs; then its requests fail at once."""
        return self.engine.check() or (self.generator is not None and self.generator.check())

    def require(self, function: str, *others: str) -> None:
        """Refuse a route that the model's head is not for.

        Raises:
            RequestError: E_TASK.
        """
        if function not in self.functions and not any(each in self.functions for each in others):
            raise RequestError(
                404,
                "E_TASK",
                "{name} is a model for {task}: it cannot {function}.",
                cure="Name a model that can: GET /v1/models lists what each is for.",
                values=dict(name=self.name, task=self.task.name, function=function),
                param="model",
                kind="model_not_found",
            )

    def about(self) -> dict[str, Any]:
        """Describe the model for ``/v1/models``."""
        runner = self.ready.runner
        about: dict[str, Any] = {"task": self.task.name, "functions": list(self.functions)}
        about["max_tokens"] = self.ready.tokenizer.max_tokens or runner.max_tokens
        if self.task is Task.FEATURES:
            about["dimensions"] = dimensions(self.ready)
        if self.task.labelled:
            about["labels"] = self.ready.label_names()[:1000]
        about["family"] = runner.config.model_type
        about["precision"] = runner.precision.replace("torch.", "")
        return {
            "id": self.name,
            "object": "model",
            "created": self.created,
            "owned_by": "torso",
            "torso": about,
        }


def dimensions(ready: Ready[Any]) -> int:
    """Return the width of a model's vectors before pooling: that of its token embeddings' rows in the trunk."""
    config: Any = ready.runner.config
    for name in ("hidden_size", "dim", "n_embd", "d_model", "hidden_dim"):
        value = getattr(config, name, None)
        if isinstance(value, int):
            return value
    return 0


class Catalogue:
    """The models of a server by their names and aliases.

    Args:
        models: in the order in which they were named; the first that can answers requests that name none.
        aliases: further names.

    Raises:
        InputError: E_ARGUMENT for two models of one name, or an alias of none.
    """

    def __init__(self, models: Sequence[ServedModel], aliases: dict[str, str]) -> None:
        self.models = {model.name: model for model in models}
        if len(self.models) < len(models):
            raise InputError(
                "E_ARGUMENT",
                "Two models are served by the name {name}.",
                cure="Name them apart: --model NAME=SOURCE",
                values=dict(name=[model.name for model in models][-1]),
            )
        for alias, name in aliases.items():
            if name not in self.models:
                raise InputError(
                    "E_ARGUMENT",
                    "The alias {alias} is of {name}, which is not served.",
                    cure="Write --alias ALIAS=NAME, with NAME one of: {known}.",
                    values=dict(alias=alias, name=name, known=", ".join(self.models)),
                )
        self.aliases = aliases

    def find(self, name: str | None, function: str, *others: str) -> ServedModel:
        """Return the model that a request names; without a name the only one that serves ``function``, or ``others``.

        Raises:
            RequestError: E_MODEL_UNKNOWN, E_TASK.
        """
        if name is None or (name in ("", "torso") and name not in self.models):
            able: list[ServedModel] = []
            for wanted in (function, *others):
                able = able or [each for each in self.models.values() if wanted in each.functions]
            if len(able) != 1:
                model = next(iter(self.models.values()))
                if not able:
                    model.require(function, *others)
                raise RequestError(
                    400,
                    "E_FIELD",
                    "The request names no model, and several could answer.",
                    cure="Add model, one of: {known}.",
                    values=dict(known=", ".join(each.name for each in able)),
                    param="model",
                )
            return able[0]
        model = self.models.get(self.aliases.get(name, name))
        if model is None:
            nearest = get_close_matches(name, [*self.models, *self.aliases], 1)
            raise RequestError(
                404,
                "E_MODEL_UNKNOWN",
                "No model {name!r} is served here.",
                cure="Did you mean {nearest}? GET /v1/models lists them.",
                values=dict(name=name[:80], nearest=(nearest or list(self.models))[0]),
                param="model",
                kind="model_not_found",
            )
        model.require(function, *others)
        return model


def now() -> int:
    """Return the Unix time in seconds."""
    return int(time.time())
