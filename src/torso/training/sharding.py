"""Weights, gradients and moments divided over the processes of a run, by PyTorch's FSDP2.

Zhao and others 2023, https://arxiv.org/abs/2304.11277; `torch.distributed.fsdp.fully_shard`. Each block is gathered
where it runs, and given back behind it.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import is_dataclass
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.distributed.fsdp import FSDPModule, fully_shard
from torch.distributed.tensor import DTensor, distribute_tensor

from torso import outputs
from torso.errors import InputError, UnsupportedError
from torso.model import Model, changed
from torso.nn.meta_init import place
from torso.nn.trunk import Trunk
from torso.training.ranks import ranks

_registered: list[type] = []


def shard(model: Model[Any]) -> None:
    """Divide a model's parameters over all processes, in place; each keeps its share of every tensor.

    Args:
        model: whole, the same in each process, before its optimiser is made.

    Raises:
        InputError: ``E_ARGUMENT``, where there is one process.
        UnsupportedError: ``E_SHARD``, for blocks that are skipped at random: the processes would wait for each other.
    """
    if ranks() == 1:
        raise InputError(
            "E_ARGUMENT",
            "shard would have no effect: there is one process.",
            cure="Start several: torchrun --nproc-per-node 2 -m torso train ... --shard",
        )
    if any(isinstance(each, Trunk) and each.of.layer_dropout for each in _modules(model)):
        raise UnsupportedError(
            "E_SHARD",
            "This model skips blocks at random in training, another one in each process.",
            cure="Set its LayerDrop to 0 in config.json, or leave shard out.",
        )
    _register_outputs()
    layers = [layer for each in _modules(model) if isinstance(each, Trunk) for layer in each.layers]
    for each in dict.fromkeys(layers):  # a block may be several layers, as ALBERT's is
        fully_shard(each)
    fully_shard(model)
    for each in _modules(model):
        if isinstance(each, FSDPModule):
            each.set_gradient_divide_factor(1.0)
            each.set_force_sum_reduction_for_comms(True)  # losses are sums, divided by what the whole step counts


def is_sharded(model: nn.Module) -> bool:
    """Return whether a model's parameters are divided over the processes."""
    return isinstance(model, FSDPModule)


@contextmanager
def whole(model: nn.Module) -> Generator[None]:
    """Let each process hold all parameters as plain tensors, to evaluate or to save; all processes enter and leave.

    Gradients and moments stay divided. Nothing happens to a model that is not sharded.
    """
    if not isinstance(model, FSDPModule):
        yield
        return
    parts = [each for each in _modules(cast("nn.Module", model)) if isinstance(each, FSDPModule)]
    model.set_reshard_after_forward(False)
    for each in parts:
        each.unshard()
    try:
        yield
    finally:
        for each in parts:
            each.set_reshard_after_forward(
                each is not parts[0], recurse=False
            )  # of the root too costs and saves nothing
            each.reshard()
        model.reset_iter_state()  # else a backward pass would gather ahead what the evaluation ran


def saveable(model: Model[Any]) -> Model[Any]:
    """Return a model to be saved, of one that is `whole` now: a copy in host memory; a plain model is its own.

    What is gathered has to be given back, which numpy's views of it, as files are written from, would forbid.
    """
    if not is_sharded(model):
        return model
    copy = changed(model, {})
    for name, each in list(copy.named_parameters()):
        place(copy, name, each.detach().to("cpu", copy=True))
    copy.report, copy.head_trained = model.report, model.head_trained
    copy.adapter, copy.fixed = model.adapter, model.fixed
    return copy


def plain(value: Tensor) -> Tensor:
    """Return a number that is summed over the processes as a plain tensor."""
    return value.full_tensor() if isinstance(value, DTensor) else value


def share_like(value: Tensor, parameter: Tensor) -> Tensor:
    """Return the own share of a whole tensor, divided as a parameter is; all of it where that is plain.

    Args:
        value: of the parameter's shape, the same in each process.
        parameter: sharded or not.
    """
    if not isinstance(parameter, DTensor):
        return value
    return distribute_tensor(
        value.to(parameter.device), parameter.device_mesh, parameter.placements, src_data_rank=None
    )


def _modules(model: nn.Module) -> list[nn.Module]:
    return list(cast("Any", model).modules())


def _register_outputs() -> None:
    """Let PyTorch see the tensors inside outputs: its hooks on them begin the backward pass of a shard."""
    for each in vars(outputs).values():
        if isinstance(each, type) and is_dataclass(each) and each not in _registered:
            torch.export.register_dataclass(each)
            _registered.append(each)
