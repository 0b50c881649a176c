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
    from torso.hub.planning import GetOptions, Plan
    from torso.hub.source import Source

HELP = """\
Download a model, whole and verified, and print the folder it is in.

What is on this machine already is not fetched again, and an interrupted download goes on where it stopped: run the \
same command. The model goes into the cache that the Hub's own tools use, or with --to into a plain folder that every \
tool can load. One weight format is taken (safetensors, else .bin); what is left out is named.

NAME is org/name, name@revision, modelscope:org/name, or the address of a model's page.

Without --source, huggingface.co is asked, then hf-mirror.com, then ModelScope. For another in every call, set \
TORSO_SOURCE=hf-mirror, or say it once with --remember, which writes {"source": "hf-mirror"} into \
~/.config/torso/settings.json.

--git takes the files of a git repository, each verified, and no .git beside them, so that nothing is kept twice. A \
clone that you have is a model like any other folder: torso check and torso repair know it.

\b
Examples:
  torso get hfl/rbt3                      into the cache
  torso get hfl/rbt3 --to rbt3            as a plain folder, to copy to another machine
  torso get hfl/rbt3 --source hf-mirror   from a mirror; with --remember, all later ones too
  torso get modelscope:Qwen/Qwen3-0.6B    from ModelScope
  torso get hfl/rbt3 --dry-run            what would be fetched, and how much
  torso get --git https://huggingface.co/hfl/rbt3   by git; git-lfs is not needed"""


@click.command(help=HELP)
@click.argument("name", metavar="NAME")
@click.option("--to", metavar="FOLDER", help="Make a plain folder instead of using the cache.")
@click.option("--revision", metavar="REVISION", help="Branch, tag or commit.")
@click.option("--source", metavar="SOURCE", help="auto, hf, hf-mirror, modelscope, or an address.")
@click.option("--remember", is_flag=True, help="Use this SOURCE from now on, wherever none is named.")
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
    source: str | None,
    remember: bool,
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
    """Download a model."""
    from torso.hub.planning import GetOptions
    from torso.hub.source import parse_source

    _require_sense(
        {"--all": everything, "--include": bool(include), "--config-only": config_only, "--pytorch": pytorch},
        {"--offline": offline, "--update": update, "--force": force},
        {"--git": by_git, "--source": source is not None},
    )
    parsed = parse_source(f"git+{name}" if by_git and not name.startswith("git+") else name, revision)
    own = parsed.kind in ("folder", "bundled", "git") or parsed.endpoint is not None
    if own or (parsed.kind == "modelscope" and not (source or "modelscope").startswith("modelscope")):
        _require_none(parsed, {"--source": source is not None})
    if parsed.kind in ("folder", "bundled"):
        _require_none(parsed, {"--to": to is not None, "--update": update, "--force": force})
        _require_none(parsed, {"--include": bool(include), "--exclude": bool(exclude), "--all": everything})
    if remember:
        _remember(source)
    options = GetOptions(
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
            _show_plan(parsed, options, source, offline, as_json)
        else:
            _get(parsed, options, source, offline, as_json)
    except KeyboardInterrupt:
        again = f"torso get {'--git ' if by_git else ''}{name}" + (f" --to {to}" if to else "")
        click.echo(
            "\n" + say("torso: stopped. What has arrived is kept. To go on: {again}", dict(again=again)), err=True
        )
        raise click.exceptions.Exit(130) from None


def _require_sense(*groups: dict[str, bool]) -> None:
    """Refuse options of which one would make another do nothing; ``--update`` and ``--force`` go together."""
    for group in groups:
        given = [name for name, on in group.items() if on]
        if len(given) > 1 and given[:2] != ["--update", "--force"]:
            what = say("{first} and {second} cannot be used together.", dict(first=given[0], second=given[1]))
            raise click.UsageError(what, click.get_current_context())


def _require_none(source: Source, options: dict[str, bool]) -> None:
    """Refuse options that do nothing for a name that says itself where the model is."""
    for option in (name for name, on in options.items() if on):
        what = say(
            "{name} says itself where the model is; {option} would do nothing.", dict(name=source, option=option)
        )
        raise click.UsageError(what, click.get_current_context())


def _remember(hub: str | None) -> None:
    """Save the source of models."""
    from torso.hub.remote.servers import require_source
    from torso.hub.settings import save

    if hub is None:
        raise click.UsageError(say("--remember needs --source."), click.get_current_context())
    path = save("source", require_source(hub))
    click.echo(
        say("torso: models come from {source} from now on; saved in {path}", dict(source=hub, path=path)), err=True
    )


def _get(source: Source, options: GetOptions, hub: str | None, offline: bool, as_json: bool) -> None:
    from torso.hub.getting import get as get_model

    fetched: list[Plan] = []
    snapshot = get_model(
        source, options, settings=_settings(hub, offline), tell=fetched.append if as_json else _tell(fetched)
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
                "left": [*plan.leave, *plan.listing.left] if plan else [],
            }
        )
        return
    if plan is None:
        click.echo(
            say("torso: {name} is already here ({origin}).", dict(name=source, origin=say(snapshot.origin))), err=True
        )
    click.echo(str(snapshot.folder))


def _tell(fetched: list[Plan]):  # noqa: ANN202 (a function of a plan)
    def tell(plan: Plan) -> None:
        from torso.hub.announcement import plan_text

        fetched.append(plan)
        click.echo(f"torso: {plan_text(plan)}", err=True)

    return tell


def _show_plan(source: Source, options: GetOptions, hub: str | None, offline: bool, as_json: bool) -> None:
    from torso.hub.announcement import plan_text
    from torso.hub.download_many import open_web
    from torso.hub.getting import plan_of
    from torso.hub.local.find import find_local
    from torso.hub.transfer.progress import size_text

    settings = _settings(hub, offline)
    local = find_local(source, settings, settings.source, config_only=options.config_only) if options.is_plain else None
    if local is not None or source.kind in ("folder", "bundled"):
        folder = str(local.folder) if local else source.name
        if as_json:
            print_json({"name": source.name, "folder": folder, "take": [], "leave": [], "bytes": 0})
        else:
            click.echo(say("Nothing to fetch: {name} is here, in {folder}", dict(name=source, folder=folder)))
        return
    with open_web(settings, None) as web:
        plan = plan_of(source, options, settings, web)
    if as_json:
        print_json(
            {
                "name": source.name,
                "folder": str(plan.destination.folder),
                "origin": plan.listing.origin,
                "revision": plan.listing.commit,
                "take": [{"path": file.path, "size": file.size} for file in plan.need],
                "here": [file.path for file in plan.take if file not in plan.need],
                "leave": [*plan.leave, *plan.listing.left],
                "bytes": plan.bytes_needed,
            }
        )
        return
    click.echo(plan_text(plan))
    for file in plan.need:
        click.echo(f"  {size_text(file.size):>8}  {file.path}")


def _settings(hub: str | None, offline: bool):  # noqa: ANN202 (the class would load at start-up)
    from dataclasses import replace

    from torso.hub.settings import read_settings

    settings = read_settings()
    return replace(
        settings,
        source=settings.source if hub is None else hub,
        offline=settings.offline or offline,
        quiet=settings.quiet or bool(os.environ.get("CI")),
    )
