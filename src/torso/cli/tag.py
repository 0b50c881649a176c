"""``torso tag``."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Literal

import click

from torso.cli import options
from torso.cli.console import one_line, print_json, watched
from torso.cli.inputs import texts_of
from torso.language import say

if TYPE_CHECKING:
    from torso.tasks import Tagged

HELP = """\
Find the parts of texts that a model labels: words with their parts of speech, persons, places.

One text is shown as a table with the place of each part, several as one line each of text/label. Places count \
characters of the text as it was given.

\b
Examples:
  torso tag "小明在北京大学读书"
  torso tag "Wolfgang lives in Berlin" --model dslim/bert-base-NER
  torso tag --file news.txt --json"""


@click.command(help=HELP)
@options.texts
@options.model("torso:tagger")
@options.long
@options.untrained
@options.device
@options.as_json
def tag(
    texts: tuple[str, ...],
    file: str | None,
    model: str,
    long: Literal["error", "truncate"],
    untrained: bool,
    device: str | None,
    as_json: bool,
) -> None:
    """Prints labelled parts."""
    given = texts_of(texts, file)
    alone = isinstance(given, list) and len(given) == 1
    from torso.tasks import tag as run

    found = run(given, model=model, long=long, untrained=untrained, device=device)
    for tagged in watched(found, len(texts) or None):
        if as_json:
            spans = [asdict(span) for span in tagged]
            print_json({"text": tagged.text, "spans": spans, "truncated": tagged.truncated})
        elif alone:
            click.echo(table(tagged))
        else:
            click.echo(in_line(tagged))


def in_line(tagged: Tagged) -> str:
    """The parts as ``text/label``, with spaces between."""
    return " ".join(f"{one_line(span.text, 10_000)}/{span.label}" if span.label else span.text for span in tagged)


def table(tagged: Tagged) -> str:
    """The parts, one a row."""
    from torso.checkpoint.table import text_table

    if not tagged.spans:
        return say("Nothing in this text has a label.")
    headings = [say("text"), say("label"), say("span"), say("score")]
    rows = [[one_line(span.text), span.label, f"{span.start}-{span.end}", f"{span.score:.4f}"] for span in tagged]
    return text_table(headings, rows)
