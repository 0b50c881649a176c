"""Sparse vectors, and several vectors of a text, on the terminal and in files."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from torso.cli.console import extent_row, one_line, print_json
from torso.cli.csv_output import sheet
from torso.io.files import write_atomically
from torso.language import say
from torso.tasks.embedding import MultiVectorEmbedding, SparseEmbedding

_SHOWN = 8
"""Entries of a sparse vector that a line shows."""


def refuse_beside(sparse: bool, multi_vector: bool, query: bool, alone: Mapping[str, object]) -> None:
    """Refuse options that contradict each other, or do nothing beside the kind of vectors asked for."""
    context = click.get_current_context()
    if sparse and multi_vector:
        raise click.UsageError(say("--sparse and --multi-vector cannot be used together."), context)
    if query and not multi_vector:
        raise click.UsageError(say("--query is of --multi-vector."), context)
    for name, value in alone.items():
        if value is not None:
            raise click.UsageError(say("{name} is of dense vectors alone.", dict(name=name)), context)


def show_kinds(
    rows: Iterator[tuple[str, SparseEmbedding | MultiVectorEmbedding]],
    output: str | None,
    as_json: bool,
    as_csv: bool,
) -> None:
    """Print, or write, what was made of each text."""
    if output is not None:
        count = _write(rows, Path(output))
        if as_json:
            print_json({"output": output, "texts": count})
        else:
            click.echo(say("{path}: {count} texts.", dict(path=output, count=count)))
        return
    table = sheet(as_csv, as_json, "text", "vectors")
    for text, made in rows:
        if as_json:
            print_json(row_of(text, made))
        elif table is not None:
            table.write(text, json.dumps({key: value for key, value in row_of(text, made).items() if key in _NUMBERS}))
        else:
            click.echo(_in_short(text, made))


_NUMBERS = ("indices", "values", "vectors")


def row_of(text: str, made: SparseEmbedding | MultiVectorEmbedding) -> dict[str, Any]:
    """Return what was made of a text as plain data."""
    shared = {"prompt": made.prompt, "max_tokens": made.max_tokens, **extent_row(made)}
    if isinstance(made, SparseEmbedding):
        numbers = {"indices": made.indices.tolist(), "values": made.values.tolist(), "entries": list(made.tokens)}
        return {"text": text, **numbers, "pooling": made.pooling, **shared}
    numbers = {"vectors": made.vectors.tolist(), "entries": list(made.tokens)}
    return {"text": text, **numbers, "normalized": made.normalized, "query": made.query, **shared}


def _in_short(text: str, made: SparseEmbedding | MultiVectorEmbedding) -> str:
    if isinstance(made, SparseEmbedding):
        heaviest = " ".join(f"{token}:{value:.2f}" for token, value in list(made.weights.items())[:_SHOWN])
        about = say("{count} of {size} entries", dict(count=len(made), size=made.size))
        return f"{one_line(heaviest)}\t{about}\t{one_line(text)}"
    about = say("{count} vectors of {size} numbers", dict(count=len(made), size=made.vectors.shape[1]))
    return f"{about}\t{one_line(text)}"


def _write(rows: Iterator[tuple[str, SparseEmbedding | MultiVectorEmbedding]], path: Path) -> int:
    count = 0
    with write_atomically(path) as file:
        for text, made in rows:
            file.write(json.dumps(row_of(text, made), ensure_ascii=False).encode() + b"\n")
            count += 1
    return count
