"""Shapes and numbers for the kernels, and how near two results are."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from torch import Tensor

from torso.batch import Layout
from torso.kernels import library as native
from torso.kernels.library import Library

KINDS = {"float32": native.FLOAT32, "bfloat16": native.BFLOAT16, "eight bits": native.EIGHT_BITS}

# A kernel is fast: what takes long is hypothesis itself, and the machine that other tests share.
drawn = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)

threads = st.sampled_from([1, 2, 5])
seeds = st.integers(0, 2**32 - 1)
# About the edges of vectors (4, 8, 16), panels (8, 16, 32), tiles (6, 14) and blocks of rows (64, 128).
widths = st.one_of(st.integers(1, 70), st.sampled_from([95, 96, 97, 127, 128, 129, 384, 1023, 1025, 2051]))
counts = st.one_of(st.integers(0, 30), st.sampled_from([63, 64, 65, 127, 128, 129, 257]))
lengths = st.lists(st.one_of(st.integers(0, 40), st.sampled_from([1, 63, 64, 65, 130])), max_size=5)


def numbers(seed: int) -> torch.Generator:
    """Where a case draws its numbers from."""
    return torch.Generator().manual_seed(seed)


def normal(dice: torch.Generator, *shape: int, spread: float = 1.0) -> Tensor:
    """Normal numbers, at an odd place of memory half of the time, in rows with room between for a quarter of it."""
    odd, roomy = bool(torch.randint(2, (), generator=dice)), not torch.randint(4, (), generator=dice)
    if roomy and len(shape) > 1:
        return (spread * torch.randn(*shape[:-1], shape[-1] + 3, generator=dice))[..., 1:-2]
    size = torch.Size(shape).numel()
    return (spread * torch.randn(size + odd, generator=dice))[int(odd) :].view(shape)


def has(library: Library, kind: int) -> None:
    """Skips what the instruction set does not have."""
    if not library.has(kind):
        pytest.skip(f"{library.set} has no such products")


def near(got: Tensor, wanted: Tensor, bound: float, size: Tensor | float | None = None) -> None:
    """Each number to ``bound`` times the largest one, of ``wanted`` or of ``size``; NaN beside NaN.

    A sum of many terms that cancel is as exact as its terms are large: ``size`` tells how large.
    """
    assert got.shape == wanted.shape
    if not wanted.numel():
        return
    size = wanted if size is None else torch.as_tensor(size)
    largest = float(size.abs().nan_to_num(0, 0, 0).max())
    torch.testing.assert_close(got.double(), wanted.double(), rtol=0, atol=bound * largest + 1e-37, equal_nan=True)


def pieces(rows: Tensor, layout: Layout) -> Iterator[Tensor]:
    """The rows of each sequence."""
    yield from rows.split(list(layout.sizes))
