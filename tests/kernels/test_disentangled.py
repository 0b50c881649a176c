"""DeBERTa's scores of distances as the kernels compute them, beside PyTorch's, at every length and in every form."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from contract.families import registered
from torso import Task, new_model
from torso.batch import Batch, Layout
from torso.engines.native_trunk import NativeTrunk
from torso.kernels import library as native
from torso.kernels.packed_weight import PackedWeight
from torso.kernels.support import products
from torso.nn import Trunk

from .drawing import KINDS, drawn, has

SMALL: dict[str, Any] = dict(
    vocab_size=53,
    hidden_size=48,
    num_hidden_layers=2,
    num_attention_heads=3,
    intermediate_size=64,
    relative_attention=True,
    position_biased_input=False,
    type_vocab_size=0,
    initializer_range=0.2,
)
V3 = dict(share_att_key=True, position_buckets=256, max_position_embeddings=512, norm_rel_ebd="layer_norm")
FORMS: dict[str, tuple[str, dict[str, Any]]] = {
    "1": ("deberta", dict(max_position_embeddings=512)),
    "1, near": ("deberta", dict(max_relative_positions=9, pos_att_type="p2c")),
    "2": ("deberta-v2", dict(share_att_key=False, position_buckets=8, max_relative_positions=40)),
    "2, without buckets": ("deberta-v2", dict(share_att_key=False, max_relative_positions=70, pos_att_type="c2p")),
    "3": ("deberta-v2", V3),
    "3, of queries": ("deberta-v2", {**V3, "pos_att_type": "c2p"}),
    "3, of keys": ("deberta-v2", {**V3, "pos_att_type": "p2c"}),
    "3, of none": ("deberta-v2", {**V3, "pos_att_type": None}),
}
BOTH = [form for form in FORMS if "pos_att_type" not in FORMS[form][1]]


@torch.no_grad()
def made(form: str, **values: Any) -> Trunk:
    model_type, own = FORMS[form]
    settings = registered()[model_type].config(**{**SMALL, "pos_att_type": "c2p|p2c", **own, **values})
    trunk = new_model(settings, Task.FEATURES, seed=3).eval().trunk
    for parameter in trunk.parameters():
        if parameter.ndim < 2:
            parameter += 0.1 * torch.randn(parameter.shape, generator=torch.Generator().manual_seed(4))
    return trunk


def run(kernels, trunk: Trunk, kind: int = native.FLOAT32) -> NativeTrunk:
    return NativeTrunk(kernels, trunk, dict.fromkeys(products(trunk.of), kind))


def batch_of(sizes, pool=None, seed: int = 5) -> Batch:
    dice = torch.Generator().manual_seed(seed)
    return Batch(torch.randint(53, (sum(sizes),), generator=dice), Layout.of(sizes), pool=pool)


def close(got: Tensor, wanted: Tensor) -> None:
    torch.testing.assert_close(got, wanted, rtol=0, atol=1e-5 * max(1.0, float(wanted.abs().max())))


@pytest.mark.parametrize("form", FORMS)
@torch.no_grad()
def test_every_length(kernels, form: str) -> None:
    """Up to where distances share a row: some by some, and one that is longer than its rows reach."""
    trunk = made(form)
    own = run(kernels, trunk)
    for sizes in (range(1, 36), (63, 64, 65, 127, 128, 129), (255, 257, 2), (600,)):
        batch = batch_of(sizes)
        close(own(batch).rows, trunk(batch).rows)


@drawn
@given(
    form=st.sampled_from(list(FORMS)), sizes=st.lists(st.integers(1, 150), min_size=1, max_size=4),
    pool=st.sampled_from([None, "first", "last"]), seed=st.integers(0, 99),
)  # fmt: skip
@torch.no_grad()
def test_any_texts(kernels, form: str, sizes, pool, seed) -> None:
    trunk = made(form)
    batch = batch_of(sizes, pool, seed)
    close(run(kernels, trunk)(batch).rows, trunk(batch).rows)


@pytest.mark.parametrize("form", BOTH)
@torch.no_grad()
def test_weights_and_layers_of_long_texts(kernels, form: str) -> None:
    trunk, batch = made(form), batch_of((300, 7))
    got, wanted = (each(batch, hidden_states=(0, 1), attentions=(0, 1)) for each in (run(kernels, trunk), trunk))
    for i in (0, 1):
        close(got.hidden_states[i], wanted.hidden_states[i])
        for mine, its in zip(got.attentions[i], wanted.attentions[i], strict=True):
            close(mine, its)


@pytest.mark.parametrize("form", FORMS)
@torch.no_grad()
def test_distances_count(kernels, form: str) -> None:
    """What a form scores is no rounding: the same tokens in another order, seen from the first, are another text."""
    own = run(kernels, made(form, num_hidden_layers=1))
    batch = batch_of((40,), "first")
    turned = Batch(batch.tokens[[0, *range(39, 0, -1)]], batch.layout, pool="first")
    apart = float((own(batch).rows - own(turned).rows).abs().max())
    assert apart < 1e-5 if form == "3, of none" else apart > 1e-2


@pytest.mark.parametrize(("kind", "cosine"), [("bfloat16", 0.9995), ("eight bits", 0.99)])
@pytest.mark.parametrize("form", BOTH)
@torch.no_grad()
def test_fewer_bits_stay_near(kernels, kind: str, cosine: float, form: str) -> None:
    has(kernels, KINDS[kind])
    trunk, batch = made(form), batch_of((33, 200))
    got, wanted = run(kernels, trunk, KINDS[kind])(batch).rows, trunk(batch).rows
    assert float(torch.cosine_similarity(got, wanted).min()) >= cosine


@pytest.mark.parametrize("form", BOTH)
@torch.no_grad()
def test_a_text_is_the_same_in_any_company(kernels, form: str, monkeypatch) -> None:
    own, sizes = run(kernels, made(form)), (5, 300, 17, 64)
    batch = batch_of(sizes)
    monkeypatch.setattr(native, "threads", lambda: 1)
    whole = own(batch).rows
    monkeypatch.setattr(native, "threads", lambda: 5)
    assert own(batch).rows.equal(whole)
    for tokens, rows in zip(batch.tokens.split(list(sizes)), whole.split(list(sizes)), strict=True):
        assert own(Batch(tokens, Layout.of([len(tokens)]))).rows.equal(rows)


@torch.no_grad()
def test_texts_without_tokens(kernels) -> None:
    own = run(kernels, made("3"))
    assert own(batch_of(())).rows.shape == (0, 48)
    assert own(batch_of((0, 3, 0))).rows.equal(own(batch_of((3,))).rows)


def test_what_they_meet_is_laid_out_once(kernels, monkeypatch) -> None:
    """Of the weights that were laid out before none is made again, and those that make the rows are not products."""
    trunk = made("2")
    packed: dict[tuple[str, int], PackedWeight] = {}
    kinds = dict.fromkeys(products(trunk.of), native.FLOAT32)
    first = NativeTrunk(kernels, trunk, kinds, packed)
    assert {name for name, _ in packed} - set(kinds) == {
        f"layers.{i}.attn.{own}" for i in range(2) for own in ("position_keys", "position_queries")
    }
    monkeypatch.setattr("torso.kernels.packing.PackedWeight", None)
    again = NativeTrunk(kernels, trunk, kinds, packed)
    assert again(batch_of((30,))).rows.equal(first(batch_of((30,))).rows)
