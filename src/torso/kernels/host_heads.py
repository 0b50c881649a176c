"""Task heads in NumPy, with the kernels' products and norms: rows to logits. Loads no torch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import numpy as np

from torso import blocks
from torso.host_batch import HostBatch, Pool, Rows
from torso.kernels.encoder import Encoded
from torso.kernels.host_functions import product
from torso.kernels.host_steps import HostSteps, Step
from torso.kernels.library import Library
from torso.kernels.packed_store import FRESH, PackedStore
from torso.kernels.part_weights import PartWeights, ReadWeight
from torso.outputs import (
    ChoiceLogits,
    Features,
    Hidden,
    ReplacedLogits,
    SequenceLogits,
    SpanLogits,
    TokenLogits,
    VocabLogits,
)


class HostHead:
    """The head of a task, in float32 in every mode: it is a small part of the work, and its output a result.

    Args:
        library: the kernels.
        head: description without a `support.unsupported_head`.
        read: reads a weight by its name in the head; not called any more once this is built.
        tokens: the trunk's table of token embeddings [V, W].
        store: gives packed weights.

    Attributes:
        packed: its packed weights, in order.
        arrays: the other arrays that it reads, without the trunk's table.
    """

    def __init__(
        self, library: Library, head: blocks.Head, read: ReadWeight, tokens: Rows, store: PackedStore = FRESH
    ) -> None:
        self._library, self.of, self._tokens = library, head, tokens
        self._weights = PartWeights(head, read, store, "head:")
        self._step = HostSteps(library, self._weights)
        self.packed, self.arrays = self._step.packed, self._weights.arrays
        self._run = self._prepared(head)

    def __call__(self, hidden: Hidden, encoded: Encoded, batch: HostBatch, *, pooled: bool) -> Any:
        """Compute the task's output.

        Args:
            hidden: what the output says of the trunk.
            encoded: what the trunk computed.
            batch: of the trunk, with the rows and choices that are asked for.
            pooled: whether a pooler is applied.
        """
        return self._run(hidden, encoded.rows, batch, pooled)

    def _prepared(self, head: blocks.Head) -> Callable[[Hidden, Rows, HostBatch, bool], Any]:
        if isinstance(head, blocks.FeatureHead):
            return self._features(head)
        if isinstance(head, blocks.VocabHead):
            return self._vocabulary(head)
        if isinstance(head, blocks.ChoiceHead):
            scores = self._scores(head.scorer)
            pool = head.scorer.pool

            def choose(hidden: Hidden, rows: Rows, batch: HostBatch, pooled: bool) -> Any:
                made = scores(_pooled(hidden, rows, batch, pool))[:, 0]
                return ChoiceLogits(cast("Any", made), batch.choices or (len(made),), hidden)

            return choose
        assert isinstance(head, blocks.ScoringHead)
        score = self._scores(head)
        if isinstance(head, blocks.SequenceHead):
            pool = head.pool
            return lambda hidden, rows, batch, pooled: SequenceLogits(
                cast("Any", score(_pooled(hidden, rows, batch, pool))), hidden
            )
        if isinstance(head, blocks.SpanHead):

            def span(hidden: Hidden, rows: Rows, batch: HostBatch, pooled: bool) -> Any:
                made = cast("Any", score(rows))
                return SpanLogits(made[:, 0], made[:, 1], hidden)

            return span
        if isinstance(head, blocks.ReplacedHead):
            return lambda hidden, rows, batch, pooled: ReplacedLogits(cast("Any", score(rows)[:, 0]), hidden)
        return lambda hidden, rows, batch, pooled: TokenLogits(cast("Any", score(rows)), hidden)

    def _features(self, head: blocks.FeatureHead) -> Callable[[Hidden, Rows, HostBatch, bool], Any]:
        pooler = head.parts["pooler"]
        step = None if pooler is None else self._step(pooler)

        def features(hidden: Hidden, rows: Rows, batch: HostBatch, pooled: bool) -> Any:
            if step is None or not pooled or hidden.pool == "last":
                return Features(hidden, None)
            return Features(hidden, cast("Any", step(_pooled(hidden, rows, batch, "first"))))

        return features

    def _vocabulary(self, head: blocks.VocabHead) -> Callable[[Hidden, Rows, HostBatch, bool], Any]:
        step, out, shift = self._step(head.parts["mlp"]), head.parts["out"], head.parts.get("shift")
        output = None if out is None else self._step(out)
        bias, offset = (self._weights.kept(head, own) for own in ("bias", "offset"))
        shifts = None if shift is None else self._weights.kept(shift, "bias")

        def vocabulary(hidden: Hidden, rows: Rows, batch: HostBatch, pooled: bool) -> Any:
            made = step(rows if batch.rows is None else rows[batch.rows])
            made = made if head.scale == 1 else made * np.float32(head.scale)
            logits = product(self._library, made, self._tokens, bias) if output is None else output(made)
            if head.softcap is not None:
                cap = np.float32(head.softcap)
                logits = cap * np.tanh(logits / cap)
            for more in (offset, shifts):
                logits = logits if more is None else logits + more
            return VocabLogits(cast("Any", logits), cast("Any", batch.rows), hidden)

        return vocabulary

    def _scores(self, head: blocks.ScoringHead) -> Step:
        mlp, out = self._step(head.parts["mlp"]), self._step(head.parts["out"])
        return lambda rows: out(mlp(rows))


def _pooled(hidden: Hidden, rows: Rows, batch: HostBatch, pool: blocks.Pooling) -> Rows:
    """Pool each sequence to one row [N, D]: the first token's, the last token's, or the mean of all.

    Raises:
        UnsupportedError: ``E_ROWS``, if only other rows were computed.
    """
    if hidden.is_pooled(pool):
        return rows
    starts = batch.starts[:-1]
    if pool == "mean":
        lengths = np.array(batch.sizes, np.float32)[:, None]
        return (np.add.reduceat(rows, starts, axis=0) / lengths).astype(np.float32)
    return rows[starts if pool == "first" else batch.starts[1:] - 1]


def pool_of(head: blocks.Head) -> Pool | None:
    """Return the only row of each sequence that a head reads; None if it reads all."""
    return None if head.pooling == "mean" else head.pooling
