"""Objectives of question answering and multiple choice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from torso.batch import Batch, pack, pieces, unpack
from torso.engines.torch_runner import lists
from torso.model import Model
from torso.outputs import ChoiceLogits, SpanLogits
from torso.training.examples import Example
from torso.training.loss_sums import choice_total, span_total
from torso.training.objective import Objective

BEST = 20
"""Starts and ends of each window that are kept for choosing an answer."""


class SpanObjective(Objective[SpanLogits]):
    """Extractive question answering: labels are the first and the last token of the answer in its window."""

    def count(self, examples: Sequence[Example]) -> float:
        """Return the number of windows."""
        return float(len(examples))

    def total(self, out: SpanLogits, examples: Sequence[Example]) -> Tensor:
        """Return the sum over windows of the mean cross entropy of start and end."""
        labels = torch.tensor([each.label for each in examples]).to(out.start.device, non_blocking=True)
        return span_total(out, labels[:, 0], labels[:, 1])

    def predictions(
        self, out: SpanLogits, examples: Sequence[Example]
    ) -> list[tuple[list[tuple[int, float]], list[tuple[int, float]]]]:
        """Return the best starts and ends of each window with their logits, the first token's always among them."""
        sides = [[_best(row) for row in unpack(side.float().cpu(), out.layout)] for side in (out.start, out.end)]
        return list(zip(*sides, strict=True))


def _best(row: Tensor) -> list[tuple[int, float]]:
    places: list[int] = lists(row.topk(min(BEST, len(row))).indices)
    return [(place, float(row[place])) for place in dict.fromkeys([*places, 0])]


class ChoiceObjective(Objective[ChoiceLogits]):
    """Multiple choice: inputs are the alternatives of a question, the label the number of the right one."""

    unit = "questions"

    def count(self, examples: Sequence[Example]) -> float:
        """Return the number of questions."""
        return float(len(examples))

    def batch(self, model: Model[ChoiceLogits], examples: Sequence[Example]) -> Batch:
        """Pack the alternatives of all questions."""
        inputs = [each for example in examples for each in example.inputs]
        packed = pack(inputs, device=model.device, choices=[len(each.inputs) for each in examples])
        return replace(packed, pool=model.head.pool)

    def total(self, out: ChoiceLogits, examples: Sequence[Example]) -> Tensor:
        """Return the sum of cross entropy over the alternatives of each question."""
        labels = torch.tensor([each.label for each in examples]).to(out.logits.device, non_blocking=True)
        return choice_total(out.logits, out.sizes, labels)

    def predictions(self, out: ChoiceLogits, examples: Sequence[Example]) -> list[list[float]]:
        """Return the probability of each alternative."""
        return [row.softmax(0).tolist() for row in pieces(out.logits.float().cpu(), out.sizes)]
