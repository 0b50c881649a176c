"""The ``torso`` command: a table of its commands, each imported only when it is called."""

from __future__ import annotations

import os
from collections.abc import Iterator
from difflib import get_close_matches
from importlib import import_module
from importlib.util import find_spec
from typing import cast

import click

from torso.cli.help import Context, localized, translated
from torso.language import say

_TRY = "Run a model on texts"
_TRAIN = "Train a model"
_LOOK = "Look inside a model"
_KEEP = "Models on this machine"

TABLE: dict[str, tuple[str, str, str]] = {
    "tour": (_TRY, "torso.cli.tour:tour", "See one text go through a model, stage by stage."),
    "classify": (_TRY, "torso.cli.classify:classify", "Label texts."),
    "tag": (_TRY, "torso.cli.tag:tag", "Find words, parts of speech and names in texts."),
    "fill": (_TRY, "torso.cli.fill:fill", "Fill the [MASK] in texts."),
    "answer": (_TRY, "torso.cli.answer:answer", "Find the answer to a question in texts."),
    "choose": (_TRY, "torso.cli.choose:choose", "Choose between alternatives."),
    "zero-shot": (_TRY, "torso.cli.zero_shot:zero_shot", "Label texts with any labels."),
    "embed": (_TRY, "torso.cli.embed:embed", "Make a vector of each text."),
    "similar": (_TRY, "torso.cli.similar:similar", "Put texts in order by likeness to a query."),
    "rerank": (_TRY, "torso.cli.rerank:rerank", "Put texts in order by reading each with a query."),
    "search": (_TRY, "torso.cli.search:search", "Find passages in a folder of texts."),
    "generate": (_TRY, "torso.cli.generate:generate", "Write on where texts end."),
    "chat": (_TRY, "torso.cli.chat:chat", "Talk with a model."),
    "translate": (_TRY, "torso.cli.translate:translate", "Translate texts."),
    "summarise": (_TRY, "torso.cli.summarise:summarise", "Say texts in fewer words."),
    "scale": (_TRY, "torso.cli.scale:scale", "Run a task over whole tables, each row once."),
    "serve": (_TRY, "torso.cli.serve:serve", "Serve models over HTTP."),
    "view": (_LOOK, "torso.cli.view:view", "Look at a model on a page in your browser."),
    "train": (_TRAIN, "torso.cli.train:train", "Fine-tune a model on a table of texts and labels."),
    "evaluate": (_TRAIN, "torso.cli.evaluate:evaluate", "Score a trained model on a table."),
    "config": (_LOOK, "torso.cli.config:config", "See, change on trial and compare a model's parameters."),
    "tokenize": (_LOOK, "torso.cli.tokenize:tokenize", "See texts as tokens, with ids and places."),
    "bench": (_LOOK, "torso.cli.bench:bench", "Measure how fast a model runs on this machine."),
    "models": (_LOOK, "torso.cli.models:models", "List the families of models that torso has."),
    "merge": (_KEEP, "torso.cli.merge:merge", "Merge an adapter into its base model."),
    "get": (_KEEP, "torso.cli.get:get", "Download a model, whole and verified."),
    "check": (_KEEP, "torso.cli.check:check", "Check a model's files."),
    "repair": (_KEEP, "torso.cli.repair:repair", "Fetch again what is damaged or missing."),
    "list": (_KEEP, "torso.cli.list:list_models", "List the models on this machine."),
    "remove": (_KEEP, "torso.cli.remove:remove", "Remove a model from this machine."),
}
"""Each command's section, where it is, and one line about it, so that the list of commands imports none of them."""


OTHER_NAMES = {"encode": "embed", "summarize": "summarise"}
"""Names under which commands can be called, too."""


def _is_here(name: str) -> bool:
    return name in TABLE and find_spec(TABLE[name][1].partition(":")[0]) is not None


class Commands(click.Group):
    """A group that imports a command when it is called."""

    context_class = Context

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names, in the order of the table."""
        return [name for name in TABLE if _is_here(name)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of that name, in the current language."""
        cmd_name = OTHER_NAMES.get(cmd_name, cmd_name)
        if not _is_here(cmd_name):
            return None
        module, _, name = TABLE[cmd_name][1].partition(":")
        return localized(cast("click.Command", getattr(import_module(module), name)))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that the arguments begin with; a usage error with the nearest name for an unknown one."""
        if not args[0].startswith("-") and not _is_here(OTHER_NAMES.get(args[0], args[0])):
            nearest = get_close_matches(args[0], self.list_commands(ctx), 1, 0.5)
            what = (
                "There is no command {name!r}. Did you mean {nearest}?" if nearest else "There is no command {name!r}."
            )
            raise click.UsageError(say(what, dict(name=args[0], nearest=nearest[0] if nearest else "")), ctx)
        return super().resolve_command(ctx, args)

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write usage, text, sections of commands, then options."""
        self.format_usage(ctx, formatter)
        self.format_help_text(ctx, formatter)
        for section, rows in self._sections():
            with formatter.section(section):
                formatter.write_dl(rows)
        click.Command.format_options(self, ctx, formatter)

    def _sections(self) -> Iterator[tuple[str, list[tuple[str, str]]]]:
        for section in (_TRY, _TRAIN, _LOOK, _KEEP):
            rows = [(name, say(row[2])) for name, row in TABLE.items() if row[0] == section and _is_here(name)]
            if rows:
                yield section, rows


def set_language(ctx: click.Context, parameter: click.Parameter, value: str | None) -> None:
    """Make ``--lang`` hold for the rest of this call."""
    if value is not None:
        os.environ["TORSO_LANG"] = value


class _Language(click.Option):
    """An option whose help is translated when it is shown, since it is there before any language is chosen."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        record = super().get_help_record(ctx)
        return record and (record[0], say(record[1]))


LANGUAGE = _Language(
    ["--lang"],
    type=click.Choice(["en", "zh"]),
    is_eager=True,
    expose_value=False,
    callback=set_language,
    help="Language of what is printed; otherwise TORSO_LANG, then the locale.",
)


def _show_version(ctx: click.Context, parameter: click.Parameter, value: bool) -> None:
    if value:
        from torso import __version__

        click.echo(f"torso {__version__}")
        ctx.exit()


_VERSION = _Language(
    ["--version"],
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_version,
    help="Show the version.",
)

HELP = """\
torso: pretrained transformer models, got, inspected and run.

A MODEL is a folder (./rbt3), an id of the Hub (hfl/rbt3), or a model that torso brings (torso:sentiment). What is \
on this machine is used without any network.

\b
Begin here:
  torso tour                      one text through a model, stage by stage
  torso classify "这本书很好看"   a label
  torso config hfl/rbt3           every parameter, with its meaning
  torso COMMAND --help            what a command does, with examples"""


class _Torso(Commands):
    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        formatter.write_paragraph()
        formatter.write_text(translated(HELP))

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        option = super().get_help_option(ctx)
        if option is not None:
            option.help = say("Show this help.")
        return option


def _help_if_alone() -> None:
    ctx = click.get_current_context()
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


torso = _Torso(
    "torso",
    params=[LANGUAGE, _VERSION],
    callback=_help_if_alone,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
"""The whole command line."""
