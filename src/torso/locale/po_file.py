"""Reads the text of a gettext catalogue (``.po``), of which the standard library reads only the compiled form."""

from __future__ import annotations

import re
from typing import NamedTuple

_ENTRY = re.compile(
    r"""(?P<comments>(?:\#.*\n)*)
        msgid[ ](?P<message>".*"(?:\n".*")*)\n
        msgstr[ ](?P<translation>".*"(?:\n".*")*)(?:\n|\Z)\n*""",
    re.VERBOSE,
)
_ESCAPE = re.compile(r"\\(.)")
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "b": "\b"}


class Entry(NamedTuple):
    """One message of a catalogue.

    Attributes:
        message: the English text (``msgid``); empty for the entry that heads the file.
        translation: its translation (``msgstr``), or an empty text.
        comments: the lines before it, which begin with ``#``.
    """

    message: str
    translation: str
    comments: str = ""

    @property
    def is_fuzzy(self) -> bool:
        """Whether the translation is that of an earlier wording, still to be revised."""
        return "fuzzy" in self.comments and any(
            line.startswith("#,") and "fuzzy" in line for line in self.comments.split("\n")
        )

    @property
    def is_finished(self) -> bool:
        """Whether the translation may be shown."""
        return bool(self.message and self.translation) and not self.is_fuzzy


def read_entries(text: str) -> list[Entry]:
    """Read every entry of a catalogue, in its order.

    Plural forms and contexts are refused: torso's messages have none.

    Raises:
        ValueError: a line is no comment, ``msgid``, ``msgstr`` or quoted text in its place; the message has its number.
    """
    entries: list[Entry] = []
    end = 0
    while end < len(text):
        found = _ENTRY.match(text, end)
        if found is None:
            raise ValueError(f"the entry in line {text.count(chr(10), 0, end) + 1} of the catalogue is malformed")
        comments, message, translation = found.groups()
        entries.append(Entry(_unquoted(message), _unquoted(translation), comments))
        end = found.end()
    return entries


def _unquoted(text: str) -> str:
    """Return the text of one or several quoted lines."""
    joined = text[1:-1].replace('"\n"', "")
    return _ESCAPE.sub(lambda found: _ESCAPED.get(found[1], found[1]), joined) if "\\" in joined else joined
