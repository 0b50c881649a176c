"""Tables for notebooks: HTML without scripts, identifiers or colours, readable with all styling removed."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from torso.language import say

LIMIT = 60_000
"""Characters of a table at most; a notebook keeps every one of them in its file."""
MOST_CELL = 300
_LEFT = "style='text-align:left'"


def html_table(
    title: str,
    headings: Sequence[str],
    rows: Sequence[Sequence[object]],
    notes: Sequence[str] = (),
    count: int | None = None,
) -> str:
    """Return a table as HTML, everything escaped; rows beyond `LIMIT` are left out, and counted in a note.

    Args:
        title: above the table.
        headings: names of the columns; none for a table without.
        rows: cells, each shown as text.
        notes: lines below.
        count: of all rows, where ``rows`` are the first of them alone.
    """
    count = len(rows) if count is None else count
    head = "".join(f"<th {_LEFT}>{escape(each)}</th>" for each in headings)
    body, shown = "", 0
    for row in rows:
        line = "<tr>" + "".join(f"<td {_LEFT}>{_cell(each)}</td>" for each in row) + "</tr>"
        if len((body + line).encode()) > LIMIT:
            break
        body, shown = body + line, shown + 1
    below = list(notes)
    if shown < count:
        below.insert(0, say("first {shown} of {count}", dict(shown=shown, count=count)))
    top = f"<thead><tr>{head}</tr></thead>" if head else ""
    return f"<b>{escape(title)}</b><table>{top}<tbody>{body}</tbody></table>" + "".join(
        f"<p>{escape(each[:MOST_CELL])}</p>" for each in below
    )


def _cell(value: object) -> str:
    text = str(value)
    if len(text) > MOST_CELL:
        text = f"{text[:MOST_CELL]}…"
    # A lone surrogate cannot be written to a notebook's file.
    return escape(text.encode("utf-8", "backslashreplace").decode())
