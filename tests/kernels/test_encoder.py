"""A whole encoder as one call, beside the same trunk in PyTorch: every family that the kernels can run."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from contract.families import FAMILIES, registered
from torso import Model, Task, new_model
from torso.batch import Batch, Layout, unpack
from torso.engines.native_trunk import NativeTrunk
from torso.errors import InputError
from torso.kernels import library as native
from torso.kernels.library import Library
from torso.kernels.linear import NativeLinear
from torso.kernels.support import products, unsupported_trunk
from torso.nn import Trunk
from torso.nn.meta_init import weightless

from .drawing import KINDS, has

# The configs of the contract are small to be odd, and the kernels take heads of whole dwords of eight-bit numbers.
WIDTHS = (
    *("hidden_size", "intermediate_size", "embedding_size", "head_dim", "attention_head_size", "dim", "hidden_dim"),
    *("n_embd", "n_inner"),
)
COSINE = {"bfloat16": 0.9995, "eight bits": 0.995}
"""Least of any row; the weights here are ten times as large as trained ones, and so are the errors."""


def from_bfloat16(values) -> dict[str, object]:
    if "short_factor" in str(values):
        return dict(values)  # a factor per plane of its own heads, and no other
    return {name: 4 * value if name in WIDTHS and value is not None else value for name, value in values.items()}


@torch.no_grad()
def made(model_type: str, config: str) -> Trunk:
    """A random trunk whose norms and biases are other than they are born."""
    values = {**from_bfloat16(FAMILIES[model_type].configs[config]), "initializer_range": 0.1}
    trunk = new_model(registered()[model_type].config(**values), Task.FEATURES, seed=3).eval().trunk
    for parameter in trunk.parameters():
        if parameter.ndim < 2:
            parameter += 0.1 * torch.randn_like(parameter)
    return trunk


def shaped(model_type: str, config: str) -> Trunk:
    """The same trunk without weights."""
    values = from_bfloat16(FAMILIES[model_type].configs[config])
    architecture = registered()[model_type]
    with weightless():
        return Model(architecture.config(**values), architecture, Task.FEATURES).trunk


def runnable() -> list[tuple[str, str]]:
    """Those whose blocks the kernels know: shapes and kinds say it, so that no weight is made for it."""
    return [
        (model_type, config)
        for model_type, family in FAMILIES.items()
        if Task.FEATURES in registered()[model_type].tasks
        for config in family.configs
        if unsupported_trunk(shaped(model_type, config).of) is None
    ]


RUNNABLE = runnable()
TEXTS = {"many": (7, 1, 12, 12, 3, 16), "one": (11,), "one token": (1,), "tokens": (1, 1, 1), "none": ()}


def kinds_of(trunk: Trunk, kind: int) -> dict[str, int]:
    return dict.fromkeys(products(trunk.of), kind)


def batch_of(trunk: Trunk, sizes) -> Batch:
    dice = torch.Generator().manual_seed(5)
    tokens = torch.randint(2, trunk.embed.tokens.num_embeddings, (sum(sizes),), generator=dice)
    table = getattr(trunk.embed, "segments", None)
    kinds = table.num_embeddings if isinstance(table, nn.Embedding) else 1
    return Batch(tokens, Layout.of(sizes), torch.randint(kinds, (sum(sizes),), generator=dice))


def close(got: Tensor, wanted: Tensor) -> None:
    """To 1e-5 of the largest number, or of 1."""
    size = max(1.0, float(wanted.abs().max())) if wanted.numel() else 1.0
    torch.testing.assert_close(got, wanted, rtol=0, atol=1e-5 * size)


def test_encoders_of_most_families_run() -> None:
    """What the kernels leave to PyTorch is the exception."""
    families = {model_type for model_type, _ in RUNNABLE}
    assert {"albert", "bert", "distilbert", "electra", "ernie", "megatron-bert", "modernbert", "mpnet"} <= families
    assert {"nomic_bert", "gte", "roberta", "xlm-roberta", "camembert", "llama", "gemma", "gpt2"} <= families
    assert {"deberta", "deberta-v2"} <= families
    assert ("deberta-v2", "plain") not in RUNNABLE, "a convolution beside the block"


@pytest.mark.parametrize(("model_type", "config"), RUNNABLE)
@torch.no_grad()
def test_float32_is_exact(kernels: Library, model_type: str, config: str) -> None:
    trunk = made(model_type, config)
    own = NativeTrunk(kernels, trunk, kinds_of(trunk, native.FLOAT32))
    for sizes in TEXTS.values():
        batch = batch_of(trunk, sizes)
        got = own(batch)
        if not sizes:
            assert got.rows.shape == (0, own.encoder.width)
            continue
        close(got.rows, trunk(batch).rows)


@pytest.mark.parametrize(("model_type", "config"), RUNNABLE)
@torch.no_grad()
def test_layers_and_weights_that_are_asked_for(kernels: Library, model_type: str, config: str) -> None:
    trunk = made(model_type, config)
    own = NativeTrunk(kernels, trunk, kinds_of(trunk, native.FLOAT32))
    batch = batch_of(trunk, TEXTS["many"])
    asked_states, seen = [0, trunk.depth], range(0, trunk.depth, 2)
    got, wanted = (
        own(batch, hidden_states=asked_states, attentions=seen),
        trunk(batch, hidden_states=asked_states, attentions=seen),
    )
    assert (sorted(got.hidden_states), sorted(got.attentions)) == (
        sorted(wanted.hidden_states),
        sorted(wanted.attentions),
    )
    for i in asked_states:
        close(got.hidden_states[i], wanted.hidden_states[i])
    for i in seen:
        for mine, its in zip(got.attentions[i], wanted.attentions[i], strict=True):
            close(mine, its)
    whole = own(batch, hidden_states=range(trunk.depth + 1))
    assert whole.rows.equal(got.rows)
    for i, rows in trunk(batch, hidden_states=range(trunk.depth + 1)).hidden_states.items():
        close(whole.hidden_states[i], rows)


@pytest.mark.parametrize("kind", COSINE)
@pytest.mark.parametrize(("model_type", "config"), RUNNABLE)
@torch.no_grad()
def test_fewer_bits_stay_near(kernels: Library, kind: str, model_type: str, config: str) -> None:
    has(kernels, KINDS[kind])
    trunk = made(model_type, config)
    batch = batch_of(trunk, TEXTS["many"])
    own = NativeTrunk(kernels, trunk, kinds_of(trunk, KINDS[kind]))
    got, wanted = own(batch).rows, trunk(batch).rows
    assert float(torch.cosine_similarity(got, wanted, dim=1).min()) >= COSINE[kind]
    assert not got.equal(wanted)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("model_type", "config"), [each for each in RUNNABLE if each[1] == "plain"])
@torch.no_grad()
def test_a_text_is_the_same_in_any_company(
    kernels: Library, kind: str, model_type: str, config: str, monkeypatch
) -> None:
    has(kernels, KINDS[kind])
    trunk = made(model_type, config)
    own = NativeTrunk(kernels, trunk, kinds_of(trunk, KINDS[kind]))
    sizes = TEXTS["many"] * 8
    batch = batch_of(trunk, sizes)
    monkeypatch.setattr(native, "threads", lambda: 1)
    whole = own(batch).rows
    for team in (2, 5):
        monkeypatch.setattr(native, "threads", lambda team=team: team)
        assert own(batch).rows.equal(whole)
    parts = [unpack(each, batch.layout) for each in (batch.tokens, batch.segments, whole)]
    for tokens, segments, rows in list(zip(*parts, strict=True))[:12]:
        assert own(Batch(tokens, Layout.of([len(tokens)]), segments)).rows.equal(rows)


@pytest.mark.parametrize("model_type", ["roberta", "xlm-roberta", "camembert", "mpnet"])
@torch.no_grad()
def test_padding_tokens_count_no_position(kernels: Library, model_type: str) -> None:
    values = {**from_bfloat16(FAMILIES[model_type].configs["plain"]), "initializer_range": 0.1}
    model = new_model(registered()[model_type].config(**values), Task.FEATURES, seed=3).eval()
    trunk = model.trunk
    own = NativeTrunk(kernels, trunk, kinds_of(trunk, native.FLOAT32))
    table = trunk.embed.positions
    batch = Batch(torch.tensor([5, 6, table.of.padding, 7, table.of.padding, 8, 9]), Layout.of([4, 3]))
    positions = torch.tensor([0, 1, -1, 2, -1, 0, 1])
    placed = replace(batch, layout=replace(batch.layout, positions=positions), positioned=True)
    given = replace(batch, embeddings=torch.randn(7, own.encoder.width))
    for each in (batch, placed, given):
        close(own(each).rows, trunk(each).rows)
    wanted = model(batch).hidden.rows
    model.trunk = own
    close(model(batch).hidden.rows, wanted)
    close(own(batch).rows, own(placed).rows)
    with pytest.raises(IndexError):  # rows before the table's first
        own(replace(placed, layout=replace(placed.layout, positions=positions - table.of.offset)))


@torch.no_grad()
def test_an_id_without_a_row_is_an_error(kernels: Library) -> None:
    trunk = made("bert", "plain")
    own = NativeTrunk(kernels, trunk, kinds_of(trunk, native.FLOAT32))
    for wrong in (-1, 53, 2**62):
        tokens = torch.tensor([3, 4, wrong])
        with pytest.raises(IndexError):
            own(Batch(tokens, Layout.of([3])))
    with pytest.raises(IndexError):
        own(batch_of(trunk, (21,)))  # more positions than its table has


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float64])
@torch.no_grad()
def test_torch_s_defaults_are_not_the_kernels_(kernels: Library, dtype: torch.dtype) -> None:
    trunk = made("bert", "plain")
    batch = batch_of(trunk, TEXTS["many"])
    wanted = NativeTrunk(kernels, trunk, kinds_of(trunk, native.FLOAT32))(batch, hidden_states=[1], attentions=[0])
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        got = NativeTrunk(kernels, trunk, kinds_of(trunk, native.FLOAT32))(batch, hidden_states=[1], attentions=[0])
    finally:
        torch.set_default_dtype(before)
    assert got.rows.equal(wanted.rows)
    assert got.hidden_states[1].equal(wanted.hidden_states[1])
    assert all(mine.equal(other) for mine, other in zip(got.attentions[0], wanted.attentions[0], strict=True))


@torch.no_grad()
def test_what_does_not_fit_its_layout_is_refused_and_other_integers_are_read(kernels: Library) -> None:
    trunk = made("bert", "plain")
    own = NativeTrunk(kernels, trunk, kinds_of(trunk, native.FLOAT32))
    batch = batch_of(trunk, (3, 4))
    assert own(replace(batch, tokens=batch.tokens.int())).rows.equal(own(batch).rows)
    with pytest.raises(InputError, match="E_SHAPE"):
        own(replace(batch, tokens=batch.tokens[:-1]))
    with pytest.raises(InputError, match="E_SHAPE"):
        own(replace(batch, segments=batch.tokens[:-1]))
    linear = NativeLinear(kernels, torch.nn.Linear(8, 3), native.FLOAT32)
    for width in (4, 16):
        with pytest.raises(InputError, match="E_SHAPE"):
            linear(torch.zeros(2, width))
    assert linear(torch.zeros(0, 8)).shape == (0, 3)


@pytest.mark.parametrize("which", ["first", "last"])
@torch.no_grad()
def test_one_row_of_each_text_where_some_have_none(kernels: Library, which: str) -> None:
    trunk = made("bert", "plain")
    own = NativeTrunk(kernels, trunk, kinds_of(trunk, native.FLOAT32))
    batch = replace(batch_of(trunk, (3, 0, 1)), pool=which)
    got, wanted = own(batch).rows, trunk(batch).rows
    assert got.shape == wanted.shape
    close(got[[0, 2]], wanted[[0, 2]])  # the row of a text without tokens means nothing
    asked: list[int] = []

    def encode(_: Any, call: Any) -> int:
        asked.append(call._obj.pool)
        return 0

    own.encoder.library = SimpleNamespace(call=SimpleNamespace(torso_encode=encode))
    for sizes in ((3, 0, 1), (3, 1)):
        own(replace(batch_of(trunk, sizes), pool=which))
    # The kernels have no row to take of such a text, and room for no more rows than there are tokens.
    assert [bool(each) for each in asked] == [False, True]
