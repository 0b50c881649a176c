"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

from torso.cli.encodings import remember

AnyFunction = TypeVar("AnyFunction", bound=Callable[..., Any])


def texts(function: AnyFunction) -> AnyFunction:
    """Add options for the texts, as arguments or from a file."""
    return click.argument("texts", nargs=-1, metavar="[TEXT]...")(file(function))


def file(function: AnyFunction) -> AnyFunction:
    """Add options for a file of texts (lines, or columns of a table) and its encoding, see `encodings.named`."""
    function = click.option(
        "--encoding",
        metavar="NAME",
        callback=remember,
        expose_value=False,
        help="Encoding of the file, such as gb18030; otherwise UTF-8, or as its byte order mark says.",
    )(function)
    function = click.option(
        "--column",
        "columns",
        multiple=True,
        metavar="NAME",
        help="Column of a .jsonl, .csv or .tsv file that holds the text; twice for pairs.",
    )(function)
    return click.option("--file", metavar="FILE", help="Read one text per line, or row; - is standard input.")(function)


def model(default: str | None) -> Callable[[AnyFunction], AnyFunction]:
    """Add options for the model to use, a bundled one where none is named; None where one must be."""
    # A default of None counts as a value that was given, and would not be missed.
    some: dict[str, Any] = {"required": True} if default is None else {"default": default, "show_default": True}
    return click.option(
        "--model", "-m", metavar="MODEL", help="Folder, GGUF file, id of the Hub, or torso:NAME.", **some
    )


def lengths(default: str = "error", *, merges: Sequence[str] = ()) -> Callable[[AnyFunction], AnyFunction]:
    """Add options for texts that are too long; ``merges`` are the rules to choose from, if any."""

    def decorate(function: AnyFunction) -> AnyFunction:
        if merges:
            function = click.option(
                "--merge",
                type=click.Choice(list(merges)),
                help="With --long window: what makes one result of the windows'; the first by default.",
            )(function)
        function = click.option(
            "--stride", type=int, metavar="N", help="With --long window: tokens that a window repeats."
        )(function)
        return click.option(
            "--long",
            type=click.Choice(["error", "truncate", "window"]),
            default=default,
            show_default=True,
            help=(
                "Texts longer than the model takes: refuse them, read their beginning, or read all of them in windows."
            ),
        )(function)

    return decorate


long_sources = click.option(
    "--long",
    type=click.Choice(["error", "truncate", "window"]),
    default="error",
    show_default=True,
    help="Texts longer than the model takes: refuse them, read their beginning, or write of them part by part.",
)


def top(default: int | None, meaning: str) -> Callable[[AnyFunction], AnyFunction]:
    """Add options for the number of results."""
    return click.option("--top", type=int, default=default, show_default=default is not None, metavar="N", help=meaning)


as_json = click.option("--json", "as_json", is_flag=True, help="Print one line of JSON per text.")
as_csv = click.option("--csv", "as_csv", is_flag=True, help="Print comma-separated values under a header.")
one_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
device = click.option("--device", metavar="DEVICE", help="Where to run: cpu, cuda, cuda:1, mps; else a GPU if any.")
untrained = click.option(
    "--untrained", is_flag=True, help="Accept a head that was never trained; its scores mean nothing."
)
vectors = click.option(
    "--vectors",
    type=click.Choice(["dense", "sparse", "multi-vector", "combined"]),
    help="What is compared, of a model that gives several kinds, or all together; otherwise what it is made for.",
)
