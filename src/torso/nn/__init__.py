"""The blocks every architecture is wired from. A lazy namespace: torch is imported when the first block is used.

Letters in shapes, here and everywhere: **T** rows (tokens of all sequences), **N** sequences, **D** width, **H** query
heads, **G** key/value heads, **d** head size, **F** feed-forward width, **V** vocabulary, **C** labels, **R** rows
asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch.nn import LayerNorm

    from torso.nn.activations import activation
    from torso.nn.attending import Backend, Rule, ScoreBias, attend
    from torso.nn.attention import Attention
    from torso.nn.block import PostNormBlock
    from torso.nn.context import Context
    from torso.nn.embeddings import Embeddings, LearnedPositions
    from torso.nn.feedforward import FeedForward
    from torso.nn.heads import ChoiceHead, FeatureHead, Head, SequenceHead, SpanHead, TokenHead, Transform, VocabHead
    from torso.nn.trunk import Trunk

__all__ = [
    "Attention",
    "Backend",
    "ChoiceHead",
    "Context",
    "Embeddings",
    "FeatureHead",
    "FeedForward",
    "Head",
    "LayerNorm",
    "LearnedPositions",
    "PostNormBlock",
    "Rule",
    "ScoreBias",
    "SequenceHead",
    "SpanHead",
    "TokenHead",
    "Transform",
    "Trunk",
    "VocabHead",
    "activation",
    "attend",
]

_HOME = {
    "Attention": "torso.nn.attention",
    "Backend": "torso.nn.attending",
    "Rule": "torso.nn.attending",
    "ScoreBias": "torso.nn.attending",
    "attend": "torso.nn.attending",
    "ChoiceHead": "torso.nn.heads",
    "FeatureHead": "torso.nn.heads",
    "Head": "torso.nn.heads",
    "SequenceHead": "torso.nn.heads",
    "SpanHead": "torso.nn.heads",
    "TokenHead": "torso.nn.heads",
    "Transform": "torso.nn.heads",
    "VocabHead": "torso.nn.heads",
    "Context": "torso.nn.context",
    "Embeddings": "torso.nn.embeddings",
    "LearnedPositions": "torso.nn.embeddings",
    "FeedForward": "torso.nn.feedforward",
    "LayerNorm": "torch.nn",
    "PostNormBlock": "torso.nn.block",
    "Trunk": "torso.nn.trunk",
    "activation": "torso.nn.activations",
}


def __getattr__(name: str) -> object:
    # The imports above, not this table, are what a type checker sees; tests hold the two equal.
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
