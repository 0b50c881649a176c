"""``torso classify``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

import click

from torso.cli import options
from torso.cli.console import as_text, bar, extent_row, one_line, print_json, watched, whole_line
from torso.cli.csv_output import Sheet, sheet
from torso.cli.text_inputs import texts_of

if TYPE_CHECKING:
    from collections import deque
    from collections.abc import Iterable
    from typing import Any

    from torso.tasks import Label
    from torso.tasks.task_options import ClassifyOptions

HELP = """\
Label texts: the likeliest label of each, with its probability.

One text is shown with every label, several as lines of label, score and text with tabs between. Two columns of a \
table are read as pairs.

\b
Examples:
  torso classify "这家店的服务太差了"
  torso classify --file reviews.txt --json > labels.jsonl
  torso classify --file reviews.csv --column review --csv
  cat reviews.txt | torso classify --model ./my-model --long window"""


@click.command(help=HELP)
@options.texts
@options.model("torso:sentiment")
@options.top(None, "How many labels have their score given; all otherwise.")
@options.lengths(merges=("mean", "max"))
@options.untrained
@options.device
@options.as_json
@options.as_csv
def classify(
    texts: tuple[str, ...],
    file: str | None,
    columns: tuple[str, ...],
    model: str,
    as_json: bool,
    as_csv: bool,
    **asked: Unpack[ClassifyOptions],
) -> None:
    """Print labels."""
    given = texts_of(texts, file, columns)
    from torso.cli.paired import paired
    from torso.tasks import classify as run

    kept, stream = paired(given)
    found = run(stream, model=model, **asked)
    table = sheet(as_csv, as_json, "text", "label", "score")
    show(watched(found, len(texts) or None), kept, as_json, table, alone=len(texts) == 1)


def show(found: Iterable[Label], kept: deque[Any], as_json: bool, table: Sheet | None, *, alone: bool) -> None:
    """Print labels in the form asked for."""
    for label in found:
        text = kept.popleft()
        if as_json:
            row = {"text": text, "label": label.label, "score": label.score, "scores": label.scores}
            print_json(row | extent_row(label))
        elif table is not None:
            table.write(as_text(text), label.label, label.score)
        elif alone:
            click.echo(one_line(as_text(text), 76))
            click.echo(chart(label))
        else:
            click.echo(f"{label.label}\t{label.score:.4f}\t{whole_line(as_text(text))}")


def chart(label: Label, columns: int = 40) -> str:
    """Return every label with its score, as bars: the likeliest first, ten at most."""
    from torso.config.text_table import padded, width

    order = sorted(label.scores.items(), key=lambda item: -item[1])[:10]
    wide = max(width(name) for name, _ in order)
    return "\n".join(f"  {padded(name, wide)}  {score:6.4f}  {bar(score, columns)}".rstrip() for name, score in order)
