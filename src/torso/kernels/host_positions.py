"""What positions are to a trunk, in NumPy: rotary angles, biases and rows of distances. Loads no torch."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from torso import blocks
from torso.host_batch import HostBatch, Rows
from torso.kernels.host_memory import contiguous
from torso.tables.angles import cosines_and_sines, scaling_of
from torso.tables.distance_buckets import deberta_buckets, t5_buckets
from torso.tables.slopes import alibi_slopes


def rotary_angles(rotary: blocks.Rotary, batch: HostBatch) -> tuple[Rows, Rows]:
    """Return cosines and sines [T, size] of a batch's positions, times the attention factor."""
    scaling = scaling_of(rotary.size, rotary.parameters)
    cosines, sines = cosines_and_sines(scaling, batch.positions, batch.sizes)
    return contiguous(np.concatenate([cosines, cosines], 1)), contiguous(np.concatenate([sines, sines], 1))


def distance_bias(bias: blocks.BucketBias, table: Rows, furthest: int) -> Rows:
    """Return the bias [H, 2 * reach + 1] of each distance, key position minus query position, from -reach to reach."""
    buckets = t5_buckets(np.arange(-furthest, furthest + 1), bias.buckets, bias.furthest, both_ways=bias.both_ways)
    return contiguous(table[buckets].T)


def distance_slopes(bias: blocks.DistanceSlopeBias, furthest: int) -> Rows:
    """Return the bias [H, 2 * reach + 1] of each distance, key position minus query position, from -reach to reach."""
    distances = np.abs(np.arange(-furthest, furthest + 1, dtype=np.float32))
    return contiguous(-alibi_slopes(bias.heads)[:, None] * distances)


def earlier_distance_bias(bias: blocks.BucketBias, table: Rows, furthest: int) -> Rows:
    """Return the bias [H, reach + 1] of each distance to an earlier key, from -reach to 0."""
    buckets = t5_buckets(np.arange(-furthest, 1), bias.buckets, bias.furthest, both_ways=bias.both_ways)
    return contiguous(table[buckets].T)


def distance_rows(distances: blocks.Distances, furthest: int) -> NDArray[np.int32]:
    """Return the row of each distance, key position minus query position, from -reach to reach: [2 * reach + 1]."""
    span, each = distances.span, -np.arange(-furthest, furthest + 1)
    if isinstance(distances, blocks.LogDistances):
        each = deberta_buckets(each, span, distances.furthest)
    return np.clip(each + span, 0, 2 * span - 1).astype(np.int32)
