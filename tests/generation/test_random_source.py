"""Chance without PyTorch: each number equal to the bit to what PyTorch's generator on a CPU draws."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from torso.generation.random_source import RandomSource, random_sources

SEEDS = [0, 1, 5, 4357, 2**31, 2**32 - 1, 2**32 + 7, 2**62 - 1, *range(100, 160)]


def both(seed: int) -> tuple[RandomSource, torch.Generator]:
    return RandomSource(seed), torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("seed", SEEDS)
def test_numbers(seed) -> None:
    """All kinds from one source, so that each takes as much of it as PyTorch does."""
    mine, its = both(seed)
    for _ in range(700):  # beyond the twister's state
        assert mine.uniform() == torch.rand((), generator=its).item()
    for count in (0, 1, 2, 9, 400):
        assert mine.seeds(count) == torch.randint(1 << 62, (count,), generator=its).tolist()
    for count in (1, 7, 15, 16, 17, 100, 3001):
        wanted = torch.empty(count).exponential_(1, generator=its).numpy()
        assert np.array_equal(mine.exponential(count), wanted)
    assert mine.uniform() == torch.rand((), generator=its).item()


@pytest.mark.parametrize("size", [1, 2, 12, 100, 5000, 32_000])
def test_drawing_without_replacement(size) -> None:
    for seed in SEEDS[:12]:
        mine, its = both(seed)
        for _ in range(3):
            chances = (4 * torch.randn(size, generator=torch.Generator().manual_seed(seed))).softmax(-1)
            for count in {1, min(2, size), min(6, size), min(50, size)}:
                wanted = torch.multinomial(chances, count, generator=its).tolist()
                assert mine.without_replacement(chances.numpy(), count).tolist() == wanted


def test_places_without_a_chance_are_not_drawn() -> None:
    chances = np.zeros(1000, np.float32)
    chances[[3, 500, 999]] = 0.5, 0.25, 0.25
    for seed in range(50):
        assert sorted(RandomSource(seed).without_replacement(chances, 3)) == [3, 500, 999]


def test_sources_of_a_prompt() -> None:
    others = torch.Generator().manual_seed(8 ^ 0x5DEECE66D)
    wanted = [8, *torch.randint(1 << 62, (4,), generator=others).tolist()]
    assert [each.seed for each in random_sources(8, 5)] == wanted


def test_without_a_seed_no_two_are_alike() -> None:
    assert len({random_sources(None, 1)[0].seed for _ in range(50)}) == 50
