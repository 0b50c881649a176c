"""``torso rerank``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

import click

from torso.cli import options
from torso.cli.console import waited
from torso.cli.csv_output import sheet
from torso.cli.similar import show
from torso.cli.text_inputs import texts_of
from torso.language import say

if TYPE_CHECKING:
    from torso.tasks.task_options import RerankOptions

HELP = """\
Put texts in order: those that fit a query best first, by a model that reads both together: a cross-encoder, or a \
decoder that is asked. A ColBERT compares the vectors of their tokens.

The first argument is the query, what follows are the texts. It is slower and surer than torso similar: give it the \
best of what that finds.

\b
Examples:
  torso rerank "capital of France" "Paris is large." "Berlin is large." -m ./reranker
  torso rerank "退货" --file found.txt --top 3 -m ./reranker --json
  torso rerank "退货" --file found.txt -m Qwen/Qwen3-Reranker-0.6B --template qwen3-reranker"""


@click.command(help=HELP)
@click.argument("query", metavar="QUERY")
@options.texts
@options.model(None)
@options.top(None, "How many texts are given; all otherwise.")
@click.option("--prompt", metavar="TEXT", help="Instruction of a decoder, in place of its folder's.")
@click.option("--template", metavar="NAME", help="Of a decoder whose files do not say: qwen3-reranker or bge-reranker.")
@options.untrained
@options.lengths(merges=("max", "mean"))
@options.device
@options.as_json
@options.as_csv
def rerank(
    query: str,
    texts: tuple[str, ...],
    file: str | None,
    columns: tuple[str, ...],
    model: str,
    as_json: bool,
    as_csv: bool,
    **asked: Unpack[RerankOptions],
) -> None:
    """Print texts in order."""
    given = list(texts_of(texts, file, columns))
    from torso.tasks import rerank as run

    table = sheet(as_csv, as_json, "score", "number", "text")
    with waited(say("comparing texts")):
        ranked = run(query, given, model=model, **asked)
    show(ranked, as_json, table)
