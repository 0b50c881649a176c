"""pyarrow, imported when it is used: reading a plan or ``--help`` needs none."""

from __future__ import annotations

from typing import Any

from torso.io.optional_packages import optional_module


def arrow(module: str = "") -> Any:
    """Return ``pyarrow`` or one of its modules.

    Raises:
        MissingPackageError: E_EXTRA, where it is not installed.
    """
    return optional_module(f"pyarrow.{module}" if module else "pyarrow", "scale")
