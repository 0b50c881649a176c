"""What prepares long lists stands aside while short requests are answered: both want the interpreter and the cores."""

from __future__ import annotations

import time

FEW = 32
"""Texts of a list that are tokenized at a time: about half a millisecond, which a short request may wait."""

_PATIENCE = 0.01
"""Seconds for which a piece of a list stands aside at most, so that lists are answered under any load."""

_LOOK = 0.0005


class ShortFirst:
    """Counts the short requests that are being answered, and makes other threads wait for them.

    A thread that computes takes half of a core from the batch of a short request, and each time that the batch needs
    the interpreter it waits for a switch of threads. So what takes long is done in pieces, and before each piece
    `give_way` is called.
    """

    def __init__(self) -> None:
        self.count = 0
        """Short requests being answered; only the event loop changes it."""

    def give_way(self) -> None:
        """Wait until no short request is being answered, or for a hundredth of a second; never on the event loop."""
        if not self.count:
            return
        end = time.monotonic() + _PATIENCE
        while self.count and time.monotonic() < end:
            time.sleep(_LOOK)
