"""``torso get``. Loads no torch."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from torso.cli import options
from torso.cli.console import print_json
from torso.language import say

if TYPE_CHECKING:
    from torso.hub.planning import Order, Plan
    from torso.hub.source import Source

HELP = """\
Download a model, whole and verified, and print the folder it is in.

What is on this machine already is not fetched again, and an interrupted download goes on where it stopped: run the \
same command. The model goes into the cache that the Hub's own tools use, or with --to into a plain folder that every \
tool can load. One weight format is taken (safetensors, else .bin); what is left out is named.

NAME is org/name, name@revision, modelscope:org/name, or the address of a model's page.

\b
Examples:
  torso get hfl/rbt3                      into the cache
  torso get hfl/rbt3 --to rbt3            as a plain folder, to copy to another machine
  torso get hfl/rbt3 --source hf-mirror   from a mirror
  torso get modelscope:Qwen/Qwen3-0.6B    from ModelScope
  torso get hfl/rbt3 --dry-run            what would be fetched, and how much
  torso get --git https://huggingface.co/hfl/rbt3   by git; git-lfs is not needed"""


@click.command(help=HELP)
@click.argument("name", metavar="NAME")
@click.option("--to", metavar="FOLDER", help="Make a plain folder instead of using the cache.")
@click.option("--revision", metavar="REVISION", help="Branch, tag or commit.")
@click.option("--source", default="auto", metavar="SOURCE", help="auto, hf, hf-mirror, modelscope, or an address.")
@click.option("--update", is_flag=True, help="Look whether the branch has moved, and fetch what changed.")
@click.option("--config-only", is_flag=True, help="Everything but the weights.")
@click.option("--include", multiple=True, metavar="PATTERN", help="Take these files only, such as '*.json'.")
@click.option("--exclude", multiple=True, metavar="PATTERN", help="Leave these files.")
@click.option("--all", "everything", is_flag=True, help="Take every file, of every framework.")
@click.option("--pytorch", is_flag=True, help="Prefer pytorch_model.bin to safetensors.")
@click.option("--git", "by_git", is_flag=True, help="NAME is the address of a git repository.")
@click.option("--force", is_flag=True, help="Fetch again what is here; with --to, replace files that differ.")
@click.option("--offline", is_flag=True, help="Use no network.")
@click.option("--dry-run", is_flag=True, help="Fetch nothing; say what would be.")
@options.one_json
def get(
    name: str,
    to: str | None,
    revision: str | None,
    source: str,
    update: bool,
    config_only: bool,
    include: tuple[str, ...],
    exclude: tuple[str, ...],
    everything: bool,
    pytorch: bool,
    by_git: bool,
    force: bool,
    offline: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Downloads a model."""
    from torso.hub.planning import Order
    from torso.hub.source import parse_source

    parsed = parse_source(f"git+{name}" if by_git and not name.startswith("git+") else name, revision)
    order = Order(
        to=Path(to).expanduser() if to else None,
        include=include,
        exclude=exclude,
        config_only=config_only,
        everything=everything,
        pytorch=pytorch,
        force=force,
        update=update,
    )
    try:
        if dry_run:
            _show_plan(parsed, order, source, offline, as_json)
        else:
            _get(parsed, order, source, offline, as_json)
    except KeyboardInterrupt:
        again = f"torso get {'--git ' if by_git else ''}{name}" + (f" --to {to}" if to else "")
        click.echo(
            "\n" + say("torso: stopped. What has arrived is kept. To go on: {again}", dict(again=again)), err=True
        )
        raise click.exceptions.Exit(130) from None


def _get(source: Source, order: Order, hub: str, offline: bool, as_json: bool) -> None:
    from torso.hub.getting import get as get_model

    fetched: list[Plan] = []
    snapshot = get_model(
        source, order, settings=_settings(hub, offline), tell=fetched.append if as_json else _tell(fetched)
    )
    plan = fetched[0] if fetched else None
    if as_json:
        need = [file.path for file in plan.need] if plan else []
        print_json(
            {
                "name": snapshot.name,
                "folder": str(snapshot.folder),
                "origin": snapshot.origin,
                "revision": snapshot.revision,
                "fetched": need,
                "left": list(plan.leave) if plan else [],
            }
        )
        return
    if plan is None:
        click.echo(
            say("torso: {name} is already here ({origin}).", dict(name=source, origin=snapshot.origin)), err=True
        )
    click.echo(str(snapshot.folder))


def _tell(fetched: list[Plan]):  # noqa: ANN202 (a function of a plan)
    def tell(plan: Plan) -> None:
        from torso.hub.announcement import plan_text

        fetched.append(plan)
        click.echo(f"torso: {plan_text(plan)}", err=True)

    return tell


def _show_plan(source: Source, order: Order, hub: str, offline: bool, as_json: bool) -> None:
    from torso.hub.announcement import plan_text
    from torso.hub.getting import open_web, plan_of
    from torso.hub.meter import size_text
    from torso.hub.resolution import find_local

    settings = _settings(hub, offline)
    local = find_local(source, settings, settings.source, config_only=order.config_only) if order.is_plain else None
    if local is not None or source.kind in ("folder", "bundled", "git"):
        folder = str(local.folder) if local else source.name
        if as_json:
            print_json({"name": source.name, "folder": folder, "take": [], "leave": [], "bytes": 0})
        elif local or source.kind != "git":
            click.echo(say("Nothing to fetch: {name} is here, in {folder}", dict(name=source, folder=folder)))
        else:
            raise click.UsageError(say("--dry-run cannot look into a git repository without fetching it."))
        return
    with open_web(settings, None) as web:
        plan = plan_of(source, order, settings, web)
    if as_json:
        print_json(
            {
                "name": source.name,
                "folder": str(plan.destination.folder),
                "origin": plan.listing.origin,
                "revision": plan.listing.commit,
                "take": [{"path": file.path, "size": file.size} for file in plan.need],
                "here": [file.path for file in plan.take if file not in plan.need],
                "leave": list(plan.leave),
                "bytes": plan.bytes_needed,
            }
        )
        return
    click.echo(plan_text(plan))
    for file in plan.need:
        click.echo(f"  {size_text(file.size):>8}  {file.path}")


def _settings(hub: str, offline: bool):  # noqa: ANN202 (the class would load at start-up)
    from dataclasses import replace

    from torso.hub.settings import read_settings

    settings = read_settings()
    return replace(
        settings,
        source=settings.source if hub == "auto" else hub,
        offline=settings.offline or offline,
        quiet=settings.quiet or bool(os.environ.get("CI")),
    )
