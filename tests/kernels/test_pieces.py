"""Which families the kernels run, and what they say of the others."""

from __future__ import annotations

from dataclasses import replace

import pytest

from contract.families import FAMILIES, registered
from torso import blocks
from torso.architecture import Task
from torso.cli.model_catalogue import catalogue
from torso.kernels import library as native
from torso.kernels.decoder_support import unsupported_decoder
from torso.kernels.support import encoder_in, unsupported_trunk


def trunk_of(model_type: str, **values: object) -> blocks.AnyTrunk:
    """The description of a family's trunk."""
    architecture = registered()[model_type]
    return architecture.trunk(architecture.config(**values))


BY_PYTORCH = {"ministral3", "mobilebert", "umt5"}
"""Narrow blocks, queries that grow, a bias of distance in each block."""


def test_the_families_that_are_marked_are_those_that_run() -> None:
    """With the config that each class has by itself, which is the most usual one's."""
    marked = {card.model_types[0]: card.kernels for card in catalogue()}
    for model_type, architecture in registered().items():
        trunk = trunk_of(model_type)
        if architecture.decodes and isinstance(trunk, blocks.Trunk):
            reason = unsupported_decoder(architecture.describe(architecture.config(), Task.CAUSAL_LM))
        else:
            reason = unsupported_trunk(encoder_in(trunk))
        assert marked[model_type] == (reason is None), model_type
    # A test beside this one may have registered families of its own.
    assert {model_type for model_type in FAMILIES if not marked[model_type]} == BY_PYTORCH


@pytest.mark.parametrize(
    ("model_type", "config", "english", "chinese"),
    [
        ("deberta-v2", "plain", "its block is a ConvolvedBlock", "其层是 ConvolvedBlock"),
        ("gemma2", "plain", "its block is a SandwichBlock", "其层是 SandwichBlock"),
        ("qwen3", "plain", "it norms its heads", "它对各注意力头做归一化"),
        ("deberta", "plain", "a width that is no multiple of 4", "有宽度不是 4 的倍数"),
    ],
)
def test_a_reason_is_told_in_the_language_in_force(model_type, config, english, chinese, monkeypatch) -> None:
    trunk = trunk_of(model_type, **FAMILIES[model_type].configs[config])
    monkeypatch.setenv("TORSO_LANG", "en")
    assert unsupported_trunk(trunk) == english
    monkeypatch.setenv("TORSO_LANG", "zh")
    assert unsupported_trunk(trunk) == chinese


def test_a_bias_that_is_not_the_trunks_is_another() -> None:
    """One call carries one bias, which all blocks share."""
    trunk = trunk_of("deberta", hidden_size=48, relative_attention=True)
    assert unsupported_trunk(trunk) is None
    assert unsupported_trunk(replace(trunk, score_bias=None)) is not None


def test_so_is_why_there_are_no_kernels(monkeypatch) -> None:
    monkeypatch.setenv(native.SETTING, "0")
    monkeypatch.setenv("TORSO_LANG", "zh")
    assert native.about().reason == "TORSO_KERNELS=0 关闭了内核"
