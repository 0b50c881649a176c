"""Blocks of GGUF files in the kernels' own groups: the numbers of the file, without float32 between."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

import torso
from lazy import LazyModule
from torso.host_batch import HostBatch, Wanted
from torso.kernels import library as native
from torso.kernels.host_functions import linear
from torso.kernels.packed_weight import PackedWeight
from torso.kernels.regrouped import regrouped
from torso.weights.gguf_blocks import BLOCKS, values_of
from torso.weights.gguf_weights import GgufWeights, Groups

from .gguf_of_models import write
from .test_gguf_models import made

gguf = LazyModule("gguf")
KERNELS = native.library()
pytestmark = pytest.mark.skipif(KERNELS is None, reason="no kernels here")
EIGHT, FOUR = native.EIGHT_BIT_GROUPS, native.FOUR_BIT_GROUPS


def stored(kind: str, outputs: int, inputs: int, seed: int = 0) -> Groups:
    """A matrix in blocks, as the gguf package makes them; of Q4_K, which it does not make, with drawn bits."""
    some = np.random.default_rng(seed)
    width, size = BLOCKS[kind]
    if kind == "Q4_K":
        raw = some.integers(0, 256, (outputs * inputs // width, size), np.uint8)
        raw[:, :4] = some.uniform(0.001, 0.02, (len(raw), 2)).astype(np.float16).view(np.uint8)
    else:
        matrix = some.standard_normal((outputs, inputs), np.float32)
        raw = gguf.quants.quantize(matrix, gguf.GGMLQuantizationType[kind])
    return Groups(kind, raw.reshape(outputs, -1, size))


def numbers(each: Groups) -> np.ndarray:
    return values_of(each.kind, each.rows.reshape(-1, each.rows.shape[-1])).reshape(len(each.rows), -1)


def weights_of(packed: PackedWeight, inputs: int) -> np.ndarray:
    """The numbers of a packed weight: its products with rows of one 1."""
    assert KERNELS is not None
    return linear(KERNELS, np.eye(inputs, dtype=np.float32), packed).T


CASES = [("Q8_0", EIGHT), ("Q4_0", EIGHT), ("Q4_0", FOUR), ("Q4_1", FOUR), ("Q4_K", FOUR)]


@pytest.mark.parametrize(("kind", "to"), CASES)
@pytest.mark.parametrize("outputs", [1, 7, 64, 129])
@pytest.mark.parametrize("biased", [False, True])
def test_the_numbers_are_those_of_the_file(kind: str, to: int, outputs: int, biased: bool) -> None:
    each = stored(kind, outputs, 256)
    bias = np.arange(outputs, dtype=np.float32) if biased else None
    packed = regrouped(KERNELS, [each], to, bias)
    assert packed is not None
    wanted = numbers(each)
    found = weights_of(packed, 256) - (0 if bias is None else bias[:, None])
    # Scales of Q4_K are rounded to float16; all else is exact but for the rows' own scale.
    exact = 1e-5 if kind != "Q4_K" else 2**-11 * 1.01
    np.testing.assert_allclose(found, wanted, atol=exact * float(np.abs(wanted).max()))
    assert packed.bytes == PackedWeight(KERNELS, wanted, bias, to).bytes


@pytest.mark.parametrize(("kind", "to"), CASES)
def test_the_error_is_no_more_than_by_float32(kind: str, to: int) -> None:
    each = stored(kind, 64, 512, seed=3)
    wanted = numbers(each)
    own, again = regrouped(KERNELS, [each], to, None), PackedWeight(KERNELS, wanted, None, to)
    assert own is not None
    errors = [float(np.abs(weights_of(packed, 512) - wanted).mean()) for packed in (own, again)]
    assert errors[0] <= errors[1] * 1.001 + 1e-7


def test_matrices_one_below_the_other_and_halves_that_change_places() -> None:
    parts = [stored("Q4_1", 24, 64, seed) for seed in (1, 2)]
    packed = regrouped(KERNELS, parts, FOUR, None, swapped=True)
    assert packed is not None
    wanted = np.roll(np.concatenate([numbers(each) for each in parts]), 24, 0)
    np.testing.assert_allclose(weights_of(packed, 64), wanted, atol=1e-4)


def test_what_does_not_fit_is_left_to_float32() -> None:
    assert regrouped(KERNELS, [stored("Q4_1", 8, 64)], EIGHT, None) is None
    assert regrouped(KERNELS, [stored("Q8_0", 8, 64)], FOUR, None) is None
    assert regrouped(KERNELS, [stored("Q4_0", 8, 64), stored("Q4_1", 8, 64)], EIGHT, None) is None
    wrong = stored("Q8_0", 8, 64)
    wrong.rows[3, 1, :2] = np.array(np.inf, np.float16).view((np.uint8, 2))
    assert regrouped(KERNELS, [wrong], EIGHT, None) is None


@pytest.mark.parametrize(("kind", "mode"), [("Q8_0", "int8"), ("Q4_1", "int4"), ("Q4_0", "int4"), ("Q4_0", "int8")])
@pytest.mark.parametrize("name", ["llama", "qwen2", "gemma"])
def test_a_decoder_of_a_file(kind: str, mode: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No matrix of the file is read as float32 but the table of tokens; the numbers are the file's."""
    monkeypatch.setenv("TORSO_PACKED_CACHE", "0")
    architecture, model = made(name)
    path = tmp_path / "model.gguf"
    write(path, architecture, model, kind=kind)
    read: list[str] = []
    whole = GgufWeights.read_into

    def noted(self: GgufWeights, key: str, out: object, **options: object) -> None:
        read.append(key)
        whole(self, key, out, **options)  # pyright: ignore[reportArgumentType]

    monkeypatch.setattr(GgufWeights, "read_into", noted)
    compiled = torso.compiled_decoder(path, mode)
    assert [key for key in read if key.endswith(("proj.weight", "lm_head.weight"))] == []
    ids = torch.arange(3, 19)
    batch = HostBatch.of([_Ids(ids.tolist())])
    found = compiled.run(batch, Wanted()).logits
    with torch.inference_mode():
        wanted = model(ids[None]).logits[0].numpy()
    # Rows are rounded to eight bits, and so nothing is exact.
    assert float(np.abs(found - wanted).max()) < 0.05 * float(np.abs(wanted).max())


class _Ids:
    def __init__(self, ids: list[int]) -> None:
        self.ids, self.segments = ids, [0] * len(ids)
