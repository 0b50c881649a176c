"""A PyTorch model as what the kernels compile: its weights as arrays, its batches on the host."""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor

from torso.batch import Batch
from torso.engines.compiling import Source
from torso.engines.model_identity import fingerprint
from torso.errors import InputError, InputTypeError, UnsupportedError
from torso.host_batch import HostBatch, Ids, Rows
from torso.kernels.part_weights import ReadWeight
from torso.language import say
from torso.model import Model
from torso.nn.module import differs

Out = TypeVar("Out")


def require_model(model: object) -> None:
    """Raise for anything but a `Model`.

    Raises:
        InputTypeError: ``E_MODEL``.
    """
    if not isinstance(model, Model):
        raise InputTypeError(
            "E_MODEL",
            "optimise expects a torso.Model, got {kind}.",
            cure="Give the result of torso.load, or the .packed of a padded model.",
            values=dict(kind=type(model).__name__),
        )


def source_of(model: Model[Out]) -> Source[Out]:
    """Return a model as what is compiled; each weight is copied when it is packed.

    Args:
        model: with its projections fused, see `torso.loading.unfusing`.
    """
    read = reading(model)
    return Source(
        model.config,
        model.architecture,
        model.task,
        model.description,
        lambda name: read(name).copy(),  # what is read where it is must not follow the model
        model.head_trained,
        model.report,
        lambda: fingerprint(model),
        lambda: None,
    )


def replaced(model: Model[Any]) -> str | None:
    """Return why a model is not as its description says, in the current language; None if it is."""
    for module in (model.trunk, model.head):
        name = differs(module)
        if name is not None:
            return say("its module {name} was replaced", dict(name=name or type(module).__name__))
    return None


def sample_of(sample: object) -> HostBatch | None:
    """Return calibration texts on the host.

    Raises:
        InputTypeError: ``E_SAMPLE``, for what is no batch.
    """
    if sample is None or isinstance(sample, HostBatch):
        return sample
    if isinstance(sample, Batch):
        return on_host(sample)
    raise InputTypeError(
        "E_SAMPLE",
        "sample must be a torso.Batch of texts, got {kind}.",
        cure="Make one: torso.pack(tokenizer.encodings(texts)).",
        values=dict(kind=type(sample).__name__),
    )


def reading(module: torch.nn.Module) -> ReadWeight:
    """Return a function that reads the weights of a module by name, without a copy where they are float32."""
    weights = dict(module.named_parameters(remove_duplicate=False)) | dict(module.named_buffers())
    return lambda name: array_of(weights[name])


def array_of(tensor: Tensor) -> Rows:
    """Return a tensor as a float32 array; one of float32 on the CPU shares its memory.

    Raises:
        UnsupportedError: ``E_MODE``, for a tensor without numbers.
    """
    if tensor.is_meta:
        raise UnsupportedError(
            "E_MODE", "The model is on {device}: it has no weights.", values=dict(device=tensor.device)
        )
    return tensor.detach().cpu().float().numpy()


def on_host(batch: Batch) -> HostBatch:
    """Return the ids of a batch in NumPy arrays.

    Raises:
        InputError: ``E_SHAPE``, for numbers that are not one for each row.
    """
    layout = batch.layout
    total = sum(layout.sizes)
    given = {"tokens": batch.tokens, "segments": batch.segments, "positions": layout.positions}
    numbers = [_ids(name, each, total) for name, each in given.items()]
    bounds = np.array([*layout.offsets, total, *layout.sizes], np.int32)
    rows = None if batch.rows is None else batch.rows.cpu().numpy()
    return HostBatch(np.stack(numbers), bounds, layout.sizes, rows, batch.choices)


def _ids(name: str, numbers: Tensor | None, total: int) -> Ids:
    if numbers is None:
        return np.zeros(total, np.int64)
    if tuple(numbers.shape) != (total,):
        values: dict[str, Any] = dict(name=name, shape=list(numbers.shape), wanted=f"[{total}]")
        raise InputError("E_SHAPE", "{name} has the shape {shape}; it must be {wanted}.", values=values)
    return numbers.cpu().long().numpy()
