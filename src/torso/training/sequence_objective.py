"""Objective of sequence classification and regression."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import torch
from torch import Tensor

from torso.engines.torch_runner import lists
from torso.losses import IGNORED
from torso.outputs import SequenceLogits
from torso.training.examples import Example
from torso.training.loss_sums import class_total, independent_total, squared_total
from torso.training.objective import Objective

Problem = Literal["single_label_classification", "multi_label_classification", "regression"]


class SequenceObjective(Objective[SequenceLogits]):
    """Sequence classification: labels are class numbers, 0/1 for each class, or numbers to regress to.

    Args:
        problem: ``single_label_classification``, ``multi_label_classification`` or ``regression``, as configs name it.
        weights: weight of each class, C of them; None weighs all alike.
    """

    def __init__(self, problem: Problem, weights: Sequence[float] | None = None) -> None:
        self.problem: Problem = problem
        self.weights = None if weights is None else torch.tensor(weights)

    def count(self, examples: Sequence[Example]) -> float:
        """Return the sum of the weights of the labels; for several labels or numbers, how many there are."""
        if self.problem != "single_label_classification":
            return float(sum(len(each.label) for each in examples))
        labels: list[int] = [each.label for each in examples if each.label != IGNORED]
        return float(len(labels) if self.weights is None else self.weights[labels].sum())

    def total(self, out: SequenceLogits, examples: Sequence[Example]) -> Tensor:
        """Return the sum of cross entropy, binary cross entropy or squared errors."""
        labels = torch.tensor([each.label for each in examples]).to(out.logits.device, non_blocking=True)
        weights = None if self.weights is None else self.weights.to(out.logits.device)
        if self.problem == "single_label_classification":
            return class_total(out.logits, labels, weights)
        if self.problem == "multi_label_classification":
            return independent_total(out.logits, labels, weights)
        return squared_total(out.logits, labels)

    def predictions(self, out: SequenceLogits, examples: Sequence[Example]) -> list[Any]:
        """Return the scores of each text, C numbers: probabilities, or the numbers themselves for a regression."""
        logits = out.logits.float()
        if self.problem == "single_label_classification":
            return lists(logits.softmax(-1))
        return lists(logits.sigmoid() if self.problem == "multi_label_classification" else logits)
