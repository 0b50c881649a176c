"""Predictions of `Trainer` as arrays, and what metrics are computed from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import torch
from torch import Tensor

from torso.io.arguments import checked_calls
from torso.losses import IGNORED

if TYPE_CHECKING:
    import numpy as np

Arrays = Any
"""An array, or a tuple of arrays."""
ComputeMetrics = Callable[[Any], Mapping[str, float]]


@checked_calls
class EvalPrediction:
    """What ``compute_metrics`` is given; unpacks as ``predictions, label_ids``.

    Attributes:
        predictions: scores [N, ...] of every text, filled with -100 where texts differ in length; several in a tuple.
        label_ids: labels likewise; None without.
        inputs: None.
    """

    def __init__(self, predictions: Arrays, label_ids: Arrays) -> None:
        self.predictions, self.label_ids, self.inputs = predictions, label_ids, None

    def __iter__(self) -> Iterator[Arrays]:
        return iter((self.predictions, self.label_ids))

    def __getitem__(self, index: int) -> Arrays:
        return (self.predictions, self.label_ids)[index]


class PredictionOutput(NamedTuple):
    """What `Trainer.predict` returns.

    Attributes:
        predictions: see `EvalPrediction`.
        label_ids: likewise.
        metrics: by name.
    """

    predictions: Arrays
    label_ids: Arrays
    metrics: dict[str, float]


class TrainOutput(NamedTuple):
    """What `Trainer.train` returns.

    Attributes:
        global_step: optimiser steps done.
        training_loss: mean loss of the steps of this call.
        metrics: loss, time and steps per second.
    """

    global_step: int
    training_loss: float
    metrics: dict[str, float]


def joined(parts: Sequence[Any]) -> Arrays:
    """Return the parts of batches as one array [N, ...], filled with -100 to the longest; tuples item by item."""
    if not parts or parts[0] is None:
        return None
    if isinstance(parts[0], tuple):
        columns = zip(*cast("Sequence[tuple[Tensor, ...]]", parts), strict=True)
        return tuple(joined(list(each)) for each in columns)
    tensors = cast("Sequence[Tensor]", parts)
    sizes = [max(each.shape[axis] for each in tensors) for axis in range(1, tensors[0].ndim)]
    whole: list[Tensor] = []
    for each in tensors:
        out = each.new_full((each.shape[0], *sizes), IGNORED)
        out[tuple(slice(0, size) for size in each.shape)] = each
        whole.append(out)
    array: np.ndarray[Any, Any] = torch.cat(whole).numpy()
    return array
