"""The ecosystem's ``set_seed``."""

from __future__ import annotations

import random

import numpy
import torch

from torso.io.arguments import known_arguments


@known_arguments
def set_seed(seed: int, deterministic: bool = False) -> None:
    """Set the state of every source of random numbers: Python's, NumPy's and PyTorch's, on every device.

    What torso draws without a ``seed`` of its own follows: sampling, new heads, dropout, the order of examples.

    Args:
        seed: at least 0, below 2**32.
        deterministic: whether PyTorch refuses operations that give other numbers in each run.
    """
    random.seed(seed)
    numpy.random.seed(seed)
    torch.manual_seed(seed)
    if deterministic:
        torch.use_deterministic_algorithms(True)
