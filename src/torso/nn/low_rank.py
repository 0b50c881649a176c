"""Low-rank adapters (LoRA, arXiv 2106.09685) of linear layers and embedding tables, and learned rows of a table.

An adapted layer keeps its identity and its parameters' names: layers are shared between blocks, tied to heads and
referred to by name, and all of that holds as before. Its class changes in place, as `torch.nn.utils.parametrize` does.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from torso.batch import pieces


class LowRank(nn.Module):
    """Low-rank update ``scale * B A x`` of one projection.

    Args:
        width: size of the input.
        out: size of the output.
        rank: r.
        scale: factor on the update: alpha / r, or alpha / sqrt(r).
        dropout: probability of dropping a unit of the input, in training.
        bias: whether B has a bias.
        base_bias: the projection's own bias [out] where it learns too; then it replaces the layer's.
    """

    def __init__(
        self,
        width: int,
        out: int,
        rank: int,
        *,
        scale: float,
        dropout: float = 0.0,
        bias: bool = False,
        base_bias: Tensor | None = None,
    ) -> None:
        super().__init__()
        self.a = nn.Parameter(torch.empty(rank, width))
        self.b = nn.Parameter(torch.zeros(out, rank))
        self.bias = nn.Parameter(torch.zeros(out)) if bias else None
        self.base_bias = None if base_bias is None else nn.Parameter(base_bias.detach().clone())
        self.dropout = nn.Dropout(dropout)
        self.scale = scale

    def forward(self, x: Tensor) -> Tensor:
        """Map x [T, width] to the update [T, out], in the dtype of the factors."""
        rows = F.linear(self.dropout(x.to(self.a.dtype)), self.a)
        return F.linear(rows, self.b, self.bias) * self.scale

    def update(self) -> Tensor:
        """Return the update of the weight [out, width]."""
        return self.b @ self.a * self.scale


class Adapted(nn.Module):
    """A layer that was given adapters in place; see `adapt_linear`, `adapt_embedding` and `learn_rows`."""

    def carry(self, other: nn.Module) -> None:
        """Give ``other``, a layer of the same shape, these adapters too: the same parameters, not copies."""
        raise NotImplementedError

    def restore(self) -> None:
        """Write the adapters into the layer's own weight and bias, and make it a plain layer again."""
        raise NotImplementedError


class LoraLinear(Adapted, nn.Linear):
    """A linear layer of one part, or several fused along the output, each with its adapter or without one.

    Attributes:
        branches: the adapters, by the index of the part.
        rows: output rows of each part.
    """

    branches: nn.ModuleDict
    rows: tuple[int, ...]

    def forward(self, input: Tensor) -> Tensor:
        """Map x [T, in] to [T, out]."""
        out = F.linear(input, self.weight, self.whole_bias())
        parts = cast("tuple[Tensor, ...]", out.split(self.rows, -1))  # pyright: ignore[reportUnknownMemberType]
        adapted = [
            part + self.branch(index)(input).to(part.dtype) if str(index) in self.branches else part
            for index, part in enumerate(parts)
        ]
        return torch.cat(adapted, -1)

    def branch(self, index: int) -> LowRank:
        """Return the adapter of a part."""
        branch = self.branches[str(index)]
        assert isinstance(branch, LowRank)
        return branch

    def whole_bias(self) -> Tensor | None:
        """Return the bias [out], with the parts of it that learn."""
        learned = {int(index): self.branch(int(index)).base_bias for index in self.branches}
        bias = bias_of(self)
        if bias is None or all(each is None for each in learned.values()):
            return bias
        parts = pieces(bias, self.rows)
        own = (learned.get(index) for index in range(len(parts)))
        return torch.cat([part if new is None else new.to(part.dtype) for part, new in zip(parts, own, strict=True)])

    def carry(self, other: nn.Module) -> None:
        """See `Adapted.carry`."""
        other.__class__ = LoraLinear
        assert isinstance(other, LoraLinear)
        other.branches, other.rows = self.branches, self.rows

    @torch.no_grad()
    def restore(self) -> None:
        """See `Adapted.restore`."""
        bias, whole = bias_of(self), self.whole_bias()
        if bias is not None and whole is not None:
            bias.copy_(whole)
        for index, view in enumerate(pieces(self.weight, self.rows)):
            if str(index) in self.branches:
                branch = self.branch(index)
                view.add_(branch.update().to(view.dtype))
                if branch.bias is not None and bias is not None:
                    pieces(bias, self.rows)[index].add_((branch.bias * branch.scale).to(view.dtype))
        self.__class__ = nn.Linear  # pyright: ignore[reportAttributeAccessIssue]
        del self.branches, self.rows


class LoraEmbedding(Adapted, nn.Embedding):
    """An embedding table with a low-rank update; PEFT's factors are A [r, V], which begins at zero, and B [D, r]."""

    low_a: nn.Parameter
    low_b: nn.Parameter
    scale: float

    def forward(self, input: Tensor) -> Tensor:
        """Map ids [T] to [T, D]."""
        rows = super().forward(input)
        return rows + (F.embedding(input, self.low_a.T) @ self.low_b.T * self.scale).to(rows.dtype)

    def carry(self, other: nn.Module) -> None:
        """See `Adapted.carry`."""
        other.__class__ = LoraEmbedding
        assert isinstance(other, LoraEmbedding)
        other.low_a, other.low_b, other.scale = self.low_a, self.low_b, self.scale

    @torch.no_grad()
    def restore(self) -> None:
        """See `Adapted.restore`."""
        self.weight.add_(((self.low_b @ self.low_a).T * self.scale).to(self.weight.dtype))
        self.__class__ = nn.Embedding  # pyright: ignore[reportAttributeAccessIssue]
        del self.low_a, self.low_b, self.scale


class RowsEmbedding(Adapted, nn.Embedding):
    """An embedding table some rows of which learn. A head that is tied to it meets the learned rows too.

    Attributes:
        learned: the rows [n, D], in the order of ``index``.
        index: their ids, int64 [n].
    """

    learned: nn.Parameter
    index: Tensor

    if not TYPE_CHECKING:

        @property
        def weight(self) -> Tensor:
            """The table [V, D] with the learned rows in place; the parameter of this name is the table before."""
            base = self._parameters["weight"]
            return base.index_copy(0, self.index.to(base.device), self.learned.to(base.dtype))

        @weight.setter
        def weight(self, value: nn.Parameter) -> None:
            self._parameters["weight"] = value

    def carry(self, other: nn.Module) -> None:
        """See `Adapted.carry`."""
        other.__class__ = RowsEmbedding
        assert isinstance(other, RowsEmbedding)
        other.learned, other.index = self.learned, self.index

    @torch.no_grad()
    def restore(self) -> None:
        """See `Adapted.restore`."""
        base = self._parameters["weight"]
        assert base is not None
        base.index_copy_(0, self.index.to(base.device), self.learned.to(base.dtype))
        self.__class__ = nn.Embedding  # pyright: ignore[reportAttributeAccessIssue]
        del self.learned, self.index


def bias_of(linear: nn.Linear) -> nn.Parameter | None:
    """Return the bias of a linear layer [out], which torch declares to be always there."""
    return cast("nn.Parameter | None", linear.bias)


def adapt_linear(linear: nn.Linear, rows: Sequence[int], part: int, branch: LowRank) -> None:
    """Give one part of a linear layer an adapter, in place.

    Args:
        linear: plain, or adapted in other parts.
        rows: output rows of each fused part; one number for a layer that is not fused.
        part: which of them.
        branch: the adapter, of the part's size.
    """
    if not isinstance(linear, LoraLinear):
        linear.__class__ = LoraLinear
        assert isinstance(linear, LoraLinear)
        linear.branches, linear.rows = nn.ModuleDict(), tuple(rows)
    linear.branches[str(part)] = branch


def adapt_embedding(table: nn.Embedding, rank: int, scale: float) -> LoraEmbedding:
    """Give an embedding table an adapter in place: A zero, B normal, so that nothing changes yet."""
    table.__class__ = LoraEmbedding
    assert isinstance(table, LoraEmbedding)
    table.low_a = nn.Parameter(torch.zeros(rank, table.num_embeddings))
    table.low_b = nn.Parameter(torch.randn(table.embedding_dim, rank))
    table.scale = scale
    return table


def learn_rows(table: nn.Embedding, ids: Sequence[int]) -> RowsEmbedding:
    """Let some rows of an embedding table learn, in place; they begin as they are."""
    index = torch.tensor(list(ids), dtype=torch.int64)
    learned = nn.Parameter(table.weight.detach()[index].clone())
    table.__class__ = RowsEmbedding
    assert isinstance(table, RowsEmbedding)
    table.learned, table.index = learned, index
    return table
