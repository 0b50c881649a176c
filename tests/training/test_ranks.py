"""Two processes take a step together, as torchrun starts them, and end with the gradients and weights of one."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import torso
from torso.training.embedding_objective import EmbeddingObjective
from torso.training.examples import Example
from torso.training.loop import fit
from torso.training.optimiser_step import RatePlan, Stepper
from torso.training.parameter_groups import adamw, parameter_groups
from torso.training.ranks import dealt, rank, together
from torso.training.step_order import Step
from torso.training.train_settings import TrainSettings

if __package__:
    from tasks import small

    from . import drawn
else:  # as torchrun runs this file
    sys.path.insert(0, str(Path(__file__).parents[1]))
    from training import drawn

HEADS = [name for name in drawn.OBJECTIVES if name != "sequence-weighted"]


def made(name: str):
    if name == "embedding":
        model, _ = drawn.made("token")
        features = torso.new_model(model.config, torso.Task.FEATURES, seed=1)
        features.set({"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0})
        for parameter in features.head.parameters():
            parameter.requires_grad_(False)
        texts = drawn.examples("seq2seq-lm", 16)
        return features, EmbeddingObjective("multiple-negatives"), [Example(each.inputs, None) for each in texts]
    return *drawn.made(name), drawn.examples(name, 16)


def step_of(name: str) -> dict[str, torch.Tensor]:
    """The gradients of a step, and the weights after two."""
    model, objective, texts = made(name)
    settings = TrainSettings(steps=2, batch=8, precision="float32", warmup=0)
    optimiser = adamw(model, parameter_groups(model, settings, 1e-3), settings)
    plan = RatePlan(1e-3, "constant", 0, 10)
    taken = Stepper(model.train(), objective, optimiser, plan, clip=None, tokens=100).take(Step(1, 0, ()), texts)
    found = {f"gradient.{key}": each.grad for key, each in model.named_parameters() if each.grad is not None}
    fit(model, objective, texts, settings, rate=1e-3)
    return {**found, **dict(model.named_parameters()), "loss": torch.tensor(taken.loss)}


class OutOfMemoryOnce:
    """Lets the second process run out of memory in the second pass of a step, once."""

    def __init__(self, objective) -> None:
        self.real, self.left = objective.vectors, rank() == 1
        objective.vectors = self

    def __call__(self, out, chosen):
        if self.left and torch.is_grad_enabled() and len(chosen) > 1:
            self.left = False
            raise torch.OutOfMemoryError("CUDA out of memory")
        return self.real(out, chosen)


def child(folder: str) -> None:
    torch.set_num_threads(1)
    with together():
        model, objective, texts = made("embedding")
        short = OutOfMemoryOnce(objective)
        plan = RatePlan(1e-3, "constant", 0, 10)
        optimiser = adamw(model, parameter_groups(model, TrainSettings(), 1e-3), TrainSettings())
        stepper = Stepper(model.train(), objective, optimiser, plan, clip=None, tokens=100, precision="float32")
        stepper.take(Step(1, 0, ()), texts)
        gradients = {f"gradient.{key}": each.grad for key, each in model.named_parameters() if each.grad is not None}
        facts = {"tokens": torch.tensor(stepper.tokens), "left": torch.tensor(short.left)}
        torch.save({**gradients, **facts}, f"{folder}/memory.{rank()}")
        for name in [*HEADS, "embedding"]:
            torch.save({key: each.detach() for key, each in step_of(name).items()}, f"{folder}/{name}.{rank()}")


def test_two_processes_have_the_gradients_of_one(tmp_path) -> None:
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", __file__]
    done = subprocess.run([*command, str(tmp_path)], capture_output=True, timeout=600, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    for name in [*HEADS, "embedding"]:
        wanted = step_of(name)
        one, two = (torch.load(tmp_path / f"{name}.{number}", weights_only=True) for number in (0, 1))
        for key, value in wanted.items():
            assert torch.equal(one[key], two[key]), f"{name}: {key}"
            if key.startswith(("gradient", "loss")):  # a step of Adam makes much of the last bit
                torch.testing.assert_close(one[key], value, rtol=1e-5, atol=1e-6, msg=f"{name}: {key}")
    one, two = (torch.load(tmp_path / f"memory.{number}", weights_only=True) for number in (0, 1))
    assert one["tokens"] == 100 > two["tokens"]
    assert not two["left"]
    for key, value in step_of("embedding").items():
        if key.startswith("gradient"):
            torch.testing.assert_close(one[key], value, rtol=1e-5, atol=1e-6, msg=key)
            assert torch.equal(one[key], two[key]), key


def test_the_command_is_started_by_torchrun(tmp_path) -> None:
    base = small.save(tmp_path / "base", torso.Task.MASKED_LM, initializer_range=0.1)
    changes = json.loads((base / "config.json").read_text())
    changes |= {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
    (base / "config.json").write_text(json.dumps(changes))
    data = tmp_path / "a.csv"
    dice = random.Random(1)
    rows = ["".join(dice.choices("我今天读书", k=dice.randint(3, 9))) + dice.choice("好不") for _ in range(80)]
    data.write_text("text,label\n" + "".join(f"{text},{'good' if '好' in text else 'bad'}\n" for text in rows))
    common = ["train", "--data", data, "-m", base, "--steps", "12", "--batch", "8", "--rate", "1e-3", "--json"]
    found = []
    for name, start in (("one", []), ("two", ["torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m"])):
        command = [sys.executable, "-m", *start, "torso", *map(str, common), "--out", str(tmp_path / name)]
        done = subprocess.run(command, capture_output=True, timeout=300, text=True)
        assert done.returncode == 0, done.stderr[-3000:]
        found.append([json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")])
        assert not (tmp_path / name / "run/last").exists()
    one, two = found
    assert len(one) == len(two)
    assert two[-1]["scores"]["test"]["loss"] == pytest.approx(one[-1]["scores"]["test"]["loss"], rel=1e-2)


@pytest.mark.parametrize("count", [1, 2, 5])
def test_texts_are_dealt_by_tokens(count) -> None:
    sizes = [random.Random(3).randint(1, 100) for _ in range(40)]
    hands = dealt(sizes, count)
    assert sorted(index for hand in hands for index in hand) == list(range(40))
    held = [sum(sizes[index] for index in hand) for hand in hands]
    assert max(held) - min(held) <= max(sizes)
    assert dealt([5], 2) == [[0], []]


if __name__ == "__main__":
    child(sys.argv[1])
