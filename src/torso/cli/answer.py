"""``torso answer``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Unpack

import click

from torso.cli import options
from torso.cli.console import bar, extent_row, one_line, print_json, watched, whole_line
from torso.cli.csv_output import sheet
from torso.cli.text_inputs import texts_of
from torso.language import say

if TYPE_CHECKING:
    from torso.tasks import Answered
    from torso.tasks.task_options import AnswerOptions

HELP = """\
Find the answer to a question in texts.

The first argument is the question, what follows are the texts; a question and its text can also be two columns of a \
table. Long texts are read in windows. Places count characters of the text as it was given.

\b
Examples:
  torso answer "Who wrote it?" "Ann wrote the report in Paris." -m ./squad
  torso answer "Who wrote it?" --file reports.txt -m ./squad --top 3
  torso answer --file questions.jsonl --column question --column context -m ./squad --json"""


@click.command(help=HELP)
@click.argument("question", required=False, metavar="[QUESTION]")
@options.texts
@options.model(None)
@options.top(1, "How many answers to each question.")
@click.option("--impossible", is_flag=True, help='Let "it is not in the text", an empty answer, be one.')
@click.option("--longest", type=int, default=15, show_default=True, metavar="N", help="Tokens of an answer.")
@options.lengths("window")
@options.untrained
@options.device
@options.as_json
@options.as_csv
def answer(
    question: str | None,
    texts: tuple[str, ...],
    file: str | None,
    columns: tuple[str, ...],
    model: str,
    as_json: bool,
    as_csv: bool,
    **asked: Unpack[AnswerOptions],
) -> None:
    """Print answers."""
    pairs = _pairs(question, texts_of(texts, file, columns))
    from torso.tasks import answer as run

    found = run(pairs, model=model, **asked)
    table = sheet(as_csv, as_json, "number", "question", "answer", "start", "end", "score")
    for number, answered in enumerate(watched(found, len(texts) or None)):
        if as_json:
            row = {"question": answered.question, "text": answered.text}
            print_json(row | {"answers": [asdict(each) for each in answered]} | extent_row(answered))
        elif table is not None:
            for each in answered:
                table.write(number, answered.question, each.text, each.start, each.end, each.score)
        elif len(texts) == 1:
            click.echo(chart(answered))
        else:
            best = next(iter(answered), None)
            score, words = (0.0, "") if best is None else (best.score, best.text)
            click.echo(f"{whole_line(words)}\t{score:.4f}\t{whole_line(answered.question)}")


def _pairs(question: str | None, given: list[Any] | Iterator[Any]) -> Iterator[tuple[str, str]]:
    for each in given:
        if isinstance(each, tuple) == (question is None):
            yield each if question is None else (question, each)
            continue
        raise click.UsageError(
            say("A question and a text are wanted: QUESTION TEXT, or two columns: --column question --column text."),
            click.get_current_context(),
        )


def chart(answered: Answered) -> str:
    """Return the answers to one question, each with its score and place."""
    if not answered.answers:
        return say("Nothing in this text is an answer.")
    return "\n".join(
        f"{each.score:6.4f}  {each.start}-{each.end}  {bar(each.score, 20)}  {one_line(each.text) or say('not there')}"
        for each in answered
    )
