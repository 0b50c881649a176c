"""Whether PyTorch must see the operators of its own that torso would otherwise replace by one call."""

from __future__ import annotations

from typing import Any

import torch
from torch.autograd import forward_ad

_TORCH: Any = torch
_FORWARD_AD: Any = forward_ad


def is_watched() -> bool:
    """Return whether calls are compiled, traced, transformed by `torch.func`, or dispatched to a mode."""
    return (
        torch.compiler.is_compiling()
        or _TORCH._C._get_tracing_state() is not None
        or _TORCH._C._are_functorch_transforms_active()
        or _TORCH._C._len_torch_dispatch_stack() > 0
        or _FORWARD_AD._current_level >= 0
    )
