"""Terminal output: control characters in text from files and servers are escaped.

A label, a token, a name or a model's answer may hold characters that move the cursor, retitle the window or reverse the
order of what follows. On a terminal and in messages they are written as escapes. Line ends, tabs and the characters
that join letters and emoji stay. What is piped into another program is left as it is.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, TextIO, cast

if TYPE_CHECKING:
    from rich.console import Console

# Control characters but for the tab and the line end; embeddings, overrides and isolates of the writing direction.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]|\r(?!\n)")


def escaped(text: str) -> str:
    r"""Escape control characters of ``text``, as ``\u001b``."""
    return _CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


class Terminal:
    """Text stream of a terminal that escapes control characters.

    Args:
        stream: the terminal's text stream.
    """

    def __init__(self, stream: TextIO) -> None:
        self.obeying = stream

    def write(self, text: str) -> int:
        """Write a text, escaped; return its length."""
        self.obeying.write(escaped(text))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write texts, escaped."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        if name == "buffer":  # click writes to it, past this
            raise AttributeError(name)
        return getattr(self.obeying, name)


def shielded(stream: TextIO) -> TextIO:
    """Wrap ``stream`` in a `Terminal` if it is one."""
    given = cast("TextIO | None", stream)  # None without a console
    if given is None or isinstance(given, Terminal) or not given.isatty():
        return stream
    return cast("TextIO", Terminal(given))


def obeying(stream: TextIO) -> TextIO:
    """Return the underlying stream, for control sequences that are torso's own."""
    return stream.obeying if isinstance(stream, Terminal) else stream


def drawing(*, stderr: bool = False) -> Console:
    """Create a rich console on standard output or error that escapes the text and keeps its own colours."""
    from rich.console import Console
    from rich.segment import Segment

    class Drawing(Console):
        def render(self, renderable: Any, options: Any = None) -> Iterable[Segment]:
            for segment in super().render(renderable, options):
                yield segment if segment.control else Segment(escaped(segment.text), segment.style)

    return Drawing(file=obeying(sys.stderr if stderr else sys.stdout), highlight=False, markup=False, emoji=False)
