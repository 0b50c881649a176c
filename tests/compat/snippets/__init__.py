"""Sixty snippets of the kind that model cards and frameworks show, in words of our own: each works, or says why not."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple


class Snippet(NamedTuple):
    """A snippet: where its like stands, the model it runs on, its code, and the error that refuses it, if one does."""

    source: str
    model: str
    refused: str
    code: str


def listed() -> list[Snippet]:
    """Return the snippets of ``listed.txt``, in its order."""
    text = Path(__file__).with_name("listed.txt").read_text(encoding="utf-8")
    parts = [part.partition("\n") for part in text.split("### ")[1:]]
    return [Snippet(*(each.strip() for each in head.split("|")), code) for head, _, code in parts]
