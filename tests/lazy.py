"""Reference modules that are imported when a test first uses them: at collection they would cost more than all else."""

from __future__ import annotations

from importlib import import_module
from typing import Any


class LazyModule:
    """A module in whose place this stands until a name of it is asked for."""

    def __init__(self, name: str) -> None:
        self._name = name

    def _found(self) -> Any:
        return import_module(self._name)

    def __getattr__(self, name: str) -> Any:
        if name.startswith(("_", "pytest")):  # asked by pytest, of everything in a test module
            raise AttributeError(name)
        return getattr(self._found(), name)


class LazyName(LazyModule):
    """A class or function of a module that is imported when it is first called or asked for a method."""

    def __init__(self, module: str, name: str) -> None:
        super().__init__(module)
        self.__name__ = name

    def _found(self) -> Any:
        return getattr(super()._found(), self.__name__)

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        """What it is called with, and gives."""
        return self._found()(*arguments, **options)
