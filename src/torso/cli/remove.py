"""``torso remove``. Loads no torch and uses no network."""

from __future__ import annotations

import click

from torso.cli import options
from torso.cli.console import print_json
from torso.language import say

HELP = """\
Remove a model from the cache, with the contents that no other revision of it needs.

Folders of your own are never removed. --parts removes what unfinished downloads left, --cache the packed weights, \
which are made again when a model is used.

\b
Examples:
  torso remove hfl/rbt3
  torso remove hfl/rbt3 --revision v1.0
  torso remove --parts
  torso remove --cache"""


@click.command(help=HELP)
@click.argument("model", metavar="MODEL", required=False)
@click.option("--revision", metavar="REVISION", help="Only this branch, tag or commit.")
@click.option("--parts", is_flag=True, help="Remove what unfinished downloads left.")
@click.option("--cache", is_flag=True, help="Remove the packed weights of all models.")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="Remove nothing; say what would be.")
@options.one_json
def remove(
    model: str | None, revision: str | None, parts: bool, cache: bool, yes: bool, dry_run: bool, as_json: bool
) -> None:
    """Remove a model."""
    from torso.hub.local.inventory import remove as remove_model
    from torso.hub.local.inventory import remove_parts
    from torso.hub.transfer.progress import size_text
    from torso.weights import mapped_cache

    if [model is not None, parts, cache].count(True) != 1:
        raise click.UsageError(say("Name a model, or --parts, or --cache."), click.get_current_context())
    names: list[str] = []
    if parts:
        freed = remove_parts(dry_run=dry_run)
    elif model is None:
        freed = sum(entry.size for entry in mapped_cache.entries()) if dry_run else mapped_cache.empty()
    else:
        removal = remove_model(model, revision=revision, dry_run=True)
        names = [str(each.folder) for each in removal.models]
        freed = removal.freed
        if not dry_run:
            question = say("Remove {names} ({size})?", dict(names=", ".join(names), size=size_text(freed)))
            if not yes and not click.confirm(question, err=True):
                raise click.Abort
            remove_model(model, revision=revision)
    if as_json:
        print_json({"removed": not dry_run, "folders": names, "freed": freed})
    elif dry_run:
        click.echo(say("Would free {size}.", dict(size=size_text(freed))))
    else:
        click.echo(say("Freed {size}.", dict(size=size_text(freed))))
