"""Assembles what MkDocs reads: the pages of docs/, pages that stand elsewhere, and pages written from the sources."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from tools.links import LINK, is_elsewhere, on_forge, source
from tools.site import api, commands, errors, families, settings, variables

ROOT = Path(__file__).parents[2]
ELSEWHERE = {
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
    "RELEASE.md": "releases.md",
    "bench/RESULTS.md": "results.md",
}
"""Files of the repository that are pages as well, with their names there."""
WRITTEN: dict[str, Callable[[str], str]] = {
    "commands": commands.page,
    "parameters": settings.page,
    "variables": variables.page,
    "errors": errors.page,
    "families": families.page,
}


def reference() -> Iterator[tuple[str, str]]:
    """Yield the path of every page that is written from the sources, with its text."""
    for language, suffix in (("en", ""), ("zh", ".zh")):
        for name, page in WRITTEN.items():
            yield f"reference/{name}{suffix}.md", page(language)
        for name in api.PAGES:
            yield f"reference/api/{name}{suffix}.md", api.page(name, language)


def assemble(folder: Path) -> Path:
    """Make ``folder`` anew with everything that MkDocs reads, and return it."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(ROOT / "docs", folder)
    for path in folder.rglob("*.md"):
        page = ROOT / "docs" / path.relative_to(folder)
        path.write_text(relinked(page.read_text("utf-8"), page, folder), "utf-8", newline="\n")
    for own, name in ELSEWHERE.items():
        text = (ROOT / own).read_text("utf-8")
        (folder / name).write_text(relinked(text, ROOT / own, folder), "utf-8", newline="\n")
    for name, text in reference():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8", newline="\n")
    return folder


def relinked(text: str, page: Path, folder: Path) -> str:
    """Turn links between files of the repository into links between pages; pictures are copied beside them.

    A file that is no page is linked where the repository is, if that is known.

    Raises:
        FileNotFoundError: a link leads nowhere.
    """
    docs, address = ROOT / "docs", source()
    here = page.relative_to(docs) if page.is_relative_to(docs) else Path(ELSEWHERE[page.relative_to(ROOT).as_posix()])
    up = "../" * (len(here.parts) - 1)

    def moved(found: re.Match[str]) -> str:
        picture, shown, target, anchor = found.groups()
        if is_elsewhere(target):
            return found[0]
        path = (page.parent / target).resolve()
        if not path.is_relative_to(docs) and not path.exists():
            raise FileNotFoundError(f"{page}: {target} leads nowhere")
        name = path.relative_to(ROOT).as_posix()
        if path.is_relative_to(docs):
            # A forge shows the page that is named; the site puts each language's own in place of the name.
            to = path.relative_to(docs).as_posix().replace(".zh.md", ".md")
        elif name in ELSEWHERE:
            to = ELSEWHERE[name]
        elif picture:
            to = f"pictures/{path.name}"
            (folder / "pictures").mkdir(exist_ok=True)
            shutil.copyfile(path, folder / to)
        else:
            return on_forge(found, name, address, "main")
        return f"{picture}[{shown}]({up}{to}{anchor or ''})"

    return LINK.sub(moved, text)
