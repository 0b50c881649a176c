"""What a model learns: how examples become a batch, what is counted, and the sum of losses."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Generic, TypeVar

import torch
from torch import Tensor

from torso.batch import Batch, pack
from torso.engines.torch_runner import evaluating
from torso.model import Model
from torso.training.examples import Example
from torso.training.step_order import Step, cut

Out = TypeVar("Out")


class Objective(Generic[Out]):
    """Base class of objectives.

    A loss is the sum of ``total`` over the micro-batches of a step, divided once by ``count`` of the whole step: how
    a step is cut does not change it.
    """

    unit = "texts"
    """What is counted, for messages."""

    def drawn(self, examples: Sequence[Example], step: Step) -> Sequence[Example]:
        """Return the examples of a step as they are learnt in it; random choices follow from the step alone."""
        return examples

    @abstractmethod
    def count(self, examples: Sequence[Example]) -> float:
        """Return what the sum of losses is divided by, from the labels on the host."""

    def batch(self, model: Model[Out], examples: Sequence[Example]) -> Batch:
        """Pack the first text of each example, on the model's device."""
        packed = pack([each.inputs[0] for each in examples], device=model.device)
        return replace(packed, pool=model.head.pool)

    @abstractmethod
    def total(self, out: Out, examples: Sequence[Example]) -> Tensor:
        """Return the sum of the losses of a micro-batch, a scalar."""

    @abstractmethod
    def predictions(self, out: Out, examples: Sequence[Example]) -> Sequence[Any]:
        """Return what a metric needs of each example, on the host."""


class JointObjective(Objective[Out]):
    """Base class of objectives whose loss compares the examples of a step with each other.

    Vectors are computed in micro-batches and the loss over all of them (GradCache, https://arxiv.org/abs/2101.06983),
    so that the cut does not change it either.
    """

    @abstractmethod
    def vectors(self, out: Out, examples: Sequence[Example]) -> Tensor:
        """Return one row of features per example, [N, ...]."""

    @abstractmethod
    def joint_total(self, vectors: Tensor, examples: Sequence[Example]) -> Tensor:
        """Return the sum of losses of a whole step from its vectors [N, ...], in the order of the examples."""

    def total(self, out: Out, examples: Sequence[Example]) -> Tensor:
        """Return the sum of the losses of examples that are a step by themselves."""
        return self.joint_total(self.vectors(out, examples), examples)


def evaluated(
    model: Model[Out], objective: Objective[Out], examples: Sequence[Example], *, tokens: int = 4096
) -> tuple[list[Any], float]:
    """Return the predictions of examples, in order, and their loss, in evaluation mode; logits are not kept.

    Args:
        model: its mode is restored afterwards.
        objective: of its task.
        examples: at least one.
        tokens: of one batch.
    """
    found: dict[int, Any] = {}
    total = 0.0
    with torch.inference_mode(), evaluating(model):
        for part in cut([each.size for each in examples], tokens):
            chosen = [examples[index] for index in part]
            out = model(objective.batch(model, chosen))
            total += float(objective.total(out, chosen))
            found.update(zip(part, objective.predictions(out, chosen), strict=True))
    return [found[index] for index in range(len(examples))], total / max(objective.count(examples), 1e-9)
