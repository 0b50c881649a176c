"""Fifty steps, loss by loss, beside transformers' models in a plain loop as its Trainer runs it."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from itertools import islice
from typing import Any

import pytest
import torch
from torch import Tensor

import torso
from contract.families import FAMILIES, cases_of
from contract.reference import reference_class
from lazy import LazyModule
from torso.training.examples import Tokens
from torso.training.loop import fit
from torso.training.step_order import steps
from torso.training.train_settings import TrainSettings

from . import drawn

transformers = LazyModule("transformers")

EVERYWHERE = os.environ.get("TORSO_ALL_CURVES")
"""Set, all heads of six families take fifty steps each; otherwise one head does, and the others ten."""
SETTINGS: dict[str, Any] = dict(batch=8, warmup=5, weight_decay=0.1, clip=1.0, precision="float32")
USUAL = [
    ("bert", "sequence-single"),
    ("bert", "sequence-multi"),
    ("bert", "sequence-number"),
    ("bert", "token"),
    ("bert", "span"),
    ("bert", "choice"),
    ("roberta", "masked-lm"),
    ("gpt2", "causal-lm"),
    ("t5", "seq2seq-lm"),
]
FAMILIES_ALL = ("bert", "roberta", "deberta-v2", "modernbert", "gpt2", "t5")
HEADS = tuple(name for name in drawn.OBJECTIVES if name != "sequence-weighted")
CASES = (
    [(family, head) for family in FAMILIES_ALL for head in HEADS if head in cases_of(family)] if EVERYWHERE else USUAL
)
NO_DECAY = re.compile(r"bias|layernorm|rmsnorm|(?:^|\.)norm(?:$|\.)|_norm(?:$|\.)", re.IGNORECASE)


def padded(rows: list[list[int]], fill: int) -> Tensor:
    wide = max(map(len, rows))
    return torch.tensor([[*row, *[fill] * (wide - len(row))] for row in rows])


def inputs_of(head: str, chosen: list[Any], pad: int) -> dict[str, Tensor]:
    ids = [list(each.inputs[0].ids) for each in chosen]
    if head == "choice":
        ids = [list(one.ids) for each in chosen for one in each.inputs]
    given = {"input_ids": padded(ids, pad), "attention_mask": padded([[1] * len(row) for row in ids], 0)}
    labels = [each.label for each in chosen]
    if head == "choice":
        given = {name: each.view(len(chosen), 3, -1) for name, each in given.items()}
        return {**given, "labels": torch.tensor(labels)}
    if head == "span":
        starts, ends = torch.tensor(labels).unbind(1)
        return {**given, "start_positions": starts, "end_positions": ends}
    if head.startswith("sequence"):
        return {**given, "labels": torch.tensor(labels).squeeze(-1)}
    return {**given, "labels": padded([list(label) for label in labels], drawn.IGNORED)}


def theirs(model: Any, head: str, batches: list[list[Any]], pad: int) -> list[float]:
    """The losses of a loop as transformers' Trainer runs it."""
    modules = {f"{name}.weight" for name, each in model.named_modules() if isinstance(each, torch.nn.LayerNorm)}
    named = list(model.named_parameters())
    decayed = [each for name, each in named if not NO_DECAY.search(name) and name not in modules]
    rest = [each for name, each in named if NO_DECAY.search(name) or name in modules]
    optimiser = torch.optim.AdamW(
        [{"params": decayed}, {"params": rest, "weight_decay": 0.0}], lr=1e-3, weight_decay=0.1
    )
    schedule = transformers.get_linear_schedule_with_warmup(optimiser, 5, len(batches))
    losses = []
    for chosen in batches:
        loss = model(**inputs_of(head, chosen, pad)).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        optimiser.zero_grad()
        losses.append(float(loss.detach()))
    return losses


@pytest.mark.parametrize(("family", "head"), CASES)
def test_fifty_steps_have_the_losses_of_transformers(family, head, tmp_path) -> None:
    total = 50 if EVERYWHERE or head == "sequence-single" else 10
    case = cases_of(family)[head]
    torch.manual_seed(len(family + head))
    values = {**next(iter(FAMILIES[family].configs.values())), **case.values, "initializer_range": 0.1}
    values |= dict.fromkeys(FAMILIES[family].dropouts, 0.0)
    settings = transformers.AutoConfig.for_model(family, **values)
    settings._attn_implementation = "eager"
    reference = reference_class(family, case.task)(settings).train()
    reference.save_pretrained(tmp_path)
    model = torso.load(tmp_path, case.task)
    objective = drawn.OBJECTIVES[head][1]
    texts = drawn.examples(head, 20, vocabulary=model.config.vocab_size, classes=case.values.get("num_labels", 4))
    if family == "t5" and head.startswith("sequence"):  # its head reads the end token's row
        texts = [replace(each, inputs=(Tokens.plain([*each.inputs[0].ids, 1]),)) for each in texts]
    pad = settings.pad_token_id if settings.pad_token_id is not None else 0
    batches = [[texts[index] for index in step.texts] for step in steps(20, batch=8, total=total)]
    wanted = theirs(reference, head, batches, pad)

    class Losses(list):
        def started(self, total, step): ...
        def stepped(self, step, result):
            self.append(result.loss)

        def evaluated(self, row): ...
        def saved(self, folder, step): ...
        def finished(self, step): ...

    found = Losses()
    fit(model, objective, texts, TrainSettings(tokens=60, steps=total, **SETTINGS), rate=1e-3, watch=[found])
    assert found == pytest.approx(wanted, rel=1e-4, abs=1e-5)
    assert min(islice(found, total - 5, None)) < found[0]
