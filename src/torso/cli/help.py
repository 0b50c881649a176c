"""Help in two languages, straight with wide characters: click's formatter with its own words translated."""

from __future__ import annotations

import copy
import inspect
import re
from collections.abc import Iterable, Iterator
from typing import TypeVar

import click

from torso.config.text_table import padded, width
from torso.language import say

AnyCommand = TypeVar("AnyCommand", bound=click.Command)

_EXTRA = re.compile(r"  \[(default|env var|required)((?:: [^\]]*)?)\]$")
# Characters that a line may begin after: a space, or a wide character that no closing mark follows.
_CLOSING = "，。！？；：、）」』》”’,.!?;:)"


class Formatter(click.HelpFormatter):
    """Writes help in the current language."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """Write the line that shows the form of the command."""
        super().write_usage(prog, args, prefix or f"{say('Usage:')} ")

    def write_heading(self, heading: str) -> None:
        """Write a heading."""
        said = say("{heading}:", {"heading": say(heading)})
        self.write(f"{' ' * self.current_indent}{said}\n")

    def write_text(self, text: str) -> None:
        """Write paragraphs; one that begins with click's mark of verbatim text stays as it is."""
        indent = " " * self.current_indent
        for number, paragraph in enumerate(text.split("\n\n")):
            lines = paragraph.strip("\n").split("\n")
            kept = lines[1:] if lines[0] == "\b" else wrap(" ".join(lines), self.width - self.current_indent)
            self.write("\n" if number else "")
            self.write("".join(f"{indent}{line}".rstrip() + "\n" for line in kept))

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        """Write terms and what they mean."""
        table = [(first, _translated_extra(second)) for first, second in rows]
        wide = min(max(width(first) for first, _ in table), col_max) + col_spacing
        indent = " " * self.current_indent
        for first, second in table:
            lines = wrap(second, max(self.width - wide - self.current_indent, 20)) or [""]
            fits = width(first) + col_spacing <= wide
            self.write(f"{indent}{padded(first, wide) if fits else first}")
            self.write((lines[0] if fits else "") + "\n")
            for line in lines[1:] if fits else lines:
                self.write(f"{indent}{' ' * wide}{line}\n")


class Context(click.Context):
    """A context whose help is written by `Formatter`."""

    formatter_class = Formatter


def localized(command: AnyCommand) -> AnyCommand:
    """Return a copy of a command with its help and its options' help in the current language."""
    own = copy.copy(command)
    own.context_class = Context
    own.context_settings = {"help_option_names": ["-h", "--help"], "max_content_width": 100, **own.context_settings}
    own.help = translated(inspect.cleandoc(own.help)) if own.help else own.help
    own.params = [_localized_option(each) if isinstance(each, click.Option) else each for each in own.params]
    helping = own.get_help_option(click.Context(own, help_option_names=["-h", "--help"]))
    if helping is not None:
        helping.help = say("Show this help.")
    return own


def translated(text: str) -> str:
    """Return a help text in the current language, paragraph by paragraph; of verbatim ones at least the heading."""
    paragraphs: list[str] = []
    for paragraph in text.split("\n\n"):
        mark = "\b\n" if paragraph.startswith("\b\n") else ""
        plain = paragraph.removeprefix(mark)
        own = say(plain)
        if mark and own == plain:
            heading, line_end, rest = plain.partition("\n")
            own = f"{say(heading)}{line_end}{rest}"
        paragraphs.append(mark + own)
    return "\n\n".join(paragraphs)


def _localized_option(option: click.Option) -> click.Option:
    own = copy.copy(option)
    own.help = say(option.help) if option.help else option.help
    return own


def _translated_extra(text: str) -> str:
    found = _EXTRA.search(text)
    return f"{text[: found.start()]}  [{say(found[1])}{found[2]}]" if found else text


def wrap(text: str, columns: int) -> list[str]:
    """Return lines of at most ``columns`` columns, broken at spaces and between wide characters."""
    lines = [""]
    for piece in _pieces(text):
        if lines[-1] and width(lines[-1]) + width(piece.rstrip()) > columns:
            lines[-1] = lines[-1].rstrip()
            lines.append("")
            piece = piece.lstrip()
        lines[-1] += piece
    return [line.rstrip() for line in lines if line]


def _pieces(text: str) -> Iterator[str]:
    piece = ""
    for at, mark in enumerate(text):
        piece += mark
        after = text[at + 1 : at + 2]
        if mark == " " or (after and after not in _CLOSING and (width(mark) == 2 or width(after) == 2)):
            yield piece
            piece = ""
    if piece:
        yield piece
