"""``torso search``."""

from __future__ import annotations

from dataclasses import asdict

import click

from torso.cli import options
from torso.cli.console import one_line, print_json, waited
from torso.cli.csv_output import sheet
from torso.language import say

HELP = """\
Find the passages of a folder of texts that fit a query best.

Every passage of the folder's .txt and .md files is compared. Their vectors are kept in the folder, in \
.torso-search.safetensors, and recomputed only for files that have changed, or for another model.

\b
Examples:
  torso search "how are vectors kept?" ./notes -m ./all-MiniLM-L6-v2
  torso search "退货流程" ./faq -m ./bge-small-zh --top 3 --json
  torso search "how are vectors kept?" ./notes -m lightonai/GTE-ModernColBERT-v1"""


@click.command(help=HELP)
@click.argument("query", metavar="QUERY")
@click.argument("folder", metavar="FOLDER")
@options.model(None)
@options.top(10, "How many passages are given.")
@options.vectors
@click.option("--pooling", metavar="NAME", help="mean, cls, max, mean_sqrt_len_tokens, weightedmean, lasttoken.")
@click.option("--no-keep", is_flag=True, help="Neither read nor write the file of vectors.")
@options.device
@options.as_json
@options.as_csv
def search(
    query: str,
    folder: str,
    model: str,
    top: int,
    vectors: str | None,
    pooling: str | None,
    no_keep: bool,
    device: str | None,
    as_json: bool,
    as_csv: bool,
) -> None:
    """Print passages."""
    from torso.tasks import search as run

    table = sheet(as_csv, as_json, "score", "file", "start", "end", "text")
    with waited(say("searching")):
        found = run(
            query, folder, model=model, top=top, vectors=vectors, pooling=pooling, keep=not no_keep, device=device
        )
    for hit in found:
        if as_json:
            print_json(asdict(hit))
        elif table is not None:
            table.write(hit.score, hit.file, hit.start, hit.end, hit.text)
        else:
            click.echo(f"{hit.score:.4f}  {one_line(hit.file)}:{hit.start}-{hit.end}")
            click.echo(f"        {one_line(hit.text, 90)}")
