"""Rotary parameters in config files: old forms and new ones mean the same, and what cannot be is refused by name."""

from __future__ import annotations

import json

import pytest

from torso.config.config_file import ConfigFile
from torso.config.rope import NEEDED, OPTIONAL, RotaryConfig
from torso.errors import ConfigError, TorsoError, UnsupportedError
from torso.models.gemma3 import Gemma3TextConfig
from torso.models.glm import GlmConfig
from torso.models.llama import LlamaConfig
from torso.models.phi3 import Phi3Config

LONG = {"short_factor": [1.0, 1.5, 2, 4.0], "long_factor": [1.0, 3, 8.0, 30.0]}
FULL, SLIDING = Gemma3TextConfig.rope_kinds


def read(kind: type[RotaryConfig], path, **values: object) -> RotaryConfig:
    """The config of a file with these keys, its heads 8 wide."""
    whole = {"hidden_size": 16, "num_attention_heads": 2, "num_key_value_heads": 2, "head_dim": 8, **values}
    return kind.from_file(ConfigFile.parse(json.dumps(whole), path / "config.json"))


@pytest.mark.parametrize(
    ("kind", "old", "new"),
    [
        (LlamaConfig, {"rope_theta": 5e5}, {"rope_theta": 5e5, "rope_type": "default"}),
        (LlamaConfig, {"rope_scaling": None, "rope_theta": 50.0}, {"rope_theta": 50.0}),
        (LlamaConfig, {"rope_scaling": {"type": "linear", "factor": 4}}, {"rope_type": "linear", "factor": 4}),
        (
            LlamaConfig,
            {"rope_scaling": {"type": "dynamic", "factor": 2.0}, "rope_theta": 20.0},
            {"rope_type": "dynamic", "factor": 2.0, "rope_theta": 20.0},
        ),
        (
            LlamaConfig,
            {"rope_scaling": {"type": "default", "mrope_section": [16, 24, 24], "rope_type": "default"}},
            {},
        ),
        (
            LlamaConfig,
            {
                "rope_scaling": {"type": "yarn", "factor": 16.0, "finetuned": True},
                "original_max_position_embeddings": 9,
            },
            {"rope_type": "yarn", "factor": 16.0, "original_max_position_embeddings": 9},
        ),
        (
            Phi3Config,
            {"rope_scaling": {"type": "su", **LONG}, "original_max_position_embeddings": 40},
            {"rope_type": "longrope", "original_max_position_embeddings": 40, **LONG},
        ),
        (
            Phi3Config,
            {"rope_scaling": {"type": "yarn", **LONG}, "original_max_position_embeddings": 40},
            {"rope_type": "longrope", "original_max_position_embeddings": 40, **LONG},
        ),
        (
            Phi3Config,
            {"rope_scaling": None, "partial_rotary_factor": 0.75},
            {"rope_type": "default", "partial_rotary_factor": 0.75},
        ),
        (GlmConfig, {"partial_rotary_factor": 0.25}, {"partial_rotary_factor": 0.25}),
    ],
)
def test_old_and_new_forms_mean_the_same(kind, old, new, tmp_path) -> None:
    spoken = ("rope_type", "rope_theta", "factor", "partial_rotary_factor", *LONG)
    spoken += ("original_max_position_embeddings",) * ("original_max_position_embeddings" in new)
    older = read(kind, tmp_path, max_position_embeddings=99, **old).rope()
    newer = read(kind, tmp_path, max_position_embeddings=99, rope_parameters=new, original_max_position_embeddings=None)
    assert {key: older.get(key) for key in spoken} == {key: newer.rope().get(key) for key in spoken}


def test_the_table_goes_before_what_stands_beside_it(tmp_path) -> None:
    """As in the reference; but for the trained length, which Phi-3 states beside the table."""
    table = {"rope_type": "yarn", "rope_theta": 3.0, "factor": 2.0, "original_max_position_embeddings": 30}
    mine = read(LlamaConfig, tmp_path, rope_parameters=table, rope_theta=7.0, original_max_position_embeddings=20)
    assert mine.rope()["rope_theta"] == 3.0
    assert mine.rope()["original_max_position_embeddings"] == 20
    older = read(LlamaConfig, tmp_path, rope_scaling={"type": "linear", "factor": 2.0}, rope_parameters=table)
    assert older.rope()["rope_type"] == "linear"


@pytest.mark.parametrize(
    ("values", "full", "sliding"),
    [
        ({}, ("default", 1e6), ("default", 1e4)),
        ({"rope_theta": 5.0, "rope_local_base_freq": 3}, ("default", 5.0), ("default", 3)),
        ({"rope_scaling": {"type": "linear", "factor": 8.0}}, ("linear", 1e6), ("default", 1e4)),
        ({"rope_parameters": {FULL: {"rope_type": "linear", "factor": 8.0}}}, ("linear", 1e6), ("default", 1e4)),
        ({"rope_parameters": {FULL: None, SLIDING: {"rope_theta": 9.0}}}, ("default", 1e6), ("default", 9.0)),
    ],
)
def test_each_kind_of_layer_has_its_own(values, full, sliding, tmp_path) -> None:
    mine = read(Gemma3TextConfig, tmp_path, **values)
    for kind, wanted in ((FULL, full), (SLIDING, sliding)):
        assert (mine.rope(kind)["rope_type"], mine.rope(kind)["rope_theta"]) == wanted


def test_a_text_has_no_limit_only_where_angles_follow_its_length() -> None:
    def limit(table: dict) -> int | None:
        return LlamaConfig(max_position_embeddings=64, head_dim=8, rope_parameters=table).max_tokens

    assert limit({"rope_type": "dynamic", "factor": 2.0}) is None
    assert {limit({"rope_type": name, "factor": 2.0}) for name in ("default", "linear", "yarn")} == {64}


@pytest.mark.parametrize(
    "value", [0, -1.0, None, "8", True, [2.0], {}, 1e-30, 1e39, 10**400, float("nan"), float("inf")]
)
@pytest.mark.parametrize(
    ("name", "key"), [(name, key) for name, keys in NEEDED.items() for key in (*keys, "rope_theta")]
)
def test_what_a_type_needs_is_there_and_a_number(name, key, value) -> None:
    given = {"rope_type": name, **dict.fromkeys(NEEDED[name], 4), **LONG, "high_freq_factor": 5, key: value}
    if value is None and key in ("rope_theta", "original_max_position_embeddings"):
        assert LlamaConfig(head_dim=8, rope_parameters=given).rope()[key], "null is as good as absent"
        return
    with pytest.raises((ConfigError, UnsupportedError)) as caught:
        LlamaConfig(head_dim=8, rope_parameters=given)
    assert key in str(caught.value)


@pytest.mark.parametrize("value", ["8", True, [2.0], -1, 1e39, float("nan")])
@pytest.mark.parametrize(("name", "key"), [(name, key) for name, keys in OPTIONAL.items() for key in keys])
def test_what_a_type_may_have_is_a_number(name, key, value) -> None:
    given = {"rope_type": name, **LONG, "original_max_position_embeddings": 30, key: value}
    with pytest.raises(ConfigError) as caught:
        LlamaConfig(head_dim=8, rope_parameters=given)
    assert (caught.value.code, key in str(caught.value)) == ("E_CONFIG", True)
    assert key not in LlamaConfig(head_dim=8, rope_parameters={**given, key: None}).rope()


@pytest.mark.parametrize(
    ("values", "code", "told"),
    [
        ({"rope_scaling": {"type": "linear"}}, "E_CONFIG", "factor = None"),
        ({"rope_scaling": {"type": "ntk", "factor": 2.0}}, "E_UNSUPPORTED", "'ntk'"),
        ({"rope_scaling": {"type": ["linear"], "factor": 2.0}}, "E_UNSUPPORTED", "['linear']"),
        ({"rope_scaling": {"type": {"a": 1}}}, "E_UNSUPPORTED", "{'a': 1}"),
        ({"rope_scaling": {"rope_type": 3}}, "E_UNSUPPORTED", "3"),
        ({"rope_scaling": "linear"}, "E_CONFIG", "rope_scaling"),
        ({"rope_scaling": [1]}, "E_CONFIG", "rope_scaling"),
        ({"rope_theta": "10000"}, "E_CONFIG", "rope_theta"),
        ({"rope_theta": 0}, "E_CONFIG", "rope_theta"),
        ({"rope_theta": 1e39}, "E_CONFIG", "rope_theta"),
        ({"rope_scaling": {"type": "yarn", "factor": 2.0, "truncate": "no"}}, "E_CONFIG", "truncate"),
        ({"rope_scaling": {"type": "yarn", "factor": 2.0, "rope_theta": 1}}, "E_CONFIG", "rope_theta"),
        (
            {"rope_scaling": {"type": "longrope", **LONG, "short_factor": [1.0]}},
            "E_CONFIG",
            "short_factor has 1 numbers",
        ),
        ({"rope_scaling": {"type": "longrope", **LONG, "long_factor": [1.0] * 5}}, "E_CONFIG", "long_factor has 5"),
        ({"rope_scaling": {"type": "longrope", **LONG, "long_factor": []}}, "E_CONFIG", "long_factor has 0"),
        ({"rope_scaling": {"type": "longrope", **LONG, "long_factor": ["1"] * 4}}, "E_CONFIG", "long_factor"),
        ({"rope_scaling": {"type": "longrope", **LONG}, "original_max_position_embeddings": 1}, "E_CONFIG", "original"),
        ({"head_dim": 7}, "E_CONFIG", "7 units"),
        ({"head_dim": 2, "rope_scaling": {"type": "dynamic", "factor": 2.0}}, "E_CONFIG", "from 4 on"),
        ({"partial_rotary_factor": 0.5}, "E_UNSUPPORTED", "partial_rotary_factor"),
        ({"rope_parameters": {"partial_rotary_factor": 0.5}}, "E_UNSUPPORTED", "partial_rotary_factor"),
        ({"rope_parameters": {FULL: {"rope_type": "default"}}}, "E_UNSUPPORTED", FULL),
    ],
)
def test_what_cannot_be_is_refused_with_the_file(values, code, told, tmp_path) -> None:
    with pytest.raises(TorsoError) as caught:
        read(LlamaConfig, tmp_path, **values)
    assert caught.value.code == code
    assert told in str(caught.value)
    assert "config.json" in str(caught.value)


@pytest.mark.parametrize("low", [4.0, 5.0])
def test_the_fast_planes_of_llama3_are_the_faster_ones(low) -> None:
    given = {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": low, "high_freq_factor": 4.0}
    with pytest.raises(ConfigError, match="high_freq_factor"):
        LlamaConfig(rope_parameters=given)


@pytest.mark.parametrize("share", [-0.5, 1.5, "half", 0.3, 1e-9])
@pytest.mark.parametrize("kind", [Phi3Config, GlmConfig])
def test_a_share_of_each_head_is_a_share_and_even(kind, share, tmp_path) -> None:
    for values in ({"partial_rotary_factor": share}, {"rope_parameters": {"partial_rotary_factor": share}}):
        with pytest.raises(ConfigError) as caught:
            read(kind, tmp_path, hidden_size=20, head_dim=10, **values)
        assert "partial_rotary_factor" in str(caught.value)


@pytest.mark.parametrize("value", [5, "default", [1]])
def test_the_table_of_a_kind_of_layer_is_a_table(value, tmp_path) -> None:
    with pytest.raises(ConfigError, match=SLIDING):
        read(Gemma3TextConfig, tmp_path, rope_parameters={SLIDING: value})


def test_every_layer_has_a_known_kind(tmp_path) -> None:
    for kinds in ([FULL], [FULL, FULL, FULL], [FULL, "chunked_attention"]):
        with pytest.raises(ConfigError, match="layer_types"):
            read(Gemma3TextConfig, tmp_path, num_hidden_layers=2, layer_types=kinds)
