"""Logit lens: the vocabulary head of a model applied to the hidden states of every layer.

Rows of layers before the last go through the trunk's final norm first, as in
https://www.lesswrong.com/posts/AcKRB8wDpdaN6v6ru/interpreting-gpt-the-logit-lens.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from torso.batch import Batch
from torso.nn.heads import Head
from torso.outputs import Hidden, VocabLogits

_NUMBERS = 1 << 24
"""Logits that are in memory at once."""


@dataclass(frozen=True, slots=True, eq=False)
class LogitLens:
    """The likeliest tokens at each place after each layer.

    Attributes:
        ids: [L + 1, T, K] int64, the likeliest first.
        probabilities: [L + 1, T, K] float32.
    """

    ids: Tensor
    probabilities: Tensor


def logit_lens(
    states: Sequence[Tensor], norm: nn.Module, head: Head[Any, VocabLogits], batch: Batch, top: int
) -> LogitLens:
    """Apply a vocabulary head to hidden states.

    Args:
        states: L + 1 x [T, D]; the last is after the final norm, as the head reads it.
        norm: the trunk's final norm.
        head: the model's.
        batch: the text.
        top: K.
    """
    found = [_one_layer(rows if rows is states[-1] else norm(rows), head, batch, top) for rows in states]
    return LogitLens(torch.stack([ids for ids, _ in found]), torch.stack([shares for _, shares in found]))


def _one_layer(rows: Tensor, head: Head[Any, VocabLogits], batch: Batch, top: int) -> tuple[Tensor, Tensor]:
    hidden = Hidden(rows, batch.layout)
    ids: list[Tensor] = []
    shares: list[Tensor] = []
    start, step = 0, 1
    while start < rows.shape[0]:
        chosen = torch.arange(start, min(start + step, rows.shape[0]), device=rows.device)
        logits = head(hidden, Batch(batch.tokens, batch.layout, batch.segments, rows=chosen)).logits.float()
        best = logits.softmax(-1).topk(min(top, logits.shape[-1]))
        ids.append(best.indices.cpu())
        shares.append(best.values.cpu())
        start, step = start + step, max(_NUMBERS // logits.shape[-1], 1)
    return torch.cat(ids), torch.cat(shares)
