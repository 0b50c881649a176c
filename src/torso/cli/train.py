"""``torso train``."""

from __future__ import annotations

from dataclasses import replace as changed
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

import click

from torso.cli import options
from torso.cli.console import print_json
from torso.cli.text_inputs import no_effect
from torso.cli.train_options import SettingOptions, settings, settings_from
from torso.language import say

if TYPE_CHECKING:
    from torso.adapters.lora_settings import Lora

HELP = """\
Fine-tune a model on a table of texts and labels, and save a folder that transformers loads.

The data is a .csv, .tsv, .jsonl, .json or .parquet file, or a folder with one folder per class. A tenth of it chooses \
the best model, another tenth is scored at the end. What is cut, dropped, new, frozen and learnt is said before the \
first step; Ctrl-C keeps what was learnt, and --resume goes on to the same result.

The columns say the task: text and label, tokens and tags, text and spans, question, context and answers, question and \
choices, prompt and completion, messages; else --task does. --text names the first ones in that order, --label the last.

\b
Examples:
  torso train --data reviews.csv --out my-model
  torso train --data reviews.csv --out my-model --model hfl/rbt3 --text review --label stars
  torso train --data reviews.csv --out my-model --dry-run
  torso train --data ner.jsonl --out tagger --model hfl/rbt3
  torso train --data corpus.jsonl --out domain --model hfl/rbt3 --task masked-lm
  torso train --data chats.jsonl --out assistant --model ./qwen --lora
  torso train --data reviews.csv --out my-model --resume
  torso train --data pairs.jsonl --out scorer --problem regression --epochs 5 --rate 3e-5"""


@click.command(help=HELP)
@click.option("--data", required=True, metavar="FILE", help="Table of texts and labels, or folder of classes.")
@click.option("--out", required=True, metavar="FOLDER", help="Folder that is made: the model, and run/ about it.")
@click.option("--model", "-m", metavar="MODEL", help="Folder, id of the Hub, or torso:NAME; else a bundled one.")
@click.option("--dev", metavar="FILE", help="Development data, which chooses the best model.")
@click.option("--test", metavar="FILE", help="Test data, scored once at the end.")
@click.option("--task", metavar="NAME", help="sequence-classification, ...; else found in the columns.")
@click.option("--text", multiple=True, metavar="COLUMN", help="Column of the text; twice for pairs.")
@click.option("--label", metavar="COLUMN", help="Column of the label.")
@click.option("--problem", metavar="NAME", help="regression, for numbers to predict.")
@click.option("--encoding", metavar="NAME", help="Encoding of the files, such as gb18030; otherwise UTF-8.")
@click.option("--config", metavar="FILE", help="Settings and adapter of another run: its run.json.")
@settings
@click.option(
    "--lora",
    is_flag=False,
    flag_value=8,
    type=click.IntRange(min=1),
    metavar="RANK",
    help="Learn a low-rank adapter of that rank, 8 by default, in place of the whole model.",
)
@click.option(
    "--lora-targets",
    multiple=True,
    metavar="NAME",
    help="A projection that the adapter adapts, by the Hub's name (query), or all-linear; else the family's.",
)
@click.option("--allow-leak", is_flag=True, help="Train although training texts are in dev or test data.")
@click.option("--dry-run", is_flag=True, help="Say what would be done, and stop before the first step.")
@click.option("--find-rate", is_flag=True, help="Find a learning rate by a short run, and stop.")
@click.option("--resume", is_flag=True, help="Go on with the interrupted run in FOLDER.")
@click.option("--replace", is_flag=True, help="Begin again in place of the run in FOLDER.")
@click.option("--shard", is_flag=True, help="Divide weights and optimiser over the processes of torchrun (FSDP2).")
@options.device
@click.option("--json", "as_json", is_flag=True, help="Print JSON lines.")
def train(
    data: str,
    out: str,
    model: str | None,
    dev: str | None,
    test: str | None,
    task: str | None,
    text: tuple[str, ...],
    label: str | None,
    problem: str | None,
    encoding: str | None,
    config: str | None,
    lora: int | None,
    lora_targets: tuple[str, ...],
    allow_leak: bool,
    dry_run: bool,
    find_rate: bool,
    resume: bool,
    replace: bool,
    shard: bool,
    device: str | None,
    as_json: bool,
    **given: Unpack[SettingOptions],
) -> None:
    """Train, and print the plan, the course and the scores."""
    chosen = settings_from(given, config)
    from torso.training.data_files import read_table
    from torso.training.run_folder import RunFolder
    from torso.training.task_kinds import base_of

    folder = RunFolder(Path(out))
    if not (dry_run or find_rate):
        folder.check(resume=resume, replace=replace)
    if model is None:
        model = base_of(read_table(data, encoding=encoding), task)

    from torso.cli.train_display import TrainDisplay, show_lines
    from torso.training.fine_tuning import about, train_prepared
    from torso.training.plan_lines import estimate, plan_lines
    from torso.training.preparing import TrainRequest, prepare
    from torso.training.ranks import is_first

    adapter = _adapter(lora, lora_targets, config)
    request = TrainRequest(
        model, data, dev, test, task, text or None, label, problem, encoding, allow_leak, device, adapter
    )
    run = prepare(request, chosen)
    seconds = estimate(run)
    if not is_first():
        if not (dry_run or find_rate):
            train_prepared(run, folder, resume=resume, shard=shard)
        return
    if as_json:
        print_json({**about(run), "seconds": round(seconds, 1)})
    else:
        show_lines(plan_lines(run, seconds=seconds))
    if dry_run:
        return
    if find_rate:
        _find_rate(run, as_json)
        return
    names = dict.fromkeys(["loss", chosen.metric or run.data.metric] if run.examples["dev"] else [])
    display = TrainDisplay(list(names), as_json=as_json)
    try:
        done = train_prepared(run, folder, watch=[display], resume=resume, shard=shard)
    finally:
        display.close()
    _show(done, as_json)


def _adapter(rank: int | None, targets: tuple[str, ...], config: str | None) -> Lora | None:
    """Return the adapter that is asked for: the options' over that of the file, None where neither has one."""
    from torso.adapters.lora_settings import ALL_LINEAR, Lora
    from torso.training.run_folder import lora_of

    found = None if config is None else lora_of(Path(config))
    if rank is not None:
        found = Lora(rank=rank) if found is None else changed(found, rank=rank)
    if not targets:
        return found
    if found is None:
        raise no_effect("--lora-targets", "--lora")
    return changed(found, targets=ALL_LINEAR if targets == (ALL_LINEAR,) else targets)


def _find_rate(run: Any, as_json: bool) -> None:
    from torso.training.rate_finder import rate_curve

    curve = rate_curve(run, 100)
    if as_json:
        print_json({"suggestion": curve.suggestion, "rates": curve.rates, "losses": curve.losses})
        return
    for rate, loss in list(zip(curve.rates, curve.losses, strict=True))[::5]:
        click.echo(f"{rate:9.1e}  {loss:9.4f}")
    click.echo(say("The loss falls fastest at {rate}: --rate {rate}", dict(rate=f"{curve.suggestion:.1e}")))


def _show(done: Any, as_json: bool) -> None:
    from torso.cli.train_display import label_table, part_name, score_text, show_lines

    if as_json:
        print_json({"best_step": done.best_step, "scores": done.scores, "labels": done.labels, "folder": done.folder})
        return
    lines = [(say("best"), say("step {step}", dict(step=f"{done.best_step:,}")))]
    order = ("dev", "test", "majority")
    for part in sorted(done.scores, key=order.index):
        lines.append((part_name(part), score_text(done.scores[part], done.intervals if part == "test" else None)))
    lines.append((say("saved"), str(done.folder)))
    click.echo()
    show_lines(lines)
    if done.labels:
        click.echo()
        click.echo(label_table(done.labels))
