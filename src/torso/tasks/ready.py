"""A model and its tokenizer, held to fit each other and the task."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypeVar, cast

from torso.adapters.adapter_folder import own_or_base
from torso.architecture import Task
from torso.engines.compiled_decoder import CompiledDecoder
from torso.engines.opened import opened, wrapped
from torso.engines.runner import Runner
from torso.errors import InputError, NotAvailableError, TokenizerError, UntrainedError
from torso.loading.load import load_tokenizer
from torso.tasks.embedding_recipe import Recipe
from torso.tasks.sentence_files import read_recipe
from torso.text import Tokenizer

if TYPE_CHECKING:
    import torch

    from torso.generation.generative_model import GenerativeModel
    from torso.model import Model

Out = TypeVar("Out")
Setting = TypeVar("Setting")


@dataclass(frozen=True, slots=True, eq=False)
class Ready(Generic[Out]):
    """A model that texts can be given to. Made once, it serves any number of calls: ``classify(texts, model=ready)``.

    Attributes:
        runner: what runs the model, in the mode and on the device it was given in.
        tokenizer: limited to what the model takes.
        folder: where both came from; None for a model that was never loaded.
        memo: what tasks have read in the folder, kept for the calls that follow.
        open_adapter: opens the same folder with the adapter of a task, see `torso.tasks.chosen_adapter`; None for a
            model that was loaded before.
    """

    runner: Runner[Out]
    tokenizer: Tokenizer
    folder: Path | None
    memo: dict[str, Any] = field(default_factory=dict[str, Any], repr=False)
    open_adapter: Callable[[str], Runner[Out]] | None = field(default=None, repr=False)

    @property
    def model(self) -> Model[Out]:
        """The model itself.

        Raises:
            NotAvailableError: E_NO_MODULE, where it runs without PyTorch.
        """
        model = getattr(self.runner, "model", None)
        if model is None:
            raise NotAvailableError(
                "E_NO_MODULE",
                "{name} was opened to be run, without PyTorch: there is no torso.Model of it.",
                cure="Load it: make_ready(torso.load(source, task), task).",
                values=dict(name=self.name),
            )
        return cast("Model[Out]", model)

    @property
    def generative_model(self) -> GenerativeModel:
        """The model of a generative task, of either engine."""
        return self.runner if isinstance(self.runner, CompiledDecoder) else cast("Any", self.model)

    @property
    def name(self) -> str:
        """What messages call it."""
        return str(self.folder or f"this {self.runner.config.model_type} model")

    def label_names(self) -> list[str]:
        """Return the names of the head's labels, in order; ``LABEL_0`` and so on where the config names none."""
        config = self.runner.config
        names = config.id2label or {}
        return [names.get(number, f"LABEL_{number}") for number in range(config.labels)]

    def require_trained(self) -> None:
        """Raise for a head with untrained weights.

        Raises:
            UntrainedError: E_UNTRAINED.
        """
        if not self.runner.trained:
            raise UntrainedError(
                "E_UNTRAINED",
                "The {task} head of {name} was never trained: its scores mean nothing.",
                cure=(
                    "Train it first, or take a checkpoint that holds it. "
                    "To see the scores anyway: untrained=True (--untrained)."
                ),
                values=dict(task=self.runner.task.name, name=self.name),
            )


Usable: TypeAlias = "str | os.PathLike[str] | Model[Out] | Runner[Out] | Ready[Out]"
"""What tasks take as a model: a name or folder, a model, what runs one, or one made ready."""


def make_ready(
    model: Usable[Out],
    task: Task[Out],
    *,
    tokenizer: Tokenizer | None = None,
    device: str | torch.device | None = None,
    untrained: bool = False,
) -> Ready[Out]:
    """Return a model for a task with its tokenizer.

    Args:
        model: a folder, a bundled model such as ``torso:sentiment``, a name such as ``hfl/rbt3``, or a loaded model, or
            what runs one.
        task: what it shall give.
        tokenizer: instead of the one in the model's folder.
        device: where to load the weights, see `torso.engines.device.choose`; a loaded model stays where it is.
        untrained: whether a head that was never trained is accepted.

    Raises:
        InputError: E_TASK for a model loaded for another task; E_NO_TOKENIZER for a model without a folder.
        TokenizerError: E_TOKENIZER_MODEL, if the tokenizer knows ids that the model has no row for.
        UntrainedError: E_UNTRAINED, unless ``untrained``.
        TorsoError: as `torso.load`.
    """
    if isinstance(model, Ready):
        ready = model if tokenizer is None else replace(model, tokenizer=tokenizer)
    elif isinstance(model, (str, os.PathLike)):
        from torso.hub import resolve

        folder = resolve(model).folder
        opening = partial(opened, folder, task, device=device, new_head=untrained)
        ready = Ready(
            opening(), tokenizer or load_tokenizer(folder), folder, open_adapter=lambda name: opening(adapter=name)
        )
    else:
        runner, folder = wrapped(model)
        ready = Ready(runner, tokenizer or _own_tokenizer(folder), folder)
    _require_task(ready.runner, task)
    _require_fit(ready)
    if not untrained and task is not Task.FEATURES:
        ready.require_trained()
    return replace(ready, tokenizer=ready.tokenizer.limited(ready.runner.max_tokens))


def recipe_of(ready: Ready[Any]) -> Recipe | None:
    """Return what the folder of a model says about vectors; read once for a model made ready. None without a folder.

    Raises:
        TorsoError: as `read_recipe`.
    """
    return read_once(ready, "recipe", read_recipe)


def read_once(ready: Ready[Any], name: str, read: Callable[[Path], Setting | None]) -> Setting | None:
    """Return what ``read`` finds in the folder of a model, or of an adapter's base; None without a folder.

    Args:
        ready: keeps what was read.
        name: under which it is kept.
        read: reads a folder.
    """
    if ready.folder is None:
        return None
    if name not in ready.memo:
        ready.memo[name] = read(own_or_base(ready.folder, "modules.json"))
    return ready.memo[name]


def _own_tokenizer(folder: Path | None) -> Tokenizer:
    if folder is None:
        raise InputError(
            "E_NO_TOKENIZER",
            "This model was not loaded from a folder, so its tokenizer is unknown.",
            cure="Pass it: tokenizer=torso.load_tokenizer(folder).",
        )
    return load_tokenizer(folder)


def _require_task(runner: Runner[Any], task: Task[Any]) -> None:
    if runner.task is not task:
        raise InputError(
            "E_TASK",
            "The model was loaded for {has}; this needs {wanted}.",
            cure='Load it so: torso.load(source, torso.Task.named("{wanted}")).',
            values=dict(has=runner.task.name, wanted=task.name),
        )


def _require_fit(ready: Ready[Any]) -> None:
    rows = ready.runner.vocabulary
    if rows is not None and ready.tokenizer.largest_id >= rows:
        raise TokenizerError(
            "E_TOKENIZER_MODEL",
            "The tokenizer knows ids up to {largest}; the model has rows for ids below {rows}.",
            where="In {name}.",
            cure="Use the tokenizer files and the weights of one and the same download.",
            values=dict(largest=ready.tokenizer.largest_id, rows=rows, name=ready.name),
        )
