"""``torso similar``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

import click

from torso.cli import options
from torso.cli.console import print_json, waited, whole_line
from torso.cli.csv_output import Sheet, sheet
from torso.cli.text_inputs import texts_of
from torso.language import say

if TYPE_CHECKING:
    from torso.tasks import Ranked
    from torso.tasks.task_options import SimilarOptions

HELP = """\
Put texts in order: those most like a query first, by their vectors.

The first argument is the query, what follows are the texts. How texts become vectors and how these are compared is \
read from the model's folder.

\b
Examples:
  torso similar "reset my password" "Forgot your login?" "Opening hours" -m ./all-MiniLM-L6-v2
  torso similar "退货" --file faq.txt --top 3 -m ./bge-small-zh --csv
  torso similar "退货" --file faq.txt -m BAAI/bge-m3 --vectors sparse"""


@click.command(help=HELP)
@click.argument("query", metavar="QUERY")
@options.texts
@options.model(None)
@options.top(None, "How many texts are given; all otherwise.")
@options.vectors
@click.option("--pooling", metavar="NAME", help="mean, cls, max, mean_sqrt_len_tokens, weightedmean, lasttoken.")
@options.lengths(merges=("mean", "max"))
@options.device
@options.as_json
@options.as_csv
def similar(
    query: str,
    texts: tuple[str, ...],
    file: str | None,
    columns: tuple[str, ...],
    model: str,
    as_json: bool,
    as_csv: bool,
    **asked: Unpack[SimilarOptions],
) -> None:
    """Print texts in order."""
    given = list(texts_of(texts, file, columns))
    from torso.tasks import similar as run

    table = sheet(as_csv, as_json, "score", "number", "text")
    with waited(say("comparing texts")):
        ranked = run(query, given, model=model, **asked)
    show(ranked, as_json, table)


def show(ranked: Ranked, as_json: bool, table: Sheet | None) -> None:
    """Print texts in the form asked for, one a line."""
    for match in ranked:
        if as_json:
            row = {"query": ranked.query, "text": match.text, "number": match.index}
            print_json(row | {"score": match.score, "measure": ranked.measure})
        elif table is not None:
            table.write(match.score, match.index, match.text)
        else:
            click.echo(f"{match.score:.4f}\t{whole_line(match.text)}")
