"""The values of a tensor, looked at while they are read: no NaN, no infinity, nothing lost in a change of type."""

from __future__ import annotations

from math import inf
from pathlib import Path
from typing import TYPE_CHECKING

from torso.errors import WeightsError
from torso.io.paths import shown
from torso.weights.tensor_entry import TensorEntry

if TYPE_CHECKING:
    import torch


class ValueCheck:
    """Looks at one tensor chunk by chunk; ``constant`` tells whether a matrix is all one number so far."""

    def __init__(self, path: Path, entry: TensorEntry, name: str, allow_nonfinite: bool) -> None:
        # Biases and norms start out constant and may stay so; a matrix that is constant was never trained.
        self.constant = entry.is_float and entry.elements > 1 and len(entry.shape) > 1
        self._path, self._entry, self._name = path, entry, name
        self._allow_nonfinite = allow_nonfinite
        self._first: float | None = None

    def stored(self, chunk: torch.Tensor, start: int) -> None:
        """Looks at values as stored, the first being element ``start``. A byte that is neither 0 nor 1 becomes True.

        Raises:
            WeightsError: E_NONFINITE.
        """
        import torch

        if chunk.dtype == torch.bool:
            chunk.view(torch.uint8).clamp_(max=1)
        if not self._entry.is_float:
            return
        low, high = _range(chunk)
        self._first = low if self._first is None else self._first
        self.constant = self.constant and low == high == self._first
        if self._allow_nonfinite or -inf < low <= high < inf:
            return
        raise WeightsError(
            "E_NONFINITE",
            "{name} in {path} holds {value} at {place}.",
            cure="Get the model again, or accept such values with allow_nonfinite=True.",
            values=self._values(chunk.isfinite().logical_not_(), chunk, start),
        )

    def converted(self, result: torch.Tensor, chunk: torch.Tensor, start: int) -> None:
        """Looks at values after a change of type.

        Raises:
            WeightsError: E_OVERFLOW, where a finite value became infinite.
        """
        low, high = _range(result)
        if -inf < low <= high < inf:
            return
        lost = chunk.isfinite() & result.isfinite().logical_not_()
        if lost.any():
            raise WeightsError(
                "E_OVERFLOW",
                "{name} in {path} holds {value} at {place}, too large for {wanted}.",
                cure="Load with dtype=torch.float32 or torch.bfloat16.",
                values=self._values(lost, chunk, start) | {"wanted": str(result.dtype)},
            )

    def _values(self, faulty: torch.Tensor, chunk: torch.Tensor, start: int) -> dict[str, object]:
        """What a message needs on the first of the faulty elements."""
        first = int(faulty.nonzero()[0])
        place: list[int] = []
        position = start + first
        for size in reversed(self._entry.shape):
            position, rest = divmod(position, size)
            place.insert(0, rest)
        return dict(name=self._name, path=shown(self._path), place=place, value=chunk[first].item())


def _range(chunk: torch.Tensor) -> tuple[float, float]:
    """The smallest and the largest value; both NaN where one is."""
    import torch

    low, high = torch.aminmax(chunk)
    return float(low), float(high)
