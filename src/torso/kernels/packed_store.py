"""Where packed weights come from: packed from a model's weights, or kept from an earlier run. Loads no torch."""

from __future__ import annotations

from collections.abc import Callable

from torso.kernels.key_value_rows import Numbers
from torso.kernels.library import Form, Library
from torso.kernels.packed_weight import PackedWeight


class PackedStore:
    """Source of packed weights that packs each of them; subclasses keep them, and give what they kept.

    Whoever builds a model asks it for each packed weight by a name, and reads the weights that it is made of in
    ``make`` alone, which is not called for one that was kept.
    """

    def packed(self, name: str, library: Library, form: Form, make: Callable[[], PackedWeight]) -> PackedWeight:
        """Return a packed weight.

        Args:
            name: its own in the model.
            library: the kernels.
            form: what it must be.
            make: packs it.
        """
        return make()

    def replace(self, old: Numbers, new: Numbers) -> None:
        """Note that an array that was read, and is held, gave way to another: the same numbers in another format."""


FRESH = PackedStore()
"""Packs every weight."""
