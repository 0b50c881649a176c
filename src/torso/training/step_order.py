"""Order of training texts: a pure function of seed, epoch and step. Loads no torch."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Step:
    """The texts of one optimiser step.

    Attributes:
        number: of the step, from 1.
        epoch: of the step, from 0.
        texts: indices of its texts.
    """

    number: int
    epoch: int
    texts: tuple[int, ...]


def steps(count: int, *, batch: int, total: int, seed: int = 0, after: int = 0) -> Iterator[Step]:
    """Yield the steps of a run, a pure function of the arguments.

    Each epoch is a permutation of its own, and its last step has what is left of the texts. Steps do not depend on
    where the run was resumed: ``steps(..., after=n)`` are the steps of the whole run without the first n.

    Args:
        count: number of texts.
        batch: texts of one step.
        total: number of the last step.
        seed: of the permutations.
        after: number of the last step that is left out.
    """
    each = max(-(-count // batch), 1)
    for epoch in range(after // each, -(-total // each)):
        order = epoch_order(count, seed, epoch)
        first = max(after - epoch * each, 0)
        for index in range(first, min(each, total - epoch * each)):
            yield Step(epoch * each + index + 1, epoch, tuple(order[index * batch : (index + 1) * batch]))


def epoch_order(count: int, seed: int, epoch: int) -> list[int]:
    """Return the permutation of the texts of one epoch."""
    order = list(range(count))
    random.Random(f"order {seed} {epoch}").shuffle(order)
    return order


def derived_seed(*parts: object) -> int:
    """Return a seed of 63 bits that is a pure function of the parts."""
    digest = hashlib.blake2b(" ".join(map(str, parts)).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1


def cut(sizes: Sequence[int], tokens: int) -> list[list[int]]:
    """Cut a step into micro-batches of at most ``tokens`` tokens, texts of similar length together, longest first.

    Args:
        sizes: tokens of each text of the step.
        tokens: of one micro-batch; a text of more is one by itself.
    """
    parts: list[list[int]] = []
    budget = 0
    for index in sorted(range(len(sizes)), key=lambda index: (-sizes[index], index)):
        if not parts or sizes[index] > budget:
            parts.append([])
            budget = tokens
        parts[-1].append(index)
        budget -= sizes[index]
    return parts
