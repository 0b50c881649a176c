"""``torso tokenize``. Loads no torch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

import click

from torso.cli import options
from torso.cli.console import one_line, print_json
from torso.cli.text_inputs import texts_of
from torso.language import say

if TYPE_CHECKING:
    from torso.text import Encoding, Tokenizer

HELP = """\
Show texts as tokens: each with its id, and the characters of the text that it comes from.

One text is shown as a table, several as one line each. The tokens are those that the model reads, special ones \
included; nothing is cut.

\b
Examples:
  torso tokenize "弱小的我也有大梦想！"
  torso tokenize "How old are you?" --pair "Six." --model bert-base-uncased
  torso tokenize --file texts.txt --json"""


@click.command(help=HELP)
@options.texts
@options.model("torso:sentiment")
@click.option("--pair", metavar="TEXT", help="A second text, read together with the first.")
@options.as_json
def tokenize(
    texts: tuple[str, ...], file: str | None, columns: tuple[str, ...], model: str, pair: str | None, as_json: bool
) -> None:
    """Print tokens, ids and spans."""
    given = texts_of(texts, file, columns)
    tokenizer = _tokenizer(model)
    for each in given:
        if isinstance(each, tuple) and pair is not None:
            raise click.UsageError(say("--pair and two columns cannot be used together."), click.get_current_context())
        text, other = cast("tuple[str, str]", each) if isinstance(each, tuple) else (str(each), pair)
        encoding = tokenizer.encoding(text, other)
        if as_json:
            print_json(_row(text, other, encoding, tokenizer.max_tokens))
        elif isinstance(given, list) and len(given) == 1:
            click.echo(_table(text, other, encoding))
            click.echo(_count(len(encoding), tokenizer.max_tokens))
        else:
            click.echo(" ".join(encoding.tokens))


def _tokenizer(model: str) -> Tokenizer:
    from torso.hub import resolve
    from torso.loading.load import load_tokenizer

    return load_tokenizer(resolve(model, config_only=True).folder)


def _row(text: str, pair: str | None, encoding: Encoding, limit: int | None) -> dict[str, Any]:
    return {
        "text": text,
        **({} if pair is None else {"pair": pair}),
        "tokens": encoding.tokens,
        "ids": encoding.ids,
        "segments": encoding.segments,
        "spans": encoding.spans,
        "special": encoding.special,
        "max_tokens": limit,
    }


def _table(text: str, pair: str | None, encoding: Encoding) -> str:
    from torso.config.text_table import text_table

    headings = ["", say("token"), say("id"), say("span"), say("text")]
    return text_table(headings, rows_of(encoding, text, pair))


def rows_of(encoding: Encoding, text: str, pair: str | None = None) -> Sequence[Sequence[str]]:
    """Return one row per token: its number, itself, its id, its span, and the characters there."""
    rows: list[list[str]] = []
    for index, (token, number) in enumerate(zip(encoding.tokens, encoding.ids, strict=True)):
        start, end = encoding.spans[index]
        source = pair if encoding.sequence[index] == 1 else text
        place = [] if encoding.special[index] or source is None else [f"{start}-{end}", one_line(source[start:end], 30)]
        rows.append([str(index), one_line(token, 30), str(number), *(place or ["", ""])])
    return rows


def _count(size: int, limit: int | None) -> str:
    if limit is None:
        return "\n" + say("{size} tokens.", dict(size=size))
    if size > limit:
        return "\n" + say("{size} tokens; the model takes {limit}, so it would refuse this text.", _sizes(size, limit))
    return "\n" + say("{size} tokens; the model takes {limit}.", _sizes(size, limit))


def _sizes(size: int, limit: int) -> dict[str, object]:
    return dict(size=size, limit=limit)
