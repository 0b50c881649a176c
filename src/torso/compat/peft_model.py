"""PEFT's names over torso's adapters: `LoraConfig`, `TaskType`, `get_peft_model`, `PeftModel`."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from torso.adapters.adapter_config import read_adapter
from torso.adapters.adapter_folder import is_adapter
from torso.adapters.adapter_reading import read_into
from torso.adapters.attach_lora import lora, merge
from torso.adapters.lora_settings import Bias, Lora
from torso.compat.padded_model import PaddedModel
from torso.errors import InputError, InputTypeError, UnsupportedError
from torso.hub import resolve
from torso.io.arguments import checked_calls, known_arguments
from torso.language import say


class TaskType(StrEnum):
    """PEFT's names of tasks. A torso model knows its task; a task type need not agree."""

    SEQ_CLS = "SEQ_CLS"
    SEQ_2_SEQ_LM = "SEQ_2_SEQ_LM"
    CAUSAL_LM = "CAUSAL_LM"
    TOKEN_CLS = "TOKEN_CLS"
    QUESTION_ANS = "QUESTION_ANS"
    FEATURE_EXTRACTION = "FEATURE_EXTRACTION"


@checked_calls
@dataclass(kw_only=True)
class LoraConfig:
    """Settings of a low-rank adapter under PEFT's names and with its defaults; see `Lora`.

    ``inference_mode``, ``fan_in_fan_out`` and ``task_type`` change nothing here. ``use_dora`` and initialisations from
    the base's weights are refused.
    """

    r: int = 8
    lora_alpha: float = 8
    target_modules: str | Sequence[str] | None = None
    exclude_modules: str | Sequence[str] | None = None
    lora_dropout: float = 0.0
    bias: Bias = "none"
    task_type: str | None = None
    modules_to_save: Sequence[str] | None = None
    init_lora_weights: bool | str = True
    layers_to_transform: int | Sequence[int] | None = None
    layers_pattern: str | Sequence[str] | None = None
    rank_pattern: Mapping[str, int] = field(default_factory=dict[str, int])
    alpha_pattern: Mapping[str, float] = field(default_factory=dict[str, float])
    use_rslora: bool = False
    use_dora: bool = False
    lora_bias: bool = False
    trainable_token_indices: Sequence[int] | None = None
    inference_mode: bool = False
    fan_in_fan_out: bool = False
    base_model_name_or_path: str | None = None

    def settings(self) -> Lora:
        """Return torso's settings.

        Raises:
            UnsupportedError: ``E_LORA``, for what torso does not implement.
            InputError: ``E_LORA``, for values that cannot be.
        """
        known = {True: "kaiming", False: "random", "gaussian": "gaussian"}
        initial = known.get(self.init_lora_weights)
        for name, refused in (("use_dora", self.use_dora), ("init_lora_weights", initial is None)):
            if refused:
                raise UnsupportedError(
                    "E_LORA",
                    "{name}={value} is not implemented.",
                    cure="Leave it out.",
                    values=dict(name=name, value=repr(getattr(self, name))),
                )
        return Lora(
            rank=self.r,
            alpha=self.lora_alpha,
            targets=self.target_modules,
            exclude=self.exclude_modules or (),
            dropout=self.lora_dropout,
            rank_pattern=self.rank_pattern,
            alpha_pattern=self.alpha_pattern,
            rank_stabilised=self.use_rslora,
            bias=self.bias,
            lora_bias=self.lora_bias,
            modules_to_save=self.modules_to_save or (),
            trainable_token_indices=self.trainable_token_indices or (),
            layers=self.layers_to_transform,
            layers_pattern=self.layers_pattern or (),
            initial="gaussian" if initial == "gaussian" else "random" if initial == "random" else "kaiming",
        )


@checked_calls
class PeftModel(PaddedModel[Any]):
    """A padded model with an adapter, under PEFT's names."""

    @classmethod
    def from_pretrained(  # pyright: ignore[reportIncompatibleMethodOverride] - PEFT's own parameters
        cls, model: PaddedModel[Any], model_id: str | os.PathLike[str], *, is_trainable: bool = False
    ) -> PeftModel:
        """Give a model the adapter of a folder or of a name on the Hub, in place.

        Args:
            model: the base, of any Auto class.
            model_id: the adapter.
            is_trainable: whether the adapter goes on learning.

        Raises:
            InputTypeError: ``E_MODEL``, for a model of another library.
            InputError: ``E_NO_ADAPTER``. UnsupportedError: ``E_LORA``, for a model that has an adapter.
            TorsoError: as `torso.load`, for a file that does not fit.
        """
        inner = _padded(model).packed
        folder = resolve(model_id).folder
        if not is_adapter(folder):
            raise InputError(
                "E_NO_ADAPTER",
                "{folder} is a model and no adapter.",
                cure="Load it with an Auto class.",
                values=dict(folder=folder),
            )
        if inner.adapter is not None:
            raise UnsupportedError(
                "E_LORA", "This model has an adapter already.", cure="Merge it first: torso.merge(model)."
            )
        read_into(inner, Path(folder), read_adapter(folder))
        adapted = cls(inner.eval())
        if not is_trainable:
            adapted.requires_grad_(False)
        return adapted

    def get_nb_trainable_parameters(self) -> tuple[int, int]:
        """Return how many numbers learn, and how many there are."""
        every = list(self.parameters())
        return sum(each.numel() for each in every if each.requires_grad), sum(each.numel() for each in every)

    def print_trainable_parameters(self) -> None:
        """Print how many numbers learn, as PEFT does."""
        learning, every = self.get_nb_trainable_parameters()
        share = f"{100 * learning / every:.4f}"
        message = "trainable params: {learning} || all params: {every} || trainable%: {share}"
        sys.stdout.write(say(message, dict(learning=f"{learning:,}", every=f"{every:,}", share=share)) + "\n")

    def merge_and_unload(self) -> PaddedModel[Any]:
        """Merge the adapter, in place, and return the plain model."""
        return PaddedModel(merge(self.packed))

    def get_base_model(self) -> PaddedModel[Any]:
        """Return the model under the names of transformers, still with its adapter."""
        return PaddedModel(self.packed)


@known_arguments
def get_peft_model(model: PaddedModel[Any], peft_config: LoraConfig, adapter_name: str = "default") -> PeftModel:
    """Give a model a low-rank adapter in place; only the adapter learns from now on.

    Args:
        model: of any Auto class.
        peft_config: the adapter's settings.
        adapter_name: changes nothing: a model has one adapter.

    Raises:
        InputTypeError: ``E_MODEL``, for a model or settings of another kind.
        TorsoError: as `torso.lora`.
    """
    if not isinstance(peft_config, LoraConfig):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise InputTypeError(
            "E_MODEL",
            "get_peft_model expects a torso.LoraConfig, got {kind}.",
            cure="Import LoraConfig from torso.",
            values=dict(kind=type(peft_config).__name__),
        )
    inner = _padded(model).packed
    training = model.training
    adapted = PeftModel(lora(inner, peft_config.settings()))
    adapted.train(training)
    return adapted


def _padded(model: object) -> PaddedModel[Any]:
    if not isinstance(model, PaddedModel):
        raise InputTypeError(
            "E_MODEL",
            "An adapter is given to a model of torso's Auto classes, got {kind}.",
            cure="Load it with torso.AutoModelFor...; for a torso.Model: torso.lora(model).",
            values=dict(kind=type(model).__name__),
        )
    return model  # pyright: ignore[reportUnknownVariableType]
