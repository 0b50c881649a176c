"""pyarrow, imported when it is used: reading a plan or ``--help`` needs none."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from torso.errors import UnsupportedError


def arrow(module: str = "") -> Any:
    """Return ``pyarrow`` or one of its modules.

    Raises:
        UnsupportedError: E_EXTRA, where it is not installed.
    """
    try:
        return import_module(f"pyarrow.{module}" if module else "pyarrow")
    except ImportError:
        raise UnsupportedError(
            "E_EXTRA",
            "Batch jobs read and write Parquet by pyarrow, which is not installed.",
            cure='Install it: pip install "torso[scale]"',
        ) from None
