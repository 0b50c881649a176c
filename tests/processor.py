"""What this processor can run: the test of a mode that it lacks is skipped, with the reason, and never fails."""

from __future__ import annotations

from typing import Any

import pytest

from torso import Model
from torso.engines.linear_swap import unfit
from torso.engines.packed_linear import available
from torso.kernels import about


def has(mode: str, model: Model[Any] | None = None) -> bool:
    """Whether what would run a model here computes a mode.

    Args:
        mode: ``exact``, ``bf16`` or ``int8``.
        model: by default an encoder, which the kernels run where there are any.
    """
    kernels = about()
    native = kernels.instruction_set is not None and (model is None or unfit(model) is None)
    return mode in kernels.modes if native else available(mode)


def needs(mode: str, model: Model[Any] | None = None) -> None:
    """Skips the test that calls it where a mode cannot run; ``auto`` always can."""
    if mode != "auto" and not has(mode, model):
        kernels = about().instruction_set
        pytest.skip(f"no {mode} here, by {'PyTorch' if kernels is None else f'the kernels ({kernels}) or PyTorch'}")
