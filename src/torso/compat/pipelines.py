"""The reference's ``pipeline``: its task words, arguments and shapes of results, over torso's tasks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Unpack

import torch

from torso.architecture import Task
from torso.compat.auto_model import AutoModelFor
from torso.compat.loading_arguments import mapped_device
from torso.compat.padded_model import PaddedModel
from torso.compat.pipeline_base import Pipeline, PipelineOptions
from torso.compat.pipelines_of_generation import CLASSES as WRITERS
from torso.compat.pipelines_of_texts import CLASSES as READING
from torso.errors import InputError
from torso.io.arguments import is_other_modality, known_arguments, nearest, own_arguments, unknown_argument
from torso.loading.labels_and_dtype import run_device
from torso.loading.load import Source
from torso.model import Model

if TYPE_CHECKING:
    from torso.text import Tokenizer

PIPELINES: dict[str, type[Pipeline]] = {each.task: each for each in (*READING, *WRITERS)}
"""The class of each task, by the reference's words for it."""

_OTHER_WORDS = {"sentiment-analysis": "text-classification", "ner": "token-classification"}
_BUNDLED = {"text-classification": "torso:sentiment", "token-classification": "torso:tagger"}


SUPPORTED_TASKS: dict[str, type[Pipeline]] = {
    **PIPELINES,
    **{word: PIPELINES[task] for word, task in _OTHER_WORDS.items()},
}
"""The class of each task, by each of the reference's words for it."""


def supported_tasks() -> dict[str, type[Pipeline]]:
    """The class of each task, by each of the reference's words for it."""
    return SUPPORTED_TASKS


@known_arguments
def pipeline(
    task: str,
    model: Source | PaddedModel[Any] | Model[Any] | None = None,
    tokenizer: Source | Tokenizer | None = None,
    *,
    device: str | int | torch.device | None = None,
    device_map: str | None = None,
    dtype: str | torch.dtype | None = None,
    torch_dtype: str | torch.dtype | None = None,
    revision: str | None = None,
    token: str | bool | None = None,
    trust_remote_code: bool | None = None,
    framework: str | None = None,
    use_fast: bool = True,
    model_kwargs: Mapping[str, Any] | None = None,
    **options: Unpack[PipelineOptions],
) -> Pipeline:
    """A model for a task, called with texts, with the results of transformers' pipelines.

    Nothing is random unless it is asked for: of the writing tasks ``do_sample`` is False by default, where
    transformers 5 draws.

    Args:
        task: such as ``text-classification``; ``translation_en_to_de`` names two languages too.
        model: a folder, a name, or a loaded model; None takes a bundled one, where the task has one.
        tokenizer: a folder, a name, or a loaded tokenizer; None takes the model's own.
        device: where to load the weights, or to move a loaded model; -1 is the CPU, another number a CUDA card.
        device_map: as `AutoModel.from_pretrained` takes it.
        dtype: number format to run in.
        torch_dtype: the older name of ``dtype``.
        revision: branch, tag or commit, for a name.
        token: for private models; True reads the saved one.
        trust_remote_code: False or None: code of a checkpoint is never run.
        framework: ``pt`` or None.
        use_fast: anything: there is one implementation, and its ids are those of both of transformers.
        model_kwargs: further arguments of `AutoModel.from_pretrained`, for a folder or a name.
        options: defaults of every call, see `PipelineOptions`.

    Raises:
        InputError: ``E_TASK``, for an unknown task, with the nearest; ``E_ARGUMENT``, for a task without a bundled
            model; ``E_UNTRAINED``, for a checkpoint that lacks the task's head.
        TorsoError: as `AutoModel.from_pretrained` and `AutoTokenizer.from_pretrained`.
    """
    from torso.compat.auto import AutoTokenizer
    from torso.text import Tokenizer

    word, languages = _languages(task)
    known = supported_tasks()
    for name in options:
        if name not in PipelineOptions.__annotations__:
            raise unknown_argument("pipeline", name, [*own_arguments(pipeline), *PipelineOptions.__annotations__])
    if word not in known:
        if is_other_modality(word):
            raise InputError(
                "E_TASK",
                "There is no pipeline {name!r}: torso's models read text, not images, video or sound.",
                cure="Use transformers for that model.",
                values=dict(name=task),
            )
        near = nearest(word, known)
        raise InputError(
            "E_TASK",
            "There is no pipeline {name!r}.",
            cure="Use {nearest}." if near else "The pipelines are {known}.",
            values=dict(name=task, nearest=near, known=", ".join(known)),
        )
    kind = known[word]
    for name in options:
        if name not in kind.takes:
            raise unknown_argument("pipeline", name, [*own_arguments(pipeline), *sorted(kind.takes)])
    if framework not in (None, "pt"):
        raise InputError(
            "E_ARGUMENT",
            "framework is {value!r}; torso runs PyTorch.",
            cure="Leave framework out.",
            values=dict(value=framework),
        )
    source = model if model is not None else _bundled(kind.task)
    place = "cpu" if device == -1 else f"cuda:{device}" if isinstance(device, int) else device
    if not isinstance(source, PaddedModel | Model):
        named = source
        loading: dict[str, Any] = {
            "device": place,
            "device_map": device_map,
            "dtype": dtype if dtype is not None else torch_dtype,
            "revision": revision,
            "token": token,
            "trust_remote_code": trust_remote_code,
        }
        loading |= _once(model_kwargs or {}, {name for name, value in loading.items() if value is not None})
        if tokenizer is None:
            tokenizer = AutoTokenizer.from_pretrained(named, revision=revision, token=token, use_fast=use_fast)
        classes = {each.task: each for each in _classes()}
        source = classes[kind.head].from_pretrained(named, **loading)
    elif model_kwargs:
        raise InputError(
            "E_ARGUMENT",
            "model_kwargs are how a model is loaded; this one is.",
            cure="Leave them out, or give a folder or a name.",
        )
    elif (chosen := place if place is not None else mapped_device(device_map)) is not None:
        source = source.to(run_device(chosen))
    if tokenizer is not None and not isinstance(tokenizer, Tokenizer):
        tokenizer = AutoTokenizer.from_pretrained(tokenizer, revision=revision, token=token, use_fast=use_fast)
    merged: Any = {**languages, **options}
    made = kind(source, tokenizer, **merged)
    if source is not model and kind.head is not Task.FEATURES:
        made.ready.require_trained()
    return made


def _once(given: Mapping[str, Any], named: set[str]) -> dict[str, Any]:
    """Return ``model_kwargs``, the number format by its one name.

    Raises:
        InputError: ``E_ARGUMENT``, for one that the call states as well.
    """
    found = {("dtype" if name == "torch_dtype" else name): value for name, value in given.items()}
    for name in found.keys() & named:
        raise InputError(
            "E_ARGUMENT",
            "{name} is given twice, in model_kwargs and beside them.",
            cure="Leave one of them out.",
            values=dict(name=name),
        )
    return found


def _classes() -> list[type[AutoModelFor[Any]]]:
    from torso.compat import auto

    found: list[type[AutoModelFor[Any]]] = []
    for each in vars(auto).values():
        if isinstance(each, type) and issubclass(each, AutoModelFor) and each is not AutoModelFor:
            found.append(each)  # pyright: ignore[reportUnknownArgumentType]
    return found


def _languages(task: str) -> tuple[str, dict[str, str]]:
    """``translation_en_to_de`` -> ``translation`` and its two languages."""
    if not task.startswith("translation_"):
        return task, {}
    source, _, target = task.removeprefix("translation_").partition("_to_")
    return ("translation", {"src_lang": source, "tgt_lang": target}) if source and target else (task, {})


def _bundled(task: str) -> str:
    if task in _BUNDLED:
        return _BUNDLED[task]
    raise InputError(
        "E_ARGUMENT",
        "No model is bundled for {task}, and none was named.",
        cure="Name one: pipeline({task!r}, model=...).",
        values=dict(task=task),
    )
