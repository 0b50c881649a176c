"""``torso fill``."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Unpack

import click

from torso.cli import options
from torso.cli.console import bar, extent_row, one_line, print_json, watched, whole_line
from torso.cli.csv_output import sheet
from torso.cli.text_inputs import texts_of

if TYPE_CHECKING:
    from torso.tasks import Fill
    from torso.tasks.task_options import FillOptions

HELP = """\
Show what could stand in place of [MASK] in texts, by a masked language model.

A text may have several masks; each is judged with the others unknown. The mask is written as the model's tokenizer \
has it: [MASK] for a BERT.

\b
Examples:
  torso fill "今天天气很[MASK]"
  torso fill "Paris is the [MASK] of France." --model bert-base-uncased --top 3
  torso fill "这家店的菜很[MASK]" --target 好 --target 差
  torso fill --file texts.txt --json"""


@click.command(help=HELP)
@options.texts
@options.model("torso:sentiment")
@options.top(5, "How many proposals for each mask.")
@click.option("--target", "targets", multiple=True, metavar="TOKEN", help="The only proposals; may be repeated.")
@click.option("--whole-words", is_flag=True, help="Leave out special tokens and pieces that go on a word.")
@options.lengths()
@options.untrained
@options.device
@options.as_json
@options.as_csv
def fill(
    texts: tuple[str, ...],
    file: str | None,
    columns: tuple[str, ...],
    model: str,
    as_json: bool,
    as_csv: bool,
    **asked: Unpack[FillOptions],
) -> None:
    """Print proposals."""
    given = texts_of(texts, file, columns)
    from torso.tasks import fill as run

    asked["targets"] = asked.get("targets") or None
    found = run(given, model=model, **asked)
    table = sheet(as_csv, as_json, "number", "mask", "token", "score", "text")
    for number, filled in enumerate(watched(found, len(texts) or None)):
        if as_json:
            masks = [[asdict(each) for each in mask] for mask in filled]
            print_json({"text": filled.text, "masks": masks} | extent_row(filled))
        elif table is not None:
            for place, mask in enumerate(filled):
                for each in mask:
                    table.write(number, place, each.token, each.score, each.text)
        elif len(texts) == 1:
            click.echo("\n\n".join(chart(mask) for mask in filled))
        else:
            best = "  ".join(f"{one_line(mask[0].token, 30)} {mask[0].score:.4f}" for mask in filled)
            click.echo(f"{best}\t{whole_line(filled.text)}")


def chart(proposals: tuple[Fill, ...], columns: int = 20) -> str:
    """Return the proposals for one mask, as bars, each with the text it makes."""
    from torso.config.text_table import padded, width

    tokens = [one_line(each.token, 30) for each in proposals]
    wide = max(width(token) for token in tokens)
    return "\n".join(
        f"{padded(token, wide)}  {each.score:6.4f}  {padded(bar(each.score, columns), columns)}  {one_line(each.text)}"
        for token, each in zip(tokens, proposals, strict=True)
    )
