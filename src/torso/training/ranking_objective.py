"""Objectives of rankings: a score for each text of a query, learnt alone, in pairs, or as a list.

As sentence-transformers defines them: ``BinaryCrossEntropyLoss``, ``RankNetLoss`` and ``ListNetLoss``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor
from torch.nn import functional as F

from torso.batch import Batch, pack, pieces
from torso.model import Model
from torso.outputs import SequenceLogits
from torso.training.examples import Example
from torso.training.objective import Objective

LOSSES = ("binary", "pairs", "list")
"""Each text alone, each pair of texts of a query, all texts of a query."""


class RankingObjective(Objective[SequenceLogits]):
    """Rankings: inputs are the texts of a query, each with the query; labels how well each fits.

    Args:
        loss: ``binary`` (cross entropy of a score from 0 to 1), ``pairs`` (of the better text of each pair, in bits) or
            ``list`` (of the softmax of the labels).
    """

    unit = "texts"

    def __init__(self, loss: str) -> None:
        self.loss = loss

    def count(self, examples: Sequence[Example]) -> float:
        """Return the number of texts, of pairs with different labels, or of queries."""
        if self.loss == "list":
            return float(len(examples))
        if self.loss == "binary":
            return float(sum(len(each.inputs) for each in examples))
        return float(sum(one > other for each in examples for one in each.label for other in each.label))

    def batch(self, model: Model[SequenceLogits], examples: Sequence[Example]) -> Batch:
        """Pack the texts of all queries."""
        packed = pack([each for example in examples for each in example.inputs], device=model.device)
        return replace(packed, pool=model.head.pool)

    def total(self, out: SequenceLogits, examples: Sequence[Example]) -> Tensor:
        """Return the sum of losses."""
        logits = out.logits.float().flatten()
        labels = torch.tensor([label for each in examples for label in each.label], device=logits.device)
        if self.loss == "binary":
            return F.binary_cross_entropy_with_logits(logits, labels, reduction="sum")
        sizes = [len(each.inputs) for each in examples]
        found = [self._of_query(*each) for each in zip(pieces(logits, sizes), pieces(labels, sizes), strict=True)]
        return torch.stack(found).sum()

    def _of_query(self, scores: Tensor, labels: Tensor) -> Tensor:
        if self.loss == "list":
            return -(labels.softmax(0) * scores.log_softmax(0)).sum()
        better = labels[:, None] > labels[None, :]
        return F.softplus(scores[None, :] - scores[:, None])[better].sum() / math.log(2)

    def predictions(self, out: SequenceLogits, examples: Sequence[Example]) -> list[list[float]]:
        """Return the logit of each text of each query."""
        sizes = [len(each.inputs) for each in examples]
        return [each.tolist() for each in pieces(out.logits.float().flatten().cpu(), sizes)]
