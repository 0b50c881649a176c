"""``torso encode``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

import click

from torso.cli import options
from torso.cli.console import one_line, print_json, watched
from torso.cli.inputs import texts_of
from torso.cli.paired import paired
from torso.language import say

if TYPE_CHECKING:
    from collections import deque
    from collections.abc import Iterator

    from torso.tasks import Embedding

HELP = """\
Make a vector of each text, for search, grouping and comparing.

How a model's rows become one vector is read from its folder, as sentence-transformers writes it; where the folder \
does not say, --pooling must. On a terminal a line per text tells what came out; the numbers go to --output or --json.

\b
Examples:
  torso encode --model sentence-transformers/all-MiniLM-L6-v2 "Hello" --json
  torso encode --file texts.txt --output vectors.npy
  torso encode "你好" --model hfl/rbt3 --pooling mean --normalize"""


@click.command(help=HELP)
@options.texts
@options.model("torso:sentiment")
@click.option("--pooling", metavar="NAME", help="mean, cls, max, mean_sqrt_len_tokens, weightedmean, lasttoken.")
@click.option(
    "--normalize/--no-normalize", default=None, help="Bring vectors to length 1; otherwise as the folder says."
)
@click.option("--output", metavar="FILE", help="Write all vectors to FILE: .npy (float32), or .jsonl.")
@options.long
@options.device
@options.as_json
def encode(
    texts: tuple[str, ...],
    file: str | None,
    model: str,
    pooling: str | None,
    normalize: bool | None,
    output: str | None,
    long: Literal["error", "truncate"],
    device: str | None,
    as_json: bool,
) -> None:
    """Prints or writes vectors."""
    given = texts_of(texts, file)
    if output is not None:
        from torso.cli.vectors import check_suffix

        check_suffix(Path(output))
    from torso.tasks import encode as run

    kept, stream = paired(given)
    made = run(stream, model=model, pooling=pooling, normalize=normalize, long=long, device=device)
    rows = _rows(kept, watched(made, len(texts) or None))
    if output is not None:
        _write(rows, Path(output), as_json)
        return
    for text, embedding in rows:
        if as_json:
            print_json(row_of(text, embedding))
        else:
            click.echo(_in_short(text, embedding))


def _rows(kept: deque[str], made: Iterator[Embedding]) -> Iterator[tuple[str, Embedding]]:
    for embedding in made:
        yield kept.popleft(), embedding


def numbers_of(embedding: Embedding) -> list[float]:
    """The vector as a list."""
    return cast("list[float]", embedding.vector.tolist())


def row_of(text: str, embedding: Embedding) -> dict[str, Any]:
    """A vector as plain data."""
    return {
        "text": text,
        "vector": numbers_of(embedding),
        "tokens": embedding.tokens,
        "pooling": embedding.pooling,
        "normalized": embedding.normalized,
        "truncated": embedding.truncated,
    }


def _in_short(text: str, embedding: Embedding) -> str:
    first = " ".join(f"{number:.4f}" for number in numbers_of(embedding)[:4])
    about = say(
        "{size} numbers, {pooling} of {tokens} tokens",
        dict(size=len(embedding.vector), pooling=embedding.pooling, tokens=embedding.tokens),
    )
    length = say("length 1") if embedding.normalized else say("not normalized")
    return f"[{first} ...]\t{about}, {length}\t{one_line(text)}"


def _write(rows: Iterator[tuple[str, Embedding]], path: Path, as_json: bool) -> None:
    from torso.cli.vectors import write

    count, size = write(rows, path)
    if as_json:
        print_json({"output": str(path), "vectors": count, "size": size})
    else:
        click.echo(say("{path}: {count} vectors of {size} numbers.", dict(path=path, count=count, size=size)))
