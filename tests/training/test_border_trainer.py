"""`Trainer` and its kin under transformers' names, held to transformers' own where that is there to compare."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import torso
from contract.reference import make
from lazy import LazyModule
from torso import Trainer, TrainingArguments
from torso.errors import TorsoError

transformers = LazyModule("transformers")

pytestmark = pytest.mark.filterwarnings("ignore")

NO_DROPOUT = {
    "bert": {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0},
    "gpt2": {"resid_pdrop": 0.0, "attn_pdrop": 0.0, "embd_pdrop": 0.0},
    "t5": {"dropout_rate": 0.0},
}
QUIET: dict[str, Any] = {"report_to": "none", "disable_tqdm": True, "use_cpu": True}


def rows_of(kind: str, words: int, count: int = 40) -> list[dict[str, Any]]:
    dice = torch.Generator().manual_seed(0)

    def whole(low: int, high: int, size: int = 1) -> list[int]:
        return torch.randint(low, high, (size,), generator=dice).tolist()

    rows: list[dict[str, Any]] = []
    for _ in range(count):
        ids = whole(5, words, whole(3, 12)[0])
        labels = {"class": whole(0, 2)[0], "tokens": whole(0, 3, len(ids)), "next": ids, "targets": whole(5, words, 6)}
        rows.append({"input_ids": ids, "attention_mask": [1] * len(ids), "labels": labels[kind]})
    return rows


def collate(rows: list[dict[str, Any]]) -> dict[str, torch.Tensor]:
    width = max(len(row["input_ids"]) for row in rows)
    found: dict[str, list[Any]] = {name: [] for name in rows[0]}
    for row in rows:
        for name, value in row.items():
            fill = [-100 if name == "labels" else 0] * (width - len(row["input_ids"]))
            same = isinstance(value, list) and len(value) == len(row["input_ids"])
            found[name].append(value + fill if same else value)
    return {name: torch.tensor(values) for name, values in found.items()}


def losses(trainer: Any) -> list[float]:
    return [row["loss"] for row in trainer.state.log_history if "loss" in row]


CURVES = [
    ("bert", "sequence-two", "class", "AutoModelForSequenceClassification", 1),
    ("bert", "sequence-two", "class", "AutoModelForSequenceClassification", 2),
    ("bert", "token", "tokens", "AutoModelForTokenClassification", 1),
    ("gpt2", "causal-lm", "next", "AutoModelForCausalLM", 1),
]


@pytest.mark.parametrize(("family", "case", "kind", "name", "parts"), CURVES)
def test_twenty_steps_are_those_of_transformers(family, case, kind, name, parts, tmp_path) -> None:
    made = make(family, "plain", case, tmp_path / "base", **NO_DROPOUT[family])
    rows = rows_of(kind, made.config.vocab_size)
    settings = dict(
        per_device_train_batch_size=4,
        gradient_accumulation_steps=parts,
        max_steps=20,
        learning_rate=1e-3,
        weight_decay=0.01,
        warmup_steps=3,
        logging_steps=1,
        save_strategy="no",
        **QUIET,
    )
    reference = type(made.model).from_pretrained(tmp_path / "base", attn_implementation="eager")
    # Of several batches transformers adds up the means for a head that takes no number of items: loss and gradient are
    # so many times too large. A step of all of them at once is what it should be, and what ours is.
    at_once = settings | dict(per_device_train_batch_size=4 * parts, gradient_accumulation_steps=1)
    there = transformers.TrainingArguments(str(tmp_path / "theirs"), **at_once)
    theirs = transformers.Trainer(reference, there, train_dataset=rows, data_collator=collate)
    theirs.train()
    here = TrainingArguments(str(tmp_path / "ours"), **settings)
    model = getattr(torso, name).from_pretrained(str(tmp_path / "base"))
    ours = Trainer(model, here, train_dataset=rows, data_collator=collate)
    ours.train()
    assert len(losses(ours)) == 20
    if kind == "next":
        # transformers divides by all labels, although nothing foretells a text's first: its loss is smaller by the
        # share of first tokens. Adam and clipping follow the direction of the gradient, which is the same.
        order = torch.randperm(40, generator=torch.Generator().manual_seed(42)).tolist()[:4]
        total = sum(len(rows[index]["labels"]) for index in order)
        assert losses(ours)[0] * (total - 4) / total == pytest.approx(losses(theirs)[0], abs=1e-4)
        return
    assert losses(ours) == pytest.approx(losses(theirs), abs=1e-4)
    rates = [[row["learning_rate"] for row in each.state.log_history if "loss" in row] for each in (ours, theirs)]
    assert rates[0] == pytest.approx(rates[1], rel=1e-6)


@pytest.fixture
def base(tmp_path) -> Path:
    make("bert", "plain", "sequence-two", tmp_path / "base")
    return tmp_path / "base"


def trainer(base: Path, out: Path, **more: Any) -> Trainer:
    model = torso.AutoModelForSequenceClassification.from_pretrained(str(base))
    others = {name: more.pop(name) for name in ("callbacks", "compute_metrics") if name in more}
    settings = {"per_device_train_batch_size": 4, "learning_rate": 1e-3, "logging_steps": 1, **QUIET, **more}
    rows = rows_of("class", model.config.vocab_size, 24)
    arguments = TrainingArguments(str(out), **settings)
    return Trainer(model, arguments, collate, rows[:16], rows[16:], **others)


def accuracy(prediction: Any) -> dict[str, float]:
    scores, labels = prediction
    return {"accuracy": float((scores.argmax(-1) == labels).mean())}


def test_a_resumed_run_is_the_run_in_one_go(base, tmp_path) -> None:
    whole = trainer(base, tmp_path / "whole", num_train_epochs=3, save_strategy="no")
    whole.train()
    part = trainer(base, tmp_path / "part", num_train_epochs=3, save_steps=5)
    part.train()
    again = trainer(base, tmp_path / "part", num_train_epochs=3, save_steps=5)
    again.train(resume_from_checkpoint=str(tmp_path / "part" / "checkpoint-5"))
    assert again.state.global_step == 12
    for one, other in zip(whole.model.parameters(), again.model.parameters(), strict=True):
        assert one.equal(other)
    assert losses(again) == losses(whole)
    assert (tmp_path / "part" / "checkpoint-10").is_dir()
    last = trainer(base, tmp_path / "part", num_train_epochs=3, save_steps=5)
    last.train(resume_from_checkpoint=True)
    assert losses(last) == losses(whole)
    with pytest.raises(TorsoError, match="E_NO_CHECKPOINT"):
        trainer(base, tmp_path / "nothing").train(resume_from_checkpoint=True)


def test_the_best_model_is_what_is_left(base, tmp_path) -> None:
    made = trainer(
        base,
        tmp_path / "run",
        num_train_epochs=4,
        eval_strategy="epoch",
        save_strategy="epoch",
        load_best_model_at_end=True,
        metric_for_best_model="accuracy",
        save_total_limit=1,
        compute_metrics=accuracy,
    )
    made.train()
    scores = [row["eval_accuracy"] for row in made.state.log_history if "eval_accuracy" in row]
    assert len(scores) == 4
    assert made.state.best_metric == max(scores)
    assert made.evaluate()["eval_accuracy"] == max(scores)
    left = {each.name for each in (tmp_path / "run").glob("checkpoint-*")}
    best = Path(made.state.best_model_checkpoint).name
    assert best in left
    assert left <= {best, "checkpoint-16"}
    loaded = torso.AutoModelForSequenceClassification.from_pretrained(tmp_path / "run" / best)
    for one, other in zip(loaded.parameters(), made.model.parameters(), strict=True):
        assert one.equal(other)


def test_early_stopping_and_callbacks(base, tmp_path) -> None:
    seen: list[str] = []

    class Watcher(torso.TrainerCallback):
        def on_epoch_end(self, args, state, control, **kwargs):
            seen.append(f"epoch {state.epoch:g}")

        def on_log(self, args, state, control, **kwargs):
            seen.extend(kwargs["logs"].keys() & {"eval_loss"})

    made = trainer(
        base,
        tmp_path / "run",
        num_train_epochs=9,
        eval_strategy="epoch",
        save_strategy="epoch",
        metric_for_best_model="same",
        greater_is_better=True,
        compute_metrics=lambda prediction: {"same": 1.0},
        callbacks=[torso.EarlyStoppingCallback(2), Watcher],
    )
    made.train()
    assert made.state.epoch == 3
    assert seen == ["epoch 1", "eval_loss", "epoch 2", "eval_loss", "epoch 3", "eval_loss"]


def test_predictions_are_those_of_transformers(base, tmp_path) -> None:
    made = trainer(base, tmp_path / "run", compute_metrics=accuracy)
    reference = transformers.AutoModelForSequenceClassification.from_pretrained(base, attn_implementation="eager")
    there = transformers.TrainingArguments(str(tmp_path / "theirs"), **QUIET)
    other = transformers.Trainer(reference, there, data_collator=collate, compute_metrics=accuracy)
    rows = rows_of("class", made.model.config.vocab_size, 19)
    ours, theirs = made.predict(rows), other.predict(rows)
    np.testing.assert_allclose(ours.predictions, theirs.predictions, atol=1e-5)
    assert (ours.label_ids == theirs.label_ids).all()
    for name in ("test_loss", "test_accuracy"):
        assert ours.metrics[name] == pytest.approx(theirs.metrics[name], abs=1e-5)


def test_a_model_of_one_s_own_and_a_loss_of_one_s_own(tmp_path) -> None:
    class Line(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = torch.nn.Linear(2, 1)

        def forward(self, x, labels=None):
            out = self.weight(x)[:, 0]
            return {"loss": None if labels is None else ((out - labels) ** 2).mean(), "logits": out}

    class Doubled(Trainer):
        def compute_loss(self, model, inputs, return_outputs=False, num_items_in_batch=None):
            loss, out = super().compute_loss(model, inputs, return_outputs=True)
            return (2 * loss, out) if return_outputs else 2 * loss

    rows = [{"x": [float(i), 1.0], "labels": 2.0 * i, "unused": "text"} for i in range(8)]
    arguments = TrainingArguments(str(tmp_path / "o"), num_train_epochs=150, learning_rate=0.1, **QUIET)
    made = Doubled(Line(), arguments, train_dataset=rows, eval_dataset=rows)
    made.train()
    assert made.evaluate()["eval_loss"] < 1


REFUSED = {
    "fp16": (dict(fp16=True), "bf16=True"),
    "deepspeed": (dict(deepspeed="x.json"), "deepspeed"),
    "hub": (dict(push_to_hub=True), "Hub"),
    "a service": (dict(report_to="wandb"), "report_to"),
    "a slip": (dict(learning_rat=1e-3), "learning_rate"),
    "a strategy": (dict(eval_strategy="sometimes"), "eval_strategy"),
    "an optimiser": (dict(optim="lion"), "optim"),
    "a batch of none": (dict(per_device_train_batch_size=0), "per_device_train_batch_size"),
    "best of what is not saved": (dict(load_best_model_at_end=True, save_strategy="epoch"), "save_strategy"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_not_followed_is_refused_with_the_reason(case) -> None:
    values, named = REFUSED[case]
    with pytest.raises(TorsoError, match=named):
        TrainingArguments("o", **values)


def test_what_divides_a_model_is_refused_with_the_command_that_does(base, tmp_path, monkeypatch) -> None:
    """The command itself is run by tests/training/test_sharding.py, on two processes."""
    for name, value in {
        "fsdp": "full_shard auto_wrap",
        "fsdp_config": {"min_num_params": 0},
        "deepspeed": "z.json",
    }.items():
        with pytest.raises(TorsoError, match=rf"{name} divides.*torchrun .*-m torso train .*--shard") as caught:
            TrainingArguments(**{name: value})
        assert caught.value.code == "E_ARGUMENT"
    made = trainer(base, tmp_path / "run")
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(TorsoError, match=r"torchrun started 2 processes.*-m torso train") as caught:
        made.train()
    assert caught.value.code == "E_SHARD"
    assert not (tmp_path / "run").exists()


def test_older_names_and_values_without_effect_are_taken() -> None:
    made = TrainingArguments("o", evaluation_strategy="epoch", fp16=False, push_to_hub=False, report_to="none")
    assert made.eval_strategy == "epoch"


def test_schedules_are_those_of_transformers() -> None:
    for name in ("linear", "cosine"):
        rates: list[list[float]] = []
        for library in (torso, transformers):
            optimiser = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
            schedule = getattr(library, f"get_{name}_schedule_with_warmup")(optimiser, 3, 12)
            found: list[float] = []
            for _ in range(12):
                found.append(schedule.get_last_lr()[0])
                optimiser.step()
                schedule.step()
            rates.append(found)
        assert rates[0] == pytest.approx(rates[1])


def test_checkpoints_of_a_class_of_ones_own_can_be_loaded(tmp_path):
    import torch

    import torso

    config = torso.BertConfig(
        vocab_size=12, hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8
    )

    class Twins(torso.BertPreTrainedModel):
        def __init__(self, config):
            super().__init__(config)
            self.bert = torso.BertModel(config)

        def forward(self, input_ids=None, labels=None):
            first, second = (self.bert(input_ids[:, side])[1] for side in (0, 1))
            near = torch.cosine_similarity(first, second)
            return ((near - labels).square().mean(), near)

    rows = [{"input_ids": [[2, 5, 3], [2, 6, 3]], "labels": 1.0}, {"input_ids": [[2, 7, 3], [2, 8, 3]], "labels": 0.0}]
    model = Twins(config)
    args = torso.TrainingArguments(
        str(tmp_path), optim="adafactor", gradient_checkpointing=True, num_train_epochs=2, save_strategy="epoch",
        learning_rate=1e-3, disable_tqdm=True,
    )  # fmt: skip
    torso.Trainer(model, args, train_dataset=rows, data_collator=torso.default_data_collator).train()
    again = Twins.from_pretrained(tmp_path / "checkpoint-2")
    for name, value in model.state_dict().items():
        torch.testing.assert_close(again.state_dict()[name], value, rtol=0, atol=0)


def test_adafactor_steps_as_transformers_does():
    import torch
    import transformers

    from torso.training.adafactor import Adafactor

    torch.manual_seed(0)
    start = [torch.randn(6, 4), torch.randn(5), torch.randn(2, 3, 4)]
    sides = []
    for optimiser_of in (
        lambda given: Adafactor(given, lr=1e-2, weight_decay=0.1),
        lambda given: transformers.Adafactor(
            given, lr=1e-2, weight_decay=0.1, scale_parameter=False, relative_step=False
        ),
    ):
        parameters = [torch.nn.Parameter(each.clone()) for each in start]
        optimiser = optimiser_of(parameters)
        generator = torch.Generator().manual_seed(1)
        for _ in range(5):
            for each in parameters:
                each.grad = torch.randn(each.shape, generator=generator)
            optimiser.step()
        sides.append(parameters)
    for ours, theirs in zip(*sides, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-6)
