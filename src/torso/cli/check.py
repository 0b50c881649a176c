"""``torso check``. Loads no torch and uses no network."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from torso.cli import options
from torso.cli.console import print_json, watched
from torso.language import say

if TYPE_CHECKING:
    from torso.hub.checking import Report

HELP = """\
Check whether a model on this machine is whole and right. No network is used.

Every file is read. Where a lock, the cache or a clone states its hash, the content is verified; else its form is, and \
that is said. Ends with status 1 if anything is wrong. --cache checks the packed weights of all models instead.

\b
Examples:
  torso check hfl/rbt3
  torso check ./rbt3
  torso check --cache"""


@click.command(help=HELP)
@click.argument("model", metavar="MODEL", required=False)
@click.option("--revision", metavar="REVISION", help="Branch, tag or commit.")
@click.option("--cache", is_flag=True, help="Check the packed weights of all models.")
@options.one_json
def check(model: str | None, revision: str | None, cache: bool, as_json: bool) -> int:
    """Check a model."""
    from torso.hub.checking import check as check_model

    if (model is None) == (not cache):
        raise click.UsageError(say("Name a model, or --cache."), click.get_current_context())
    if model is None:
        return _check_packed(as_json)
    report = check_model(model, revision=revision)
    if as_json:
        print_json(report.as_dict())
    else:
        show(report)
    return 0 if report.is_whole else 1


def _check_packed(as_json: bool) -> int:
    from torso.weights import mapped_cache

    entries = mapped_cache.entries()
    count = len(entries)
    read = watched(entries, count, printed=False, what=say("packed weights"))
    wrong = [str(entry.path) for entry in read if mapped_cache.is_damaged(entry)]
    if as_json:
        print_json({"packed": count, "wrong": wrong})
        return 1 if wrong else 0
    for path in wrong:
        click.echo(say("wrong: {what}", dict(what=path)))
    if wrong:
        click.echo(say("Packed weights were changed or damaged since torso wrote them. Remove: torso remove --cache"))
    else:
        click.echo(say("verified by hash: {count} files of packed weights", dict(count=count)))
    return 1 if wrong else 0


def show(report: Report) -> None:
    """Print a report."""
    from torso.adapters.adapter_config import read_adapter
    from torso.adapters.adapter_folder import is_adapter

    values = dict(name=report.name, folder=report.folder, teller=say(report.known_from) if report.known_from else "")
    for finding in report.findings:
        line = "beside it: {what}" if finding.harmless else "wrong: {what}"
        click.echo(say(line, dict(what=finding.error.what)))
        click.echo(f"  {finding.error.cure}")
    if report.verified:
        counted = values | {"count": len(report.verified)}
        click.echo(say("verified by hash: {count} files, known from {teller}", counted))
    if report.unverified:
        names = ", ".join(report.unverified[:8]) + (", …" if len(report.unverified) > 8 else "")
        click.echo(say("looks right, but no hash of it is known here: {names}", dict(names=names)))
    if report.unused:
        click.echo(say("pointers of files that the model does not need: {names}", dict(names=", ".join(report.unused))))
    if is_adapter(report.folder):
        base = read_adapter(report.folder).base or "-"
        click.echo(say("an adapter: it runs with its base model, {base}", dict(base=base)))
    verdict = "{name} is whole: {folder}" if report.is_whole else "{name} is not whole: {folder}"
    click.echo(say(verdict, values))
