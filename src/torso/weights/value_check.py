"""Value checks of tensors while they are read: no NaN, no infinity, no overflow in a dtype conversion."""

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
    """Value check of one tensor, chunk by chunk; ``constant`` is whether all elements of a matrix so far are equal."""

    def __init__(self, path: Path, entry: TensorEntry, name: str, allow_nonfinite: bool) -> None:
        # Biases and norms start out constant and may stay so; a matrix that is constant was never trained.
        self.constant = entry.is_float and entry.elements > 1 and len(entry.shape) > 1
        self._path, self._entry, self._name = path, entry, name
        self._allow_nonfinite = allow_nonfinite
        self._first: float | None = None

    def stored(self, chunk: torch.Tensor, start: int) -> None:
        """Check values as stored, from element ``start`` on. A bool byte that is neither 0 nor 1 becomes True.

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
        """Check values after a dtype conversion.

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
        """Return the message values for the first of the faulty elements."""
        first = int(faulty.nonzero()[0])
        place: list[int] = []
        position = start + first
        for size in reversed(self._entry.shape):
            position, rest = divmod(position, size)
            place.insert(0, rest)
        return dict(name=self._name, path=shown(self._path), place=place, value=chunk[first].item())


def _range(chunk: torch.Tensor) -> tuple[float, float]:
    """Return the smallest and the largest value; both NaN if any is."""
    import torch

    low, high = torch.aminmax(chunk)
    return float(low), float(high)
