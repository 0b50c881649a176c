"""Compiled CPU kernels: a whole encoder as one call, if a compiler was available when torso was installed.

They are built without torch, and one build works with every torch. `about` returns what is in use.
"""

from torso.io.lazy_names import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "torso.kernels.library": ("About", "about"),
    },
)
