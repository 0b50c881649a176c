"""Token, segment and position embeddings."""

from __future__ import annotations

from dataclasses import replace

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


class UnpaddedPositions(LearnedPositions):
    """A learned row per position, counted over the tokens that are not the padding token (RoBERTa, MPNet).

    As in fairseq, the padding token has the row of its own id wherever it stands, also inside a text, and position 0
    is the row behind it. The reference's ``position_ids`` are rows of this table.

    Args:
        length: rows of the table, those up to the padding token's included.
        width: D.
        padding: id of the padding token.
    """

    def __init__(self, length: int, width: int, *, padding: int) -> None:
        super().__init__(length, width, offset=padding + 1)
        self.padding = padding

    def counted(self, batch: Batch) -> Batch:
        """``batch`` with positions that count no padding token, and are -1 for one."""
        here = batch.tokens != self.padding
        total = here.cumsum(0)
        first = batch.layout.first()
        before = (
            (total - here.long())
            .index_select(0, first)
            .repeat_interleave(batch.layout.starts.diff().long(), output_size=here.shape[0])
        )
        positions = torch.where(here, total - before - 1, -1)
        return replace(batch, layout=replace(batch.layout, positions=positions), positioned=True)


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
        segments_are_tokens: whether ``token_type_ids`` of padded calls are looked up in the table of tokens (GPT-2).
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
        segments_are_tokens: bool = False,
    ) -> None:
        super().__init__()
        self.tokens = tokens or nn.Embedding(vocabulary, width)
        self.positions = positions
        self.segments = nn.Embedding(segments, width) if segments else None
        self.norm = norm or nn.Identity()
        self.dropout = nn.Dropout(dropout)
        self.project = project or nn.Identity()
        self.scale = scale
        self.segments_are_tokens = segments_are_tokens

    def forward(self, batch: Batch) -> Tensor:
        """Embed a batch: [T, D]."""
        rows = self.token_rows(batch)
        if self.segments is not None:
            rows = rows + self.segments(torch.zeros_like(batch.tokens) if batch.segments is None else batch.segments)
        if self.positions is not None:
            rows = rows + self.positions(batch.layout.positions).to(rows.dtype)
        return self.project(self.dropout(self.norm(rows)))

    def token_rows(self, batch: Batch) -> Tensor:
        """[T, W] scaled token embeddings, or the rows that ``batch`` brings in their place, which are not scaled."""
        if batch.embeddings is not None:
            return batch.embeddings
        rows = self.tokens(batch.tokens)
        # Rounded to the rows' own dtype before the product, as the reference does.
        return rows if self.scale == 1 else rows * torch.tensor(self.scale, dtype=rows.dtype)
