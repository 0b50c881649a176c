"""The language of torso's messages: English, and Chinese by locale or ``TORSO_LANG=zh``.

A message is written once, in English, where it is raised; its translation is in the catalogue of ``torso.locale`` under
that text. Both are templates in the form of ``str.format``, filled with the same values.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from string import Formatter
from typing import Any

from torso.terminal import escaped

_EMPTY: Mapping[str, object] = {}
_FULL_WIDTH = "。！？；：，）"
_CHOSEN: ContextVar[str | None] = ContextVar("language", default=None)


@contextmanager
def speaking(chosen: str | None) -> Generator[None]:
    """Use a language, ``"en"`` or ``"zh"``, within this context: one request of a server; None changes nothing."""
    token = _CHOSEN.set(chosen)
    try:
        yield
    finally:
        _CHOSEN.reset(token)


def language() -> str:
    """Return the language, ``"en"`` or ``"zh"``: `speaking`'s, ``TORSO_LANG``, ``LC_ALL``, ``LC_MESSAGES``, ``LANG``.

    Read at each call, so that a notebook can change it at any time. Within `speaking` it is the one named there.
    """
    if (chosen := _CHOSEN.get()) is not None:
        return chosen
    for variable in ("TORSO_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(variable, "")
        if value:
            return "zh" if value.lower().startswith("zh") else "en"
    return "en"


class _Filling(Formatter):
    """Formatter that escapes control characters of the values, most of which come from files and servers."""

    def format_field(self, value: Any, format_spec: str) -> str:
        """Format one value, escaped."""
        return escaped(super().format_field(value, format_spec))


def say(template: str, values: Mapping[str, object] = _EMPTY) -> str:
    """Translate ``template`` to the current language and fill in ``values``."""
    if (wanted := language()) != "en":
        from torso.locale import translation

        template = translation(template, wanted)
    return _Filling().vformat(template, (), values) if values else template


def clauses(said: Iterable[str]) -> str:
    """Join messages to one line, by the language's own mark."""
    return say("; ").join(said)


def sentences(said: Iterable[str]) -> str:
    """Join sentences, leaving out empty ones: with a space, but for one that ends in a mark of full width."""
    parts = [each for each in said if each]
    return "".join(f"{each} " if each[-1] not in _FULL_WIDTH else each for each in parts[:-1]) + "".join(parts[-1:])
