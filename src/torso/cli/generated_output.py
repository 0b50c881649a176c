"""Options and output shared by the commands that generate text."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, TypeVar

import click

from torso.cli import options
from torso.cli.console import extent_row, print_json, watched, whole_line
from torso.language import say

if TYPE_CHECKING:
    from torso.tasks import Generated, Piece

AnyFunction = TypeVar("AnyFunction", bound=Callable[..., Any])

changes = click.option(
    "--set",
    "changes",
    multiple=True,
    metavar="KEY=VALUE",
    help="Any other option of writing, by its name; may be repeated.",
)
most = click.option("--max-new-tokens", type=int, metavar="N", help="Tokens written at most.")
beams = click.option("--num-beams", type=int, metavar="N", help="Follow N texts side by side and give the best.")
batch = click.option("--batch", type=int, default=8, show_default=True, metavar="N", help="Texts written side by side.")


def drawing(function: AnyFunction) -> AnyFunction:
    """Add the options of sampling."""
    function = click.option("--seed", type=int, metavar="N", help="Repeat what was drawn with the same N.")(function)
    function = click.option(
        "--top-p", type=float, metavar="P", help="Draw from the likeliest tokens that add up to P."
    )(function)
    function = click.option("--temperature", type=float, metavar="T", help="Draw safer below 1, wilder above.")(
        function
    )
    return click.option(
        "--sample/--no-sample",
        "do_sample",
        default=None,
        help="Draw tokens by chance; otherwise as the model's files say.",
    )(function)


def from_languages(function: AnyFunction) -> AnyFunction:
    """Add the options of the languages of a translation."""
    function = click.option("--to", "target", metavar="LANGUAGE", help="Language to write in, as the model names it.")(
        function
    )
    return click.option("--from", "source", metavar="LANGUAGE", help="Language of the texts, as the model names it.")(
        function
    )


def mode(function: AnyFunction) -> AnyFunction:
    """Add the option that chooses the arithmetic of what writes."""
    return click.option(
        "--mode",
        type=click.Choice(["exact", "bf16", "int8", "int4"]),
        default="exact",
        help="Arithmetic on a CPU: fewer bits write faster, and less exactly. The default is float32.",
    )(function)


def in_mode(model: str, chosen: str, device: object) -> Any:
    """Return a model in the mode that was asked for: its name for ``exact``, else a compiled decoder.

    Raises:
        UsageError: for a mode on a device.
        TorsoError: as `torso.compiled_decoder`.
    """
    if chosen == "exact":
        return model
    if device not in (None, "cpu"):
        raise click.UsageError(say("--mode is of CPUs; leave out --device."), click.get_current_context())
    from torso.engines.compiled_decoder import compiled_decoder

    return compiled_decoder(model, chosen)  # pyright: ignore[reportArgumentType]  click holds it to the modes


def common(function: AnyFunction) -> AnyFunction:
    """Add the common options of generation, after a command's own."""
    for each in (options.as_json, options.device, options.untrained, changes):
        function = each(function)
    return function


def parsed(given: Sequence[str]) -> dict[str, Any]:
    """Parse ``KEY=VALUE`` of the command line as changes of settings; a word needs no quotes.

    Raises:
        UsageError: for what has no value.
    """
    settings: dict[str, Any] = {}
    for change in given:
        key, equals, value = change.partition("=")
        if not equals or not key:
            what = say("--set {change!r} has no value: write KEY=VALUE.", dict(change=change))
            raise click.UsageError(what, click.get_current_context())
        try:
            settings[key.strip()] = json.loads(value)
        except ValueError:
            settings[key.strip()] = value
    return settings


def show(found: Sequence[Generated] | Iterator[Generated], texts: Sequence[str], as_json: bool) -> None:
    """Print generated text: a single one as it is, several on a line each."""
    for written in watched(found, len(texts) or None):
        if as_json:
            row = {"prompt": written.prompt, "completions": [asdict(each) for each in written]}
            print_json(row | extent_row(written))
        elif len(texts) == 1:
            click.echo("\n\n".join(each.text for each in written))
        else:
            for each in written:
                click.echo(whole_line(each.text))


def show_pieces(pieces: Iterator[Piece], as_json: bool) -> str:
    """Print a text as it is generated, and return it."""
    text = ""
    for piece in watched(pieces, None):
        text += piece.text
        if as_json:
            print_json({name: value for name, value in asdict(piece).items() if name not in ("prompt", "answer")})
        else:
            click.echo(piece.text, nl=False)
    if not as_json:
        click.echo()
    return text


def only_text(texts: Sequence[str]) -> str:
    """Return the one text that a stream takes.

    Raises:
        UsageError: for none, or several.
    """
    if len(texts) != 1:
        raise click.UsageError(say("--stream takes one text, as an argument."), click.get_current_context())
    return texts[0]
