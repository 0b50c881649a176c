"""One result of a text's windows."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from torso.runtime.runner import lists


def merged(rows: Sequence[Tensor], rule: str) -> list[float]:
    """The scores of a text: those of its only window, or the ``mean`` or ``max`` over its windows, score by score."""
    return lists(one_row(rows, rule))


def one_row(rows: Sequence[Tensor], rule: str) -> Tensor:
    """As `merged`, as a tensor: rows [C] -> [C]."""
    if len(rows) == 1:
        return rows[0]
    stacked = torch.stack(list(rows))
    return stacked.amax(0) if rule == "max" else stacked.mean(0)
