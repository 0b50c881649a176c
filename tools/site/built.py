"""Reads a built site: links and anchors that lead nowhere, and whatever a browser would request from another host."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

_LOADS = {"script": "src", "img": "src", "iframe": "src", "source": "src", "video": "src", "audio": "src"}
_LOADING_RELATIONS = {"stylesheet", "icon", "preload", "prefetch", "preconnect", "dns-prefetch", "modulepreload"}
_ADDRESS_IN_STYLE = re.compile(r"(?:url\(\s*['\"]?|@import\s+['\"])\s*((?:https?:)?//[^'\")\s]+)")


class _Page(HTMLParser):
    """Collects the anchors of a page, its links, and what it loads."""

    def __init__(self) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.loaded: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note one element."""
        held = {name: value or "" for name, value in attrs}
        self.anchors |= {held[name] for name in ("id", "name") if held.get(name)}
        if tag == "a" and held.get("href"):
            self.links.append(held["href"])
        elif tag == "link" and _LOADING_RELATIONS & set(held.get("rel", "").split()):
            self.loaded.append(held.get("href", ""))
        elif held.get(_LOADS.get(tag, "")):
            self.loaded.append(held[_LOADS[tag]])


@cache
def _read(path: Path) -> _Page:
    page = _Page()
    page.feed(path.read_text("utf-8"))
    return page


def faults(site: Path) -> list[str]:
    """List every dead link, missing anchor and outside request of the site in ``site``."""
    found = [fault for path in sorted(site.rglob("*.html")) for fault in _of_page(path, site)]
    for path in sorted(site.rglob("*.css")):
        found += [
            f"{path.relative_to(site)} requests {each}" for each in _ADDRESS_IN_STYLE.findall(path.read_text("utf-8"))
        ]
    return found


def _of_page(path: Path, site: Path) -> Iterator[str]:
    page, name = _read(path), path.relative_to(site)
    for address in page.loaded:
        if urlsplit(address).netloc:
            yield f"{name} requests {address}"
        elif urlsplit(address).scheme != "data" and not _target(path, address, site).exists():
            yield f"{name} requests {address}, which is not there"
    for address in page.links:
        parts = urlsplit(address)
        if parts.scheme or parts.netloc:
            continue
        target = _target(path, address, site)
        if not target.exists():
            yield f"{name} links to {address}, which is not there"
        elif parts.fragment and target.suffix == ".html" and not _has(target, unquote(parts.fragment)):
            yield f"{name} links to {address}, which has no such anchor"


def _target(page: Path, address: str, site: Path) -> Path:
    """Return the file that an address of a page means."""
    path = unquote(urlsplit(address).path)
    target = site / path.lstrip("/") if path.startswith("/") else page.parent / path
    target = page if not path else target
    return target / "index.html" if target.is_dir() else target


def _has(page: Path, anchor: str) -> bool:
    return anchor in _read(page.resolve()).anchors or anchor.startswith("__")
