"""Prints constraints.txt with PyTorch ``least``, ``pinned`` or ``newest``: ``python tools/pins.py newest > pins.txt``.

``least`` is the version that pyproject.toml allows, ``newest`` leaves the choice to pip. What is pinned beside PyTorch
for one Python may be missing for another, so that with ``newest`` the libraries of numbers are left to pip as well.
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
FREE = {"torch", "numpy", "scikit-learn", "pyarrow", "tokenizers", "sentencepiece"}
"""What ``newest`` does not pin."""


def pins(choice: str) -> str:
    """Return the constraints for a choice of PyTorch.

    Raises:
        ValueError: ``choice`` is none of the three.
    """
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    if choice == "pinned":
        return "\n".join(lines) + "\n"
    if choice == "newest":
        return "\n".join(line for line in lines if line.partition("==")[0] not in FREE) + "\n"
    if choice == "least":
        project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
        [least] = re.findall(r"torch>=([\d.]+)", " ".join(project["optional-dependencies"]["torch"]))
        version = least if least.count(".") == 2 else f"{least}.0"
        return "\n".join(f"torch=={version}" if line.startswith("torch==") else line for line in lines) + "\n"
    raise ValueError(f"{choice!r} is none of least, pinned, newest")


if __name__ == "__main__":
    sys.stdout.write(pins(sys.argv[1]))
