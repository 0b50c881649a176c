"""Reference modules that are imported when a test first uses them: at collection they would cost more than all else."""

from __future__ import annotations

from importlib import import_module
from typing import Any


class LazyModule:
    """A module in whose place this stands until a name of it is asked for."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> Any:
        if name.startswith(("_", "pytest")):  # asked by pytest, of everything in a test module
            raise AttributeError(name)
        return getattr(import_module(self._name), name)
