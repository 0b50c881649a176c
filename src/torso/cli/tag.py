"""``torso tag``."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Unpack

import click

from torso.cli import options
from torso.cli.console import extent_row, one_line, print_json, watched, whole_line
from torso.cli.csv_output import sheet
from torso.cli.text_inputs import texts_of
from torso.language import say

if TYPE_CHECKING:
    from torso.tasks import Tagged
    from torso.tasks.task_options import TagOptions

HELP = """\
Find the parts of texts that a model labels: words with their parts of speech, persons, places.

One text is shown as a table with the place of each part, several as one line each of text/label. Places count \
characters of the text as it was given.

\b
Examples:
  torso tag "小明在北京大学读书"
  torso tag "Wolfgang lives in Berlin" --model dslim/bert-base-NER
  torso tag --file news.txt --long window --json
  torso tag --file news.csv --column body --csv"""


@click.command(help=HELP)
@options.texts
@options.model("torso:tagger")
@click.option(
    "--aggregation",
    type=click.Choice(["none", "simple", "first", "average", "max"]),
    help="A way of transformers to make parts of tokens, in place of torso's own.",
)
@options.lengths(merges=("mean", "longest"))
@options.untrained
@options.device
@options.as_json
@options.as_csv
def tag(
    texts: tuple[str, ...],
    file: str | None,
    columns: tuple[str, ...],
    model: str,
    as_json: bool,
    as_csv: bool,
    **asked: Unpack[TagOptions],
) -> None:
    """Print labelled parts."""
    given = texts_of(texts, file, columns)
    from torso.tasks import tag as run

    found = run(given, model=model, **asked)
    rows = sheet(as_csv, as_json, "number", "text", "label", "start", "end", "score")
    for number, tagged in enumerate(watched(found, len(texts) or None)):
        if as_json:
            print_json({"text": tagged.text, "spans": [asdict(span) for span in tagged]} | extent_row(tagged))
        elif rows is not None:
            for span in tagged:
                rows.write(number, span.text, span.label, span.start, span.end, span.score)
        elif len(texts) == 1:
            click.echo(table(tagged))
        else:
            click.echo(in_line(tagged))


def in_line(tagged: Tagged) -> str:
    """Return the parts as ``text/label``, with spaces between."""
    return " ".join(f"{whole_line(span.text)}/{span.label}" if span.label else span.text for span in tagged)


def table(tagged: Tagged) -> str:
    """Return the parts, one a row."""
    from torso.config.text_table import text_table

    if not tagged.spans:
        return say("Nothing in this text has a label.")
    headings = [say("text"), say("label"), say("span"), say("score")]
    rows = [[one_line(span.text), span.label, f"{span.start}-{span.end}", f"{span.score:.4f}"] for span in tagged]
    return text_table(headings, rows)
