"""Everything before the first step: rows, parts, labels, the model, examples, what is cut and what learns."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from torso.adapters.attach_lora import lora
from torso.adapters.lora_settings import Lora
from torso.architecture import Task
from torso.engines.device import choose
from torso.errors import InputError
from torso.loading.load import load, load_tokenizer
from torso.model import Model
from torso.tasks.ready import make_ready
from torso.text import Tokenizer
from torso.training.data_files import Data, Table, read_table
from torso.training.examples import Example
from torso.training.objective import Objective
from torso.training.parameter_groups import freeze, learning
from torso.training.splitting import Parts, leaks, refuse_leaks, split
from torso.training.task_data import TaskData
from torso.training.task_kinds import data_of
from torso.training.text_reader import TextReader
from torso.training.train_settings import TrainSettings, default_rate

PARTS = ("train", "dev", "test")


@dataclass(frozen=True, slots=True)
class TrainRequest:
    """What a run is asked to do.

    Attributes:
        model: a folder, a name, or a loaded model.
        data: the training data.
        dev: development data; None takes a part of ``data``.
        test: test data; None takes a part of ``data``.
        task: name of the task; None finds it in the columns.
        text: columns of the text; None finds them.
        label: column of the label; None finds it.
        problem: ``regression`` for numbers; None for labels.
        encoding: of text files; None for UTF-8.
        allow_leak: whether training texts may be in given development or test data.
        device: where to train; None for an accelerator if there is one.
        lora: the low-rank adapter that learns in place of the model; None for none.
    """

    model: str | os.PathLike[str] | Model[Any]
    data: Data
    dev: Data | None = None
    test: Data | None = None
    task: str | None = None
    text: Sequence[str] | None = None
    label: str | None = None
    problem: str | None = None
    encoding: str | None = None
    allow_leak: bool = False
    device: str | torch.device | None = None
    lora: Lora | None = None


@dataclass(frozen=True, slots=True)
class Prepared:
    """A run before its first step.

    Attributes:
        request: what was asked.
        settings: of the run.
        data: of the task.
        parts: rows of each part of ``data``, and what was left out.
        examples: of ``train``, ``dev`` and ``test``; a part may be empty.
        model: in evaluation mode.
        tokenizer: limited to what the model takes.
        objective: of the training examples.
        reader: counted what was read.
        rate: peak learning rate.
        new: parameters that the checkpoint does not hold.
        frozen: parameters that do not learn.
        identity: digest of data, model and settings.
    """

    request: TrainRequest
    settings: TrainSettings
    data: TaskData
    parts: Parts
    examples: dict[str, list[Example]]
    model: Model[Any]
    tokenizer: Tokenizer
    objective: Objective[Any]
    reader: TextReader
    rate: float
    new: tuple[str, ...]
    frozen: tuple[str, ...]
    identity: str

    @property
    def base(self) -> str:
        """Name of the model that the run begins with."""
        if isinstance(self.request.model, Model):
            return self.request.model.architecture.family
        return os.fspath(self.request.model)


def prepare(request: TrainRequest, settings: TrainSettings) -> Prepared:
    """Read the data, load the model, and make examples. Nothing is written.

    Raises:
        TorsoError: data, columns, labels, model or texts cannot be used; see the parts that this calls.
    """
    table = read_table(request.data, encoding=request.encoding)
    data = data_of(table, request.task, request.text, request.label, request.problem)
    data.require_learnable()
    others = {
        name: data.with_table(read_table(given, encoding=request.encoding))
        for name, given in (("dev", request.dev), ("test", request.test))
        if given is not None
    }
    parts = split(
        data.keys(),
        data.answers(),
        seed=settings.seed,
        dev="dev" not in others,
        test="test" not in others,
        groups=data.grouped,
    )
    _refuse_empty(parts, table)
    _check_leaks(data, parts, others, request)
    model, tokenizer = _model(request, data, settings)
    if request.lora is not None:
        lora(model, request.lora, seed=settings.seed)
    data.refuse_settings(settings)
    data.adapt(model)
    reader = TextReader(tokenizer, settings.long)
    examples = {
        name: others[name].examples(range(len(others[name].table.rows)), reader)
        if name in others
        else data.examples(getattr(parts, name), reader)
        for name in PARTS
    }
    reader.refuse_long()
    if not examples["train"]:
        raise InputError(
            "E_DATA",
            "No training text is left: {dropped} were too long and dropped.",
            cure="Read their beginning: --long truncate.",
            values=dict(dropped=len(reader.long_rows)),
        )
    freeze(model, settings.freeze)
    learnt = learning(model)
    frozen = [name for name, _ in model.named_parameters() if name not in learnt]
    rate = settings.rate or default_rate(
        sum(each.numel() for each in learnt.values()),
        decoder=model.task is Task.CAUSAL_LM,
        adapter=model.adapter is not None,
    )
    new = () if model.report is None else tuple(model.report.new)
    objective = data.objective(examples["train"], settings)
    identity = _identity(examples, settings, model, data, request.lora)
    return Prepared(
        request,
        settings,
        data,
        parts,
        examples,
        model,
        tokenizer,
        objective,
        reader,
        rate,
        new,
        tuple(frozen),
        identity,
    )


def _refuse_empty(parts: Parts, table: Table) -> None:
    if not parts.train:
        raise InputError(
            "E_DATA",
            "{file} has {count} different texts; none is left to train on after the split.",
            cure="Add rows, or give dev and test data of their own: --dev FILE --test FILE",
            values=dict(file=table.name, count=len(parts.dev) + len(parts.test)),
        )


def _check_leaks(data: TaskData, parts: Parts, others: dict[str, TaskData], request: TrainRequest) -> None:
    keys = data.keys()
    for other in others.values():
        found = [parts.train[index] for index in leaks([keys[row] for row in parts.train], other.keys())]
        parts.leaks += found
        refuse_leaks(found, data.table.lines, other.table.name, allowed=request.allow_leak)


def _model(request: TrainRequest, data: TaskData, settings: TrainSettings) -> tuple[Model[Any], Tokenizer]:
    """Return the model with a head for the data's labels, and its tokenizer."""
    if isinstance(request.model, Model):
        ready = make_ready(request.model, data.task, untrained=True)
        model, tokenizer = ready.model, ready.tokenizer
        if data.labels is not None:
            _take_order(data, list((model.config.id2label or {}).values()))
            if model.config.labels != len(data.labels):
                raise InputError(
                    "E_LABELS",
                    "The model's head has {there} labels; the data has {count}: {names}.",
                    cure="Load it again with labels=[...] and new_head=True, or give its name or folder.",
                    values=dict(there=model.config.labels, count=len(data.labels), names=", ".join(data.labels[:8])),
                )
            model.set({"id2label": dict(enumerate(data.labels)), **data.config})
        return model, tokenizer
    tokenizer = load_tokenizer(request.model)
    labels = data.labels
    if labels is not None:
        from torso.hub import resolve
        from torso.loading.load import read_config

        _, config = read_config(resolve(request.model).folder)
        _take_order(data, list((config.id2label or {}).values()))
        labels = data.labels
    torch.manual_seed(settings.seed)  # a new head is drawn from it
    model = load(
        request.model,
        data.task,
        labels=labels,
        new_head=True,
        changes=data.config or None,
        device=choose(request.device),
        dtype="float32",
    )
    return model, tokenizer.limited(model.max_tokens)


def _take_order(data: TaskData, there: list[str]) -> None:
    """Let the data's labels have the order of the model's, where both are the same names."""
    if data.labels is not None and set(there) == set(data.labels):
        data.order_labels(there)


def _identity(
    examples: dict[str, list[Example]], settings: TrainSettings, model: Model[Any], data: TaskData, adapter: Lora | None
) -> str:
    digest = hashlib.blake2b(digest_size=16)
    source = "" if model.report is None else Path(model.report.source).name
    shapes = [(name, tuple(each.shape)) for name, each in model.named_parameters()]
    for each in (settings.plain(), data.labels, source, shapes, adapter):
        digest.update(repr(each).encode())
    for name in PARTS:
        digest.update(name.encode())
        for each in examples[name]:
            digest.update(repr((each.label, [list(text.ids) for text in each.inputs])).encode())
    return digest.hexdigest()
