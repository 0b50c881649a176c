"""`torso.generation.scores.Operations` on tensors, where they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor


class TensorOperations:
    """`torso.generation.scores.Operations` in PyTorch."""

    def copied(self, rows: Tensor) -> Tensor:
        """See `Operations`."""
        return rows.clone()

    def zeros(self, rows: Tensor) -> Tensor:
        """See `Operations`."""
        return torch.zeros_like(rows)

    def indices(self, numbers: Sequence[Any], beside: Tensor) -> Tensor:
        """See `Operations`."""
        return torch.tensor(numbers, dtype=torch.int64, device=beside.device)

    def floats(self, numbers: Sequence[Any], beside: Tensor) -> Tensor:
        """See `Operations`."""
        return torch.tensor(numbers, dtype=torch.float32, device=beside.device)

    def host(self, rows: Tensor) -> np.ndarray[Any, Any]:
        """See `Operations`."""
        return rows.cpu().numpy()

    def double(self, rows: Tensor) -> Tensor:
        """See `Operations`."""
        return rows.double()

    def where(self, mask: Tensor, chosen: Tensor, other: Tensor | float) -> Tensor:
        """See `Operations`."""
        return torch.where(mask, chosen, other)

    def softmax(self, rows: Tensor) -> Tensor:
        """See `Operations`."""
        return rows.softmax(-1)

    def log_softmax(self, rows: Tensor) -> Tensor:
        """See `Operations`."""
        return rows.log_softmax(-1)

    def log_sum_exp(self, rows: Tensor) -> Tensor:
        """See `Operations`."""
        return rows.logsumexp(-1)

    def cumulative(self, rows: Tensor) -> Tensor:
        """See `Operations`."""
        return rows.cumsum(-1)

    def ascending(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """See `Operations`."""
        values, order = rows.sort(-1)
        return values, order

    def top(self, rows: Tensor, count: int) -> tuple[Tensor, Tensor]:
        """See `Operations`."""
        values, columns = rows.topk(min(count, rows.shape[1]), -1)
        return values, columns

    def taken(self, rows: Tensor, columns: Tensor) -> Tensor:
        """See `Operations`."""
        return rows.gather(1, columns)

    def put(self, rows: Tensor, columns: Tensor, values: Tensor | bool) -> Tensor:
        """See `Operations`."""
        return rows.scatter(1, columns, values)

    def places(self, cumulative: Tensor, bounds: Tensor) -> Tensor:
        """See `Operations`."""
        return torch.searchsorted(cumulative, bounds[:, None], right=True).squeeze(1)

    def repeated(self, rows: Tensor, times: int) -> Tensor:
        """See `Operations`."""
        return rows.repeat_interleave(times, 0)
