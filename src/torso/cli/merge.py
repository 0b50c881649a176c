"""``torso merge``. Loads no torch on top."""

from __future__ import annotations

import click

from torso.language import say

HELP = """\
Merge an adapter (LoRA) into its base model and write the whole model.

The base is the one that the adapter names, got where it is not on this machine. The folder is loaded by torso and by \
transformers like any other.

\b
Examples:
  torso merge ./my-adapter --out ./my-model
  torso merge ./my-adapter --base ./rbt3 --out ./my-model    a base that is elsewhere"""


@click.command(help=HELP)
@click.argument("adapter", metavar="ADAPTER")
@click.option("--out", required=True, metavar="FOLDER", help="The folder to write; it must be new or empty.")
@click.option("--base", metavar="MODEL", help="The base model, instead of the one that the adapter names.")
@click.option("--task", metavar="NAME", help="Task of the head, where the adapter does not say it.")
def merge(adapter: str, out: str, base: str | None, task: str | None) -> None:
    """Merge an adapter."""
    from torso.adapters.merge_folder import merge_folder

    chosen = merge_folder(adapter, out, base=base, task=task)
    click.echo(say("merged: {out}   ({task})", dict(out=out, task=chosen.name)))
