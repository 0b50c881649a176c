"""Where a model runs."""

from __future__ import annotations

import sys

import torch

from torso.errors import InputError
from torso.language import say

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
    try:
        chosen = torch.device(device)
        torch.empty(0, device=chosen)
    except (RuntimeError, AssertionError, NotImplementedError):  # torch raises each of them for an absent device
        raise InputError(
            "E_DEVICE",
            "There is no device {device} on this machine.",
            cure="Leave it out, or name one of: {known}.",
            values=dict(device=repr(str(device)), known=", ".join(_known())),
        ) from None
    return chosen


def _known() -> list[str]:
    cards = [f"cuda:{number}" for number in range(torch.cuda.device_count())]
    return ["cpu", *cards, *(["mps"] if torch.backends.mps.is_available() else [])]


def _say_once(name: str) -> None:
    if name not in _SAID:
        _SAID.add(name)
        told = say('torso runs on {name}; to stay on the CPU: device="cpu" (--device cpu).', dict(name=name))
        print(told, file=sys.stderr)
