"""Blocks of code of README and docs/: what each is, and why one that is not run is not.

- ``python`` is run, all blocks of a page in one namespace; ``>>>`` lines give what is shown below them, where ``...``
  stands for anything.
- ``bash`` is run, each line to status 0.
- ``console`` has commands after ``$ ``, and what they print.
- ``text`` right after one of them is what it prints.
- A block with a title (``csv title="reviews.csv"``) is a file of that name, and written before the next is run.
- ``<!-- not run: REASON -->`` in the line before a block says why it is not run; `marks` holds the
  block to it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

HOME = Path(__file__).resolve().parents[2]
FENCE = re.compile(
    r"(?:^[ ]*<!-- not run: (?P<mark>[a-z]+) -->\n)?"
    r"^(?P<indent>[ ]*)```(?P<info>[^\n`]*)\n(?P<text>.*?)^(?P=indent)```$",
    re.DOTALL | re.MULTILINE,
)


@dataclass(frozen=True)
class Block:
    """One block of code.

    Attributes:
        page: its file, relative to the repository.
        line: the line of its fence.
        kind: its language; empty for none.
        extra: the word after the language, such as an engine's name.
        title: the file that it is; empty if it is none.
        mark: why it is not run; empty if it is.
        text: what it holds, without the fence and its indentation.
        follows: whether only blank lines lie between the block before and this one.
    """

    page: str
    line: int
    kind: str
    extra: str
    title: str
    mark: str
    text: str
    follows: bool

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def pages() -> list[str]:
    """The pages that a person reads, by their paths in the repository."""
    found = [*HOME.glob("README*.md"), HOME / "CONTRIBUTING.md", *(HOME / "docs").rglob("*.md")]
    return sorted(path.relative_to(HOME).as_posix() for path in found)


def blocks(page: str) -> list[Block]:
    """Every fenced block of a page, in order."""
    text = (HOME / page).read_text(encoding="utf-8")
    found: list[Block] = []
    end = 0
    for match in FENCE.finditer(text):
        title = re.search(r'title="([^"]*)"', match["info"])
        words = re.sub(r'\w+="[^"]*"', "", match["info"]).split()
        indent = len(match["indent"])
        body = "".join(line[indent:] if line.strip() else line for line in match["text"].splitlines(keepends=True))
        found.append(
            Block(
                page,
                text.count("\n", 0, match.start("info")) + 1,
                words[0] if words else "",
                " ".join(words[1:]),
                title[1] if title else "",
                match["mark"] or "",
                body,
                bool(found) and not text[end : match.start()].strip(),
            )
        )
        end = match.end()
    return found
