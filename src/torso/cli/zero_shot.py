"""``torso zero-shot``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

import click

from torso.cli import options
from torso.cli.classify import show
from torso.cli.console import watched
from torso.cli.csv_output import sheet
from torso.cli.text_inputs import texts_of

if TYPE_CHECKING:
    from torso.tasks.task_options import ZeroShotOptions

HELP = """\
Label texts with labels that the model was never trained for.

The model judges whether one sentence follows from another (natural language inference): each text is read with \
"This example is LABEL." for every label.

\b
Examples:
  torso zero-shot "The striker scored twice" --label sport --label politics -m ./nli
  torso zero-shot --file news.txt -l 体育 -l 财经 --template "这是一条{}新闻。" -m ./nli
  torso zero-shot "Goal, and a scandal" --label sport --label politics --several -m ./nli"""


@click.command("zero-shot", help=HELP)
@options.texts
@click.option("--label", "-l", "labels", multiple=True, required=True, metavar="LABEL", help="A label; repeat it.")
@options.model(None)
@click.option("--several", is_flag=True, help="A text may have several of the labels: each is judged by itself.")
@click.option("--template", metavar="TEXT", help="Sentence that shall follow from the text; {} becomes the label.")
@click.option("--entailment", metavar="NAME", help="The model's label for what follows, where its name does not tell.")
@click.option("--contradiction", metavar="NAME", help="The model's label for what cannot be true.")
@options.top(None, "How many labels have their score given; all otherwise.")
@options.lengths(merges=("mean", "max"))
@options.untrained
@options.device
@options.as_json
@options.as_csv
def zero_shot(
    texts: tuple[str, ...],
    file: str | None,
    columns: tuple[str, ...],
    labels: tuple[str, ...],
    model: str,
    as_json: bool,
    as_csv: bool,
    **asked: Unpack[ZeroShotOptions],
) -> None:
    """Print labels."""
    given = texts_of(texts, file, columns)
    from torso.cli.paired import paired
    from torso.tasks import zero_shot as run
    from torso.tasks._zero_shot import TEMPLATE

    kept, stream = paired(given)
    asked["template"] = asked.get("template") or TEMPLATE
    found = run(stream, list(labels), model=model, **asked)
    table = sheet(as_csv, as_json, "text", "label", "score")
    show(watched(found, len(texts) or None), kept, as_json, table, alone=len(texts) == 1)
