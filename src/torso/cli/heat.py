"""A matrix of attention weights as a picture of coloured, shaded or plain cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.text import Text

from torso.cli.console import one_line
from torso.config.text_table import padded, width

_LABEL = 12  # columns of a row's label at most
_STRONGEST = 18  # columns after a row, for the token it attends to most
_STOPS = ((13, 8, 35), (87, 16, 109), (187, 55, 84), (249, 142, 9), (252, 255, 164))  # dark to light, as matplotlib's
_SHADES, _PLAIN = " ░▒▓█", " .:*#"


@dataclass(frozen=True, slots=True)
class Ink:
    """What a terminal can show.

    Attributes:
        colours: whether it has at least 256 of them.
        unicode: whether it can print shades.
    """

    colours: bool
    unicode: bool

    def cell(self, share: float) -> Text:
        """Return a cell of two columns for a share of 0 to 1."""
        share = min(max(share, 0.0), 1.0)
        if self.colours:
            return Text("  ", style=f"on rgb({','.join(str(part) for part in colour(share))})")
        marks = _SHADES if self.unicode else _PLAIN
        return Text(marks[min(int(share * len(marks)), len(marks) - 1)] * 2)


def colour(share: float) -> tuple[int, int, int]:
    """Return a colour between dark and light."""
    place = share * (len(_STOPS) - 1)
    index = min(int(place), len(_STOPS) - 2)
    red, green, blue = (
        round(a + (b - a) * (place - index)) for a, b in zip(_STOPS[index], _STOPS[index + 1], strict=True)
    )
    return red, green, blue


def shown_tokens(count: int, columns: int) -> int:
    """Return how many tokens a picture has room for, both across and down."""
    return max(min(count, (columns - _LABEL - 5 - _STRONGEST) // 2, 99), 1)


def picture(weights: Sequence[Sequence[float]], tokens: Sequence[str], columns: int, ink: Ink) -> list[Text]:
    """Return the lines of a picture: a row per token that looks, a column per token looked at, brighter where more.

    A column is headed by its token where that is at most two columns wide, else by its number, which the rows show.

    Args:
        weights: [length, length]; each row sums to 1.
        tokens: as many.
        columns: of the terminal. Of a text that is too long, the first tokens are shown.
        ink: what the terminal can show.
    """
    count = shown_tokens(len(tokens), columns)
    names = [one_line(token, _LABEL) for token in tokens[:count]]
    wide = max(width(name) for name in names)
    top = max(max(row[:count]) for row in weights[:count]) or 1.0
    head = Text(" " * (wide + 4))
    for number, name in enumerate(names):
        narrow = width(name) <= 2
        head.append(" " * (2 - width(name)) + name if narrow else f"{number:>2}", "none" if narrow else "dim")
    lines = [head]
    for number, name in enumerate(names):
        row = weights[number][:count]
        line = Text(f"{number:>2} ", "dim").append(f"{padded(name, wide)} ", "none")
        for value in row:
            line.append_text(ink.cell(value / top))
        best = max(range(count), key=row.__getitem__)
        arrow = "→" if ink.unicode else "->"
        line.append(f"  {arrow} {padded(one_line(tokens[best], 7), 7)} {row[best]:.2f}", "dim")
        lines.append(line)
    scale = Text(" " * (wide + 4)).append("0 ", "dim")
    for step in range(9):
        scale.append_text(ink.cell(step / 8))
    lines += [Text(), scale.append(f" {top:.2f}", "dim")]
    return lines
