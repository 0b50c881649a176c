"""Token, segment and position embeddings."""

from __future__ import annotations

import math
from dataclasses import replace

import torch
from torch import Tensor, nn

from torso import blocks
from torso.batch import Batch
from torso.nn.module import Module
from torso.tables.sinusoids import wavelengths


class LearnedPositions(Module[blocks.LearnedPositions]):
    """Learned absolute position embeddings."""

    table: nn.Embedding

    def forward(self, positions: Tensor) -> Tensor:
        """Map positions [T] to [T, D]."""
        return self.table(positions + self.of.offset if self.of.offset else positions)


class UnpaddedPositions(LearnedPositions):
    """A learned row per position, counted over the tokens that are not the padding token, which has position -1."""

    of: blocks.UnpaddedPositions


class TaskPositions(LearnedPositions):
    """Learned positions plus the embedding of the first kind of task."""

    task: nn.Embedding

    def forward(self, positions: Tensor) -> Tensor:
        """Map positions [T] to [T, D]."""
        return super().forward(positions) + self.task.weight[0]


class SinusoidalPositions(Module[blocks.SinusoidalPositions]):
    """Sinusoidal position embeddings, sines in the first half, cosines in the second."""

    def forward(self, positions: Tensor) -> Tensor:
        """Map positions [T] to [T, D] float32."""
        angles = positions[:, None] / torch.from_numpy(wavelengths(self.of.width)).to(positions.device)
        return torch.cat([angles.sin(), angles[:, : self.of.width // 2].cos()], -1).float()


class ShiftedSinusoids(SinusoidalPositions):
    """Sinusoids whose wavelengths go from 1 to 10000 with both ends, behind reserved positions."""

    of: blocks.ShiftedSinusoids

    def forward(self, positions: Tensor) -> Tensor:
        """Map positions [T] to [T, D] float32."""
        # In float32 as the models were trained: a late position turns by thousands of radians.
        half = self.of.width // 2
        rates = torch.exp(torch.arange(half, device=positions.device).float() * -(math.log(10000) / (half - 1)))
        angles = (positions + self.of.offset).float()[:, None] * rates
        return torch.cat([angles.sin(), angles.cos()], -1)


class UnpaddedSinusoids(ShiftedSinusoids):
    """Sinusoids counted over the tokens that are not the padding token, which has position -1 and gets zeros."""

    def forward(self, positions: Tensor) -> Tensor:
        """Map positions [T] to [T, D] float32."""
        return super().forward(positions) * (positions >= 0)[:, None]


def counted(uncounted: Tensor, first: Tensor, rows: Tensor) -> Tensor:
    """Return the positions [T] of tokens among those that count, -1 for one that does not.

    Args:
        uncounted: [L] whether the token at a place counts no position; sequences lie there one after another.
        first: [T] place of the first token of each token's sequence.
        rows: [T] its own place.
    """
    before = uncounted.cumsum(0) - uncounted.long()
    return torch.where(uncounted[rows], -1, rows - first - (before[rows] - before[first]))


class Embeddings(Module[blocks.Embeddings]):
    """Sum of token, segment and position embeddings, followed by norm, dropout and projection."""

    tokens: nn.Embedding
    positions: nn.Module | None
    segments: nn.Embedding | None
    norm: nn.Module
    dropout: nn.Dropout
    project: nn.Module

    def forward(self, batch: Batch) -> Tensor:
        """Embed a batch: [T, D]."""
        rows = self.token_rows(batch)
        if self.segments is not None:
            rows = rows + self.segments(torch.zeros_like(batch.tokens) if batch.segments is None else batch.segments)
        if self.positions is not None:
            rows = rows + self.positions(batch.layout.positions).to(rows.dtype)
        return self.project(self.dropout(self.norm(rows)))

    def counted(self, batch: Batch) -> Batch:
        """Return a batch whose positions do not count the padding token, in families where it counts none."""
        padding, layout = self.of.uncounted, batch.layout
        if padding is None or batch.positioned:
            return batch
        first, rows = layout.starts[layout.owner()].long(), torch.arange(len(batch.tokens), device=batch.tokens.device)
        return replace(batch, layout=replace(layout, positions=counted(batch.tokens == padding, first, rows)))

    def token_rows(self, batch: Batch) -> Tensor:
        """[T, W] scaled token embeddings, or the rows that ``batch`` brings in their place, which are not scaled."""
        if batch.embeddings is not None:
            return batch.embeddings
        rows = self.tokens(batch.tokens)
        # Rounded to the rows' own dtype before the product, as the reference does.
        return rows if self.of.scale == 1 else rows * torch.tensor(self.of.scale, dtype=rows.dtype)


class ProjectedTokens(Embeddings):
    """Token embeddings that are projected before positions are added."""

    def forward(self, batch: Batch) -> Tensor:
        """Embed a batch: [T, D]."""
        assert self.positions is not None
        return self.project(self.token_rows(batch)) + self.positions(batch.layout.positions)
