"""A look as one file: the page's own modules with all of its numbers inside, shown from disk without any request."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torso.errors import LimitError
from torso.io.atomic_write import write_atomically
from torso.view.asked import json_answer
from torso.view.assets import assets, script
from torso.view.look_data import answers_data, attention_bytes, heads_data, lens_data, rows_data, summary_data
from torso.view.words import words_of

if TYPE_CHECKING:
    from torso.inspection.look import Look

MOST_BYTES = 32 << 20
"""Bytes of attention that one file holds."""


def save(look: Look, path: Path, layers: Sequence[int] | None) -> Path:
    """Write a look; see `torso.inspection.look.Look.save`."""
    chosen = {part: range(look.depth(part)) if layers is None else layers for part in look.parts}
    heads = look.attention(0, part=look.parts[0]).shape[0]
    sizes = {part: heads * len(look.axes(part)[0]) * len(look.axes(part)[1]) for part in look.parts}
    size = sum(len(chosen[part]) * sizes[part] for part in look.parts)
    if size > MOST_BYTES:
        raise LimitError(
            "E_TOO_MUCH",
            "The attention of {count} layers takes {size:,} bytes; one file holds {most:,}.",
            cure="Save fewer layers: save(path, layers=[0, 1]), or look at a shorter text.",
            values=dict(count=sum(map(len, chosen.values())), size=size, most=MOST_BYTES),
        )
    with write_atomically(path) as file:
        file.write(_page(_stored(look, chosen)))
    return path


def _stored(look: Look, layers: dict[Any, Sequence[int]]) -> dict[str, Any]:
    """Return the answer of each route that the page would ask for."""
    data: dict[str, Any] = {"summary": summary_data(look, "saved"), "answer": answers_data(look)}
    for part in look.parts:
        data[f"heads?part={part}"] = heads_data(look, part)
        if part != "cross":
            data[f"rows?part={part}"] = rows_data(look, part)
        for layer in layers[part]:
            body = attention_bytes(look.attention(layer, part=part))
            data[f"attention/{layer}?part={part}"] = b64encode(body).decode()
    if look.has_vocabulary_head:
        data["lens"] = lens_data(look)
    return data


def _page(look: dict[str, Any]) -> bytes:
    words = {language: words_of(language) for language in ("en", "zh")}
    body = json_answer({"words": words, "look": look}).body
    assert isinstance(body, bytes)
    # Inside an element of a page: neither an end tag nor a comment may begin within the data.
    data = body.decode().replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    style = assets()["style.css"].body.decode()
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'unsafe-inline'; \
style-src 'unsafe-inline'; img-src data:">
<title>torso</title>
<style>
{style}</style>
</head>
<body>
<torso-saved></torso-saved>
<script type="application/json" id="held">{data}</script>
<script>
{script("saved.js")}</script>
</body>
</html>
""".encode()
