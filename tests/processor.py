"""What this processor can run: the test of a mode that it lacks is skipped, with the reason, and never fails."""

from __future__ import annotations

import pytest

from torso.kernels import about


def has(mode: str) -> bool:
    """Whether the kernels compute a mode here: ``exact``, ``bf16`` or ``int8``."""
    return mode in about().modes


def needs(mode: str) -> None:
    """Skips the test that calls it where a mode cannot run; ``auto`` always can."""
    if mode != "auto" and not has(mode):
        pytest.skip(f"no {mode} here, by the kernels ({about().instruction_set})")
