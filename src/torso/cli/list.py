"""``torso list``. Loads no torch and uses no network."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click

from torso.cli import options
from torso.cli.console import print_json
from torso.language import say

if TYPE_CHECKING:
    from torso.hub.local.inventory import Model

HELP = """\
List the models on this machine: those of the Hub's cache, whoever fetched them, and of ModelScope's.

A last line says how much packed weights take, which are kept so that the next start is faster.

\b
Examples:
  torso list
  torso list --json"""


@click.command("list", help=HELP)
@options.one_json
def list_models(as_json: bool) -> None:
    """List models."""
    from torso.hub.local.inventory import models

    found = models()
    if as_json:
        print_json([model.as_dict() for model in found])
        return
    if not found:
        click.echo(say("No model is in a cache on this machine. Get one: torso get org/name"))
        _show_packed()
        return
    from torso.config.text_table import text_table

    headings = ["name", "size", "cache", "revision", "state", "last used"]
    click.echo(text_table([say(each) for each in headings], [_row(model) for model in found]))
    _show_packed()


def _show_packed() -> None:
    from torso.hub.transfer.progress import size_text
    from torso.weights.mapped_cache import entries

    kept = entries()
    if kept:
        line = "Packed weights: {count} files, {size}, in {folder}. Remove them: torso remove --cache"
        size = size_text(sum(entry.size for entry in kept))
        click.echo(say(line, dict(count=len(kept), size=size, folder=kept[0].path.parent)))


def _row(model: Model) -> list[str]:
    from torso.hub.transfer.progress import size_text

    revision = ", ".join(filter(None, [*model.refs, (model.commit or "")[:7]]))
    state = say("whole") if not model.missing else say("lacks {names}", dict(names=", ".join(model.missing[:3])))
    used = time.strftime("%Y-%m-%d", time.localtime(model.used)) if model.used else "-"
    return [model.name, size_text(model.size), model.cache, revision or "-", state, used]
