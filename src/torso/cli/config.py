"""``torso config``. Loads no torch and writes nothing."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import click

from torso.cli import options
from torso.cli.console import print_json
from torso.config.hub_config import HubConfig
from torso.inspection.model_size import ModelSize, model_size
from torso.inspection.opened_config import Opened
from torso.language import say

HELP = """\
Show every parameter of a model: value, default, where the value came from, when it acts, what it means.

"shape" means that the weights follow it, "run" that results change, "train" that it matters in training alone, "-" \
that it changes nothing. Below stand the number of parameters, and the floating-point operations that a text of \
--tokens takes. --set shows what a change would do, and refuses what the weights cannot follow; nothing is \
written.

\b
Examples:
  torso config hfl/rbt3
  torso config hfl/rbt3 --tokens 512
  torso config hfl/rbt3 --set hidden_dropout_prob=0
  torso config hfl/rbt3 --diff bert-base-chinese"""


@click.command(help=HELP)
@click.argument("model", metavar="MODEL")
@click.option(
    "--set", "changes", multiple=True, metavar="KEY=VALUE", help="Show the effect of a change; may be repeated."
)
@click.option("--diff", "other", metavar="MODEL", help="Show only what differs from another model.")
@click.option("--tokens", type=click.IntRange(1), help="Length of the text whose operations are counted.")
@options.one_json
def config(model: str, changes: tuple[str, ...], other: str | None, tokens: int | None, as_json: bool) -> None:
    """Print parameters."""
    if changes and other:
        raise click.UsageError(say("--set and --diff cannot be used together."), click.get_current_context())
    if tokens is not None and (changes or other):
        raise click.UsageError(say("--tokens says nothing beside --set and --diff."), click.get_current_context())
    opened = Opened.of(model)
    if changes:
        _show_changes(opened, changes, as_json)
    elif other is not None:
        _show_differences(opened, Opened.of(other), as_json)
    else:
        described, writing, notes = opened.config.describe(), opened.generation_settings(), opened.tokenizer_notes()
        beside, size = opened.sentence_settings(), model_size(opened.architecture, opened.config, tokens)
        if as_json:
            about: dict[str, Any] = {
                "model": model,
                "model_type": opened.config.model_type,
                "folder": str(opened.folder),
            }
            more: dict[str, Any] = {} if writing is None else {"generation": writing.as_dicts()}
            more |= {"notes": list(described.notes)} if described.notes else {}
            more |= {"sentence_transformers": beside} if beside else {}
            about["size"] = asdict(size)
            print_json(about | {"parameters": described.as_dicts()} | more | {"tokenizer_notes": notes})
        else:
            parts = [repr(each) for each in (described, writing) if each is not None]
            if beside:
                from torso.config.describe import shown
                from torso.config.text_table import text_table

                rows = [[each["file"], each["key"], shown(each["value"])] for each in beside]
                parts.append(text_table([say("file"), say("parameter"), say("value")], rows))
            parts.append(_size_text(size))
            click.echo("\n\n".join([*parts, *notes]))


def _size_text(size: ModelSize) -> str:
    values = dict(
        parameters=f"{size.parameters:,}", task=size.task, tokens=size.tokens, work=f"{size.flops / 1e9:,.2f}"
    )
    return say("{parameters} parameters ({task}); a text of {tokens} tokens takes {work} GFLOP", values)


def _show_changes(opened: Opened, changes: Sequence[str], as_json: bool) -> None:
    changed = opened.config.replace(dict(_parsed(change) for change in changes))
    weights_checked = opened.weights_follow(changed)
    before, after = opened.config.describe(), changed.describe()
    rows = [(old, new) for old, new in zip(before, after, strict=True) if old.value != new.value]
    if as_json:
        keys = ("name", "acts", "meaning")
        table = [{key: getattr(new, key) for key in keys} | {"old": old.value, "new": new.value} for old, new in rows]
        print_json({"model": opened.name, "changes": table, "weights_checked": weights_checked})
        return
    click.echo(_table(["parameter", "now", "then", "acts on", "meaning"], rows) if rows else say("Nothing changes."))
    if weights_checked:
        click.echo("\n" + say("The weights can follow. Nothing was written; in Python: {call}", _call(opened, changed)))
    else:
        click.echo("\n" + say("The weights are not on this machine, so sizes were not held to them."))


def _call(opened: Opened, changed: HubConfig) -> dict[str, object]:
    changes = {each.name: each.value for each in changed.describe() if changed.source(each.name) == "you"}
    return dict(call=f"torso.load({opened.name!r}, changes={changes!r})")


def _parsed(change: str) -> tuple[str, Any]:
    key, equals, value = change.partition("=")
    if not equals or not key:
        what = say("--set {change!r} has no value: write KEY=VALUE.", dict(change=change))
        raise click.UsageError(what, click.get_current_context())
    try:
        return key.strip(), json.loads(value)
    except ValueError:
        return key.strip(), value  # a word needs no quotes


def _show_differences(one: Opened, two: Opened, as_json: bool) -> None:
    here, there = ({row.name: row for row in each.config.describe()} for each in (one, two))
    names = [*here, *(name for name in there if name not in here)]
    rows = [(here.get(name), there.get(name)) for name in names]
    rows = [(a, b) for a, b in rows if a is None or b is None or a.value != b.value]
    if as_json:
        table = [_difference(a, b) for a, b in rows]
        print_json({"models": [one.name, two.name], "differences": table})
    elif rows:
        click.echo(_table(["parameter", one.name, two.name, "acts on", "meaning"], rows))
    else:
        click.echo(say("No parameter differs."))


def _difference(a: Any, b: Any) -> dict[str, Any]:
    known = a or b
    return {
        "name": known.name,
        "values": [a.value if a else None, b.value if b else None],
        "in": [a is not None, b is not None],
        "acts": known.acts,
        "meaning": known.meaning,
    }


def _table(headings: Sequence[str], rows: Sequence[tuple[Any, Any]]) -> str:
    from torso.config.describe import ACTS, shown
    from torso.config.text_table import text_table

    cells: list[list[str]] = []
    for a, b in rows:
        known = a or b
        values = [shown(each.value) if each else say("absent") for each in (a, b)]
        cells.append([known.name, *values, say(ACTS[known.acts]), known.meaning])
    return text_table([say(each) for each in headings], cells)
