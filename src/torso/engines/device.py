"""Choice of the device."""

from __future__ import annotations

import sys

import torch

from torso.language import say
from torso.loading.labels_and_dtype import run_device

_PRINTED: set[str] = set()


def choose(device: str | torch.device | None) -> torch.device:
    """Return the requested device; for None a CUDA device if there is one, which is printed once, else the CPU.

    Raises:
        InputError: E_DEVICE for an invalid device, or one that this machine lacks.
    """
    if device is None:
        if not torch.cuda.is_available():
            return torch.device("cpu")
        _print_once(torch.cuda.get_device_name())
        return torch.device("cuda")
    return run_device(device)


def _print_once(name: str) -> None:
    if name not in _PRINTED:
        _PRINTED.add(name)
        message = say('torso runs on {name}; to stay on the CPU: device="cpu" (--device cpu).', dict(name=name))
        print(message, file=sys.stderr)
