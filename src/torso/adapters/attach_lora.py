"""Giving a model a low-rank adapter, in place, and merging it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar, cast

import torch
from torch import nn

from torso.adapters.adapter_config import Adapter
from torso.adapters.adapter_names import HubModule, ModelNames, within_saved
from torso.adapters.adapter_targets import TASK_TYPES, chosen_modules, no_bias_to_merge_into, saved_modules
from torso.adapters.lora_settings import Lora
from torso.adapters.model_parts import base_parameters, token_embedding
from torso.batch import pieces
from torso.errors import InputError, UnsupportedError
from torso.io.arguments import known_arguments
from torso.nn.low_rank import Adapted, LowRank, adapt_embedding, adapt_linear, bias_of, learn_rows

if TYPE_CHECKING:
    from torso.model import Model

Out = TypeVar("Out")


@known_arguments
def lora(model: Model[Out], settings: Lora | None = None, *, seed: int | None = None) -> Model[Out]:
    """Give a model a low-rank adapter in place and return it: from now on the adapter learns, and is what is saved.

    What learns is what is saved: the updates, the modules that are saved whole, biases and rows that were asked for.
    Everything else is frozen. `Model.save` then writes a folder that PEFT and torso load with the base model.

    Args:
        model: any task's, of any family; in training or evaluation mode, which stays.
        settings: rank, targets and the rest; None for rank 8, alpha 16 and the family's queries and values.
        seed: makes the initial values repeatable; None takes torch's own state.

    Raises:
        InputError: ``E_LORA``, for targets, layers or tokens that the model does not have.
        UnsupportedError: ``E_LORA``, for a model with an adapter, or a module that cannot be adapted; ``E_TIED``, for
            one side of tied matrices.
    """
    chosen = settings or Lora()
    if model.adapter is not None:
        raise UnsupportedError(
            "E_LORA", "This model has an adapter already.", cure="Merge it first: torso.merge(model)."
        )
    names = ModelNames.of(model)
    task_type = TASK_TYPES.get(model.task)
    saved = saved_modules(model, chosen, names, task_type)
    modules = chosen_modules(model, chosen, names, saved)
    _require_rows(model, chosen)
    with torch.random.fork_rng(enabled=seed is not None):
        if seed is not None:
            torch.manual_seed(seed)
        for name, module in modules.items():
            adapt(model, module, chosen.rank_of(name), chosen.scale(name), chosen)
    base = None if model.report is None else model.report.base_name
    attach(model, Adapter(_with_saved(chosen, saved), base, task_type=task_type), names)
    return model


def _with_saved(settings: Lora, saved: tuple[str, ...]) -> Lora:
    return replace(settings, modules_to_save=saved)


def adapt(model: Model[Any], module: HubModule, rank: int, scale: float, settings: Lora) -> LowRank | None:
    """Give one module its adapter, initialised; None for a table of tokens, which is its own."""
    layer = model.get_submodule(module.place)
    if isinstance(layer, nn.Embedding):
        adapt_embedding(layer, rank, scale)
        return None
    assert isinstance(layer, nn.Linear)
    rows, bias = module.rows[module.part], bias_of(layer)
    learned = bias is not None and settings.bias == "lora_only"
    branch = LowRank(
        layer.in_features,
        rows,
        rank,
        scale=scale,
        dropout=settings.dropout,
        bias=settings.lora_bias,
        base_bias=pieces(bias, module.rows)[module.part] if learned and bias is not None else None,
    ).to(layer.weight.device)
    branch.train(layer.training)
    with torch.no_grad():
        if settings.initial == "gaussian":
            branch.a.normal_(std=1 / rank)
        else:
            nn.init.kaiming_uniform_(branch.a, a=math.sqrt(5))
        if settings.initial == "random":
            nn.init.kaiming_uniform_(branch.b, a=math.sqrt(5))
    adapt_linear(layer, module.rows, module.part, branch)
    return branch


def attach(model: Model[Any], adapter: Adapter, names: ModelNames) -> None:
    """Note a model's adapter, whose factors are in place, and let only what belongs to it learn."""
    settings = adapter.settings
    if settings.trainable_token_indices:
        learn_rows(token_embedding(model), settings.trainable_token_indices)
    base = base_parameters(model)
    model.fixed = tuple(name for name, each in base.items() if not each.requires_grad)
    for name, parameter in base.items():
        parameter.requires_grad_(name not in model.fixed and learns(name, names, settings))
    model.adapter = adapter


def learns(parameter: str, names: ModelNames, settings: Lora) -> bool:
    """Return whether a parameter of the model itself learns with its adapter, whole."""
    keys = names.keys(parameter)
    if settings.bias == "all" and all(key.endswith(".bias") for key in keys):
        return True
    saved = [within_saved(key.rpartition(".")[0], settings.modules_to_save) for key in keys]
    if any(saved) and not all(saved):
        raise UnsupportedError(
            "E_LORA",
            "{key} is kept in one matrix with others here, and cannot learn whole without them.",
            cure="Name all of them in modules_to_save: {keys}.",
            values=dict(key=keys[saved.index(True)], keys=", ".join(key.rpartition(".")[0] for key in keys)),
        )
    return all(saved)


def _require_rows(model: Model[Any], settings: Lora) -> None:
    rows = token_embedding(model).num_embeddings if settings.trainable_token_indices else 0
    outside = [each for each in settings.trainable_token_indices if each >= rows]
    if outside:
        raise InputError(
            "E_LORA",
            "trainable_token_indices names the token {token}; the table has {rows} rows.",
            cure="Give ids below {rows}.",
            values=dict(token=outside[0], rows=rows),
        )


@known_arguments
def merge(model: Model[Out]) -> Model[Out]:
    """Merge a model's adapter into its weights in place and return it: a plain model, saved whole, and as fast.

    Args:
        model: with an adapter; one without is returned as it is.

    Raises:
        UnsupportedError: ``E_LORA``, for updates with a bias in layers that have none.
    """
    if model.adapter is None:
        return model
    layers = [each for each in cast("Iterable[nn.Module]", model.modules()) if isinstance(each, Adapted)]
    _require_biases(model)
    for layer in layers:
        layer.restore()
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(name not in model.fixed)
    model.adapter, model.fixed = None, ()
    return model


def _require_biases(model: Model[Any]) -> None:
    settings = None if model.adapter is None else model.adapter.settings
    if settings is None or not settings.lora_bias:
        return
    for name, module in cast("Iterable[tuple[str, nn.Module]]", model.named_modules()):
        if isinstance(module, LowRank) and module.bias is not None:
            layer = model.get_submodule(name.rpartition(".branches.")[0])
            if bias_of(cast("nn.Linear", layer)) is None:
                raise no_bias_to_merge_into(name.rpartition(".branches.")[0])
