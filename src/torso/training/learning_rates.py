"""Learning rate of a step, computed from its number alone. Loads no torch."""

from __future__ import annotations

import math

from torso.training.train_settings import Schedule

_DECAY_SHARE = 0.1  # of all steps, at the end of "wsd"


def warmup_steps(warmup: float, total: int) -> int:
    """Return the number of warm-up steps: a share of the total below 1, else the number itself."""
    return math.ceil(warmup * total) if warmup < 1 else int(warmup)


def rate_factor(schedule: Schedule, done: int, *, warmup: int, total: int) -> float:
    """Return the factor on the peak rate for the step after ``done`` steps, as transformers' schedules compute it.

    Args:
        schedule: ``linear``, ``cosine``, ``constant`` or ``wsd``.
        done: optimiser steps already taken.
        warmup: steps in which the rate rises from 0.
        total: steps of the run.
    """
    if done < warmup:
        return done / max(1, warmup)
    if schedule == "constant":
        return 1.0
    if schedule == "wsd":
        decay = max(1, math.ceil(_DECAY_SHARE * total))
        return min(1.0, max(0.0, (total - done) / decay))
    progress = (done - warmup) / max(1, total - warmup)
    if schedule == "cosine":
        return max(0.0, 0.5 * (1.0 + math.cos(math.pi * progress)))
    return max(0.0, 1.0 - progress)
