"""Sizes, rules and settings that the kernels could not hold: refused before anything runs."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from torso import Task, blocks, new_model, optimise
from torso.architecture import find
from torso.batch import Layout
from torso.blocks import Rule
from torso.config.hub_config import HubConfig
from torso.engines.model_source import replaced
from torso.errors import ConfigError, InputError
from torso.kernels import functions, products
from torso.kernels import library as native
from torso.kernels.compile import SETS
from torso.kernels.library import Form, Library
from torso.kernels.packed_weight import PackedWeight
from torso.kernels.support import encoder_in, unsupported_trunk
from torso.models.bert import BertConfig
from torso.models.deberta_v2 import DebertaV2Config
from torso.models.modernbert import ModernBertConfig
from torso.models.t5 import T5Config
from torso.nn import build

SMALL = dict(vocab_size=80, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=48)


def described(config: HubConfig) -> blocks.Trunk:
    return encoder_in(find(config.model_type).trunk(config))


BERT = described(BertConfig(**SMALL))
DEBERTA = described(DebertaV2Config(**SMALL, relative_attention=True, pos_att_type="c2p|p2c"))
MODERNBERT = described(ModernBertConfig(**SMALL))
T5 = described(T5Config(vocab_size=80, d_model=32, d_kv=8, d_ff=48, num_layers=2, num_heads=4))


def second(trunk: blocks.Trunk, **changes: Any) -> blocks.Trunk:
    """The same trunk with another second block."""
    return replace(trunk, layers=[trunk.layers[0], replace(trunk.layers[1], **changes)])


def attending(trunk: blocks.Trunk, **changes: Any) -> blocks.Trunk:
    return second(trunk, attn=replace(trunk.layers[1].attn, **changes))


UNLIKE: dict[str, blocks.Trunk] = {
    "more heads": second(BERT, attn=blocks.Attention(32, 8, head_size=8)),
    "smaller heads": second(BERT, attn=blocks.Attention(32, 4, head_size=4)),
    "fewer key heads": second(BERT, attn=blocks.Attention(32, 4, kv_heads=2)),
    "heads of another size in the same projection": attending(BERT, heads=2),
    "other parts of the same projection": attending(BERT, heads=8, kv_heads=2, head_size=8),
    "another width": second(BERT, attn=blocks.Attention(64, 4, head_size=8)),
    "a wider feed-forward": second(BERT, ffn=blocks.FeedForward(32, 96, "gelu")),
    "a narrower feed-forward": second(BERT, ffn=blocks.FeedForward(32, 16, "gelu")),
    "a feed-forward of other rows": second(BERT, ffn=blocks.FeedForward(64, 48, "gelu")),
    "a norm of other rows": second(BERT, ffn_norm=blocks.LayerNorm(16)),
    "a plain norm of other rows": second(BERT, attn_norm=blocks.LayerNorm(16, elementwise_affine=False)),
    "a last norm of other rows": replace(MODERNBERT, norm=blocks.LayerNorm(16)),
    "a wider gate": second(MODERNBERT, ffn=blocks.GatedFeedForward(32, 64, "gelu", bias=False)),
    "distances of another width": (
        lambda rows: replace(
            DEBERTA,
            score_bias=rows,
            layers=[replace(each, attn=replace(each.attn, distances=rows)) for each in DEBERTA.layers],
        )
    )(blocks.Distances(16, 512)),
    "a bias of fewer heads": (
        lambda bias: replace(
            T5,
            score_bias=bias,
            layers=[replace(each, attn=replace(each.attn, score_bias=bias)) for each in T5.layers],
        )
    )(blocks.BucketBias(2, 32, 128, both_ways=True)),
}


@pytest.mark.parametrize("trunk", [BERT, DEBERTA, MODERNBERT, T5])
def test_blocks_of_equal_sizes_run(trunk) -> None:
    assert unsupported_trunk(trunk) is None


@pytest.mark.parametrize("trunk", UNLIKE.values(), ids=UNLIKE.keys())
def test_blocks_of_unlike_sizes_are_left_to_pytorch(trunk) -> None:
    assert unsupported_trunk(trunk) == "blocks of unlike sizes"


def test_angles_of_unlike_sizes_too() -> None:
    rotary = MODERNBERT.layers[1].attn.rotary
    assert unsupported_trunk(attending(MODERNBERT, rotary=replace(rotary, size=4))) == "blocks of unlike sizes"
    wide = replace(rotary, size=16)
    layers = [replace(each, attn=replace(each.attn, rotary=wide)) for each in MODERNBERT.layers]
    assert unsupported_trunk(replace(MODERNBERT, layers=layers)) == "blocks of unlike sizes", "more than a head has"


@pytest.mark.parametrize("scale", [0.0, -1.0, float("inf"), float("nan")])
def test_a_scale_that_turns_the_scores_round(scale: float) -> None:
    assert unsupported_trunk(attending(BERT, rule=Rule(scale=scale))) == "its scores have a scale that is not above 0"


REPLACED: dict[str, Callable[[nn.Module], nn.Module]] = {
    "layers.0.ffn.down": lambda _: nn.Linear(48, 16),
    "layers.0.attn.out": lambda _: nn.Linear(32, 64),
    "layers.1.attn.qkv": lambda _: nn.Linear(32, 96, bias=False),
    "layers.1.ffn_norm": lambda _: nn.LayerNorm(16),
    "layers.1.attn": lambda _: build(blocks.Attention(32, 8, head_size=8)),
    "layers.1.ffn": lambda there: nn.Sequential(there),
    "layers": lambda there: nn.ModuleList([*there, there[0]]),
}


@pytest.mark.parametrize("path", REPLACED)
def test_a_model_whose_modules_were_replaced_is_left_to_pytorch(path) -> None:
    """Adapters and pruning do that; a description knows nothing of it."""
    model = new_model(BertConfig(**SMALL), Task.FEATURES, seed=1)
    assert replaced(model) is None
    assert replaced(copy.deepcopy(model)) is None
    parent, _, own = path.rpartition(".")
    setattr(model.trunk.get_submodule(parent), own, REPLACED[path](model.trunk.get_submodule(path)))
    assert replaced(model) == f"its module {path} was replaced"


@pytest.mark.parametrize("count", [-1, -(2**63), 2**31, 2**63, 2**64 - 1, 10**30, 1.5, 3.0, "3", True, (1,)])
@pytest.mark.parametrize("side", ["left", "right"])
def test_a_rule_counts_keys(side: str, count: Any) -> None:
    with pytest.raises(InputError, match="E_ARGUMENT") as caught:
        Rule(**{side: count})
    assert str(count) in str(caught.value)


@pytest.mark.parametrize(("left", "right"), [(0, 0), (2**31 - 1, None), (None, 2**31 - 1), (2**31 - 1, 2**31 - 1)])
def test_the_widest_rules(kernels: Library, left: int | None, right: int | None) -> None:
    dice = torch.Generator().manual_seed(0)
    q, k, v = (torch.randn(9, 2, 8, generator=dice) for _ in range(3))
    layout = Layout.of([6, 3])
    seen = 0 if left == 0 else None
    got = functions.attention(q, k, v, layout, Rule(left=left, right=right))
    torch.testing.assert_close(got, functions.attention(q, k, v, layout, Rule(left=seen, right=seen)))
    if seen == 0:
        torch.testing.assert_close(got, v)


def test_eight_bits_do_not_overflow() -> None:
    most = native.MOST_INPUTS
    assert most * 255 * 127 < 2**31 <= (most + 8) * 255 * 127
    assert Form.of(native.EIGHT_BITS, 1, most).group == most
    assert Form.of(native.EIGHT_BITS, 1, 10 * most, 384).group == 384
    assert Form.of(native.FLOAT32, 1, 10 * most).group == 10 * most
    for inputs, group in ((most + 1, 0), (2 * most, most + 4), (10**7, 10**6), (10**7, 2**70)):
        with pytest.raises(InputError, match="E_SHAPE") as caught:
            Form.of(native.EIGHT_BITS, 1, inputs, group)
        assert str(most) in str(caught.value)


def test_the_largest_sums_of_eight_bits_are_right(kernels: Library) -> None:
    if not kernels.has(native.EIGHT_BITS):
        pytest.skip("no eight bits")
    inputs = native.MOST_INPUTS
    x = torch.ones(1, inputs)
    x[0, 0] = 0.0
    packed = products.pack(torch.ones(1, inputs), None, native.EIGHT_BITS)
    torch.testing.assert_close(products.linear(x, packed), torch.tensor([[inputs - 1.0]]), rtol=1e-3, atol=0)


@pytest.mark.parametrize("group", [2**62, 2**63, 2**64, 2**64 + 4, 10**30 * 4])
def test_groups_that_are_larger_than_a_row(kernels: Library, group: int) -> None:
    if kernels.has(native.EIGHT_BITS):
        x = torch.linspace(-1, 1, 20).view(2, 10)
        got, wanted = products.quantise(x, group), products.quantise(x)
        assert got.numbers.equal(wanted.numbers)
        assert got.scales.equal(wanted.scales)
    packed = products.pack(torch.eye(8), None, native.FLOAT32, group)
    torch.testing.assert_close(products.linear(torch.eye(8), packed), torch.eye(8))


@pytest.mark.parametrize("kind", [native.FLOAT32, native.BFLOAT16, native.EIGHT_BITS])
def test_a_weight_is_put_together_again_of_fitting_arrays_alone(kernels: Library, kind: int) -> None:
    if not kernels.has(kind):
        pytest.skip("no products of this kind")
    form = Form.of(kind, 20, 12, 8, biased=True)
    made = PackedWeight(kernels, torch.randn(20, 12).numpy(), torch.randn(20).numpy(), kind, 8)
    x = torch.randn(3, 12)
    again = PackedWeight.again(kernels, form, made.arrays)
    assert products.linear(x, again).equal(products.linear(x, made))
    packed, bias, scales, totals = made.arrays
    assert bias is not None
    for arrays in (
        (packed[:-1], bias, scales, totals),
        (packed.astype(np.float32), bias, scales, totals),
        (packed.reshape(-1, 4), bias, scales, totals),
        (np.repeat(packed, 2)[::2], bias, scales, totals),
        (packed, None, scales, totals),
        (packed, bias[:-1], scales, totals),
        (packed, bias.astype(np.float64), scales, totals),
        (packed, bias, np.ones(len(scales) + 1, np.float32), totals),
        (packed, bias, scales, np.ones(len(totals) + 1, np.float32)),
    ):
        with pytest.raises(ValueError, match=r"in place of|not wanted"):
            PackedWeight.again(kernels, form, arrays)
    for other in (Form.of(kind, 200, 12, 8, biased=True), Form.of(kind, 20, 96, 8, biased=True), Form.of(kind, 20, 12)):
        with pytest.raises(ValueError, match=r"in place of|not wanted"):
            PackedWeight.again(kernels, other, made.arrays)


@pytest.mark.parametrize(
    "text", ["avx99", "AVX2", "avx-2", "1", "true", "off", "auto", "cuda", "avx512 ,avx2", "\x1b[2J"]
)
def test_a_setting_that_is_none_names_those_that_are(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(native.SETTING, text)
    for ask in (native.refusal, native.library, native.about):
        with pytest.raises(ConfigError, match="E_SETTINGS") as caught:
            ask()
        assert "baseline" in str(caught.value)
        assert "\x1b" not in str(caught.value)
    model = new_model(BertConfig(**SMALL), Task.FEATURES, seed=1)
    with pytest.raises(ConfigError):
        optimise(model, "exact")


@pytest.mark.parametrize("text", ["", " ", "0", " 0 ", "baseline", " baseline\n"])
def test_settings_that_are_right(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(native.SETTING, text)
    assert (native.library() is None) == (text.strip() == "0" or not native.file().exists())


def test_a_set_that_this_processor_lacks_is_an_error(kernels: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    assert tuple(SETS) == native.SETS
    for name in native.SETS:
        monkeypatch.setenv(native.SETTING, name)
        if name in kernels.sets:
            assert native.library() is not None
        else:
            with pytest.raises(ConfigError, match=name):
                native.library()
