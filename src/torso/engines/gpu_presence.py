"""Whether this machine may have an accelerator, without loading PyTorch to ask it."""

from __future__ import annotations

import sys
from pathlib import Path

_DEVICES = ("/dev/nvidiactl", "/dev/nvidia0", "/dev/dxg", "/dev/kfd")
"""Of NVIDIA's driver, of Windows' in its Linux, and of AMD's."""


def may_have_gpu() -> bool:
    """Return whether there may be a GPU that PyTorch runs as CUDA; if not, there is none."""
    if sys.platform == "linux":
        return any(Path(each).exists() for each in _DEVICES)
    return sys.platform == "win32" and Path(r"C:\Windows\System32\nvcuda.dll").exists()
