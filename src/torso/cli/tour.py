"""``torso tour``: the main job, one text through a model from its files to a label."""

from __future__ import annotations

import unicodedata

import click

from torso.cli import options
from torso.cli.console import print_json
from torso.language import say
from torso.terminal import drawing

TEXT = "弱小的我也有大梦想！"
MODEL = "torso:sentiment"

HELP = """\
See one text go through a model, stage by stage.

Where the model comes from and which files it has; its config; the text as tokens; the hidden states and the pooled \
output without a head; a picture of the attention; what the head says. Each stage shows the two lines of Python that \
do the same. Without --model the models that torso brings are used, with no network.

\b
Examples:
  torso tour
  torso tour "这本书写得真好" --lang zh
  torso tour "Hello world" --model sentence-transformers/all-MiniLM-L6-v2"""


@click.command(help=HELP)
@click.argument("text", default=TEXT, metavar="[TEXT]")
@click.option(
    "--model", "-m", metavar="MODEL", help="Folder, id of the Hub, or torso:NAME; the bundled models otherwise."
)
@click.option("--lang", type=click.Choice(["en", "zh"]), help="Language of what is printed.")
@options.one_json
def tour(text: str, model: str | None, lang: str | None, as_json: bool) -> None:
    """Draw the stages."""
    from torso.cli.tour_stages import stages

    if lang is not None:
        import os

        os.environ["TORSO_LANG"] = lang
    name = model or MODEL
    found = stages(text, name, tagger=model is None and has_chinese(text))
    if as_json:
        print_json({"text": text, "model": name, "stages": [stage.as_dict() for stage in found]})
        return
    from torso.cli.tour_drawing import Artist

    artist = Artist(drawing())
    for stage in found:
        artist.draw(stage)
    artist.console.print()
    artist.say(say("Next: torso classify, torso tag, torso fill, torso embed, torso config, each with --help."), "dim")


def has_chinese(text: str) -> bool:
    """Return whether a Han character is in the text."""
    return any(unicodedata.name(mark, "").startswith("CJK UNIFIED IDEOGRAPH") for mark in text)
