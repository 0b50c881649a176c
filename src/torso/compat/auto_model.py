"""What the ecosystem's Auto classes share: loading a task's model for padded tensors."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar, Unpack

from torso.architecture import Task, find
from torso.compat.loading_arguments import ModelArguments
from torso.compat.loading_models import config_of, load_for
from torso.compat.padded_outputs import PaddedOutput
from torso.config.hub_config import HubConfig
from torso.errors import InputTypeError
from torso.io.arguments import checked_calls
from torso.io.optional_packages import pytorch_for
from torso.loading.load import Source

if TYPE_CHECKING:
    import torch

    from torso.compat.padded_model import PaddedModel

Out = TypeVar("Out", bound=PaddedOutput)


@checked_calls
class AutoModelFor(Generic[Out]):
    """What the Auto classes share: a task, and loading for it. Use one of its subclasses."""

    task: ClassVar[Task[Any]]

    @classmethod
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
        """Return a pretrained model that takes padded tensors, in evaluation mode.

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
        with pytorch_for(cls.__name__):
            from torso.compat.padded_model import class_of

        arguments: dict[str, Any] = {
            "config": config,
            "num_labels": num_labels,
            "id2label": id2label,
            "labels": labels,
            "output_attentions": output_attentions,
            "output_hidden_states": output_hidden_states,
            "changes": changes,
            "ignore_mismatched_sizes": ignore_mismatched_sizes,
            "dtype": dtype,
            "device": device,
            "revision": revision,
            "cache_dir": cache_dir,
            "local_files_only": local_files_only,
            "force_download": force_download,
            "token": token,
            **more,
        }
        offered = AutoModelFor.from_pretrained
        model = load_for(cls.task, pretrained_model_name_or_path, arguments, offered, lambda architecture: None)
        return class_of(model.architecture, cls.task)(model)

    @classmethod
    def from_config(cls, config: HubConfig, *, seed: int | None = None) -> PaddedModel[Out]:
        """Return a model of fresh random weights, for training from nothing."""
        with pytorch_for(cls.__name__):
            from torso.compat.padded_model import class_of

        config = config_of(config)
        return class_of(find(config.model_type), cls.task).from_config(config, seed=seed)

    def __init__(self, *inputs: object, **named: object) -> None:
        """Refuse: an Auto class chooses the class of a checkpoint.

        Raises:
            InputTypeError: ``E_AUTO``.
        """
        raise InputTypeError(
            "E_AUTO",
            "{kind} makes no model by itself: which class it is follows from a checkpoint or a config.",
            cure="Write {kind}.from_pretrained(folder), or {kind}.from_config(config).",
            values=dict(kind=type(self).__name__),
        )


def changed(
    config: HubConfig,
    num_labels: int | None,
    id2label: Mapping[int, str] | None,
    output_attentions: bool | None,
    output_hidden_states: bool | None,
    changes: Mapping[str, Any] | None,
) -> HubConfig:
    """Return a config with what a call asks of it."""
    given = {
        "num_labels": num_labels,
        "id2label": None if id2label is None else dict(id2label),
        "output_attentions": output_attentions,
        "output_hidden_states": output_hidden_states,
    }
    asked = {name: value for name, value in given.items() if value is not None} | dict(changes or {})
    return config.replace(asked) if asked else config
