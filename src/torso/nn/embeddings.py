"""From token ids to rows."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from torso.batch import Batch


class LearnedPositions(nn.Module):
    """A learned row per position.

    Args:
        length: how many positions the table holds, the reserved ones included.
        width: D.
        offset: reserved rows before position 0 (RoBERTa's padding id + 1, BART's 2).
    """

    def __init__(self, length: int, width: int, *, offset: int = 0) -> None:
        super().__init__()
        self.table = nn.Embedding(length, width)
        self.offset = offset

    def forward(self, positions: Tensor) -> Tensor:
        """positions [T] -> [T, D]."""
        return self.table(positions + self.offset if self.offset else positions)


class SinusoidalPositions(nn.Module):
    """Sines in the first half, cosines in the second (arXiv 1706.03762), computed and not learned.

    Args:
        width: D.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.width = width

    def forward(self, positions: Tensor) -> Tensor:
        """positions [T] -> [T, D] float32."""
        places = torch.arange((self.width + 1) // 2, device=positions.device, dtype=torch.float64)
        angles = positions[:, None] / 10000.0 ** (2 * places / self.width)
        return torch.cat([angles.sin(), angles[:, : self.width // 2].cos()], -1).float()


class Embeddings(nn.Module):
    """Sum of token, segment and position embeddings, then norm, dropout and projection.

    Args:
        vocabulary: V.
        width: D.
        positions: gives [T, D] from positions [T]; None where positions enter elsewhere.
        segments: how many segments are told apart; 0 for none.
        norm: norm of the sum.
        dropout: probability of dropping a unit, in training.
        project: from the table's width to the blocks', where they differ (ALBERT, ELECTRA).
        scale: factor on the token embeddings (Gemma, BART).
        tokens: a table that is another trunk's too; a new one by default.
    """

    def __init__(
        self,
        vocabulary: int,
        width: int,
        *,
        positions: nn.Module | None = None,
        segments: int = 0,
        norm: nn.Module | None = None,
        dropout: float = 0.0,
        project: nn.Module | None = None,
        scale: float = 1.0,
        tokens: nn.Embedding | None = None,
    ) -> None:
        super().__init__()
        self.tokens = tokens or nn.Embedding(vocabulary, width)
        self.positions = positions
        self.segments = nn.Embedding(segments, width) if segments else None
        self.norm = norm or nn.Identity()
        self.dropout = nn.Dropout(dropout)
        self.project = project or nn.Identity()
        self.scale = scale

    def forward(self, batch: Batch) -> Tensor:
        """batch -> [T, D]."""
        rows = self.tokens(batch.tokens)
        if self.scale != 1:
            # Rounded to the rows' own dtype before the product, as the reference does.
            rows = rows * torch.tensor(self.scale, dtype=rows.dtype)
        if self.segments is not None:
            rows = rows + self.segments(torch.zeros_like(batch.tokens) if batch.segments is None else batch.segments)
        if self.positions is not None:
            rows = rows + self.positions(batch.layout.positions).to(rows.dtype)
        return self.project(self.dropout(self.norm(rows)))
