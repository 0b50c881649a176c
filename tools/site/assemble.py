"""Assembles what MkDocs reads: the pages of docs/, pages that stand elsewhere, and pages written from the sources."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from tools.site import api, commands, errors, families, settings, variables

ROOT = Path(__file__).parents[2]
FORGE = "https://github.com/torso-project/torso/blob/main/"
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
_LINK = re.compile(r"(!?\[[^\]]*\]\()([^)#\s]+)(#[^)\s]*)?(\))")


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
        own = ROOT / "docs" / path.relative_to(folder)
        path.write_text(relinked(own.read_text("utf-8"), own, folder), "utf-8", newline="\n")
    for source, name in ELSEWHERE.items():
        text = (ROOT / source).read_text("utf-8")
        (folder / name).write_text(relinked(text, ROOT / source, folder), "utf-8", newline="\n")
    for name, text in reference():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8", newline="\n")
    return folder


def relinked(text: str, source: Path, folder: Path) -> str:
    """Turn links between files of the repository into links between pages; pictures are copied beside them.

    A file that is no page is linked on the forge.

    Raises:
        FileNotFoundError: a link leads nowhere.
    """
    docs = ROOT / "docs"
    here = (
        source.relative_to(docs)
        if source.is_relative_to(docs)
        else Path(ELSEWHERE[source.relative_to(ROOT).as_posix()])
    )
    up = "../" * (len(here.parts) - 1)

    def moved(found: re.Match[str]) -> str:
        before, target, anchor, after = found.groups()
        if "://" in target or target.startswith("mailto:"):
            return found[0]
        path = (source.parent / target).resolve()
        if path.is_relative_to(docs):
            return f"{before}{up}{path.relative_to(docs).as_posix()}{anchor or ''}{after}"
        if not path.exists():
            raise FileNotFoundError(f"{source}: {target} leads nowhere")
        name = path.relative_to(ROOT).as_posix()
        if name in ELSEWHERE:
            return f"{before}{up}{ELSEWHERE[name]}{anchor or ''}{after}"
        if before.startswith("!"):
            (folder / "pictures").mkdir(exist_ok=True)
            shutil.copyfile(path, folder / "pictures" / path.name)
            return f"{before}{up}pictures/{path.name}{after}"
        return f"{before}{FORGE}{name}{anchor or ''}{after}"

    return _LINK.sub(moved, text)
