"""Packed batches: the rows of all sequences concatenated without padding, and their layout."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate
from typing import Any, cast

import torch
from torch import Tensor

from torso.host_batch import HostBatch, Pool, Tokenized, Wanted
from torso.io.arguments import checked_calls, known_arguments
from torso.io.forking import compute_after_forks

compute_after_forks()


@checked_calls
@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """Layout of N sequences in T packed rows: sequence n owns rows starts[n] to starts[n + 1], uses lengths[n].

    Attributes:
        starts: [N + 1] int32.
        lengths: [N] int32; equal to ``starts.diff()`` unless regions have room to grow.
        positions: [T] int64, position of each row in its sequence, from 0; offsets as RoBERTa's belong to the model.
        sizes: lengths on the host, so that reading them does not synchronise with the device.
        offsets: starts on the host, one per sequence.
        longest: an upper bound of ``sizes``.
        memo: values derived from this layout (groups, rotary angles), cached for the following layers.
        seen: layout of the rows that are attended to, see `HostBatch.seen`; None for this one.
    """

    starts: Tensor
    lengths: Tensor
    positions: Tensor
    sizes: tuple[int, ...]
    offsets: tuple[int, ...]
    longest: int
    memo: dict[Hashable, Any] = field(default_factory=dict[Hashable, Any], repr=False)
    seen: Layout | None = None

    @classmethod
    def of(cls, sizes: Sequence[int], *, device: torch.device | None = None) -> Layout:
        """Create the layout of concatenated sequences of ``sizes`` rows, with positions from 0."""
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
        """Whether regions are longer than their sequences."""
        return self.positions.shape[0] > sum(self.sizes)

    def first(self) -> Tensor:
        """Return the row of each sequence's first token, [N] int64."""
        return self.starts[:-1].long()

    def last(self) -> Tensor:
        """Return the row of each sequence's last token, [N] int64."""
        return self.starts[:-1].long() + self.lengths.long() - 1

    def pooled_rows(self, which: Pool) -> PooledRows:
        """Return the first or the last row of each sequence, with its layout."""
        rows = self.first() if which == "first" else self.last()
        count = len(self.sizes)
        bounds = torch.arange(count + 1, dtype=torch.int32, device=rows.device)
        lengths = torch.ones_like(bounds[1:])
        layout = Layout(bounds, lengths, self.positions[rows], (1,) * count, tuple(range(count)), min(count, 1))
        return PooledRows(which, rows, layout)

    def owner(self) -> Tensor:
        """Return the sequence that each row belongs to, [T] int64."""
        return torch.repeat_interleave(self.starts.diff().long())


@dataclass(frozen=True, slots=True, eq=False)
class PooledRows:
    """The pooled row of each sequence.

    Attributes:
        which: first or last.
        rows: [N] int64, their indices.
        layout: layout of the pooled rows alone; positions are those in their sequences.
    """

    which: Pool
    rows: Tensor
    layout: Layout


@checked_calls
@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Input of one forward pass: packed token ids, their layout, and which outputs are needed.

    Attributes:
        tokens: [T] int64 token ids.
        layout: layout of the sequences.
        segments: [T] int64 token types, 0 for a first text and 1 for a second; None means all 0.
        source: input of the encoder, for encoder-decoders.
        choices: alternatives per question, for multiple choice; they add up to N.
        rows: [R] int64, the rows whose vocabulary logits are needed; None for all T.
        pool: the row of each sequence that is needed of the last layer, see `Head.pool`: the layer then computes no
            other; None for all.
        pooled: whether a feature-extraction head applies its pooler, if it has one.
        embeddings: [T, W] rows used in place of the token embeddings; None looks ``tokens`` up.
        positioned: whether the caller gave the positions of ``layout``, which a model then does not recompute.
    """

    tokens: Tensor
    layout: Layout
    segments: Tensor | None = None
    source: Batch | None = None
    choices: tuple[int, ...] | None = None
    rows: Tensor | None = None
    pool: Pool | None = None
    pooled: bool = True
    embeddings: Tensor | None = None
    positioned: bool = False


@known_arguments
def pack(
    sequences: Sequence[Tokenized], *, device: torch.device | None = None, choices: Sequence[int] | None = None
) -> Batch:
    """Pack tokenized texts into one batch: concatenated, not padded, with one copy to ``device``.

    Args:
        sequences: one or more non-empty encodings.
        device: device of the tensors; the CPU if None.
        choices: alternatives per question, where ``sequences`` are the alternatives of multiple choice.
    """
    batch = from_host(HostBatch.of(sequences), Wanted(), device=device)
    return batch if choices is None else replace(batch, choices=tuple(choices))


def from_host(host: HostBatch, wanted: Wanted, *, device: torch.device | None = None) -> Batch:
    """Return a batch on ``device``, which on the CPU shares the memory of ``host``, with one copy on any other."""
    count = len(host.sizes)
    numbers = torch.from_numpy(host.numbers).to(device, non_blocking=True)
    bounds = torch.from_numpy(host.bounds).to(device, non_blocking=True)
    offsets = tuple(cast("list[int]", host.starts[:-1].tolist()))
    layout = Layout(
        bounds[: count + 1], bounds[count + 1 :], numbers[2], host.sizes, offsets, max(host.sizes, default=0)
    )
    if host.seen is not None:
        lengths = torch.tensor(host.seen, dtype=torch.int32, device=device)
        layout = replace(layout, seen=replace(layout, lengths=lengths, sizes=host.seen, memo={}))
    return Batch(
        numbers[0],
        layout,
        segments=numbers[1],
        choices=host.choices,
        rows=None if host.rows is None else torch.from_numpy(host.rows).to(device, non_blocking=True),
        pool=wanted.pool,
        pooled=wanted.pooled,
    )


@known_arguments
def unpack(rows: Tensor, layout: Layout) -> list[Tensor]:
    """Split rows [T, ...] into one view per sequence: N x [length, ...]."""
    return pieces(rows, layout.sizes)


def pieces(rows: Tensor, sizes: Sequence[int]) -> list[Tensor]:
    """Split rows [T, ...] into views of ``sizes`` rows."""
    return list(cast("tuple[Tensor, ...]", rows.split(list(sizes))))
