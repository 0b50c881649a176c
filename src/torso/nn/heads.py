"""Task heads: map the hidden states of a trunk to logits."""

from __future__ import annotations

from abc import abstractmethod
from typing import Generic, TypeVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from torso.batch import Batch, Pool
from torso.nn.activations import activation
from torso.nn.inference_only import Sealable
from torso.nn.pooled_rows import Pooling, pool_rows
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

Out = TypeVar("Out", covariant=True)


class Head(Sealable, Generic[Out]):
    """Base class of task heads."""

    @abstractmethod
    def forward(self, hidden: Hidden, batch: Batch) -> Out:
        """Compute the task's output from the trunk's rows and the batch's requests."""

    @property
    def pool(self) -> Pool | None:
        """The row of each sequence that the head pools, for `Batch.pool`; None if it reads all rows."""
        return None


class Transform(nn.Module):
    """Linear layer, activation and norm: x [T, D] -> [T, D]; poolers and transforms of masked-LM heads."""

    def __init__(
        self, width: int, act: str, *, out: int | None = None, norm: nn.Module | None = None, bias: bool = True
    ) -> None:
        super().__init__()
        self.dense = nn.Linear(width, out or width, bias=bias)
        self.act = activation(act)
        self.norm = norm or nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """Map x [T, D] to [T, D]."""
        return self.norm(self.act(self.dense(x)))


class FeatureHead(Head[Features]):
    """Feature extraction: hidden states, and the pooled first token where there is a pooler.

    Args:
        pooler: maps the first tokens' rows [N, D] to [N, D]; None where a checkpoint has none.
    """

    def __init__(self, pooler: nn.Module | None = None) -> None:
        super().__init__()
        self.pooler = pooler

    def forward(self, hidden: Hidden, batch: Batch) -> Features:
        """Return hidden states, and pooled rows [N, D] if the batch requests them."""
        if self.pooler is None or not batch.pooled or hidden.pool == "last":
            return Features(hidden, None)
        return Features(hidden, self.pooler(pool_rows(hidden, "first")))


class SequenceHead(Head[SequenceLogits]):
    """Sequence classification: pool a row of each sequence, transform it, score it.

    Args:
        width: D.
        labels: C.
        pool: the pooled row of a sequence, or the mean of all its rows.
        mlp: transform of the pooled row; none by default.
        dropout: probability of dropping a unit before the scores, in training.
        bias: whether the scores have a bias.
    """

    def __init__(
        self,
        width: int,
        labels: int,
        *,
        pool: Pooling,
        mlp: nn.Module | None = None,
        dropout: float = 0.0,
        bias: bool = True,
    ) -> None:
        super().__init__()
        self.pooling: Pooling = pool
        self.mlp = mlp or nn.Identity()
        self.dropout = nn.Dropout(dropout)
        self.out = nn.Linear(width, labels, bias=bias)

    @property
    def pool(self) -> Pool | None:
        """The pooled row; None for the mean, which reads all."""
        return None if self.pooling == "mean" else self.pooling

    def scores(self, hidden: Hidden) -> Tensor:
        """Compute logits [N, C]."""
        return self.out(self.dropout(self.mlp(pool_rows(hidden, self.pooling))))

    def forward(self, hidden: Hidden, batch: Batch) -> SequenceLogits:
        """Compute logits [N, C]."""
        return SequenceLogits(self.scores(hidden), hidden)


class ChoiceHead(Head[ChoiceLogits]):
    """Multiple choice: one score per alternative.

    Args:
        scorer: a `SequenceHead` with one label.
    """

    def __init__(self, scorer: SequenceHead) -> None:
        super().__init__()
        self.scorer = scorer

    @property
    def pool(self) -> Pool | None:
        """The row that the scorer pools."""
        return self.scorer.pool

    def forward(self, hidden: Hidden, batch: Batch) -> ChoiceLogits:
        """Compute logits [N]; all sequences are alternatives of one question unless ``batch.choices`` divides them."""
        scores = self.scorer.scores(hidden).squeeze(-1)
        return ChoiceLogits(scores, batch.choices or (scores.shape[0],), hidden)


class TokenHead(Head[TokenLogits]):
    """Token classification: one row of scores per token.

    Args:
        width: D.
        labels: C.
        mlp: transform of the rows; none by default.
        dropout: probability of dropping a unit before the scores, in training.
        bias: whether the scores have a bias.
    """

    def __init__(
        self, width: int, labels: int, *, mlp: nn.Module | None = None, dropout: float = 0.0, bias: bool = True
    ) -> None:
        super().__init__()
        self.mlp = mlp or nn.Identity()
        self.dropout = nn.Dropout(dropout)
        self.out = nn.Linear(width, labels, bias=bias)

    def forward(self, hidden: Hidden, batch: Batch) -> TokenLogits:
        """Compute logits [T, C]."""
        return TokenLogits(self.out(self.dropout(self.mlp(hidden.rows))), hidden)


class ReplacedHead(Head[ReplacedLogits]):
    """Replaced token detection: one score per token (ELECTRA's discriminator).

    Args:
        width: D.
        mlp: transform of the rows.
    """

    def __init__(self, width: int, *, mlp: nn.Module) -> None:
        super().__init__()
        self.mlp = mlp
        self.out = nn.Linear(width, 1)

    def forward(self, hidden: Hidden, batch: Batch) -> ReplacedLogits:
        """Compute logits [T]."""
        return ReplacedLogits(self.out(self.mlp(hidden.rows)).squeeze(-1), hidden)


class SpanHead(Head[SpanLogits]):
    """Extractive question answering: start and end scores of each token.

    Args:
        width: D.
        mlp: transform of the rows; none by default.
        dropout: probability of dropping a unit before the scores, in training.
    """

    def __init__(self, width: int, *, mlp: nn.Module | None = None, dropout: float = 0.0) -> None:
        super().__init__()
        self.mlp = mlp or nn.Identity()
        self.dropout = nn.Dropout(dropout)
        self.out = nn.Linear(width, 2)

    def forward(self, hidden: Hidden, batch: Batch) -> SpanLogits:
        """Compute start and end logits [T]."""
        start, end = self.out(self.dropout(self.mlp(hidden.rows))).unbind(-1)
        return SpanLogits(start, end, hidden)


class VocabHead(Head[VocabLogits]):
    """Language modelling: scores over the vocabulary for the rows that the batch requests.

    Args:
        width: D.
        vocabulary: V.
        mlp: transform of the rows; none by default.
        bias: whether the scores have a bias.
        tied: whether the token embeddings are the output matrix, see `tie`. They also replace an output matrix of the
            head's own that is absent from the checkpoint.
        scale: factor on the rows before the product.
        softcap: scores become ``softcap * tanh(scores / softcap)``; None for no cap.
        offset: whether a fixed vector, never trained, is added to the scores (BART's ``final_logits_bias``).
    """

    def __init__(
        self,
        width: int,
        vocabulary: int,
        *,
        mlp: nn.Module | None = None,
        bias: bool = False,
        tied: bool = True,
        scale: float = 1.0,
        softcap: float | None = None,
        offset: bool = False,
    ) -> None:
        super().__init__()
        self.mlp = mlp or nn.Identity()
        self.bias = nn.Parameter(torch.zeros(vocabulary)) if bias and tied else None
        self.out = None if tied else nn.Linear(width, vocabulary, bias=bias)
        self.offset = nn.Parameter(torch.zeros(1, vocabulary), requires_grad=False) if offset else None
        self.scale, self.softcap = scale, softcap
        # In a tuple, so that the table is not also this head's parameter: its owner is the trunk.
        self.tokens: tuple[nn.Embedding, ...] = ()

    def tie(self, tokens: nn.Embedding) -> None:
        """Use the trunk's token embeddings as output matrix. They stay the trunk's own parameters."""
        self.tokens = (tokens,)

    def forward(self, hidden: Hidden, batch: Batch) -> VocabLogits:
        """Compute logits [R, V] of the rows of ``batch.rows``, or of all T."""
        rows = self.mlp(hidden.rows if batch.rows is None else hidden.rows[batch.rows])
        rows = rows * self.scale if self.scale != 1 else rows
        logits = F.linear(rows, self.tokens[0].weight, self.bias) if self.out is None else self.out(rows)
        logits = logits if self.softcap is None else self.softcap * torch.tanh(logits / self.softcap)
        logits = logits if self.offset is None else logits + self.offset
        return VocabLogits(logits, batch.rows, hidden)
