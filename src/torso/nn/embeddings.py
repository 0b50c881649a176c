"""Token, segment and position embeddings."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from torso.batch import Batch


class LearnedPositions(nn.Module):
    """Learned absolute position embeddings.

    Args:
        length: rows of the table, the reserved ones included.
        width: D.
        offset: reserved rows before position 0 (RoBERTa's padding id + 1, BART's 2).
    """

    def __init__(self, length: int, width: int, *, offset: int = 0) -> None:
        super().__init__()
        self.table = nn.Embedding(length, width)
        self.offset = offset

    def forward(self, positions: Tensor) -> Tensor:
        """Map positions [T] to [T, D]."""
        return self.table(positions + self.offset if self.offset else positions)


class SinusoidalPositions(nn.Module):
    """Sinusoidal position embeddings (arXiv 1706.03762), sines in the first half, cosines in the second.

    Args:
        width: D.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.width = width

    def forward(self, positions: Tensor) -> Tensor:
        """Map positions [T] to [T, D] float32."""
        exponents = torch.arange((self.width + 1) // 2, device=positions.device, dtype=torch.float64)
        angles = positions[:, None] / 10000.0 ** (2 * exponents / self.width)
        return torch.cat([angles.sin(), angles[:, : self.width // 2].cos()], -1).float()


class Embeddings(nn.Module):
    """Sum of token, segment and position embeddings, followed by norm, dropout and projection.

    Args:
        vocabulary: V.
        width: D.
        positions: maps positions [T] to [T, D]; None where positions enter elsewhere.
        segments: number of segments (token types); 0 for none.
        norm: norm of the sum.
        dropout: probability of dropping a unit, in training.
        project: from the table's width to the blocks', where they differ (ALBERT, ELECTRA).
        scale: factor on the token embeddings (Gemma, BART).
        tokens: a table shared with another trunk; a new one by default.
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
        """Embed a batch: [T, D]."""
        rows = self.tokens(batch.tokens)
        if self.scale != 1:
            # Rounded to the rows' own dtype before the product, as the reference does.
            rows = rows * torch.tensor(self.scale, dtype=rows.dtype)
        if self.segments is not None:
            rows = rows + self.segments(torch.zeros_like(batch.tokens) if batch.segments is None else batch.segments)
        if self.positions is not None:
            rows = rows + self.positions(batch.layout.positions).to(rows.dtype)
        return self.project(self.dropout(self.norm(rows)))
