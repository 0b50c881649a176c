"""The configs of every family, such as ``RobertaConfig``; the stub beside it writes out what each has."""

from __future__ import annotations

from torso.compat.family_classes import family_class
from torso.config.hub_config import HubConfig as FamilyConfig

__all__ = ["FamilyConfig"]


def __getattr__(name: str) -> type:
    value = family_class(name) if name.endswith("Config") and not name.startswith("_") else None
    if value is None:
        raise AttributeError(f"module 'torso.compat.family_configs' has no attribute {name!r}")
    globals()[name] = value
    return value
