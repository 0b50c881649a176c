"""Compiled kernels for processors: a whole encoder as one call, where a compiler was there when torso was installed.

They need no torch to be built, and one build serves every torch. `about` says what is in use.
"""

from torso.io.lazy_names import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "torso.kernels.library": ("About", "about"),
    },
)
