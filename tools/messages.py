"""Keeps the catalogue of translations as the sources are: ``python -m tools.messages --update``, or ``--check``.

A new message gets an entry without a translation. A message whose English has changed keeps its translation, marked
fuzzy, with the earlier English beside it: revise the translation, then remove the lines ``#, fuzzy`` and ``#| msgid``.
A message that is gone loses its entry. The file is in the form of ``msgcat --no-wrap``.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from textwrap import TextWrapper

from tools.message_sources import PACKAGE, literals, messages, placeholders
from torso.locale.po_file import Entry, read_entries

CATALOGUE = PACKAGE / "locale" / "zh" / "LC_MESSAGES" / "torso.po"
HEADER = """\
# Chinese translations of torso's messages.
# How to translate: CONTRIBUTING.md. The user is 您; punctuation beside Chinese is Chinese.
msgid ""
msgstr ""
"Project-Id-Version: torso\\n"
"Language: zh\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=UTF-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"""
ALIKE = 0.6
ALIKE_UNMARKED = 0.8
"""Least likeness of two wordings of one message, of 1; and where nothing shows that the new one is a message."""
_REFERENCES = TextWrapper(
    79, initial_indent="#: ", subsequent_indent="#: ", break_long_words=False, break_on_hyphens=False
)
_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r", "\b": "\\b"})


@dataclass
class Known:
    """What the sources say of one message: its files, its codes, and its first place."""

    first: tuple[str, int]
    paths: set[str] = field(default_factory=set[str])
    codes: set[str] = field(default_factory=set[str])


def gathered() -> dict[str, Known]:
    """Gather every message of the sources by its text."""
    found: dict[str, Known] = {}
    for each in messages():
        known = found.setdefault(each.text, Known((each.path, each.line)))
        known.paths.add(each.path)
        known.codes |= {each.code} - {""}
    return found


def place_of(text: str) -> Known | None:
    """Find a text that is a literal of the sources without being gathered; None if it is nowhere."""
    found = literals().get(text)
    return Known(min(found), {path for path, _ in found}) if found else None


def updated(catalogue: Sequence[Entry], sources: Mapping[str, Known]) -> str:
    """Write the catalogue that the sources ask for, with every translation of ``catalogue`` that can be kept."""
    kept = {each.message: each for each in catalogue if each.message}
    places = dict(sources)
    for message in kept:
        place = places.get(message) or place_of(message)
        if place:
            places[message] = place
    stale = {message: entry for message, entry in kept.items() if message not in places and entry.translation}
    new = [message for message in sources if message not in kept]
    for candidates, alike in ((new, ALIKE), (_sentences(stale, places), ALIKE_UNMARKED)):
        for message, before in _matched(candidates, stale, alike).items():
            kept[message] = _reworded(message, stale.pop(before))
            places[message] = places.get(message) or place_of(message) or Known(("", 0))
    entries = [
        _entry(message, kept.get(message, Entry(message, "")), place)
        for message, place in sorted(places.items(), key=lambda item: (item[1].first, item[0]))
    ]
    return "\n".join([HEADER, *entries])


def _matched(new: Sequence[str], stale: Mapping[str, Entry], alike: float) -> dict[str, str]:
    """Pair new wordings with the earlier ones that they resemble, the most similar first, each once."""
    pairs: list[tuple[float, str, str]] = []
    for before in stale:
        matcher = SequenceMatcher(b=before, autojunk=False)
        for text in new:
            matcher.set_seq1(text)
            if matcher.real_quick_ratio() >= alike and matcher.quick_ratio() >= alike:
                pairs.append((matcher.ratio(), text, before))
    found: dict[str, str] = {}
    for ratio, text, before in sorted(pairs, reverse=True):
        if ratio >= alike and text not in found and before not in found.values():
            found[text] = before
    return found


def _sentences(stale: Mapping[str, Entry], places: Mapping[str, Known]) -> list[str]:
    """The sentences of the sources that no call shows to be messages: a reworded message may be among them."""
    return sorted({text for text in literals() if " " in text} - places.keys()) if stale else []


def _reworded(message: str, entry: Entry) -> Entry:
    """An entry of a changed message; of one that was fuzzy already, the wording that its translation is of stays."""
    previous = [line for line in entry.comments.splitlines() if line.startswith("#|")]
    if not entry.is_fuzzy:
        previous = [f"#| {line}" for line in _field("msgid", entry.message)]
    own = [line for line in entry.comments.splitlines() if line.startswith("# ")]
    return Entry(message, entry.translation, "\n".join([*own, "#, fuzzy", *previous]))


def _entry(message: str, entry: Entry, place: Known) -> str:
    comments = entry.comments.splitlines()
    flags = ["fuzzy"] if entry.is_fuzzy else []
    if placeholders(message):
        flags.append("python-brace-format")
    lines = [line for line in comments if line.startswith("# ")]
    lines += [f"#. {code}" for code in sorted(place.codes)]
    lines += _REFERENCES.wrap(" ".join(sorted(place.paths)))
    lines += [f"#, {', '.join(flags)}"] if flags else []
    lines += [line for line in comments if line.startswith("#|")] if entry.is_fuzzy else []
    return "\n".join([*lines, *_field("msgid", message), *_field("msgstr", entry.translation)]) + "\n"


def _field(name: str, text: str) -> list[str]:
    """The lines of one text: a line of the file per line of the text."""
    parts = re.findall(r"[^\n]*\n|[^\n]+", text) or [""]
    quoted = [f'"{part.translate(_ESCAPES)}"' for part in parts]
    return [f"{name} {quoted[0]}"] if len(quoted) == 1 else [f'{name} ""', *quoted]


def problems(catalogue: Sequence[Entry], sources: Mapping[str, Known]) -> list[str]:
    """List what a catalogue lacks or has too much, each with its message."""
    entries = {each.message: each for each in catalogue if each.message}
    found = [f"twice: {message}" for message, times in Counter(each.message for each in catalogue).items() if times > 1]
    found += [f"missing: {message} ({known.first[0]})" for message, known in sources.items() if message not in entries]
    for message, entry in entries.items():
        if message not in sources and place_of(message) is None:
            found.append(f"stale: {message}")
        elif not entry.translation:
            found.append(f"not translated: {message}")
        elif entry.is_fuzzy:
            found.append(f"fuzzy: {message}")
        elif placeholders(message) != placeholders(entry.translation):
            found.append(f"filled with other values: {message}")
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Update or check the catalogue; 1 where something is left to do."""
    parser = argparse.ArgumentParser(prog="python -m tools.messages", description=__doc__)
    act = parser.add_mutually_exclusive_group(required=True)
    act.add_argument("--check", action="store_true", help="list what is missing, stale, fuzzy or out of order")
    act.add_argument("--update", action="store_true", help="write the catalogue as the sources are, then check it")
    options = parser.parse_args(arguments)
    sources = gathered()
    text = CATALOGUE.read_text(encoding="utf-8")
    wanted = updated(read_entries(text), sources)
    if options.update and wanted != text:
        CATALOGUE.write_text(wanted, encoding="utf-8", newline="\n")
        text = wanted
    found = problems(read_entries(text), sources)
    if text != wanted:
        found.append("not as the sources are: run python -m tools.messages --update")
    print("\n".join(found) or f"{len(sources)} messages, each translated")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
