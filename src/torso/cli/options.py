"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

AnyFunction = TypeVar("AnyFunction", bound=Callable[..., Any])


def texts(function: AnyFunction) -> AnyFunction:
    """The texts, as arguments or from a file."""
    function = click.option("--file", metavar="FILE", help="Read one text per line; - is standard input.")(function)
    return click.argument("texts", nargs=-1, metavar="[TEXT]...")(function)


def model(default: str) -> Callable[[AnyFunction], AnyFunction]:
    """The model to use, a bundled one where none is named."""
    return click.option(
        "--model",
        "-m",
        default=default,
        show_default=True,
        metavar="MODEL",
        help="Folder, id of the Hub, or torso:NAME.",
    )


as_json = click.option("--json", "as_json", is_flag=True, help="Print one line of JSON per text.")
one_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
device = click.option("--device", metavar="DEVICE", help="Where to run: cpu, cuda, cuda:1, mps.")
long = click.option(
    "--long",
    type=click.Choice(["error", "truncate"]),
    default="error",
    show_default=True,
    help="Texts longer than the model takes: refuse them, or read their beginning.",
)
untrained = click.option(
    "--untrained", is_flag=True, help="Accept a head that was never trained; its scores mean nothing."
)
