"""Hidden states layer by layer: their lengths, how far each layer turns them, and their projection to two axes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor
from torch.nn import functional as F


@dataclass(frozen=True, slots=True, eq=False)
class LayerRows:
    """Hidden states [L + 1, T, D] of a text in few numbers; layer 0 is the embeddings, layer i the output of block i.

    Attributes:
        norms: [L + 1, T], Euclidean length of each row.
        cosines: [L, T], cosine of each row to the same token's row one layer before.
        points: [L + 1, T, 2], rows projected on the first two principal components of all of them together.
        shares: share of the variance that each of the two components explains.
    """

    norms: Tensor
    cosines: Tensor
    points: Tensor
    shares: tuple[float, float]


def layer_rows(states: Tensor) -> LayerRows:
    """Measure hidden states [L + 1, T, D]."""
    states = states.float()
    points, shares = principal_components(states.flatten(0, 1))
    cosines = F.cosine_similarity(states[1:], states[:-1], dim=-1)
    return LayerRows(states.square().sum(-1).sqrt(), cosines, points.view(*states.shape[:2], 2), shares)


def principal_components(rows: Tensor) -> tuple[Tensor, tuple[float, float]]:
    """Project rows [N, D] on their first two principal components.

    The result is the same in every run: in float64, and each component points to where its own largest entry is
    positive.

    Returns:
        points [N, 2] float32, and the share of the variance that each component explains.
    """
    centred = rows.double() - rows.double().mean(0)
    # The eigenvectors of the smaller of the two products of the matrix with itself.
    wide = centred.shape[0] < centred.shape[1]
    product = centred @ centred.T if wide else centred.T @ centred
    values, vectors = cast("tuple[Tensor, Tensor]", torch.linalg.eigh(product))
    values = values.flip(0).clamp(min=0)
    vectors = vectors.flip(1)[:, :2]
    axes = F.normalize(centred.T @ vectors, dim=0) if wide else vectors
    if axes.shape[1] < 2:
        axes = F.pad(axes, (0, 2 - axes.shape[1]))
    largest = axes.gather(0, axes.abs().argmax(0, keepdim=True))
    axes = torch.where(largest < 0, -axes, axes)
    total = float(values.sum())
    shares = [float(values[i]) / total if total and i < len(values) else 0.0 for i in range(2)]
    return (centred @ axes).float(), (shares[0], shares[1])
