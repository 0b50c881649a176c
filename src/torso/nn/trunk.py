"""The torso of a model: embeddings and blocks."""

from __future__ import annotations

from collections.abc import Container, Sequence

from torch import Tensor, nn

from torso.batch import Batch
from torso.nn.context import Context
from torso.outputs import Hidden


class Trunk(nn.Module):
    """Embeddings, blocks, and a last norm where the architecture has one.

    Args:
        embed: gives rows [T, D] of a batch; its ``tokens`` is the table of token embeddings.
        layers: the blocks, in order; the same block may stand several times.
        norm: norm of the last rows.
        score_bias: a bias on attention scores that several blocks share.
    """

    def __init__(
        self,
        embed: nn.Module,
        layers: Sequence[nn.Module],
        *,
        norm: nn.Module | None = None,
        score_bias: nn.Module | None = None,
    ) -> None:
        super().__init__()
        self.embed = embed
        self.layers = nn.ModuleList(layers)
        self.norm = norm or nn.Identity()
        self.score_bias = score_bias

    @property
    def depth(self) -> int:
        """How many blocks the trunk has."""
        return len(self.layers)

    def forward(self, batch: Batch, *, keep: Container[int] = (), attentions: Container[int] = ()) -> Hidden:
        """Rows [T, D] of the last layer.

        Args:
            batch: token ids and where the sequences lie.
            keep: layers whose rows are returned too; 0 is the embeddings, i the output of block i, the last one normed.
            attentions: blocks, from 0, whose attention weights are returned; the others use the fast backends.
        """
        rows = self.embed(batch)
        kept: dict[int, Tensor] = {0: rows} if 0 in keep else {}
        weights: dict[int, list[Tensor]] = {i: [] for i in range(self.depth) if i in attentions}
        for i, layer in enumerate(self.layers):
            rows = layer(rows, Context(batch.layout, weights.get(i)))
            if i + 1 in keep and i + 1 < self.depth:
                kept[i + 1] = rows
        rows = self.norm(rows)
        if self.depth in keep:
            kept[self.depth] = rows
        return Hidden(rows, batch.layout, kept, weights)
