"""Loading for the ecosystem's classes: arguments settled, the config changed as asked, weights read. Loads no torch."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from operator import index
from pathlib import Path
from typing import TYPE_CHECKING, Any, SupportsIndex, cast

from torso.architecture import Architecture, Task
from torso.compat.loading_arguments import ModelArguments, ResolvedArguments, resolve_arguments, subfolder_of
from torso.config.hub_config import HubConfig
from torso.config.labels import numbered, reconcile
from torso.errors import UnsupportedError
from torso.language import say
from torso.loading.load import Source, build_model, name_base, read_config
from torso.loading.unfusing import unfused

if TYPE_CHECKING:
    import torch

    from torso.model import Model


class LoadingArguments(ModelArguments, total=False):
    """Every argument of ``from_pretrained``; `torso.AutoModel.from_pretrained` says what each means."""

    config: HubConfig | None
    num_labels: int | None
    id2label: Mapping[int, str] | None
    labels: Sequence[str] | None
    output_attentions: bool | None
    output_hidden_states: bool | None
    changes: Mapping[str, Any] | None
    ignore_mismatched_sizes: bool
    dtype: str | torch.dtype | None
    device: str | torch.device | None
    revision: str | None
    cache_dir: str | os.PathLike[str] | None
    local_files_only: bool
    force_download: bool
    token: str | bool | None


OWN = frozenset(LoadingArguments.__annotations__) - frozenset(ModelArguments.__annotations__)
"""The documented arguments, beside those of `ModelArguments`."""
_DOWNLOAD = ("revision", "cache_dir", "local_files_only", "force_download")


def found(
    source: Source, arguments: Mapping[str, Any], offered: Callable[..., object]
) -> tuple[Path, Architecture[Any], HubConfig, ResolvedArguments]:
    """Return a model's folder and architecture, its config with the call's changes, and the other arguments.

    Raises:
        TorsoError: as ``from_pretrained`` says.
    """
    from torso.hub import resolve

    more = {name: value for name, value in arguments.items() if name not in OWN}
    resolved = resolve_arguments(
        "from_pretrained",
        more,
        offered,
        dtype=arguments.get("dtype"),
        device=arguments.get("device"),
        documented=sorted(OWN),
    )
    token = arguments.get("token")
    folder = resolve(
        subfolder_of(source, resolved.subfolder),
        token=resolved.use_auth_token if token is None else token,
        **{name: arguments[name] for name in _DOWNLOAD if name in arguments},
    ).folder
    architecture, own = read_config(folder)
    config: HubConfig | None = arguments.get("config")
    asked: dict[str, Any] = {**(arguments.get("changes") or {}), **resolved.changes}
    asked.pop("label2id", None)
    for name in ("output_attentions", "output_hidden_states"):
        if arguments.get(name) is not None:
            asked[name] = arguments[name]
    config = own if config is None else config_of(config)
    return folder, architecture, config.replace(asked) if asked else config, resolved


def config_of(given: object) -> HubConfig:
    """Return a config of torso, also from one of transformers, by its ``to_dict``.

    Raises:
        InputTypeError: ``E_CONFIG``, for what is no config.
        ConfigError, UnsupportedError: a config that torso cannot follow.
    """
    from torso.architecture import find
    from torso.config.config_file import ConfigFile
    from torso.config.inferred_model_type import inferred_model_type
    from torso.config.rotary_xlm_roberta import in_own_form
    from torso.config.text_part import text_part
    from torso.errors import InputTypeError

    if isinstance(given, HubConfig):
        return given
    to_dict = getattr(given, "to_dict", None)
    values = to_dict() if callable(to_dict) else None
    if not isinstance(values, dict) or not isinstance(cast("dict[str, Any]", values).get("model_type"), str):
        raise InputTypeError(
            "E_CONFIG",
            "A model is made from a config; a {kind} is not one.",
            cure="Give one: AutoConfig.from_pretrained(folder); or load a model: AutoModel.from_pretrained(folder).",
            values=dict(kind=type(given).__name__),
        )
    file = in_own_form(text_part(ConfigFile(Path("config.json"), cast("dict[str, Any]", values), {})))
    return find(str(inferred_model_type(file.values))).config.from_file(file)


def load_for(
    task: Task[Any],
    source: Source,
    arguments: Mapping[str, Any],
    offered: Callable[..., object],
    check: Callable[[Architecture[Any]], None],
) -> Model[Any]:
    """Load the model of a task; a head that the checkpoint lacks is made new, with one line on stderr.

    Args:
        task: of the head.
        source: a folder, a bundled model, or a name.
        arguments: see `LoadingArguments`.
        offered: the function that was called, whose arguments a misspelt one may mean.
        check: raises for a family that the class is not of.

    Raises:
        TorsoError: as ``from_pretrained`` says.
    """
    folder, architecture, config, resolved = found(source, arguments, offered)
    check(architecture)
    labels, num_labels = head_labels(task, arguments)
    model: Model[Any] = build_model(
        folder,
        unfused(architecture),
        config,
        task,
        labels=labels,
        num_labels=num_labels,
        new_head=bool(arguments.get("ignore_mismatched_sizes")) or "if absent",
        device=resolved.device,
        dtype=resolved.dtype,
    )
    if not resolved.pooler and task is Task.FEATURES and model.report is not None:
        model.drop(("pooler",))
        model.report = replace(model.report, absent=tuple({*model.report.absent, "pooler"}))
    name_base(model, source)
    stated = config.num_labels is not None and model.report is not None and model.report.instead in ("", task.name)
    _say_new_head(str(source), model, assumed=not stated and labels is None and num_labels is None)
    return model


def head_labels(task: Task[Any], arguments: Mapping[str, Any]) -> tuple[Sequence[str] | None, int | None]:
    """Return the names of a new head's labels, or how many there are, where the arguments say so."""
    labels: Sequence[str] | None = arguments.get("labels")
    num_labels = arguments.get("num_labels")
    id2label, label2id = arguments.get("id2label"), arguments.get("label2id")
    if not task.labelled:
        return labels, None  # a count means nothing here, and transformers passes over it
    if id2label is None and label2id is not None:
        id2label = {number: name for name, number in label2id.items()}
    if labels is None and id2label is not None:
        # From JSON its numbers are words, of which "10" comes before "2".
        stated = reconcile(num_labels, cast("Mapping[int, str]", numbered(id2label)), label2id)
        labels = list(stated["id2label"].values())
    if isinstance(num_labels, SupportsIndex) and not isinstance(num_labels, bool):
        with suppress(TypeError):  # a NumPy bool, or an array of several numbers: refused where labels are settled
            num_labels = index(num_labels)  # numpy's whole numbers too
    return labels, cast("int | None", num_labels)


def check_family(kind: str, wanted: str | None, task: Task[Any] | None, architecture: Architecture[Any]) -> None:
    """Hold a class of one family to checkpoints of it.

    Raises:
        UnsupportedError: ``E_FAMILY``.
    """
    if wanted is not None and architecture.family != wanted:
        raise UnsupportedError(
            "E_FAMILY",
            "{kind} was asked to load a {family} model.",
            cure="Use AutoModel{suffix}, which takes every family.",
            values=dict(
                kind=kind,
                family=architecture.family,
                suffix="" if task is None else task.suffix.removeprefix("Model"),
            ),
        )


def _say_new_head(name: str, model: Model[Any], *, assumed: bool) -> None:
    if model.head_trained:
        return
    instead = model.report.instead if model.report is not None else ""
    if instead:
        template = "torso: the head of {name} is for {instead}, and was left out."
        if instead == model.task.name:
            template = (
                "torso: the {instead} head of {name} has other labels. Made a new one, untrained, with {labels} "
                "labels: its scores mean nothing until you train it."
            )
        print(say(template, dict(name=name, instead=instead, labels=model.config.num_labels)), file=sys.stderr)
    if instead == model.task.name:
        return
    template = (
        "torso: {name} has no {task} head. Made a new one, untrained: its scores mean nothing until you train it."
    )
    if model.task.labelled:
        template = (
            "torso: {name} has no {task} head. Made a new one, untrained, with {labels} labels: "
            "its scores mean nothing until you train it."
        )
    if model.task.labelled and assumed:
        template = (
            "torso: {name} has no {task} head, and nothing says how many labels it shall have. Made a new one, "
            "untrained, with {labels}, as transformers does; for another number: num_labels=... Its scores mean "
            "nothing until you train it."
        )
    values = dict(name=name, task=model.task.name, labels=model.config.num_labels)
    print(say(template, values), file=sys.stderr)
