"""Sums of losses, to be divided once by what was counted over all micro-batches of a step."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from torso.batch import Layout, pieces, unpack
from torso.losses import IGNORED
from torso.outputs import SpanLogits


def class_total(logits: Tensor, labels: Tensor, weights: Tensor | None = None) -> Tensor:
    """Sum cross entropy: logits [N, C], labels [N] int64 or -100, weights [C]."""
    return F.cross_entropy(logits.float(), labels, weight=weights, ignore_index=IGNORED, reduction="sum")


def independent_total(logits: Tensor, labels: Tensor, weights: Tensor | None = None) -> Tensor:
    """Sum binary cross entropy of independent labels: logits and labels [N, C], weights [C] of positive labels."""
    return F.binary_cross_entropy_with_logits(logits.float(), labels.float(), pos_weight=weights, reduction="sum")


def squared_total(logits: Tensor, labels: Tensor) -> Tensor:
    """Sum squared errors: logits and labels [N, C]."""
    return F.mse_loss(logits.float(), labels.float(), reduction="sum")


def span_total(out: SpanLogits, starts: Tensor, ends: Tensor) -> Tensor:
    """Sum the mean cross entropy of starts and ends, each over its text's own tokens: starts and ends [N] int64."""
    return (_position_total(out.start, out.layout, starts) + _position_total(out.end, out.layout, ends)) / 2


def _position_total(scores: Tensor, layout: Layout, positions: Tensor) -> Tensor:
    scores = scores.float()
    normaliser = torch.stack([row.logsumexp(0) for row in unpack(scores, layout)])
    return (normaliser - scores[layout.first() + positions]).sum()


def choice_total(logits: Tensor, sizes: Sequence[int], labels: Tensor) -> Tensor:
    """Sum cross entropy over the alternatives of each question: logits [N] in questions of ``sizes``, labels [Q]."""
    scores = logits.float()
    normaliser = torch.stack([row.logsumexp(0) for row in pieces(scores, sizes)])
    offsets = torch.tensor([0, *sizes[:-1]], device=labels.device).cumsum(0)
    return (normaliser - scores[offsets + labels]).sum()
