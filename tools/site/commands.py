"""Reference of the command line: the help of every command, as it prints it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import cast

import click

from tools.site.markdown import fenced
from torso.cli.group import torso
from torso.cli.help import Context
from torso.language import speaking

TITLE = {"en": "Commands", "zh": "命令"}
INTRODUCTION = {
    "en": "What `--help` prints of every command. Statuses: 0 done, 1 `check` found a fault, 2 wrong usage, 3 an error "
    "that says its cure, 129, 130 and 143 ended by a signal.",
    "zh": "每个命令的 `--help` 输出。退出状态：0 完成，1 `check` 发现问题，2 用法有误，3 报错(并说明怎样解决)，"
    "129、130、143 被信号终止。",
}
WIDTH = 88


def page(language: str) -> str:
    """Write the page in a language."""
    with speaking(language):
        parts = [f"## {name}\n\n{fenced(text)}" for name, text in helps()]
    return "\n".join([f"# {TITLE[language]}\n", f"{INTRODUCTION[language]}\n", *parts])


def helps() -> Iterator[tuple[str, str]]:
    """Yield every command with its help, those within a group after it, in the language in force."""
    yield from _of(torso, None, "torso")


def _of(command: click.Command, parent: click.Context | None, name: str) -> Iterator[tuple[str, str]]:
    context = Context(command, parent=parent, info_name=name, terminal_width=WIDTH)
    yield context.command_path, re.sub(r"[ \t]+$", "", command.get_help(context), flags=re.MULTILINE)
    if isinstance(command, click.Group):
        for each in command.list_commands(context):
            yield from _of(cast("click.Command", command.get_command(context, each)), context, each)
