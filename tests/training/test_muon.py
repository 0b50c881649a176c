"""Muon beside AdamW: the updates are those of PyTorch's own, and a run resumes with it."""

from __future__ import annotations

import contextlib

import pytest
import torch

from torso.errors import InputError
from torso.training.loop import fit
from torso.training.parameter_groups import optimiser_of, parameter_groups
from torso.training.train_settings import TrainSettings

from . import drawn

SETTINGS = TrainSettings(steps=6, batch=4, optimiser="muon", save_every=1, precision="float32")


def test_matrices_of_blocks_take_muon_and_the_rest_adamw() -> None:
    settings = TrainSettings(optimiser="muon", matrix_rate=0.02, weight_decay=0.1)
    ours, _ = drawn.made("token")
    theirs, _ = drawn.made("token")
    theirs.load_state_dict(ours.state_dict())
    matrices = [each for name, each in theirs.named_parameters() if ".layers." in name and each.ndim == 2]
    others = {name: each for name, each in theirs.named_parameters() if ".layers." not in name or each.ndim != 2}
    assert matrices
    optimiser = optimiser_of(ours, parameter_groups(ours, settings, 1e-3), settings)
    for group in optimiser.param_groups:
        group["lr"] = 1e-3 * group["scale"]
    muon = torch.optim.Muon(matrices, lr=0.02, weight_decay=0.1)
    decays = [each for name, each in others.items() if each.ndim >= 2 and "bias" not in name]
    plain = [each for name, each in others.items() if each.ndim < 2 or "bias" in name]
    adamw = torch.optim.AdamW(
        [{"params": decays, "weight_decay": 0.1}, {"params": plain, "weight_decay": 0.0}], lr=1e-3, fused=True
    )
    for _ in range(3):
        for one, other in zip(ours.parameters(), theirs.parameters(), strict=True):
            one.grad = torch.randn_like(one)
            other.grad = one.grad.clone()
        for each in (optimiser, muon, adamw):
            each.step()
    for (name, one), other in zip(ours.named_parameters(), theirs.parameters(), strict=True):
        assert torch.equal(one, other), name
    with pytest.raises(InputError, match="matrix_rate would have no effect"):
        TrainSettings(matrix_rate=0.1)


def test_a_run_with_muon_resumes_to_the_bit(tmp_path) -> None:
    class StopError(Exception):
        pass

    class Stops:
        def __getattr__(self, name):
            return lambda *given: None

        def stepped(self, step, result) -> None:
            if step.number == 4:
                raise StopError

    def run(folder, *, watch=(), resume=False):
        torch.manual_seed(3)
        model, objective = drawn.made("token", dropout=True)
        texts = drawn.examples("token", 10)
        with contextlib.suppress(StopError):
            fit(model, objective, texts, SETTINGS, rate=1e-2, folder=folder, identity="i", watch=watch, resume=resume)
        return model

    whole = run(tmp_path / "whole")
    run(tmp_path / "parts", watch=[Stops()])
    resumed = run(tmp_path / "parts", resume=True)
    for (name, one), other in zip(whole.named_parameters(), resumed.parameters(), strict=True):
        assert torch.equal(one, other), name
