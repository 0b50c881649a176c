"""What generation takes as a model: one of PyTorch, or a compiled decoder."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from torso.engines.compiled_decoder import CompiledDecoder
    from torso.model import Model
    from torso.outputs import VocabLogits

GenerativeModel: TypeAlias = "Model[VocabLogits] | CompiledDecoder"
"""A model of causal-lm or seq2seq-lm."""
