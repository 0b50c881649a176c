"""The one layout of torso: rows of all sequences end to end, and a record of where each sequence lies."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import TYPE_CHECKING, Any, Literal, cast

import torch
from torch import Tensor

from torso.io.forking import compute_after_forks

if TYPE_CHECKING:
    from torso.text import Encoding

compute_after_forks()

Pool = Literal["first", "last"]
"""The row that is pooled: the one that stands in for its sequence, such as the first token's of BERT."""


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """Where N sequences lie on an axis of T rows. Sequence n owns rows starts[n] to starts[n + 1], uses lengths[n].

    Attributes:
        starts: [N + 1] int32.
        lengths: [N] int32; equal to ``starts.diff()`` unless regions have room to grow.
        positions: [T] int64, place of each row in its sequence, from 0; offsets such as RoBERTa's belong to the model.
        sizes: lengths on the host, so that reading them never waits for the device.
        offsets: starts on the host, one per sequence.
        longest: an upper bound of ``sizes``.
        memo: what attention backends derive from this layout, kept for the layers that follow.
    """

    starts: Tensor
    lengths: Tensor
    positions: Tensor
    sizes: tuple[int, ...]
    offsets: tuple[int, ...]
    longest: int
    memo: dict[Hashable, Any] = field(default_factory=dict[Hashable, Any], repr=False)

    @classmethod
    def of(cls, sizes: Sequence[int], *, device: torch.device | None = None) -> Layout:
        """The layout of sequences of ``sizes`` rows laid end to end, positions counted from 0."""
        offsets = [0, *accumulate(sizes)]
        starts = torch.tensor(offsets, dtype=torch.int32)
        lengths = torch.tensor(sizes, dtype=torch.int32)
        positions = torch.arange(offsets[-1]) - torch.repeat_interleave(starts[:-1].long(), lengths.long())
        return cls(
            starts.to(device, non_blocking=True),
            lengths.to(device, non_blocking=True),
            positions.to(device, non_blocking=True),
            tuple(sizes),
            tuple(offsets[:-1]),
            max(sizes, default=0),
        )

    @property
    def has_room(self) -> bool:
        """Whether regions are longer than what is used of them."""
        return self.positions.shape[0] > sum(self.sizes)

    def first(self) -> Tensor:
        """[N] int64: the row of each sequence's first token."""
        return self.starts[:-1].long()

    def last(self) -> Tensor:
        """[N] int64: the row of each sequence's last token."""
        return self.starts[:-1].long() + self.lengths.long() - 1

    def pooled_rows(self, which: Pool) -> PooledRows:
        """The first or the last row of each sequence."""
        rows = self.first() if which == "first" else self.last()
        count = len(self.sizes)
        bounds = torch.arange(count + 1, dtype=torch.int32, device=rows.device)
        lengths = torch.ones_like(bounds[1:])
        alone = Layout(bounds, lengths, self.positions[rows], (1,) * count, tuple(range(count)), min(count, 1))
        return PooledRows(which, rows, alone)

    def owner(self) -> Tensor:
        """[T] int64: the sequence that each row belongs to."""
        return torch.repeat_interleave(self.starts.diff().long())


@dataclass(frozen=True, slots=True, eq=False)
class PooledRows:
    """One row of each sequence.

    Attributes:
        which: of the sequence's rows.
        rows: [N] int64, where they lie.
        layout: of these rows alone, at the positions that they have in their sequences.
    """

    which: Pool
    rows: Tensor
    layout: Layout


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """What a model reads in one call, and which results are wanted of it.

    Attributes:
        tokens: [T] int64 token ids.
        layout: where the sequences lie.
        segments: [T] int64, 0 for a first text and 1 for a second; None means all 0.
        source: what an encoder reads, for encoder-decoders.
        choices: alternatives per question, for multiple choice; they add up to N.
        rows: [R] int64, the rows whose vocabulary logits are wanted; None for all T.
        only: the one row of each sequence that is wanted of the last layer, see `Head.pool`: the layer then computes
            no other; None for all.
        pooled: whether a model without a task gives pooled rows beside its hidden states, where it has a pooler.
    """

    tokens: Tensor
    layout: Layout
    segments: Tensor | None = None
    source: Batch | None = None
    choices: tuple[int, ...] | None = None
    rows: Tensor | None = None
    pool: Pool | None = None
    pooled: bool = True


def pack(
    sequences: Sequence[Encoding], *, device: torch.device | None = None, choices: Sequence[int] | None = None
) -> Batch:
    """A batch of tokenized texts laid end to end: nothing padded, one copy to ``device``.

    Args:
        sequences: one or more encodings, none of them empty.
        device: where the tensors go; the CPU if None.
        choices: alternatives per question, where ``sequences`` are the alternatives of multiple choice.
    """
    sizes = [len(sequence.ids) for sequence in sequences]
    starts = [0, *accumulate(sizes)]
    rows = starts[-1]
    numbers: list[int] = []
    for sequence in sequences:
        numbers += sequence.ids
    for sequence in sequences:
        numbers += sequence.segments
    for size in sizes:
        numbers += range(size)
    # One tensor, so that one transfer carries tokens, segments and positions.
    everything = torch.tensor(numbers, dtype=torch.int64).to(device, non_blocking=True)
    bounds = torch.tensor(starts + sizes, dtype=torch.int32).to(device, non_blocking=True)
    layout = Layout(
        bounds[: len(sizes) + 1],
        bounds[len(sizes) + 1 :],
        everything[2 * rows :],
        tuple(sizes),
        tuple(starts[:-1]),
        max(sizes, default=0),
    )
    return Batch(
        everything[:rows],
        layout,
        segments=everything[rows : 2 * rows],
        choices=None if choices is None else tuple(choices),
    )


def unpack(rows: Tensor, layout: Layout) -> list[Tensor]:
    """One tensor per sequence: rows [T, ...] -> N x [length, ...]. The pieces are views, nothing is copied."""
    return pieces(rows, layout.sizes)


def pieces(rows: Tensor, sizes: Sequence[int]) -> list[Tensor]:
    """rows [T, ...] cut into pieces of ``sizes`` rows. Views, nothing is copied."""
    return list(cast("tuple[Tensor, ...]", rows.split(list(sizes))))
