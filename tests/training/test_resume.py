"""A run that was killed and resumed ends with the bits of one that was not."""

from __future__ import annotations

import os
import signal
import traceback
import warnings
from pathlib import Path

import pytest
import torch

from torso.errors import FileFormatError, TrainingError
from torso.training import loop
from torso.training.loop import fit
from torso.training.run_state import FILE, read_facts
from torso.training.train_settings import TrainSettings

from . import drawn

KILLS = range(1, 14) if os.environ.get("TORSO_ALL_KILLS") else (4, 7)
"""Steps at which the process is killed: in the middle of the one after an even one; while an odd one is saved."""
SETTINGS = TrainSettings(steps=14, batch=4, tokens=30, evaluate_every=5, save_every=1, precision="float32")


def train(folder: Path, result: Path, stop: int | None) -> None:
    model, objective = drawn.made("token", dropout=True)
    real_total, real_save = objective.total, loop.save_state

    def total(out, chosen):
        if (folder / FILE).exists() and read_facts(folder)["progress"]["step"] == stop:
            os.kill(os.getpid(), signal.SIGKILL)
        return real_total(out, chosen)

    def save(*given) -> None:
        if given[-1]["progress"]["step"] == stop:
            os.fsync = lambda _: os.kill(os.getpid(), signal.SIGKILL)
        real_save(*given)

    if stop is not None and stop % 2:
        loop.save_state = save
    elif stop is not None:
        objective.total = total
    texts = drawn.examples("token", 22)
    fit(model, objective, texts, SETTINGS, rate=1e-2, folder=folder, identity="i", resume=True)
    torch.save({name: each.detach() for name, each in model.named_parameters()}, result)


def run(folder: Path, result: Path, stop: int | None = None) -> int:
    """Train in a child process, to the end or until it is killed; return how it ended, as `subprocess` does."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the threads of this process do nothing here
        child = os.fork()
    if child == 0:
        try:
            train(folder, result, stop)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.mark.skipif(not hasattr(os, "fork"), reason="kills a child process")
def test_a_run_killed_at_any_point_ends_with_the_same_bits(tmp_path) -> None:
    assert run(tmp_path / "whole", tmp_path / "whole.pt") == 0
    for stop in KILLS:
        assert run(tmp_path / "parts", tmp_path / "parts.pt", stop) == -signal.SIGKILL
        assert not (tmp_path / "parts.pt").exists()
        if stop > 1:
            assert read_facts(tmp_path / "parts")["progress"]["step"] == (stop - 1 if stop % 2 else stop)
    assert run(tmp_path / "parts", tmp_path / "parts.pt") == 0
    whole, parts = (torch.load(tmp_path / name, weights_only=True) for name in ("whole.pt", "parts.pt"))
    assert all(torch.equal(whole[name], parts[name]) for name in whole)
    assert [each.name for each in (tmp_path / "parts").iterdir()] == [FILE]


class Stop:
    """Interrupts a run as Ctrl-C does."""

    def __init__(self, at: int) -> None:
        self.at = at

    def started(self, total, step): ...
    def stepped(self, step, result):
        if step.number == self.at:
            raise KeyboardInterrupt

    def evaluated(self, row): ...
    def saved(self, folder, step): ...
    def finished(self, step): ...


def test_an_interrupted_run_keeps_its_last_step_and_goes_on_to_the_same_history(tmp_path) -> None:
    settings = TrainSettings(steps=9, batch=4, evaluate_every=3, save_every=100)
    texts = drawn.examples("sequence-single", 10)
    histories, weights = [], []
    for folder, stops in ((tmp_path / "whole", []), (tmp_path / "parts", [2, 6])):
        for stop in [*stops, 0]:
            model, objective = drawn.made("sequence-single", dropout=True)
            options = dict(rate=1e-3, folder=folder, identity="same", resume=True)
            if stop:
                with pytest.raises(KeyboardInterrupt):
                    fit(model, objective, texts, settings, watch=[Stop(stop)], **options)
                assert read_facts(folder)["progress"]["step"] == stop
        progress = fit(model, objective, texts, settings, evaluate=None, **options)
        histories.append(progress.history)
        weights.append(dict(model.named_parameters()))
    assert histories[0] == histories[1]
    assert len(histories[0]) == 3
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])


def test_a_checkpoint_of_another_run_is_refused(tmp_path) -> None:
    settings, texts = TrainSettings(steps=1, batch=4), drawn.examples("sequence-single", 4)
    model, objective = drawn.made("sequence-single")
    fit(model, objective, texts, settings, rate=1e-3, folder=tmp_path, identity="one")
    with pytest.raises(TrainingError, match="other data, another model or other settings"):
        fit(model, objective, texts, settings, rate=1e-3, folder=tmp_path, identity="two", resume=True)
    next(model.parameters()).requires_grad_(False)
    with pytest.raises(FileFormatError, match="of another run"):
        fit(model, objective, texts, settings, rate=1e-3, folder=tmp_path, identity="one", resume=True)


def test_early_stopping_is_resumed_too(tmp_path) -> None:
    settings, texts = TrainSettings(steps=20, batch=4, evaluate_every=1, patience=2), drawn.examples("token", 8)
    scores = iter([{"loss": 3.0}, {"loss": 1.0}, {"loss": 2.0}, {"loss": 1.5}])
    model, objective = drawn.made("token")
    options = dict(rate=1e-3, folder=tmp_path, evaluate=lambda: next(scores), resume=True)
    with pytest.raises(KeyboardInterrupt):
        fit(model, objective, texts, settings, watch=[Stop(4)], **options)
    progress = fit(model, objective, texts, settings, **options)
    assert (progress.step, progress.best_step, progress.stopped) == (4, 2, True)
    assert [row.best for row in progress.history] == [True, True, False, False]
