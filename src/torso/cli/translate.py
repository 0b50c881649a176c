"""``torso translate``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

import click

from torso.cli import generated_output, options
from torso.cli.text_inputs import texts_of

if TYPE_CHECKING:
    from torso.tasks.task_options import TranslateOptions

HELP = """\
Translate texts, by a model made for it.

Languages are said by name (Chinese, 中文) or by code: mBART's are en_XX and zh_CN, NLLB's eng_Latn and zho_Hans, \
those of M2M-100 and T5 en and zh. A Marian model has one pair, so that nothing is to be said.

\b
Examples:
  torso translate "Good morning" --model Helsinki-NLP/opus-mt-en-zh
  torso translate "Good morning" --from en_XX --to ro_RO --model facebook/mbart-large-en-ro
  torso translate "Good morning" --from English --to Chinese --model facebook/nllb-200-3.3B
  torso translate "Good morning" --from en --to de --model google-t5/t5-small
  torso translate --file lines.txt --model Helsinki-NLP/opus-mt-en-zh --num-beams 4"""


@click.command(help=HELP)
@options.texts
@options.model(None)
@generated_output.from_languages
@generated_output.most
@generated_output.beams
@options.long_sources
@generated_output.batch
@generated_output.mode
@generated_output.common
def translate(
    texts: tuple[str, ...],
    file: str | None,
    columns: tuple[str, ...],
    model: str,
    mode: str,
    changes: tuple[str, ...],
    as_json: bool,
    **asked: Unpack[TranslateOptions],
) -> None:
    """Print translations."""
    given = texts_of(texts, file, columns)
    from torso.tasks import translate as run

    asked["settings"] = generated_output.parsed(changes)
    found = run(given, model=generated_output.in_mode(model, mode, asked.get("device")), **asked)
    generated_output.show(found, texts, as_json)
