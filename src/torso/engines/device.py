"""Where a model runs."""

from __future__ import annotations

import sys

import torch

from torso.language import say
from torso.loading.labels_and_dtype import run_device

_SAID: set[str] = set()


def choose(device: str | torch.device | None) -> torch.device:
    """The device asked for; of None, a CUDA card where there is one, which is said once, else the CPU.

    Raises:
        InputError: E_DEVICE for what is no device, or none of this machine's.
    """
    if device is None:
        if not torch.cuda.is_available():
            return torch.device("cpu")
        _say_once(torch.cuda.get_device_name())
        return torch.device("cuda")
    return run_device(device)


def _say_once(name: str) -> None:
    if name not in _SAID:
        _SAID.add(name)
        told = say('torso runs on {name}; to stay on the CPU: device="cpu" (--device cpu).', dict(name=name))
        print(told, file=sys.stderr)
