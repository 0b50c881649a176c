"""What the ecosystem's Auto classes share: loading a task's model for padded tensors."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from operator import index
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar, Unpack, cast

from torso.architecture import Task, find
from torso.compat.loading_arguments import ModelArguments, settle, subfolder_of
from torso.compat.padded_outputs import PaddedOutput
from torso.config.arguments import known_arguments
from torso.config.hub_config import HubConfig
from torso.config.labels import numbered, reconcile
from torso.errors import UnsupportedError
from torso.language import say
from torso.loading.load import Source, build_model, name_base, read_config

if TYPE_CHECKING:
    import torch

    from torso.compat.padded_model import PaddedModel
    from torso.model import Model

Out = TypeVar("Out", bound=PaddedOutput)


class AutoModelFor(Generic[Out]):
    """What the Auto classes share: a task, and loading for it. Use one of its subclasses."""

    task: ClassVar[Task[Any]]
    family: ClassVar[str | None] = None

    @classmethod
    @known_arguments
    def from_pretrained(
        cls,
        pretrained_model_name_or_path: Source,
        *,
        config: HubConfig | None = None,
        num_labels: int | None = None,
        id2label: Mapping[int, str] | None = None,
        labels: Sequence[str] | None = None,
        output_attentions: bool | None = None,
        output_hidden_states: bool | None = None,
        changes: Mapping[str, Any] | None = None,
        ignore_mismatched_sizes: bool = False,
        dtype: str | torch.dtype | None = None,
        device: str | torch.device | None = None,
        revision: str | None = None,
        cache_dir: str | os.PathLike[str] | None = None,
        local_files_only: bool = False,
        force_download: bool = False,
        token: str | bool | None = None,
        **more: Unpack[ModelArguments],
    ) -> PaddedModel[Out]:
        """A pretrained model that takes padded tensors, in evaluation mode.

        A head that the checkpoint does not hold is made new, with one line saying so, when its size is given or fixed
        by the task. Logits from it mean nothing until it is trained, and the outputs say ``head_trained=False``.

        Args:
            pretrained_model_name_or_path: a folder, a bundled model such as ``torso:sentiment``, or a name.
            config: used instead of the folder's own.
            num_labels: how many labels a new head shall have.
            id2label: their names by number.
            labels: their names in order; the simplest way.
            output_attentions: whether calls return attention weights by default.
            output_hidden_states: whether calls return every layer's rows by default.
            changes: any other parameters of the config to change, by name.
            ignore_mismatched_sizes: whether a head with another number of labels is replaced by a new one.
            dtype: number format to run in; None: float32 on a CPU, the checkpoint's own on an accelerator.
            device: where to put the weights; the CPU if None.
            revision: branch, tag or commit, for a name.
            cache_dir: where downloaded models are kept.
            local_files_only: whether the network is left alone.
            force_download: whether to download again what is there.
            token: for private models; True reads the saved one.
            more: see `ModelArguments`: other names of transformers, and keys of the config to change.

        Raises:
            InputTypeError, UnsupportedError: ``E_ARGUMENT``: an argument that does not exist, or cannot hold here.
            NotFoundError, OfflineError, NetworkError: the model cannot be had.
            FileFormatError, UnsafeFileError, LimitError: a file is not what it should be.
            ConfigError, WeightsError, UnsupportedError: config, weights and task do not fit each other.
        """
        from torso.compat.padded_model import PaddedModel
        from torso.hub import resolve

        settled = settle("from_pretrained", more, AutoModelFor.from_pretrained, dtype=dtype, device=device)
        snapshot = resolve(
            subfolder_of(pretrained_model_name_or_path, settled.subfolder),
            revision=revision,
            cache_dir=cache_dir,
            local_files_only=local_files_only,
            force_download=force_download,
            token=settled.use_auth_token if token is None else token,
        )
        architecture, own = read_config(snapshot.folder)
        cls._check_family(architecture.family)
        asked = {**(changes or {}), **settled.changes}
        inverse = asked.pop("label2id", None)
        given = changed(own if config is None else config, None, None, output_attentions, output_hidden_states, asked)
        labels, num_labels = cls._labels(given, labels, num_labels, id2label, inverse)
        model: Model[Any] = build_model(
            snapshot.folder,
            architecture,
            given,
            cls.task,
            labels=labels,
            num_labels=num_labels,
            new_head=ignore_mismatched_sizes or "if absent",
            device=settled.device,
            dtype=settled.dtype,
        )
        if not settled.pooler and cls.task is Task.FEATURES and model.report is not None:
            model.drop(("pooler",))
            model.report = replace(model.report, absent=tuple({*model.report.absent, "pooler"}))
        name_base(model, pretrained_model_name_or_path)
        assumed = given.num_labels is None and labels is None and num_labels is None
        _say_new_head(str(pretrained_model_name_or_path), model, assumed=assumed)
        return PaddedModel(model)

    @classmethod
    @known_arguments
    def from_config(cls, config: HubConfig, *, seed: int | None = None) -> PaddedModel[Out]:
        """A model of fresh random weights, for training from nothing."""
        from torso.compat.padded_model import PaddedModel
        from torso.model import new_model

        cls._check_family(find(config.model_type).family)
        return PaddedModel(new_model(config, cls.task, seed=seed))

    @classmethod
    def _labels(
        cls,
        config: HubConfig,
        labels: Sequence[str] | None,
        num_labels: int | None,
        id2label: Mapping[int, str] | None,
        label2id: Mapping[str, int] | None,
    ) -> tuple[Sequence[str] | None, int | None]:
        """The names of a new head's labels, or how many there are: two where nothing says, as in the reference."""
        if not cls.task.labelled:
            return labels, None  # a count means nothing here, and transformers passes over it
        if id2label is None and label2id is not None:
            id2label = {number: name for name, number in label2id.items()}
        if labels is None and id2label is not None:
            # From JSON its numbers are words, of which "10" comes before "2".
            stated = reconcile(num_labels, cast("Mapping[int, str]", numbered(id2label)), label2id)
            labels = list(stated["id2label"].values())
        if num_labels is not None and not isinstance(num_labels, bool):
            num_labels = index(num_labels)  # numpy's whole numbers too
        return labels, num_labels

    @classmethod
    def _check_family(cls, family: str) -> None:
        if cls.family is not None and family != cls.family:
            raise UnsupportedError(
                "E_FAMILY",
                "{kind} was asked to load a {family} model.",
                cure="Use AutoModel{suffix}, which takes every family.",
                values=dict(kind=cls.__name__, family=family, suffix=cls.task.suffix.removeprefix("Model")),
            )


def changed(
    config: HubConfig,
    num_labels: int | None,
    id2label: Mapping[int, str] | None,
    output_attentions: bool | None,
    output_hidden_states: bool | None,
    changes: Mapping[str, Any] | None,
) -> HubConfig:
    """A config with what a call asks of it."""
    given = {
        "num_labels": num_labels,
        "id2label": None if id2label is None else dict(id2label),
        "output_attentions": output_attentions,
        "output_hidden_states": output_hidden_states,
    }
    asked = {name: value for name, value in given.items() if value is not None} | dict(changes or {})
    return config.replace(asked) if asked else config


def _say_new_head(name: str, model: Model[Any], *, assumed: bool) -> None:
    if model.head_trained:
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
