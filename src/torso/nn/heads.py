"""Task heads: map the hidden states of a trunk to logits."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import replace
from typing import Generic, TypeVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from torso import blocks
from torso.batch import Batch, Pool
from torso.nn.activations import activation
from torso.nn.module import Builder, Module
from torso.nn.norm import Shift
from torso.nn.pooled_rows import pool_rows
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

H = TypeVar("H", bound=blocks.Head)
S = TypeVar("S", bound=blocks.ScoringHead)
Out = TypeVar("Out", covariant=True)


class Head(Module[H], Generic[H, Out]):
    """Base class of task heads."""

    @abstractmethod
    def forward(self, hidden: Hidden, batch: Batch) -> Out:
        """Compute the task's output from the trunk's rows and the batch's requests."""

    @property
    def pool(self) -> Pool | None:
        """The row of each sequence that the head pools, for `Batch.pool`; None if it reads all rows."""
        return None if self.of.pooling == "mean" else self.of.pooling


class Transform(Module[blocks.Transform]):
    """Linear layer, activation and norm: x [T, D] -> [T, D]; poolers and transforms of masked-LM heads."""

    dense: nn.Linear
    norm: nn.Module

    def __init__(self, of: blocks.Transform, build: Builder) -> None:
        super().__init__(of, build)
        self.act = activation(of.act)

    def forward(self, x: Tensor) -> Tensor:
        """Map x [T, D] to [T, D]."""
        return self.norm(self.act(self.dense(x)))


class FeatureHead(Head[blocks.FeatureHead, Features]):
    """Feature extraction: hidden states, and the pooled first token where there is a pooler."""

    pooler: nn.Module | None

    def forward(self, hidden: Hidden, batch: Batch) -> Features:
        """Return hidden states, and pooled rows [N, D] if the batch requests them."""
        if self.pooler is None or not batch.pooled or hidden.pool == "last":
            return Features(hidden, None)
        return Features(hidden, self.pooler(pool_rows(hidden, "first")))


class _ScoringHead(Head[S, Out], Generic[S, Out]):
    """Scores of rows: transform, dropout, linear layer."""

    mlp: nn.Module
    dropout: nn.Dropout
    out: nn.Linear

    def scored(self, rows: Tensor) -> Tensor:
        """Compute scores [R, C] of rows [R, D]."""
        return self.out(self.dropout(self.mlp(rows)))


class SequenceHead(_ScoringHead[blocks.SequenceHead, SequenceLogits]):
    """Sequence classification: pool a row of each sequence, transform it, score it."""

    def scores(self, hidden: Hidden) -> Tensor:
        """Compute logits [N, C]."""
        return self.scored(pool_rows(hidden, self.of.pool))

    def forward(self, hidden: Hidden, batch: Batch) -> SequenceLogits:
        """Compute logits [N, C]."""
        return SequenceLogits(self.scores(hidden), hidden)


class LateSequenceHead(SequenceHead):
    """Sequence classification: transform all rows, pool them, score the pooled row."""

    def scores(self, hidden: Hidden) -> Tensor:
        """Compute logits [N, C]."""
        return self.out(self.dropout(pool_rows(replace(hidden, rows=self.mlp(hidden.rows)), self.of.pool)))


class ChoiceHead(Head[blocks.ChoiceHead, ChoiceLogits]):
    """Multiple choice: one score per alternative."""

    scorer: SequenceHead

    def forward(self, hidden: Hidden, batch: Batch) -> ChoiceLogits:
        """Compute logits [N]; all sequences are alternatives of one question unless ``batch.choices`` divides them."""
        scores = self.scorer.scores(hidden).squeeze(-1)
        return ChoiceLogits(scores, batch.choices or (scores.shape[0],), hidden)


class TokenHead(_ScoringHead[blocks.TokenHead, TokenLogits]):
    """Token classification: one row of scores per token."""

    def forward(self, hidden: Hidden, batch: Batch) -> TokenLogits:
        """Compute logits [T, C]."""
        return TokenLogits(self.scored(hidden.rows), hidden)


class ReplacedHead(_ScoringHead[blocks.ReplacedHead, ReplacedLogits]):
    """Replaced token detection: one score per token."""

    def forward(self, hidden: Hidden, batch: Batch) -> ReplacedLogits:
        """Compute logits [T]."""
        return ReplacedLogits(self.scored(hidden.rows).squeeze(-1), hidden)


class SpanHead(_ScoringHead[blocks.SpanHead, SpanLogits]):
    """Extractive question answering: start and end scores of each token."""

    def forward(self, hidden: Hidden, batch: Batch) -> SpanLogits:
        """Compute start and end logits [T]."""
        start, end = self.scored(hidden.rows).unbind(-1)
        return SpanLogits(start, end, hidden)


class VocabHead(Head[blocks.VocabHead, VocabLogits]):
    """Language modelling: scores over the vocabulary for the rows that the batch requests."""

    mlp: nn.Module
    out: nn.Linear | None
    bias: nn.Parameter | None
    offset: nn.Parameter | None

    def __init__(self, of: blocks.VocabHead, build: Builder) -> None:
        super().__init__(of, build)
        for name in ("bias", "offset"):
            if name not in of.tensors:
                self.register_parameter(name, None)
        # In a tuple, so that the table is not also this head's parameter: its owner is the trunk.
        self.tokens: tuple[nn.Embedding, ...] = () if of.tokens is None else (build(of.tokens),)

    def forward(self, hidden: Hidden, batch: Batch) -> VocabLogits:
        """Compute logits [R, V] of the rows of ``batch.rows``, or of all T."""
        rows = self.mlp(hidden.rows if batch.rows is None else hidden.rows[batch.rows])
        rows = rows * self.of.scale if self.of.scale != 1 else rows
        logits = F.linear(rows, self.tokens[0].weight, self.bias) if self.out is None else self.out(rows)
        softcap = self.of.softcap
        logits = logits if softcap is None else softcap * torch.tanh(logits / softcap)
        logits = logits if self.offset is None else logits + self.offset
        return VocabLogits(logits, batch.rows, hidden)


class ShiftedVocabHead(VocabHead):
    """A `VocabHead` whose bias is a module of its own."""

    shift: Shift

    def forward(self, hidden: Hidden, batch: Batch) -> VocabLogits:
        """Compute logits [R, V] of the rows of ``batch.rows``, or of all T."""
        out = super().forward(hidden, batch)
        return replace(out, logits=self.shift(out.logits))
