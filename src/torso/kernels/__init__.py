"""Compiled CPU kernels: a whole encoder as one call, if a compiler was available when torso was installed.

They are built without torch, and one build works with every torch. `about` returns what is in use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torso.kernels.library import About, about

__all__ = ["About", "about"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        from torso.kernels import library

        return getattr(library, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
