"""Online cost model of batches: seconds as a function of their tokens. Pure: no clock, no thread."""

from __future__ import annotations

from collections.abc import Sequence

_DECAY = 0.97
"""Weight of the past after each batch: half of it is forgotten after 23 batches."""

_ROWS, _SQUARES = 1e-3, 1e-6  # bring both features near 1, so that the normal equations are well conditioned
_PRIOR = 0.1  # weight of each batch of the prior, which fades
_LATE = 2.0  # times its prediction for which a batch counts at most: one of a few is late by what runs beside it
_FASTER = 2.0  # times the speed of recent batches that a longer one is trusted with


class CostModel:
    """Exponentially weighted least squares of ``seconds = a + b * sum(n) + c * sum(n * n)``, n the tokens of a text.

    Coefficients are never negative. Before batches have been observed the prior holds, and its weight fades with them.

    What is observed can say little: texts of a list make batches of one size, whose time may be of tokens or of the
    batch, and what runs beside them, such as the tokenizing of the next list, makes single ones late. A fit that takes
    the slope from these asks for batches of any size. So a late batch counts for no more than twice its prediction, and
    none is made longer than the speed of the last ones bears out.

    Args:
        overhead: prior seconds of an empty batch.
        rate: prior tokens per second.
    """

    def __init__(self, overhead: float = 1e-3, rate: float = 8000.0) -> None:
        self.coefficients = (overhead, 1 / (rate * _ROWS), 0.0)
        self._pending: list[tuple[Sequence[int], float, float]] = []
        # Pseudo-observations of the prior: batches of 0, 100 and 1000 tokens.
        self._moments = [[0.0] * 3 for _ in range(3)]
        self._targets = [0.0] * 3
        self._tokens, self._squares, self._seconds, self._ran = 1.0, 30.0, overhead / 100 + 1 / rate, 1 / rate
        for tokens in (0, 100, 1000):
            self._add((1.0, tokens * _ROWS, tokens * 30 * _SQUARES), overhead + tokens / rate, _PRIOR)

    def observe(self, sizes: Sequence[int], seconds: float, gap: float = 0.0) -> None:
        """Record a batch, for `learn`.

        Args:
            sizes: the tokens of its texts.
            seconds: for which it ran.
            gap: seconds in which its texts waited though nothing ran: they count for `rate` alone.
        """
        self._pending.append((sizes, seconds, gap))

    @property
    def pending(self) -> int:
        """Batches that were observed since `refit`."""
        return len(self._pending)

    def refit(self) -> None:
        """Fit the costs to what was observed: a tenth of a millisecond, which is better spent while nobody waits."""
        if not self._pending:
            return
        for sizes, seconds, gap in self._pending:
            self._fit(sizes, seconds, gap)
        self._pending.clear()
        self.coefficients = self._solved()

    def _fit(self, sizes: Sequence[int], seconds: float, gap: float) -> None:
        tokens, squares = sum(sizes), sum(size * size for size in sizes)
        for row in self._moments:
            row[:] = [value * _DECAY for value in row]
        self._targets = [value * _DECAY for value in self._targets]
        self._add((1.0, tokens * _ROWS, squares * _SQUARES), min(seconds, _LATE * self.seconds(sizes)), 1.0)
        self._ran = self._ran * _DECAY + seconds
        self._tokens = self._tokens * _DECAY + tokens
        self._squares = self._squares * _DECAY + squares
        self._seconds = self._seconds * _DECAY + seconds + gap

    def seconds(self, sizes: Sequence[int]) -> float:
        """Predict the seconds of a batch."""
        a, b, c = self.coefficients
        return a + b * sum(sizes) * _ROWS + c * sum(size * size for size in sizes) * _SQUARES

    def tokens_within(self, seconds: float) -> int:
        """Return the tokens of a batch of recent lengths that is predicted to take ``seconds``; at least 1."""
        a, b, c = self.coefficients
        each = b * _ROWS + c * _SQUARES * self._squares / self._tokens
        most = _FASTER * seconds * self._tokens / max(self._ran, 1e-9)
        return max(1, int(min((seconds - a) / max(each, 1e-9), most, 1e9)))

    @property
    def rate(self) -> float:
        """Tokens per second while texts wait, over recent batches."""
        return self._tokens / max(self._seconds, 1e-9)

    def _add(self, features: tuple[float, float, float], target: float, weight: float) -> None:
        for row, left in enumerate(features):
            self._targets[row] += weight * left * target
            for column, right in enumerate(features):
                self._moments[row][column] += weight * left * right

    def _solved(self) -> tuple[float, float, float]:
        """Solve for the coefficients, those that would be negative held at zero."""
        kept = [0, 1, 2]
        while kept:
            found = _solve(
                [[self._moments[row][column] for column in kept] for row in kept], [self._targets[row] for row in kept]
            )
            negative = [place for place, value in zip(kept, found, strict=True) if value < 0]
            if not negative:
                values = dict(zip(kept, found, strict=True))
                return values.get(0, 0.0), values.get(1, 0.0), values.get(2, 0.0)
            kept = [place for place in kept if place not in negative]
        return self.coefficients


def _solve(matrix: list[list[float]], target: list[float]) -> list[float]:
    """Solve a small symmetric system by Gaussian elimination, with a ridge where it is singular."""
    size = len(target)
    rows = [[*matrix[place], target[place]] for place in range(size)]
    for place in range(size):
        rows[place][place] += 1e-9
    for place in range(size):
        best = max(range(place, size), key=lambda row: abs(rows[row][place]))
        rows[place], rows[best] = rows[best], rows[place]
        for row in range(place + 1, size):
            factor = rows[row][place] / rows[place][place]
            for column in range(place, size + 1):
                rows[row][column] -= factor * rows[place][column]
    found = [0.0] * size
    for place in reversed(range(size)):
        rest = sum(rows[place][column] * found[column] for column in range(place + 1, size))
        found[place] = (rows[place][size] - rest) / rows[place][place]
    return found
