"""``torso choose``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Unpack, cast

import click

from torso.cli import options
from torso.cli.console import bar, extent_row, one_line, print_json, watched, whole_line
from torso.cli.csv_output import sheet
from torso.cli.text_inputs import rows_of
from torso.language import say

if TYPE_CHECKING:
    from torso.tasks.task_options import ChooseOptions

HELP = """\
Choose between alternatives: which one goes best with a question or a beginning.

The first argument is the question, what follows are the alternatives. In a .jsonl file, one column holds the question \
and a second one the list of its alternatives.

\b
Examples:
  torso choose "The sky is" "blue" "square" -m ./swag
  torso choose --file questions.jsonl --column question --column choices -m ./swag --json"""


@click.command(help=HELP)
@options.texts
@options.model(None)
@options.lengths(merges=("max", "mean"))
@options.untrained
@options.device
@options.as_json
@options.as_csv
def choose(
    texts: tuple[str, ...],
    file: str | None,
    columns: tuple[str, ...],
    model: str,
    as_json: bool,
    as_csv: bool,
    **asked: Unpack[ChooseOptions],
) -> None:
    """Print choices."""
    given = rows_of(texts, file, columns)
    questions = iter([(texts[0], list(texts[1:]))]) if texts else _questions(cast("Iterator[Any]", given))
    if len(texts) == 1:
        raise click.UsageError(
            say("Alternatives are wanted after the question: torso choose QUESTION CHOICE CHOICE ..."),
            click.get_current_context(),
        )
    from torso.tasks import choose as run

    found = run(questions, model=model, **asked)
    table = sheet(as_csv, as_json, "question", "choice", "index", "score")
    for chosen in watched(found, None):
        if as_json:
            row = {"question": chosen.question, "choice": chosen.choice, "index": chosen.index, "score": chosen.score}
            print_json(row | {"scores": chosen.scores} | extent_row(chosen))
        elif table is not None:
            table.write(chosen.question, chosen.choice, chosen.index, chosen.score)
        elif texts:
            for words, score in sorted(zip(texts[1:], chosen.scores, strict=True), key=lambda each: -each[1]):
                click.echo(f"{score:6.4f}  {bar(score, 20):20}  {one_line(words)}".rstrip())
        else:
            click.echo(f"{whole_line(chosen.choice)}\t{chosen.score:.4f}\t{whole_line(chosen.question)}")


def _questions(rows: Iterator[Any]) -> Iterator[Any]:
    for row in rows:
        if not isinstance(row, tuple):
            raise click.UsageError(
                say("Two columns are wanted: --column question --column choices."), click.get_current_context()
            )
        yield cast("tuple[object, ...]", row)
