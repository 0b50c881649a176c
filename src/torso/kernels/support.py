"""Which encoders the kernels support, judged by their descriptions. Loads no torch."""

from __future__ import annotations

import math
from collections.abc import Iterator

from torso import blocks
from torso.language import say

_GELU_TANH = ("gelu_accurate", "gelu_fast", "gelu_new", "gelu_python_tanh", "gelu_pytorch_tanh")
_KINDS = (("linear",), ("gelu", "gelu_python"), _GELU_TANH, ("relu",), ("silu", "swish"), ("tanh",), ("quick_gelu",))
ACTIVATIONS = {name: number for number, names in enumerate(_KINDS) for name in names}
"""Activations of the kernels, by their names in configs, with their numbers in the C interface."""

_ATTENTIONS = (blocks.Attention, blocks.DisentangledAttention, blocks.SharedDisentangledAttention)
_BLOCKS = (blocks.PostNormBlock, blocks.PreNormBlock)
_FEEDS = (blocks.FeedForward, blocks.GatedFeedForward)
_NORMS = (blocks.LayerNorm, blocks.RMSNorm, blocks.OffsetRMSNorm, blocks.Identity)
_POSITIONS = (
    blocks.LearnedPositions,
    blocks.UnpaddedPositions,
    blocks.TaskPositions,
    blocks.SinusoidalPositions,
    blocks.ShiftedSinusoids,
    blocks.UnpaddedSinusoids,
    type(None),
)
_HEAD_BIASES = (blocks.BucketBias, blocks.TokenDistanceBias, blocks.DistanceSlopeBias)
_BIASES = (*_HEAD_BIASES, blocks.Distances, blocks.LogDistances)

_HEADS = (
    *(blocks.FeatureHead, blocks.SequenceHead, blocks.TokenHead, blocks.SpanHead, blocks.ReplacedHead),
    *(blocks.ChoiceHead, blocks.VocabHead, blocks.ShiftedVocabHead),
)
_HEAD_PARTS = (blocks.Transform, blocks.Linear, blocks.Sequential, blocks.Shift, blocks.Dropout, *_NORMS)

AnyAttention = blocks.Attention | blocks.DisentangledAttention
AnyFeedForward = blocks.FeedForward | blocks.GatedFeedForward


def encoder_in(trunk: blocks.AnyTrunk) -> blocks.Trunk:
    """Return the part of a trunk that reads texts: of an encoder-decoder, its encoder."""
    return trunk if isinstance(trunk, blocks.Trunk) else trunk.encoder


def products(trunk: blocks.Trunk) -> list[str]:
    """Return the names of the linear layers whose weights the kernels multiply with; others become constants."""
    known = {id(part) for _, attn, ffn in block_parts(trunk) for part in linears(attn, ffn).values()}
    return [name for name, part in blocks.walk(trunk) if id(part) in known]


def linears(attn: AnyAttention, ffn: AnyFeedForward) -> dict[str, blocks.Linear]:
    """Return the linear layers of a block: queries, keys and values; output of attention; up; down."""
    up = "up" if isinstance(ffn, blocks.FeedForward) else "gate_up"
    named = {"attn.qkv": attn.parts["qkv"], "attn.out": attn.parts["out"], f"ffn.{up}": ffn.parts[up]}
    named["ffn.down"] = ffn.parts["down"]
    return {name: part for name, part in named.items() if isinstance(part, blocks.Linear)}


def unsupported_trunk(trunk: blocks.Part) -> str | None:
    """Return why the kernels cannot run a trunk, in the current language; None if they can."""
    if type(trunk) is not blocks.Trunk:
        return say("not a plain encoder")
    if type(inner_norm(trunk.norm)) not in _NORMS:
        return say("a norm of another kind")
    for layer in trunk.layers:
        reason = _unsupported_block(layer, trunk)
        if reason is not None:
            return reason
    if len(rotaries(trunk)) > 2:
        return say("more than two kinds of rotary angles")
    if not knows_embeddings(trunk.embed):
        return say("embeddings of another kind")
    return None if not trunk.layers or _are_alike(trunk) else say("blocks of unlike sizes")


def unsupported_head(head: blocks.Head) -> str | None:
    """Return why the kernels' heads cannot run a head, in the current language; None if they can."""
    if type(head) not in _HEADS:
        return say("its head is a {name}", dict(name=type(head).__name__))
    for _, part in blocks.walk(head):
        if isinstance(part, blocks.Transform) and part.act not in ACTIVATIONS:
            return say("another activation")
        if type(part) not in (*_HEADS, *_HEAD_PARTS):
            return say("its head holds a {name}", dict(name=type(part).__name__))
    return None


def rotaries(trunk: blocks.Trunk) -> list[blocks.Rotary]:
    """Return the distinct rotary embeddings of a trunk's blocks."""
    found = [attn.rotary for _, attn, _ in block_parts(trunk) if isinstance(attn, blocks.Attention)]
    return list({id(each): each for each in found if isinstance(each, blocks.Rotary)}.values())


def inner_norm(norm: blocks.Part | None) -> blocks.Part:
    """Return a norm without wrappers that do nothing in inference."""
    if isinstance(norm, blocks.Sequential):
        rest = [each for each in norm.items if type(each) not in (blocks.Dropout, blocks.Identity)]
        return rest[0] if len(rest) == 1 else norm if rest else blocks.Identity()
    return norm or blocks.Identity()


def block_parts(trunk: blocks.Trunk) -> Iterator[tuple[blocks.PostNormBlock, AnyAttention, AnyFeedForward]]:
    """Yield each block with its attention and its feed-forward."""
    for layer in trunk.layers:
        assert isinstance(layer, blocks.PostNormBlock)
        assert isinstance(layer.attn, AnyAttention)
        assert isinstance(layer.ffn, AnyFeedForward)
        yield layer, layer.attn, layer.ffn


def row_width(trunk: blocks.Trunk) -> int:
    """Return D, the width of a trunk's rows."""
    for _, attn, _ in block_parts(trunk):
        return attn.width
    return trunk.embed.project.out_features if isinstance(trunk.embed.project, blocks.Linear) else trunk.embed.width


def knows_embeddings(embed: blocks.Embeddings) -> bool:
    """Return whether the embeddings are those of `torso.kernels.host_embeddings`, or of the kernels themselves."""
    return (
        type(embed) in (blocks.Embeddings, blocks.ProjectedTokens)
        and type(embed.positions) in _POSITIONS
        and all(
            type(each) in (blocks.Linear, blocks.Sequential, blocks.Dropout, *_NORMS)
            for part in (embed.norm, embed.project)
            if part is not None
            for _, each in blocks.walk(part)
        )
    )


def _unsupported_block(block: blocks.Part, trunk: blocks.Trunk) -> str | None:
    if type(block) not in _BLOCKS:
        return say("its block is a {name}", dict(name=type(block).__name__))
    assert isinstance(block, blocks.PostNormBlock)
    attn, ffn = block.attn, block.ffn
    if type(ffn) not in _FEEDS:
        return say("its feed-forward is a {name}", dict(name=type(ffn).__name__))
    assert isinstance(ffn, AnyFeedForward)
    if any(type(norm) not in _NORMS for norm in (block.attn_norm, block.ffn_norm)):
        return say("a norm of another kind")
    if type(attn) not in _ATTENTIONS:
        return say("its attention is a {name}", dict(name=type(attn).__name__))
    assert isinstance(attn, AnyAttention)
    reason = _unsupported_attention(attn, trunk)
    if reason is not None:
        return reason
    if ffn.act not in ACTIVATIONS:
        return say("another activation")
    if any(each.in_features % 4 for each in linears(attn, ffn).values()) or attn.size % 4:
        return say("a width that is no multiple of 4")
    return None


def _unsupported_attention(attn: AnyAttention, trunk: blocks.Trunk) -> str | None:
    if isinstance(attn, blocks.Attention):
        if not all(type(attn.parts[name]) is blocks.Identity for name in ("q_norm", "k_norm")):
            return say("it norms its heads")
        if type(attn.rotary) not in (type(None), blocks.Rotary, blocks.PairedRotary):
            return say("its positions are a {name}", dict(name=type(attn.rotary).__name__))
    if attn.rule.softcap is not None:
        return say("its scores have a cap")
    if attn.rule.scale is not None and not 0 < attn.rule.scale < math.inf:
        return say("its scores have a scale that is not above 0")
    bias = attn.score_bias
    if bias is not None and not (type(bias) in _BIASES and bias is trunk.score_bias):
        return say("another bias of its scores")
    return None


def _are_alike(trunk: blocks.Trunk) -> bool:
    """Return whether all blocks have the sizes that the C structure of a trunk states once.

    The kernels use these for every block, and would read and write out of bounds in a block of other sizes.
    """
    _, first, feed = next(block_parts(trunk))
    width, (query_width, key_width, _), size, inner = first.width, first.rows, first.size, feed.inner
    if query_width % size or key_width % size or not key_width or query_width % key_width:
        return False
    rotary_size = {each.size for each in rotaries(trunk)}
    if len(rotary_size) > 1 or not all(each <= size and each % 2 == 0 for each in rotary_size):
        return False
    if isinstance(trunk.score_bias, _HEAD_BIASES) and trunk.score_bias.heads != query_width // size:
        return False
    return _fits(inner_norm(trunk.norm), width) and all(
        (attn.width, attn.rows, attn.size) == (width, first.rows, size)
        and (ffn.width, ffn.inner) == (width, inner)
        and (not isinstance(attn.score_bias, blocks.Distances) or attn.score_bias.width == width)
        and _fits(block.attn_norm, width)
        and _fits(block.ffn_norm, width)
        for block, attn, ffn in block_parts(trunk)
    )


def _fits(norm: blocks.Part, width: int) -> bool:
    """Return whether a norm is over rows of a width."""
    return not isinstance(norm, blocks.LayerNorm | blocks.RMSNorm) or norm.width == width
