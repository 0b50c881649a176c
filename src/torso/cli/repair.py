"""``torso repair``. Loads no torch."""

from __future__ import annotations

import click

from torso.cli import options
from torso.cli.check import show
from torso.cli.console import print_json
from torso.language import say

HELP = """\
Fetch again what is damaged or missing in a model, and nothing else.

Git LFS pointers, half files, web pages saved under a file's name and wrong contents are replaced by the files \
themselves, each verified. Your own other files are never touched.

\b
Examples:
  torso repair hfl/rbt3
  torso repair ./rbt3                    a clone, or a folder made by torso
  torso repair ./rbt3 --from hfl/rbt3    a folder that a browser made"""


@click.command(help=HELP)
@click.argument("model", metavar="MODEL")
@click.option("--from", "origin", metavar="NAME", help="The model's name on a hub, for a folder that does not say it.")
@options.one_json
def repair(model: str, origin: str | None, as_json: bool) -> int:
    """Repair a model."""
    from torso.hub.repairing import repair as repair_model

    done = repair_model(model, origin=origin)
    if as_json:
        print_json(done.report.as_dict() | {"fixed": list(done.fixed)})
        return 0 if done.report.is_whole else 1
    if done.fixed:
        click.echo(say("fetched again: {names}", dict(names=", ".join(done.fixed))))
    show(done.report)
    return 0 if done.report.is_whole else 1
