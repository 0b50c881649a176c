"""Objective of token classification."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

import torch
from torch import Tensor

from torso.batch import unpack
from torso.engines.torch_runner import lists
from torso.losses import IGNORED
from torso.outputs import TokenLogits
from torso.training.examples import Example
from torso.training.loss_sums import class_total
from torso.training.objective import Objective


class TokenObjective(Objective[TokenLogits]):
    """Token classification: one class number per token, -100 for tokens that do not count.

    Args:
        weights: weight of each class, C of them; None weighs all alike.
    """

    unit = "tokens"

    def __init__(self, weights: Sequence[float] | None = None) -> None:
        self.weights = None if weights is None else torch.tensor(weights)

    def count(self, examples: Sequence[Example]) -> float:
        """Return the sum of the weights of the labels that count."""
        labels = [label for each in examples for label in each.label if label != IGNORED]
        return float(len(labels) if self.weights is None else self.weights[labels].sum())

    def total(self, out: TokenLogits, examples: Sequence[Example]) -> Tensor:
        """Return the sum of cross entropy over tokens."""
        labels = torch.tensor(list(chain.from_iterable(each.label for each in examples))).to(out.logits.device)
        return class_total(out.logits, labels, None if self.weights is None else self.weights.to(labels.device))

    def predictions(self, out: TokenLogits, examples: Sequence[Example]) -> list[list[int]]:
        """Return the likeliest class of each token."""
        return [lists(each) for each in unpack(out.logits.argmax(-1).cpu(), out.layout)]
