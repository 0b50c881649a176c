"""Building blocks of every architecture. A lazy namespace: torch is imported when the first block is used.

Letters in shapes, here and everywhere: **T** rows (tokens of all sequences), **N** sequences, **D** width, **H** query
heads, **G** key/value heads, **d** head size, **F** feed-forward width, **V** vocabulary, **C** labels, **R** requested
rows.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch.nn import Dropout, Embedding, Identity, LayerNorm, Linear, Sequential

    from torso.nn.activations import activation
    from torso.nn.attend_backends import attend
    from torso.nn.attention import Attention, CrossAttention
    from torso.nn.attention_rule import Backend, Rule, ScoreBias
    from torso.nn.bias import BucketBias, SlopeBias
    from torso.nn.block import (
        NormedResidualBlock,
        ParallelBlock,
        PostNormBlock,
        PostNormCrossBlock,
        PreNormBlock,
        PreNormCrossBlock,
        SandwichBlock,
    )
    from torso.nn.context import Context
    from torso.nn.convolution import SequenceConvolution
    from torso.nn.disentangled import (
        DisentangledAttention,
        Distances,
        LogDistances,
        SharedDisentangledAttention,
        Shift,
    )
    from torso.nn.embeddings import Embeddings, LearnedPositions, SinusoidalPositions
    from torso.nn.feedforward import FeedForward, GatedFeedForward
    from torso.nn.heads import (
        ChoiceHead,
        FeatureHead,
        Head,
        ReplacedHead,
        SequenceHead,
        SpanHead,
        TokenHead,
        Transform,
        VocabHead,
    )
    from torso.nn.key_value_cache import KeyValueCache
    from torso.nn.norm import OffsetRMSNorm, RMSNorm
    from torso.nn.rotary import PairedRotary, Rotary
    from torso.nn.trunk import EncoderDecoder, EncoderOnly, Trunk, WrappedEncoderDecoder

__all__ = [
    "Attention",
    "Backend",
    "BucketBias",
    "ChoiceHead",
    "Context",
    "CrossAttention",
    "DisentangledAttention",
    "Distances",
    "Dropout",
    "Embedding",
    "Embeddings",
    "EncoderDecoder",
    "EncoderOnly",
    "FeatureHead",
    "FeedForward",
    "GatedFeedForward",
    "Head",
    "Identity",
    "KeyValueCache",
    "LayerNorm",
    "LearnedPositions",
    "Linear",
    "LogDistances",
    "NormedResidualBlock",
    "OffsetRMSNorm",
    "PairedRotary",
    "ParallelBlock",
    "PostNormBlock",
    "PostNormCrossBlock",
    "PreNormBlock",
    "PreNormCrossBlock",
    "RMSNorm",
    "ReplacedHead",
    "Rotary",
    "Rule",
    "SandwichBlock",
    "ScoreBias",
    "SequenceConvolution",
    "SequenceHead",
    "Sequential",
    "SharedDisentangledAttention",
    "Shift",
    "SinusoidalPositions",
    "SlopeBias",
    "SpanHead",
    "TokenHead",
    "Transform",
    "Trunk",
    "VocabHead",
    "WrappedEncoderDecoder",
    "activation",
    "attend",
]

_HOME = {
    "Dropout": "torch.nn",
    "Embedding": "torch.nn",
    "Identity": "torch.nn",
    "LayerNorm": "torch.nn",
    "Linear": "torch.nn",
    "Sequential": "torch.nn",
    "activation": "torso.nn.activations",
    "Backend": "torso.nn.attention_rule",
    "Rule": "torso.nn.attention_rule",
    "ScoreBias": "torso.nn.attention_rule",
    "attend": "torso.nn.attend_backends",
    "Attention": "torso.nn.attention",
    "CrossAttention": "torso.nn.attention",
    "BucketBias": "torso.nn.bias",
    "SlopeBias": "torso.nn.bias",
    "NormedResidualBlock": "torso.nn.block",
    "ParallelBlock": "torso.nn.block",
    "PostNormBlock": "torso.nn.block",
    "PostNormCrossBlock": "torso.nn.block",
    "PreNormBlock": "torso.nn.block",
    "PreNormCrossBlock": "torso.nn.block",
    "SandwichBlock": "torso.nn.block",
    "KeyValueCache": "torso.nn.key_value_cache",
    "Context": "torso.nn.context",
    "SequenceConvolution": "torso.nn.convolution",
    "DisentangledAttention": "torso.nn.disentangled",
    "Distances": "torso.nn.disentangled",
    "LogDistances": "torso.nn.disentangled",
    "SharedDisentangledAttention": "torso.nn.disentangled",
    "Shift": "torso.nn.disentangled",
    "Embeddings": "torso.nn.embeddings",
    "LearnedPositions": "torso.nn.embeddings",
    "SinusoidalPositions": "torso.nn.embeddings",
    "FeedForward": "torso.nn.feedforward",
    "GatedFeedForward": "torso.nn.feedforward",
    "ChoiceHead": "torso.nn.heads",
    "FeatureHead": "torso.nn.heads",
    "Head": "torso.nn.heads",
    "ReplacedHead": "torso.nn.heads",
    "SequenceHead": "torso.nn.heads",
    "SpanHead": "torso.nn.heads",
    "TokenHead": "torso.nn.heads",
    "Transform": "torso.nn.heads",
    "VocabHead": "torso.nn.heads",
    "OffsetRMSNorm": "torso.nn.norm",
    "RMSNorm": "torso.nn.norm",
    "PairedRotary": "torso.nn.rotary",
    "Rotary": "torso.nn.rotary",
    "EncoderDecoder": "torso.nn.trunk",
    "EncoderOnly": "torso.nn.trunk",
    "Trunk": "torso.nn.trunk",
    "WrappedEncoderDecoder": "torso.nn.trunk",
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
