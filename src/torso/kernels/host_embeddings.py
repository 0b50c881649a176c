"""Embeddings in NumPy, for what the kernels' own do not compute: projections, other positions. Loads no torch."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from torso import blocks
from torso.host_batch import HostBatch, Ids, Rows
from torso.kernels.host_steps import HostSteps
from torso.kernels.key_value_rows import Numbers, from_bfloat16, to_bfloat16
from torso.kernels.library import Library
from torso.kernels.part_weights import PartWeights
from torso.tables.sinusoids import shifted_sinusoids, sinusoids

_BLOCK = 4096
"""Rows that are narrowed at a time."""


class HostEmbeddings:
    """Sum of token, segment and position embeddings, norm and projection.

    Args:
        library: the kernels, for norm and projection: a row's result does not depend on the others.
        embed: the description.
        weights: of the trunk.

    Attributes:
        tokens: the table of tokens [V, W], of float32 or the bits of bfloat16.
        packed: its packed weights.
    """

    tokens: Numbers

    def __init__(self, library: Library, embed: blocks.Embeddings, weights: PartWeights) -> None:
        self._of = embed
        tokens, segments, positions = embed.parts["tokens"], embed.parts["segments"], embed.positions
        assert tokens is not None
        self.tokens = weights.table(tokens)
        self._segments = None if segments is None else weights.keep(weights.matrix(segments))
        tables = [] if positions is None else [each for each in positions.parts.values() if each is not None]
        self._tables = [weights.keep(weights.matrix(each)) for each in tables]
        step = HostSteps(library, weights)
        self._norm, self._project, self.packed = step(embed.norm), step(embed.project), step.packed

    @property
    def uncounted(self) -> int | None:
        """Id of the token that counts no position; None where all count."""
        return self._of.uncounted

    def narrow(self, weights: PartWeights) -> None:
        """Keep the table of tokens in bfloat16 from here on: of a file in bfloat16, as it is there.

        Args:
            weights: that hold it.
        """
        if self.tokens.dtype == np.uint16:
            return
        made = np.empty(self.tokens.shape, np.uint16)
        for begin in range(0, len(made), _BLOCK):
            made[begin : begin + _BLOCK] = to_bfloat16(self.tokens[begin : begin + _BLOCK])
        weights.replace(self.tokens, made)
        self.tokens = made

    def __call__(self, batch: HostBatch, given: Rows | None = None) -> Rows:
        """Embed a batch: [T, D].

        Args:
            batch: ids and positions.
            given: rows [T, W] in place of the token embeddings, which are then not scaled.

        Raises:
            IndexError: for an id outside its table.
        """
        rows = given
        if rows is None:
            rows = _rows(self.tokens, batch.tokens)
            rows = rows if self._of.scale == 1 else rows * np.float32(self._of.scale)
        if isinstance(self._of, blocks.ProjectedTokens):
            return self._project(rows) + self._positions(batch.positions)
        if self._segments is not None:
            rows = rows + _rows(self._segments, batch.segments)
        if self._of.positions is not None:
            rows = rows + self._positions(batch.positions)
        return self._project(self._norm(rows))

    def _positions(self, positions: Ids) -> Rows:
        of = self._of.positions
        if isinstance(of, blocks.ShiftedSinusoids):
            rows = shifted_sinusoids(positions, of.width, of.offset)
            return rows * (positions >= 0)[:, None] if isinstance(of, blocks.UnpaddedSinusoids) else rows
        if isinstance(of, blocks.SinusoidalPositions):
            return sinusoids(positions, of.width)
        assert isinstance(of, blocks.LearnedPositions)
        rows = _rows(self._tables[0], positions + of.offset)
        return rows + self._tables[1][0] if isinstance(of, blocks.TaskPositions) else rows


def counted(batch: HostBatch, embed: blocks.Embeddings) -> HostBatch:
    """Return a batch whose positions do not count the token that counts none, and are -1 for it; see `Embeddings`."""
    if embed.uncounted is None:
        return batch
    here = batch.tokens != embed.uncounted
    total = np.cumsum(here)
    sizes = np.asarray(batch.sizes, np.int64)
    first = np.cumsum(sizes) - sizes
    filled = first[sizes > 0]
    before = np.repeat(total[filled] - here[filled], sizes[sizes > 0])
    positions = np.where(here, total - before - 1, -1)
    return replace(batch, numbers=np.stack([batch.tokens, batch.segments, positions]))


def _rows(table: Numbers, ids: Ids) -> Rows:
    if len(ids) and not 0 <= int(ids.min()) <= int(ids.max()) < len(table):
        raise IndexError("an id has no row in its table")
    rows = table[ids]
    return rows if rows.dtype == np.float32 else from_bfloat16(rows)
