"""``torso summarise``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

import click

from torso.cli import generated_output, options
from torso.cli.text_inputs import texts_of

if TYPE_CHECKING:
    from torso.tasks.task_options import SummariseOptions

HELP = """\
Say texts in fewer words, by a model made for it.

\b
Examples:
  torso summarise --file articles.txt --model facebook/bart-large-cnn
  torso summarise "A long story ..." --model google-t5/t5-small --max-new-tokens 60
  torso summarise --file articles.jsonl --column body --model facebook/bart-large-cnn --json"""


@click.command(help=HELP)
@options.texts
@options.model(None)
@generated_output.most
@generated_output.beams
@options.long_sources
@generated_output.batch
@generated_output.mode
@generated_output.common
def summarise(
    texts: tuple[str, ...],
    file: str | None,
    columns: tuple[str, ...],
    model: str,
    mode: str,
    changes: tuple[str, ...],
    as_json: bool,
    **asked: Unpack[SummariseOptions],
) -> None:
    """Print summaries."""
    given = texts_of(texts, file, columns)
    from torso.tasks import summarise as run

    asked["settings"] = generated_output.parsed(changes)
    found = run(given, model=generated_output.in_mode(model, mode, asked.get("device")), **asked)
    generated_output.show(found, texts, as_json)
