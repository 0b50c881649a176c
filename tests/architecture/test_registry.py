"""Architectures are found by name, each without the others, and in an order that does not depend on who came first."""

from __future__ import annotations

import pytest

from .sources import printed_by


@pytest.mark.parametrize("model_type", ["bert", "deberta-v2", "gpt_neox", "t5"])
def test_a_family_is_found_without_reading_the_others(model_type) -> None:
    code = """
import sys
from torso.architecture import find
assert sys.argv[1] in find(sys.argv[1]).model_types
print(*(name for name in sys.modules if name.startswith("torso.models.")))
"""
    modules = printed_by(code, model_type)
    assert f"torso.models.{model_type.replace('-', '_')}" in modules
    assert len(modules) < 6


@pytest.mark.parametrize("first", ["gemma3_text", "qwen3", "mt5", "camembert", "mbart", "glm4"])
def test_what_others_are_built_on_comes_before_them(first) -> None:
    """The weights of a file that names no family fit several: it is then the one that the others are built on."""
    code = """
import sys
from torso.architecture import architectures, find
find(sys.argv[1])
print(*(each.family for each in architectures()))
"""
    order = printed_by(code, first)
    for base, others in {
        "Llama": ("Mistral", "Gemma", "Gemma2", "Gemma3", "Qwen2", "Qwen3"),
        "Gemma2": ("Gemma3",),
        "Roberta": ("XLMRoberta", "Camembert"),
        "Bart": ("MBart", "Marian", "Pegasus"),
        "T5": ("MT5",),
        "Glm": ("Glm4",),
    }.items():
        assert all(order.index(base) < order.index(other) for other in others)
