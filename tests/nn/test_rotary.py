"""Rotary angles: every type against the reference's own, short and long, and each text as if it were alone."""

from __future__ import annotations

from itertools import combinations, pairwise

import numpy as np
import pytest
import torch

from lazy import LazyModule
from torso import Batch, Layout, Task, blocks, load, new_model
from torso.blocks import PairedRotary, Rotary
from torso.errors import UnsupportedError
from torso.models.llama import LlamaConfig
from torso.nn import KeyValueCache, build
from torso.tables.angles import scaling_of

transformers = LazyModule("transformers")
rope_utils = LazyModule("transformers.modeling_rope_utils")
llama = LazyModule("transformers.models.llama.modeling_llama")
glm = LazyModule("transformers.models.glm.modeling_glm")

TRAINED, LONGEST, SIZE = 16, 64, 8
LENGTHS = (1, 2, TRAINED - 1, TRAINED, TRAINED + 1, LONGEST, LONGEST + 1, 3000)
LLAMA3 = {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0}
YARN = {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": TRAINED}
LONG = {
    "rope_type": "longrope",
    "short_factor": [1.0, 1.1, 1.3, 2.5],
    "long_factor": [1, 3, 7, 20],
    "original_max_position_embeddings": TRAINED,
}
TYPES = {
    "default": {"rope_type": "default"},
    "default, small base": {"rope_type": "default", "rope_theta": 7},
    "linear": {"rope_type": "linear", "factor": 2.5},
    "linear, narrowed": {"rope_type": "linear", "factor": 0.5},
    "dynamic": {"rope_type": "dynamic", "factor": 2.0},
    "dynamic, by one": {"rope_type": "dynamic", "factor": 1},
    "llama3": {**LLAMA3, "original_max_position_embeddings": TRAINED},
    "llama3, all slowed": {**LLAMA3, "original_max_position_embeddings": 2, "low_freq_factor": 3},
    "llama3, hardly trained": {**LLAMA3, "original_max_position_embeddings": 4000, "rope_theta": 500000.0},
    "yarn": YARN,
    "yarn, not truncated": {**YARN, "truncate": False, "beta_fast": 2, "beta_slow": 0.25},
    "yarn, own bounds": {**YARN, "beta_fast": 4.0, "beta_slow": 2.0, "rope_theta": 300.0},
    "yarn, its factor": {**YARN, "attention_factor": 0.8},
    "yarn, mscale": {**YARN, "mscale": 0.707, "mscale_all_dim": 1.2},
    "yarn, half an mscale": {**YARN, "mscale": 0.707, "mscale_all_dim": 0},
    "yarn, by less than one": {**YARN, "factor": 0.5},
    "yarn, one plane wide": {**YARN, "original_max_position_embeddings": 2000, "beta_fast": 1.0, "beta_slow": 1.0},
    "yarn, to the last plane": {**YARN, "original_max_position_embeddings": 200, "rope_theta": 7.0},
    "longrope": LONG,
    "longrope, its factor": {**LONG, "factor": 7.0},
    "longrope, attention factor": {**LONG, "attention_factor": 1.3},
    "longrope, not longer": {**LONG, "original_max_position_embeddings": LONGEST},
}

REAL = {
    "meta-llama/Llama-3.1-8B": (
        128,
        131072,
        {**LLAMA3, "rope_theta": 500000.0, "original_max_position_embeddings": 8192},
    ),
    "Qwen/Qwen2.5-7B with YaRN": (128, 32768, {**YARN, "rope_theta": 1e6, "original_max_position_embeddings": 32768}),
    "NousResearch/Yarn-Llama-2-7b-64k": (
        128,
        65536,
        {"type": "yarn", "factor": 16.0, "original_max_position_embeddings": 4096, "finetuned": True},
    ),
    "deepseek-ai/DeepSeek-V2": (
        64,
        163840,
        {
            "type": "yarn",
            "factor": 40,
            "beta_fast": 32,
            "beta_slow": 1,
            "mscale": 0.707,
            "mscale_all_dim": 0.707,
            "original_max_position_embeddings": 4096,
        },
    ),
    "lmsys/vicuna-13b-v1.5-16k": (128, 4096, {"type": "linear", "factor": 4.0}),
}
"""Size of a head, longest text and table, as the Hub's files have them."""


def configs(table: dict, size: int = SIZE, longest: int = LONGEST) -> tuple[LlamaConfig, transformers.LlamaConfig]:
    values = {"hidden_size": 2 * size, "num_attention_heads": 2, "max_position_embeddings": longest}
    return LlamaConfig(**values, rope_parameters=dict(table)), transformers.LlamaConfig(
        **values, rope_parameters=dict(table)
    )


def reference(table: dict, length: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Cosines and sines [length, SIZE] of a text alone; a new module each time, for it remembers the longest text."""
    rows = torch.zeros(1, length, 2 * SIZE)
    cos, sin = llama.LlamaRotaryEmbedding(configs(table)[1])(rows, torch.arange(length)[None])
    return cos[0], sin[0]


@pytest.mark.parametrize("name", TYPES)
@pytest.mark.parametrize("length", LENGTHS)
def test_angles_are_the_reference_s(name, length) -> None:
    rotary = build(blocks.Rotary(SIZE, configs(TYPES[name])[0].rope()))
    ours = rotary.angles(Layout.of([length]), torch.float32)
    for mine, theirs in zip(ours, reference(TYPES[name], length), strict=True):
        torch.testing.assert_close(mine[:, 0], theirs, rtol=0, atol=1e-6)


@pytest.mark.parametrize("name", TYPES)
def test_texts_together_turn_as_each_alone(name) -> None:
    """In the reference, the longest text of a batch decides for all; here, each for itself."""
    rotary = build(blocks.Rotary(SIZE, configs(TYPES[name])[0].rope()))
    sizes = [TRAINED, 3 * LONGEST, 1, TRAINED + 1, LONGEST, 2 * LONGEST]
    ours = rotary.angles(Layout.of(sizes), torch.float32)
    for mine, place in zip(ours, (0, 1), strict=True):
        for size, rows in zip(sizes, mine.split(sizes), strict=True):
            torch.testing.assert_close(rows[:, 0], reference(TYPES[name], size)[place], rtol=0, atol=1e-6)


def test_every_type_is_here_and_all_differ() -> None:
    assert {each["rope_type"] for each in TYPES.values()} == {"default", *rope_utils.ROPE_INIT_FUNCTIONS} - {
        "proportional"
    }
    turned = {name: torch.cat(reference(table, 3000)) for name, table in TYPES.items()}
    assert [(a, b) for a, b in combinations(turned, 2) if turned[a].equal(turned[b])] == [
        ("yarn", "yarn, half an mscale")
    ]


@pytest.mark.parametrize("name", REAL)
def test_rates_of_published_models_are_equal_to_the_bit(name) -> None:
    size, longest, table = REAL[name]
    mine, theirs = configs(table, size, longest)
    rope = mine.rope()
    rates, factor = rope_utils.ROPE_INIT_FUNCTIONS[rope["rope_type"]](theirs)
    scaling = scaling_of(size, rope)
    assert np.array_equal(scaling.rates, rates)
    assert scaling.factor == pytest.approx(factor, rel=1e-12)


@pytest.mark.parametrize("length", [TRAINED, TRAINED + 1, 100_000])
@pytest.mark.parametrize("name", TYPES)
def test_rates_are_equal_to_the_bit(name, length) -> None:
    """At the hundred-thousandth token, a rate that is one bit off has turned by a visible angle."""
    mine, theirs = configs(TYPES[name])
    scaling = scaling_of(SIZE, mine.rope())
    ours = scaling.rates if scaling.of_length is None else scaling.of_length(length)
    kind = theirs.rope_parameters["rope_type"]
    if kind == "default":
        rates, factor = llama.LlamaRotaryEmbedding.compute_default_rope_parameters(theirs)
    else:
        rates, factor = rope_utils.ROPE_INIT_FUNCTIONS[kind](theirs, seq_len=torch.tensor(length))
    assert np.array_equal(ours, rates)
    assert scaling.factor == pytest.approx(factor, rel=1e-12)


@pytest.mark.parametrize("part", [SIZE, SIZE // 2, 2])
@pytest.mark.parametrize(
    ("kind", "modeling"),
    [(Rotary, llama), (PairedRotary, glm)],
    ids=["Rotary-apply_rotary_pos_emb", "PairedRotary-apply_rotary_pos_emb"],
)
def test_heads_turn_as_the_reference_s(kind, modeling, part) -> None:
    """Of both ways to pair units, and with units that stay as they are."""
    torch.manual_seed(0)
    length, heads = 21, torch.randn(21, 3, SIZE)
    rotary = build(kind(part, LlamaConfig(rope_theta=30.0).rope()))
    rates = llama.LlamaRotaryEmbedding.compute_default_rope_parameters(
        configs({"rope_type": "default", "rope_theta": 30.0}, part)[1]
    )[0]
    angles = (torch.arange(length)[:, None] * rates).repeat(1, 2)[None]
    first = heads.transpose(0, 1)[None]
    if kind is Rotary:
        whole, rest = first[..., :part], first[..., part:]
        theirs = torch.cat([modeling.apply_rotary_pos_emb(whole, whole, angles.cos(), angles.sin())[0], rest], -1)
    else:
        theirs = modeling.apply_rotary_pos_emb(first, first, angles.cos(), angles.sin())[0]
    torch.testing.assert_close(rotary(heads, Layout.of([length])), theirs[0].transpose(0, 1), rtol=1e-6, atol=1e-6)


def test_half_precision_takes_its_angles_from_float32() -> None:
    table = {"rope_type": "default"}
    layout = Layout.of([3000])
    rotary = build(blocks.Rotary(SIZE, configs(table)[0].rope()))
    for mine, theirs in zip(rotary.angles(layout, torch.bfloat16), reference(table, 3000), strict=True):
        assert mine.dtype == torch.bfloat16
        torch.testing.assert_close(mine[:, 0], theirs.bfloat16(), rtol=0, atol=0.004)


def test_angles_are_made_once_for_a_layout_and_apart_for_each_module() -> None:
    layout = Layout.of([5, 3])
    slow = build(blocks.Rotary(SIZE, LlamaConfig().rope()))
    fast = build(blocks.Rotary(SIZE, LlamaConfig(rope_theta=2.0).rope()))
    assert slow.angles(layout, torch.float32)[0] is slow.angles(layout, torch.float32)[0]
    assert not slow.angles(layout, torch.float32)[0].equal(fast.angles(layout, torch.float32)[0])


@pytest.mark.parametrize(
    ("family", "table"),
    [
        ("Phi3", LONG),
        ("Llama", {"rope_type": "dynamic", "factor": 3.0}),
        ("Llama", LONG),
        ("Llama", YARN),
        ("Glm", {**LONG, "short_factor": [1.0, 1.2], "long_factor": [2.0, 5.0]}),
    ],
)
def test_a_model_reads_short_and_long_texts_together_as_the_reference_reads_each_alone(family, table, tmp_path) -> None:
    torch.manual_seed(5)
    settings = getattr(transformers, f"{family}Config")(
        vocab_size=50,
        hidden_size=32,
        intermediate_size=20,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=SIZE,
        max_position_embeddings=TRAINED if table["rope_type"] == "dynamic" else LONGEST,
        rope_parameters=dict(table),
        pad_token_id=0,
        initializer_range=0.2,  # wider weights make of one rounding more than the tolerance
        **({"original_max_position_embeddings": TRAINED} if family == "Phi3" else {}),
    )
    model = getattr(transformers, f"{family}Model")(settings).eval()
    model.save_pretrained(tmp_path)
    sizes = [TRAINED + 1, 3, LONGEST, TRAINED, 2 * TRAINED, 1]
    tokens = torch.randint(1, 50, (sum(sizes),))
    mine = load(tmp_path)
    with torch.no_grad():
        ours = mine(Batch(tokens, Layout.of(sizes))).hidden.rows
        bounds = [sum(sizes[:n]) for n in range(len(sizes) + 1)]
        for start, stop in pairwise(bounds):
            alone = getattr(transformers, f"{family}Model").from_pretrained(tmp_path).eval()
            theirs = alone(tokens[None, start:stop]).last_hidden_state[0]
            torch.testing.assert_close(ours[start:stop], theirs, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("table", "starts", "holds", "breaks"),
    [
        (LONG, [TRAINED - 2, TRAINED + 1], 2, True),
        ({"rope_type": "dynamic", "factor": 3.0}, [LONGEST - 3, 2], 3, True),
        (YARN, [LONGEST - 9, 2], 9, False),
    ],
)
def test_a_text_that_outgrows_its_angles_is_not_read_on(table, starts, holds, breaks) -> None:
    """What a cache holds of it was turned, layer by layer, by angles that are no longer its own."""
    settings = LlamaConfig(
        vocab_size=50,
        hidden_size=32,
        intermediate_size=20,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=LONGEST,
        rope_parameters=table,
    )
    model, cache = new_model(settings, Task.FEATURES, seed=0).eval(), KeyValueCache(2)
    texts = torch.randint(1, 50, (2, 2 * LONGEST))
    with torch.no_grad():
        sizes = starts
        model(
            Batch(torch.cat([text[:size] for text, size in zip(texts, sizes, strict=True)]), Layout.of(sizes)),
            cache=cache,
        )
        for _ in range(holds):
            last = [text[size : size + 1] for text, size in zip(texts, sizes, strict=True)]
            rows = model(Batch(torch.cat(last), Layout.of([1, 1])), cache=cache).hidden.rows
            sizes = [size + 1 for size in sizes]
        whole = torch.cat([text[:size] for text, size in zip(texts, sizes, strict=True)])
        layout = Layout.of(sizes)
        torch.testing.assert_close(rows, model(Batch(whole, layout)).hidden.rows[layout.last()], rtol=1e-5, atol=1e-5)
        if not breaks:
            return
        with pytest.raises(UnsupportedError) as caught:
            model(Batch(texts[:, 0], Layout.of([1, 1])), cache=cache)
    assert caught.value.code == "E_STALE_CACHE"
    assert f"Text 0 grows from {sizes[0]} tokens to {sizes[0] + 1}" in str(caught.value)
    assert cache.sizes == tuple(sizes), "nothing was read"
