"""Fine-tuning from a table of texts and labels to a folder that transformers loads, and evaluating such a model."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torso.adapters.lora_settings import Lora
from torso.errors import InputError
from torso.io.arguments import known_arguments
from torso.language import say
from torso.loading.load import load
from torso.model import Model
from torso.training import sharding
from torso.training.data_files import Data, optional, read_table
from torso.training.loop import Row, Scores, Watcher, fit
from torso.training.metrics import intervals
from torso.training.model_card import write_card
from torso.training.plots import plot_confusion, plot_curve
from torso.training.preparing import PARTS, Prepared, TrainRequest, prepare
from torso.training.ranks import from_first, is_first, together, wait
from torso.training.run_folder import RunFolder
from torso.training.task_kinds import base_of
from torso.training.train_settings import TrainSettings

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, slots=True)
class Run:
    """A finished run.

    Attributes:
        model: the best one, in evaluation mode.
        scores: by part (``dev``, ``test``), and of the most frequent label (``majority``).
        labels: precision, recall, F1 and count of each label in the test part.
        history: evaluations in order.
        best_step: step of the best evaluation.
        folder: the model's folder.
        intervals: half of the 95 % interval of test scores that count labels: accuracy and macro F1.
    """

    model: Model[Any]
    scores: dict[str, dict[str, float]]
    labels: list[dict[str, Any]]
    history: list[Row]
    best_step: int
    folder: Path
    intervals: dict[str, float]


@known_arguments
def train(
    model: str | os.PathLike[str] | Model[Any] | None = None,
    data: Data = None,
    *,
    out: str | os.PathLike[str],
    dev: Data = None,
    test: Data = None,
    task: str | None = None,
    text: str | Sequence[str] | None = None,
    label: str | None = None,
    problem: str | None = None,
    settings: TrainSettings | None = None,
    lora: Lora | None = None,
    encoding: str | None = None,
    device: str | torch.device | None = None,
    allow_leak: bool = False,
    resume: bool = False,
    replace: bool = False,
    shard: bool = False,
    watch: Sequence[Watcher] = (),
) -> Run:
    """Fine-tune a model on rows of texts and labels, and save the best one as a folder that transformers loads.

    Args:
        model: a folder, a name such as ``hfl/rbt3``, or a loaded model, which then learns in place; None takes a
            bundled one.
        data: a file (.csv, .tsv, .jsonl, .json, .parquet), a folder with one folder per class, a `datasets.Dataset`, a
            pandas frame, or a list of dicts.
        out: the folder that is made; ``run`` in it has settings, history, scores, predictions, mistakes and plots.
        dev: development data, which chooses the best model; None takes a tenth of ``data``.
        test: test data, scored once at the end; None takes a tenth of ``data``.
        task: its name; None finds it in the columns.
        text: column of the text, two for pairs; None finds it.
        label: column of the label; None finds it.
        problem: ``regression`` for numbers; None for labels.
        settings: of the run; None for the defaults.
        lora: the low-rank adapter that learns in place of the model, and that the folder then holds; None for none.
        encoding: of text files; None for UTF-8.
        device: where to train; None for an accelerator if there is one.
        allow_leak: whether training texts may be in ``dev`` or ``test``.
        resume: whether to go on with the interrupted run in ``out``.
        replace: whether to begin again in place of the run in ``out``.
        shard: whether weights, gradients and moments are divided over the processes that torchrun started (FSDP2), for
            models that one device does not hold; without, each process holds all of them. The result is the same.
        watch: follow the run.

    Raises:
        InputError: ``E_EXISTS``, ``E_COLUMN``, ``E_LABELS``, ``E_ROW``, ``E_LEAK`` and others: nothing was written.
        DivergedError, LimitError: the run stopped; ``out`` has the best model until then.
        TorsoError: as `torso.load`.
    """
    if data is None:
        raise InputError("E_DATA", "No data is given.", cure="Pass it: torso.train(model, data, out=...).")
    folder = RunFolder(Path(out))
    folder.check(resume=resume, replace=replace)
    columns = (text,) if isinstance(text, str) else text
    if model is None:
        model = base_of(read_table(data, encoding=encoding), task)
    request = TrainRequest(model, data, dev, test, task, columns, label, problem, encoding, allow_leak, device, lora)
    run = prepare(request, settings or TrainSettings())
    return train_prepared(run, folder, watch=watch, resume=resume, shard=shard)


def train_prepared(
    run: Prepared, folder: RunFolder, *, watch: Sequence[Watcher] = (), resume: bool = False, shard: bool = False
) -> Run:
    """Train, evaluate and write the folder of a run that is prepared; see `train`.

    Where torchrun started several processes, all of them call it: they take each step together, and the first writes.
    """
    with together():
        if shard:
            _shard(run)
        return _train_prepared(run, folder, watch=watch, resume=resume)


def _shard(run: Prepared) -> None:
    if isinstance(run.request.model, Model):
        raise InputError(
            "E_ARGUMENT",
            "A loaded model would not learn in place where it is divided over processes.",
            cure="Give its name or its folder.",
        )
    sharding.shard(run.model)


def _train_prepared(run: Prepared, folder: RunFolder, *, watch: Sequence[Watcher], resume: bool) -> Run:
    for module in ("sklearn", "matplotlib"):
        optional(module)  # absent, it is said now and not after hours
    settings, metric = run.settings, run.settings.metric or run.data.metric
    dev = run.examples["dev"]
    if not resume:
        folder.clear()
    facts = about(run)
    folder.write_json("run.json", {**facts, "finished": False})

    def evaluate() -> Scores:
        return part_scores(run.model, run, dev)[0]

    def save_best() -> None:
        best = sharding.saveable(run.model)
        best.save(folder.path, tokenizer=run.tokenizer)
        run.data.complete(folder.path, run.tokenizer, best)

    history: list[Row] = []
    try:
        progress = fit(
            run.model,
            run.objective,
            run.examples["train"],
            settings,
            rate=run.rate,
            evaluate=evaluate if dev else None,
            better=_better(metric) if dev else None,
            save_best=save_best,
            folder=folder.last,
            identity=run.identity,
            watch=watch,
            resume=resume,
        )
    except KeyboardInterrupt as stop:
        folder.clear_unstarted()
        if folder.last.exists():
            values = dict(folder=folder.path)
            if any(folder.path.glob("*.safetensors")):
                note = say("Go on with the same command and --resume; the best model until now is in {folder}.", values)
            else:
                note = say("Go on with the same command and --resume; {folder} holds no model yet.", values)
            stop.add_note(note)
        raise
    wait()  # until the first process has written the best model
    history = progress.history
    run.model.head_trained = True
    best = run.model
    if progress.best_step != progress.step or sharding.is_sharded(run.model):
        best = load(folder.path, run.data.task, device=run.model.device, dtype="float32")
    scores, rows, table = from_first(lambda: _finished(best, run, folder))
    folder.write_lines("history.jsonl", ({**_plain(row)} for row in history))
    spread = intervals(table) if table and run.examples["test"] else {}
    folder.write_json(
        "scores.json", {"scores": scores, "intervals": spread, "labels": rows, "best_step": progress.best_step}
    )
    if is_first():
        plot_curve(folder.run / "curve.png", history, metric)
        if table and run.data.labels is not None:
            plot_confusion(folder.run / "confusion.png", table, run.data.labels)
        write_card(folder.path / "README.md", run, scores, rows, facts["versions"]["torso"])
    folder.write_json("run.json", {**facts, "finished": True, "best_step": progress.best_step})
    folder.finish()
    return Run(best, scores, rows, history, progress.best_step, folder.path, spread)


def _better(metric: str) -> Callable[[Scores], float]:
    def better(scores: Scores) -> float:
        if metric not in scores:
            raise InputError(
                "E_ARGUMENT",
                "There is no score {metric}.",
                cure="The scores are: {known}.",
                values=dict(metric=metric, known=", ".join(scores)),
            )
        return -scores[metric] if metric in ("loss", "mse", "perplexity") else scores[metric]

    return better


def part_scores(model: Model[Any], run: Prepared, examples: Sequence[Any]) -> tuple[dict[str, float], list[Any]]:
    """Return the scores of examples, the loss among them, and the predictions."""
    predictions, loss = run.data.evaluated(model, run.tokenizer, run.objective, examples, run.settings.tokens)
    return {"loss": loss, **run.data.scores(predictions, examples)}, predictions


def _finished(
    model: Model[Any], run: Prepared, folder: RunFolder
) -> tuple[dict[str, dict[str, float]], list[dict[str, Any]], list[list[int]]]:
    """Return scores by part, scores by label and the confusion matrix, after writing predictions and mistakes."""
    scores: dict[str, dict[str, float]] = {}
    rows: list[dict[str, Any]] = []
    table: list[list[int]] = []
    for part in PARTS[1:]:
        examples = run.examples[part]
        if not examples:
            continue
        scores[part], predictions = part_scores(model, run, examples)
        majority = run.data.baseline(run.examples["train"], examples)
        if majority:
            scores["majority"] = majority
        rows, table = run.data.per_label(predictions, examples), run.data.confusion(predictions, examples)
        given = run.data.prediction_rows(predictions, examples)
        folder.write_lines(f"predictions.{part}.jsonl", given)
        mistakes = [each for each in given if each.get("right") is False]
        mistakes.sort(key=lambda each: -float(each.get("confidence", 0.0)))
        folder.write_lines(f"mistakes.{part}.jsonl", mistakes)
    return scores, rows, table


def about(run: Prepared) -> dict[str, Any]:
    """Return what run.json says of a run: all that is needed to repeat it."""
    import torch

    from torso import __version__

    return {
        "task": run.data.task.name,
        "model": run.base,
        "data": run.data.table.name,
        "labels": run.data.labels,
        "counts": {name: len(run.examples[name]) for name in PARTS},
        "settings": run.settings.plain(),
        "lora": None if run.request.lora is None else asdict(run.request.lora),
        "rate": run.rate,
        "identity": run.identity,
        "dropout": "masks follow the micro-batches: resuming is exact, another tokens= draws other masks",
        "versions": {"torso": __version__, "torch": torch.__version__, "python": platform.python_version()},
        "device": str(run.model.device),
        "threads": torch.get_num_threads(),
    }


def _plain(row: Row) -> dict[str, Any]:
    return {
        "step": row.step,
        "epoch": row.epoch,
        "loss": row.loss,
        "scores": row.scores,
        "rate": row.rate,
        "tokens": row.tokens,
        "best": row.best,
    }
