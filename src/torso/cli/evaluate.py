"""``torso evaluate``."""

from __future__ import annotations

from typing import Literal

import click

from torso.cli import options
from torso.cli.console import print_json, waited
from torso.language import say

HELP = """\
Score a trained model on a table of texts and labels.

\b
Examples:
  torso evaluate --model ./my-model --data test.csv
  torso evaluate --model ./my-model --data test.csv --predictions predictions.jsonl
  torso evaluate --model ./my-model --data test.csv --json"""


@click.command(help=HELP)
@options.model(None)
@click.option("--data", required=True, metavar="FILE", help="Table of texts and labels, or folder of classes.")
@click.option("--task", metavar="NAME", help="sequence-classification, ...; else found in the columns.")
@click.option("--text", multiple=True, metavar="COLUMN", help="Column of the text; twice for pairs.")
@click.option("--label", metavar="COLUMN", help="Column of the label.")
@click.option("--encoding", metavar="NAME", help="Encoding of the files, such as gb18030; otherwise UTF-8.")
@click.option("--predictions", metavar="FILE", help="Write each prediction to FILE, as JSON lines.")
@click.option(
    "--long",
    type=click.Choice(["error", "truncate", "drop"]),
    default="truncate",
    show_default=True,
    help="Texts longer than the model takes; they are counted.",
)
@options.device
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def evaluate(
    model: str,
    data: str,
    task: str | None,
    text: tuple[str, ...],
    label: str | None,
    encoding: str | None,
    predictions: str | None,
    long: Literal["error", "truncate", "drop"],
    device: str | None,
    as_json: bool,
) -> None:
    """Print scores."""
    from torso.cli.train_display import label_table, score_text, show_lines
    from torso.training.evaluation import evaluate as run
    from torso.training.train_settings import TrainSettings

    settings = TrainSettings(long=long)
    with waited(say("scoring")):
        found = run(
            model, data, task=task, text=text or None, label=label, settings=settings, encoding=encoding, device=device
        )
    if predictions is not None:
        _write(found.predictions, predictions)
    if as_json:
        print_json({"scores": found.scores, "labels": found.labels, "texts": len(found.predictions)})
        return
    show_lines([(say("texts"), f"{len(found.predictions):,}"), (say("scores"), score_text(found.scores))])
    if found.labels:
        click.echo(label_table(found.labels))


def _write(rows: list[dict[str, object]], file: str) -> None:
    import json
    from pathlib import Path

    from torso.io.files import write_atomically

    with write_atomically(Path(file)) as stream:
        for row in rows:
            stream.write((json.dumps(row, ensure_ascii=False) + "\n").encode())
