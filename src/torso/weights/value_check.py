"""Value checks of tensors while they are read: no NaN, no infinity, no overflow in a dtype conversion."""

from __future__ import annotations

from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torso.errors import WeightsError
from torso.io.paths import shown
from torso.weights.number_bits import are_finite, widened
from torso.weights.tensor_entry import TensorEntry, common_name

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class ValueCheck:
    """Value check of one tensor, chunk by chunk; ``constant`` is whether all elements of a matrix so far are equal."""

    def __init__(self, path: Path, entry: TensorEntry, name: str, allow_nonfinite: bool) -> None:
        # Biases and norms start out constant and may stay so; a matrix that is constant was never trained.
        self.constant = entry.is_float and entry.elements > 1 and len(entry.shape) > 1
        self._path, self._entry, self._name = path, entry, name
        self._allow_nonfinite = allow_nonfinite
        self._first: float | None = None

    def stored(self, chunk: NDArray[Any], start: int) -> NDArray[Any]:
        """Check values as stored, from element ``start`` on. A bool byte that is neither 0 nor 1 becomes True.

        Returns:
            floating-point values as `widened` gives them; others as they are.

        Raises:
            WeightsError: E_NONFINITE.
        """
        import numpy as np

        if self._entry.dtype == "BOOL":
            own = chunk.view(np.uint8)
            np.minimum(own, 1, out=own)
        if not self._entry.is_float:
            return chunk
        wide = widened(chunk, self._entry.dtype)
        with np.errstate(invalid="ignore"):
            low, high = float(wide.min()), float(wide.max())
        self._first = low if self._first is None else self._first
        self.constant = self.constant and low == high == self._first
        if self._allow_nonfinite or -inf < low <= high < inf:
            return wide
        raise WeightsError(
            "E_NONFINITE",
            "{name} in {path} holds {value} at {place}.",
            cure="Get the model again, or accept such values with allow_nonfinite=True.",
            values=self._values(~np.isfinite(wide), wide, start),
        )

    def converted(self, result: NDArray[Any], dtype: str, wide: NDArray[np.floating], start: int) -> None:
        """Check values after a conversion of ``wide`` to a dtype.

        Raises:
            WeightsError: E_OVERFLOW, where a finite value became infinite.
        """
        import numpy as np

        if dtype == "F64" or (dtype == "F32" and wide.dtype == np.float32):
            return
        finite = are_finite(result, dtype)
        if finite.all():
            return
        lost = np.isfinite(wide) & ~finite
        if lost.any():
            raise WeightsError(
                "E_OVERFLOW",
                "{name} in {path} holds {value} at {place}, too large for {wanted}.",
                cure="Load with dtype=torch.float32 or torch.bfloat16.",
                values=self._values(lost, wide, start) | {"wanted": common_name(dtype)},
            )

    def _values(self, faulty: NDArray[np.bool_], wide: NDArray[np.floating], start: int) -> dict[str, object]:
        """Return the message values for the first of the faulty elements."""
        first = int(faulty.argmax())
        place: list[int] = []
        position = start + first
        for size in reversed(self._entry.shape):
            position, rest = divmod(position, size)
            place.insert(0, rest)
        return dict(name=self._name, path=shown(self._path), place=place, value=float(wide[first]))
