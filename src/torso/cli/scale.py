"""``torso scale``: batch jobs over files."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal

import click

from torso.cli import options
from torso.cli.console import print_json
from torso.errors import InputError
from torso.language import say

if TYPE_CHECKING:
    from torso.scale.running import Progress as JobProgress

HELP = """\
Run a task over the rows of tables, each once; the same command goes on where an earlier one was ended.

TASK is embed, classify, tag, zero-shot, answer, fill, generate, translate or summarise. The last name is the folder \
of the output, those before it are Parquet or JSON lines: files, folders, patterns, addresses as s3://bucket/folder. \
Each slice of rows becomes one Parquet file, which appears whole or not at all. "torso scale status FOLDER" says how \
far a job is, "torso scale check FOLDER" reads all of its output again.

\b
Examples:
  torso scale embed reviews.parquet vectors/ --model ./m --column text --keep id
  torso scale classify 'in/*.jsonl' labels/ --column review --errors column
  torso scale zero-shot in/ out/ --model ./nli --option 'labels=["sport", "politics"]'
  torso scale answer contracts/ dates/ --model ./qa --question 'When does it end?' --long window
  torso scale embed s3://data/in/ s3://data/out/ --model ./m --engine ray --workers 64
  torso scale status vectors/
  torso scale check vectors/"""


@click.command(help=HELP)
@click.argument("task", metavar="TASK")
@click.argument("names", metavar="IN... OUT", nargs=-1, required=True)
@options.model("torso:sentiment")
@click.option("--column", metavar="NAME", default="text", show_default=True, help="The column of texts.")
@click.option("--keep", metavar="NAME", multiple=True, help="Write this column again beside the results; repeatable.")
@click.option(
    "--mode", type=click.Choice(["exact", "bf16", "int8"]), default="exact", help="Arithmetic of the products."
)
@click.option("--long", type=click.Choice(["error", "truncate", "window"]), default="error", help="Of too long texts.")
@click.option("--errors", type=click.Choice(["stop", "column"]), default="stop", help="Of rows that are refused.")
@click.option("--rows", type=int, default=20_000, show_default=True, help="Rows of one output file, at most.")
@click.option("--engine", type=click.Choice(["local", "ray"]), default="local", help="Processes, or a Ray cluster.")
@click.option("--workers", type=int, metavar="N", help="Processes; otherwise one per core. 0: this one.")
@click.option("--threads", type=int, metavar="N", help="Threads of each process; otherwise one.")
@click.option("--question", metavar="TEXT", help="For answer: what is asked of every text.")
@click.option("--questions", metavar="NAME", help="For answer: the column of questions.")
@click.option("--option", "chosen", metavar="NAME=VALUE", multiple=True, help="An option of the task; repeatable.")
@options.one_json
def scale(
    task: str,
    names: tuple[str, ...],
    model: str,
    column: str,
    keep: tuple[str, ...],
    mode: Literal["exact", "bf16", "int8"],
    long: Literal["error", "truncate", "window"],
    errors: Literal["stop", "column"],
    rows: int,
    engine: Literal["local", "ray"],
    workers: int | None,
    threads: int | None,
    question: str | None,
    questions: str | None,
    chosen: tuple[str, ...],
    as_json: bool,
) -> int:
    """Run, or look at, a batch job."""
    if task in ("status", "check"):
        if len(names) != 1:
            raise click.UsageError(say("Name one folder: torso scale {task} FOLDER", dict(task=task)))
        return _status(names[0], as_json) if task == "status" else _check(names[0], as_json)
    if len(names) < 2:
        raise click.UsageError(say("Name the tables, and then the folder of the output."))
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from torso.scale import run

    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        disable=as_json,
        transient=True,
    ) as shown:
        bar = shown.add_task(task, total=None, rate="")
        seen: list[JobProgress] = []

        def show(progress: JobProgress) -> None:
            seen.append(progress)
            first, *_ = seen[1:] or seen  # the start of processes and models is no part of the rate
            rate = (progress.rows - first.rows) / max(progress.seconds - first.seconds, 1e-9)
            speed = say("{rate} rows/s", dict(rate=f"{rate:,.0f}")) if rate else ""
            shown.update(bar, completed=progress.rows, total=progress.all_rows, rate=speed)
            del seen[2:]

        report = run(
            names[:-1],
            names[-1],
            task=task.replace("-", "_"),
            model=model,
            column=column,
            keep=keep,
            mode=mode,
            engine=engine,
            workers=workers,
            threads=threads,
            rows=rows,
            errors=errors,
            long=long,
            question=question,
            questions=questions,
            options=dict(_option(each) for each in chosen),
            progress=show,
        )
    values = dict(
        rows=report.rows,
        tokens=report.tokens,
        failed=report.failed,
        slices=report.slices,
        resumed=report.resumed,
        seconds=round(report.seconds, 2),
        folder=str(report.folder),
    )
    if as_json:
        print_json(values)
    else:
        click.echo(say("{folder}: {rows} rows in {slices} files, {failed} with an error, {seconds} s.", values))
        if report.resumed:
            click.echo(say("{resumed} of the files were there before.", values))
    return 0


def _option(text: str) -> tuple[str, Any]:
    name, mark, value = text.partition("=")
    if not mark or not name:
        raise InputError(
            "E_ARGUMENT",
            "--option {given} names no value.",
            cure="Write --option NAME=VALUE",
            values=dict(given=text),
        )
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def _status(folder: str, as_json: bool) -> int:
    from torso.scale import job_status

    status = job_status(folder)
    values = {name: getattr(status, name) for name in status.__slots__} | {"folder": str(status.folder)}
    if as_json:
        print_json(values)
    else:
        click.echo(say("{folder}: {task} with {model}", values))
        click.echo(
            say("{finished_rows} of {rows} rows, {finished} of {slices} files, {failed} rows with an error.", values)
        )
    return 0


def _check(folder: str, as_json: bool) -> int:
    from torso.scale import check_job

    faults = check_job(folder)
    if as_json:
        print_json({"folder": folder, "faults": [each.as_dict() for each in faults]})
    elif not faults:
        click.echo(say("{folder}: every output file is whole.", dict(folder=folder)))
    for each in () if as_json else faults:
        click.echo(str(each))
    return 1 if faults else 0
