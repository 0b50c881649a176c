"""Two processes with a model divided over them (FSDP2) train as one does, and go on with each other's checkpoints."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
import torch

import torso
from torso.errors import TorsoError
from torso.training.loop import fit
from torso.training.optimiser_step import RatePlan, Stepper
from torso.training.parameter_groups import adamw, freeze, parameter_groups
from torso.training.ranks import rank, ranks, together
from torso.training.sharding import is_sharded, shard, whole
from torso.training.step_order import Step
from torso.training.train_settings import TrainSettings

if __package__:
    from tasks import small

    from .test_ranks import HEADS, made
else:  # as torchrun runs this file
    sys.path.insert(0, str(Path(__file__).parents[1]))
    from training.test_ranks import HEADS, made

NAMES = [*HEADS, "embedding", "adapter", "head"]
SETTINGS = TrainSettings(steps=6, batch=7, tokens=60, precision="float32", warmup=0, epsilon=1e-3, save_every=3)
# AdamW divides a gradient by its own size: with a small epsilon the last bit of a tiny one is much of an update.


def trained(name: str, *, folder: Path | None = None, stop: int | None = None) -> dict[str, torch.Tensor]:
    """The gradients of a step, and the weights after a run, which may be killed after some step and resumed."""
    model, objective, texts = made("token" if name in ("adapter", "head") else name)
    if name == "adapter":
        torso.lora(model, torso.Lora(rank=2), seed=0)
    if name == "head":  # no block has a gradient then, from which the backward pass of a shard would begin
        freeze(model, ["trunk"])
    if ranks() > 1:
        shard(model)
        assert is_sharded(model)
    optimiser = adamw(model, parameter_groups(model, SETTINGS, 1e-3), SETTINGS)
    plan = RatePlan(1e-3, "constant", 0, 10)
    stepper = Stepper(model.train(), objective, optimiser, plan, clip=0.5, tokens=60, precision="float32")
    taken = stepper.take(Step(1, 0, ()), texts[:7])
    found = {"loss": torch.tensor(taken.loss), "norm": torch.tensor(taken.norm)}
    with suppress(InterruptedError):
        fit(model, objective, texts, SETTINGS, rate=1e-3, folder=folder, resume=stop is None, watch=[Killed(stop)])
    with whole(model):
        return found | {key: each.detach().clone() for key, each in model.named_parameters()}


class Killed:
    """Ends a run after the checkpoint of a step, as a kill would."""

    def __init__(self, step: int | None) -> None:
        self.step = step

    def started(self, total, step): ...

    def stepped(self, step, result): ...

    def evaluated(self, row): ...

    def saved(self, folder, step) -> None:
        if step == self.step:
            raise InterruptedError

    def finished(self, step): ...


def diverges() -> None:
    model, objective, texts = made("token")
    with torch.no_grad():
        model.get_parameter("head.out.weight").fill_(float("inf"))
    shard(model)
    optimiser = adamw(model, parameter_groups(model, SETTINGS, 1e-3), SETTINGS)
    stepper = Stepper(model.train(), objective, optimiser, RatePlan(1e-3, "constant", 0, 10), tokens=60)
    with pytest.raises(TorsoError) as caught:
        stepper.take(Step(1, 0, ()), texts)
    assert caught.value.code == "E_DIVERGED"


def child(folder: Path) -> None:
    torch.set_num_threads(1)
    with together():
        for name in NAMES:
            torch.save(trained(name), folder / f"{name}.{rank()}")
        diverges()
        trained("token", folder=folder / "of-two", stop=3)
        torch.save(trained("token", folder=folder / "of-one"), folder / f"resumed.{rank()}")
        assert not (folder / "of-one/state.safetensors").exists()
        assert (folder / "of-one/state.json").exists()


def started(*command: str) -> subprocess.CompletedProcess[str]:
    start = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", *command]
    return subprocess.run(start, capture_output=True, timeout=600, text=True)


def assert_same(found: dict[str, torch.Tensor], wanted: dict[str, torch.Tensor], name: str) -> None:
    assert found.keys() == wanted.keys()
    for key, value in wanted.items():
        torch.testing.assert_close(found[key], value, rtol=1e-5, atol=1e-6, msg=f"{name}: {key}")


def test_two_shares_learn_what_one_process_does_and_checkpoints_move(tmp_path) -> None:
    trained("token", folder=tmp_path / "of-one", stop=3)
    assert (tmp_path / "of-one/state.safetensors").exists()
    done = started(__file__, str(tmp_path))
    assert done.returncode == 0, done.stderr[-3000:]
    for name in NAMES:
        wanted = trained(name)
        for number in (0, 1):
            assert_same(torch.load(tmp_path / f"{name}.{number}", weights_only=True), wanted, name)
    wanted = trained("token")
    assert_same(torch.load(tmp_path / "resumed.1", weights_only=True), wanted, "two go on with one's")
    assert (tmp_path / "of-two/state.json").exists()
    assert_same(trained("token", folder=tmp_path / "of-two"), wanted, "one goes on with two's")
    assert [each.name for each in (tmp_path / "of-two").iterdir()] == ["state.safetensors"]


def test_the_command_shards_and_leaves_the_usual_folder(tmp_path) -> None:
    base = small.save(tmp_path / "base", torso.Task.MASKED_LM, initializer_range=0.1)
    changes = json.loads((base / "config.json").read_text())
    changes |= {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
    (base / "config.json").write_text(json.dumps(changes))
    dice = random.Random(1)
    rows = ["".join(dice.choices("我今天读书", k=dice.randint(3, 9))) + dice.choice("好不") for _ in range(80)]
    data = tmp_path / "a.csv"
    data.write_text("text,label\n" + "".join(f"{text},{'good' if '好' in text else 'bad'}\n" for text in rows))
    out = tmp_path / "two"
    common = ["train", "--data", str(data), "-m", str(base), "--steps", "12", "--batch", "8", "--rate", "1e-3"]
    done = started("-m", "torso", *common, "--out", str(out), "--shard", "--json")
    assert done.returncode == 0, done.stderr[-3000:]
    one = torso.train(
        base, data, out=tmp_path / "one", settings=TrainSettings(steps=12, batch=8, rate=1e-3), device="cpu"
    )
    found = json.loads(done.stdout.splitlines()[-1])["scores"]["test"]["loss"]
    assert found == pytest.approx(one.scores["test"]["loss"], rel=1e-2)
    names = {str(each.relative_to(tmp_path / "one")) for each in (tmp_path / "one").rglob("*")}
    assert {str(each.relative_to(out)) for each in out.rglob("*")} == names
    loaded = torso.load(out, torso.Task.SEQUENCE)
    for key, value in one.model.named_parameters():
        torch.testing.assert_close(dict(loaded.named_parameters())[key], value, rtol=1e-2, atol=1e-3)


def test_one_process_has_nothing_to_shard() -> None:
    model, _, _ = made("token")
    with pytest.raises(TorsoError) as caught:
        shard(model)
    assert caught.value.code == "E_ARGUMENT"


if __name__ == "__main__":
    child(Path(sys.argv[1]))
