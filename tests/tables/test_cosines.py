"""Cosines and sines of rotary angles: how far they may lie from PyTorch's, and what that does to logits far off."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from torso import Batch, Layout, Task, blocks, new_model
from torso.models.llama import LlamaConfig
from torso.nn import build
from torso.nn.rotary import Rotary
from torso.tables.angles import cosines_and_sines, scaling_of

FURTHEST = 131072
LONG = {
    "rope_type": "longrope",
    "short_factor": [1.0 + i / 7 for i in range(32)],
    "long_factor": [1.0 + i for i in range(32)],
    "original_max_position_embeddings": 64,
}
TABLES = {
    "default": {"rope_type": "default", "rope_theta": 10000.0},
    "yarn": {"rope_type": "yarn", "rope_theta": 1e6, "factor": 4.0, "original_max_position_embeddings": 32768},
    "longrope": LONG,
}


def table(name: str) -> dict:
    return LlamaConfig(
        hidden_size=128, num_attention_heads=2, max_position_embeddings=FURTHEST, rope_parameters=dict(TABLES[name])
    ).rope()


@pytest.mark.parametrize("name", TABLES)
def test_they_are_the_nearest_and_torch_s_are_near(name) -> None:
    scaling = scaling_of(64, table(name))
    sizes = [3, FURTHEST, 1, 70]
    layout = Layout.of(sizes)
    ours = cosines_and_sines(scaling, layout.positions.numpy(), sizes)
    theirs = build(blocks.Rotary(64, table(name))).angles(layout, torch.float32)
    for mine, other in zip(ours, theirs, strict=True):
        assert mine.dtype == np.float32
        half = other[:, 0, :32].numpy()
        # Two units in the last place of numbers up to the factor.
        assert np.abs(mine - half).max() <= 2 * 2**-23 * scaling.factor
    rates = scaling.rates if scaling.of_length is None else scaling.of_length(FURTHEST)
    last = np.float32(FURTHEST - 1) * rates
    nearest = np.cos(last.astype(np.float64)).astype(np.float32) * np.float32(scaling.factor)
    assert np.array_equal(ours[0][3 + FURTHEST - 1], nearest)


def test_rows_from_anywhere_and_none() -> None:
    scaling = scaling_of(64, table("default"))
    whole = cosines_and_sines(scaling, np.arange(1000), [1000])
    part = cosines_and_sines(scaling, np.array([7, 999, 0]), [3])
    assert all(np.array_equal(a[[7, 999, 0]], b) for a, b in zip(whole, part, strict=True))
    for name in TABLES:
        assert cosines_and_sines(scaling_of(64, table(name)), np.arange(0), [])[0].shape == (0, 32)


@pytest.mark.parametrize("name", TABLES)
def test_logits_at_the_longest_position(name, monkeypatch) -> None:
    """With rates equal to the bit, tables of other last bits change logits no more than any other rounding."""
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=90,
        hidden_size=128,
        intermediate_size=160,
        num_hidden_layers=3,
        num_attention_heads=2,
        max_position_embeddings=FURTHEST,
        rope_parameters=dict(TABLES[name]),
        initializer_range=0.1,
    )
    model = new_model(config, Task.CAUSAL_LM, seed=1).eval()
    count = 48
    layout = Layout.of([count])
    layout.positions.add_(FURTHEST - count)
    batch = Batch(torch.randint(0, 90, (count,)), layout, positioned=True)
    with torch.no_grad():
        wanted = model(batch).logits

        def angles(self: Rotary, layout: Layout, dtype: torch.dtype) -> tuple[torch.Tensor, torch.Tensor]:
            made = cosines_and_sines(scaling_of(self.of.size, self.of.parameters), layout.positions.numpy(), [count])
            cosines, sines = (self.spread(torch.from_numpy(each))[:, None].to(dtype) for each in made)
            return cosines, sines

        monkeypatch.setattr(Rotary, "angles", angles)
        found = model(batch).logits
    assert float(wanted.std()) > 0.3
    torch.testing.assert_close(found, wanted, rtol=0, atol=1e-5)
    assert not found.equal(wanted), "the tables were used"
