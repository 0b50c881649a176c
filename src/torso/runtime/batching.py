"""Which texts go into one batch."""

from __future__ import annotations

from collections.abc import Sequence


def by_length(sizes: Sequence[int], budget: int) -> list[list[int]]:
    """Groups of indices, each of texts of similar length and of at most ``budget`` tokens together.

    The longest texts come first, so that a budget that is too large for the memory fails at once. Every index is in one
    group; a text longer than the budget is a group of its own.

    Args:
        sizes: tokens of each text.
        budget: tokens of one group, at least 1.
    """
    groups: list[list[int]] = []
    room = 0
    for index in sorted(range(len(sizes)), key=lambda index: (-sizes[index], index)):
        if not groups or sizes[index] > room:
            groups.append([])
            room = budget
        groups[-1].append(index)
        room -= sizes[index]
    return groups
