"""Translations of torso's messages: a gettext catalogue per language, ``LANGUAGE/LC_MESSAGES/torso.po``.

Loaded only when a message is shown in another language than English. ``tools/messages.py`` maintains the catalogues.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from torso.locale.po_file import read_entries


def translation(template: str, language: str) -> str:
    """Translate an English template; the template itself where ``language`` has no translation of it."""
    return translations(language).get(template, template)


@cache
def translations(language: str) -> Mapping[str, str]:
    """Read the finished translations of a language, from the English template to its translation.

    Entries that are empty or fuzzy are left out, as ``msgfmt`` leaves them out. Without a catalogue that can be read,
    as in an incomplete installation, every message stays English: a message is often an error on its way to the
    user, which a second error would hide.
    """
    path = Path(__file__).parent / language / "LC_MESSAGES" / "torso.po"
    try:
        entries = read_entries(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {each.message: each.translation for each in entries if each.is_finished}
