"""Getting models: what a name means, where its files are on this machine, and how they come here whole and verified.

Names load when they are first used, so that ``import torso.hub`` costs nothing. No module of this package has the name
of a function in it, since importing such a module would put it in the function's place.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torso.hub.checking import Report, check
    from torso.hub.getting import get, resolve
    from torso.hub.local.find import Snapshot
    from torso.hub.local.inventory import Model, models, remove
    from torso.hub.repairing import repair

_HOME = {
    "Model": "local.inventory",
    "Report": "checking",
    "Snapshot": "local.find",
    "check": "checking",
    "get": "getting",
    "models": "local.inventory",
    "remove": "local.inventory",
    "repair": "repairing",
    "resolve": "getting",
}

__all__ = ["Model", "Report", "Snapshot", "check", "get", "models", "remove", "repair", "resolve"]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
