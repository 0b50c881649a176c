"""``torso models``. Loads no torch and uses no network."""

from __future__ import annotations

from dataclasses import asdict

import click

from torso.cli import options
from torso.cli.console import print_json
from torso.language import say

HELP = """\
List the families of models that torso has: their heads, and what each refuses.

Those whose encoders the compiled kernels run, or whose decoders they write with, are marked; PyTorch runs the others \
(torso.kernels.about() says what is in use on this machine).

The size is that of a model whose config is all defaults, without a head: parameters in millions, and the operations \
of a text of 128 tokens in GFLOP.

A family is found by the model_type in a model's config.json. What it refuses is refused by name, before anything is \
loaded.

\b
Examples:
  torso models
  torso models bert
  torso models --json"""


@click.command("models", help=HELP)
@click.argument("name", required=False)
@options.one_json
def models(name: str | None, as_json: bool) -> None:
    """List families."""
    from torso.architecture import find
    from torso.cli.model_catalogue import catalogue

    cards = catalogue()
    if name is not None:
        family = next((card.family for card in cards if card.family.lower() == name.lower()), None)
        family = family or find(name).family
        cards = tuple(card for card in cards if card.family == family)
    if as_json:
        print_json([asdict(card) for card in cards])
        return
    from torso.config.describe import shown
    from torso.config.text_table import text_table

    headings = ["family", "model_type", "size", "kernels", "heads"]
    rows = [
        [
            card.family,
            ", ".join(card.model_types),
            f"{card.size.parameters / 1e6:,.0f} M, {card.size.flops / 1e9:,.1f}",
            say("yes") if card.kernels else "",
            ", ".join(card.tasks),
        ]
        for card in cards
    ]
    click.echo(text_table([say(each) for each in headings], rows))
    if name is not None:
        click.echo()
        for card in cards:
            for parameter, value in card.refuses.items():
                values = dict(parameter=parameter, value=shown(value))
                click.echo(say("{parameter}: only {value} is implemented", values))
