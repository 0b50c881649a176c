"""Chance: a text's own source of numbers, the same on every engine and device. Loads no torch."""

from __future__ import annotations

import random
import secrets
import sys
from typing import Any, cast

import numpy as np

Numbers = np.ndarray[Any, np.dtype[Any]]

_WORDS = 624
_MULTIPLIER = 1812433253  # of the Mersenne Twister's `init_genrand`
_MASK = 0xFFFFFFFF


class RandomSource:
    """Repeats, bit by bit, what a `torch.Generator` on the CPU draws: the Mersenne Twister MT19937.

    Python has the same twister, but spreads a seed over its state otherwise.

    Args:
        seed: at least 0; as in PyTorch its lower 32 bits decide.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed
        words = [seed & _MASK]
        for number in range(1, _WORDS):
            words.append((_MULTIPLIER * (words[-1] ^ (words[-1] >> 30)) + number) & _MASK)
        self._twister = random.Random()
        self._twister.setstate((3, (*words, _WORDS), None))

    def uniform(self) -> float:
        """Return a number of [0, 1), as ``torch.rand(())`` does in float32."""
        return (self._twister.getrandbits(32) & 0xFFFFFF) * 2.0**-24

    def seeds(self, count: int) -> list[int]:
        """Return integers of [0, 2^62), as ``torch.randint(1 << 62, (count,))`` does."""
        found: list[int] = (self._words(count) & np.uint64((1 << 62) - 1)).tolist()
        return found

    def exponential(self, count: int) -> Numbers:
        """Return float32 numbers [count] of the exponential distribution of rate 1, as ``exponential_(1)`` does."""
        uniform = (self._words(count) & np.uint64((1 << 53) - 1)).astype(np.float64) * 2.0**-53
        return (-np.log1p(-uniform)).astype(np.float32)

    def without_replacement(self, probabilities: Numbers, count: int) -> Numbers:
        """Return ``count`` different places of float32 probabilities [V], as ``torch.multinomial`` draws them.

        The largest of probabilities that are each divided by an exponential number (Efraimidis and Spirakis, 2006).
        """
        with np.errstate(divide="ignore", invalid="ignore"):  # one number of 2^53 is 0
            ranks = -(probabilities / self.exponential(len(probabilities)))
        count = min(count, len(ranks))
        best = np.argpartition(ranks, count - 1)[:count]
        return best[np.argsort(ranks[best], kind="stable")]

    def _words(self, count: int) -> Numbers:
        """Return ``count`` integers of 64 bits, each of two of the twister's, the higher half first."""
        drawn = self._twister.getrandbits(64 * count).to_bytes(8 * count, "little") if count else b""
        halves = np.frombuffer(drawn, dtype="<u4").astype(np.uint64)
        return (halves[0::2] << np.uint64(32)) | halves[1::2]


def random_sources(seed: int | None, count: int) -> list[RandomSource]:
    """Create a source for each text of one prompt; results depend on the seed and not on the batch.

    Args:
        seed: None takes PyTorch's own state where it is loaded, so that ``torch.manual_seed`` makes this repeatable
            too; the system's chance elsewhere.
        count: number of texts, at least 1.
    """
    first = RandomSource(_fresh_seed() if seed is None else seed)
    others = RandomSource(first.seed ^ 0x5DEECE66D)
    return [first, *(RandomSource(each) for each in others.seeds(count - 1))]


def _fresh_seed() -> int:
    torch = cast("Any", sys.modules.get("torch"))
    return secrets.randbits(62) if torch is None else int(torch.randint(1 << 62, ()))
