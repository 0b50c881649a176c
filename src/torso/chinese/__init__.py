"""Chinese forms of torso's messages, one module per part of the package, each a table ``TEXTS`` from English to Chinese.

Loaded only when a message is shown in Chinese. ``tests/test_language.py`` holds every message of the package to a
translation here with the same placeholders.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules


@cache
def texts() -> dict[str, str]:
    """Every translation of the package, from the English template to the Chinese one."""
    merged: dict[str, str] = {}
    for module in iter_modules(__path__):
        merged.update(import_module(f"{__name__}.{module.name}").TEXTS)
    return merged


def translation(template: str) -> str:
    """The Chinese form of an English template; the template itself where there is none."""
    return texts().get(template, template)
