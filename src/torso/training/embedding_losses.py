"""Losses of embeddings, as sentence-transformers defines them: https://sbert.net/docs/package_reference/losses.html.

Each takes the vectors [N, K, D] of N rows of K texts: a first one and what it is compared with.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

SCALE = 20.0
"""Factor on cosines before a softmax."""

_MARGIN, _TRIPLET_MARGIN = 0.5, 5.0

Known = Tensor | None
"""[N, N * (K - 1)]: which candidates are known to fit a row, and so are no negatives of it; None for none."""

Loss = Callable[[Tensor, Tensor | None, Known], Tensor]


def multiple_negatives(vectors: Tensor, labels: Tensor | None, known: Known = None) -> Tensor:
    """Sum cross entropy of each row's second text among the second and further texts of all rows.

    ``MultipleNegativesRankingLoss`` (arXiv 1705.00652). Candidates that are ``known`` to fit are left out.
    """
    candidates = vectors[:, 1:].transpose(0, 1).flatten(0, 1)
    scores = SCALE * _unit(vectors[:, 0]) @ _unit(candidates).T
    if known is not None:
        scores = scores.masked_fill(known, -torch.inf)
    return F.cross_entropy(scores, torch.arange(len(scores), device=scores.device), reduction="sum")


def symmetric_negatives(vectors: Tensor, labels: Tensor | None, known: Known = None) -> Tensor:
    """As `multiple_negatives`, mean with the same from second texts to first ones, further ones left out."""
    scores = SCALE * _unit(vectors[:, 1]) @ _unit(vectors[:, 0]).T
    if known is not None:
        scores = scores.masked_fill(known[:, : len(scores)].T, -torch.inf)
    back = F.cross_entropy(scores, torch.arange(len(scores), device=scores.device), reduction="sum")
    return (multiple_negatives(vectors, labels, known) + back) / 2


def cosent(vectors: Tensor, labels: Tensor | None, known: Known = None) -> Tensor:
    """Return log(1 + sum of exp(20 (s_i - s_j))) over pairs whose labels say i < j; s are cosines (``CoSENTLoss``)."""
    return _ordered(F.cosine_similarity(vectors[:, 0], vectors[:, 1]), _given(labels))


def angle(vectors: Tensor, labels: Tensor | None, known: Known = None) -> Tensor:
    """As `cosent`, of angles in the complex plane (``AnglELoss``, arXiv 2309.12871)."""
    one, other = _unit(vectors[:, 0]), _unit(vectors[:, 1])
    if one.shape[1] % 2:
        one, other = F.pad(one, (0, 1)), F.pad(other, (0, 1))
    (a, b), (c, d) = one.chunk(2, 1), other.chunk(2, 1)
    scores = ((one * other).sum(1) + (b * c - a * d).sum(1)).abs()
    return _ordered(scores, _given(labels))


def _ordered(scores: Tensor, labels: Tensor) -> Tensor:
    differences = SCALE * (scores[:, None] - scores[None, :])
    wrong = differences[labels[:, None] < labels[None, :]]
    return torch.cat((scores.new_zeros(1), wrong)).logsumexp(0)


def cosine(vectors: Tensor, labels: Tensor | None, known: Known = None) -> Tensor:
    """Sum squared errors of cosines (``CosineSimilarityLoss``)."""
    return F.mse_loss(F.cosine_similarity(vectors[:, 0], vectors[:, 1]), _given(labels), reduction="sum")


def contrastive(vectors: Tensor, labels: Tensor | None, known: Known = None) -> Tensor:
    """Sum half of d^2 of pairs that fit, and of max(0.5 - d, 0)^2 of others; d are cosine distances."""
    distances, given = 1 - F.cosine_similarity(vectors[:, 0], vectors[:, 1]), _given(labels)
    apart = F.relu(_MARGIN - distances).square()
    return (given * distances.square() + (1 - given) * apart).sum() / 2


def online_contrastive(vectors: Tensor, labels: Tensor | None, known: Known = None) -> Tensor:
    """Sum the same, without the half, over hard pairs: other ones nearer than the farthest that fits, and so on."""
    distances, given = 1 - F.cosine_similarity(vectors[:, 0], vectors[:, 1]), _given(labels)
    fitting, others = distances[given == 1], distances[given == 0]
    near = others[others < (fitting.max() if len(fitting) else others.mean())]
    far = fitting[fitting > (others.min() if len(others) else fitting.mean())]
    return far.square().sum() + F.relu(_MARGIN - near).square().sum()


def triplet(vectors: Tensor, labels: Tensor | None, known: Known = None) -> Tensor:
    """Sum max(d(first, second) - d(first, third) + 5, 0) of Euclidean distances (``TripletLoss``)."""
    fitting = F.pairwise_distance(vectors[:, 0], vectors[:, 1])
    return F.relu(fitting - F.pairwise_distance(vectors[:, 0], vectors[:, 2]) + _TRIPLET_MARGIN).sum()


def nested(loss: Loss, dimensions: Sequence[int]) -> Loss:
    """Return the sum of a loss over vectors cut to their first numbers (``MatryoshkaLoss``, arXiv 2205.13147)."""

    def total(vectors: Tensor, labels: Tensor | None, known: Known = None) -> Tensor:
        return torch.stack([loss(vectors[..., :size], labels, known) for size in dimensions]).sum()

    return total


def _unit(vectors: Tensor) -> Tensor:
    return F.normalize(vectors, dim=-1)


def _given(labels: Tensor | None) -> Tensor:
    assert labels is not None, "the columns of this loss have a score"
    return labels


LOSSES: dict[str, Loss] = {
    "multiple-negatives": multiple_negatives,
    "symmetric-negatives": symmetric_negatives,
    "triplet": triplet,
    "cosent": cosent,
    "angle": angle,
    "cosine": cosine,
    "contrastive": contrastive,
    "online-contrastive": online_contrastive,
}
"""Losses by name."""

WHOLE = ("cosent", "angle", "online-contrastive")
"""Losses of a step as a whole: they are not means over its rows."""

SCORED = ("cosent", "angle", "cosine", "contrastive", "online-contrastive")
"""Losses of pairs with a score."""
