"""The Hub's class names of every family, such as ``RobertaForMaskedLM``, made on first use."""

from __future__ import annotations

from torso.compat.family_classes import family_class


def __getattr__(name: str) -> type:
    value = None if name.startswith("_") else family_class(name)
    if value is None:
        raise AttributeError(f"module 'torso.compat.family_names' has no attribute {name!r}")
    globals()[name] = value
    return value
