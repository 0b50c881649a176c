"""Which decoders the kernels support, judged by their descriptions. Loads no torch."""

from __future__ import annotations

from collections.abc import Iterator

from torso import blocks
from torso.kernels.support import ACTIVATIONS, bare, knows_embeddings
from torso.language import say

ORDERS: dict[type[blocks.Part], int] = {
    blocks.PreNormBlock: 0,
    blocks.PreNormCrossBlock: 0,
    blocks.PostNormBlock: 1,
    blocks.PostNormCrossBlock: 1,
    blocks.ParallelBlock: 2,
    blocks.SandwichBlock: 3,
    blocks.NormedResidualBlock: 4,
}
"""Blocks of the kernels, with the numbers of their orders in the C interface."""

AnyBlock = blocks.PostNormBlock | blocks.SandwichBlock | blocks.PostNormCrossBlock
AnyFeed = blocks.FeedForward | blocks.GatedFeedForward

_FEEDS = (blocks.FeedForward, blocks.GatedFeedForward)
_NORMS = (blocks.LayerNorm, blocks.RMSNorm, blocks.OffsetRMSNorm, blocks.Identity)
NONE = blocks.Identity()
_ROTARIES = (type(None), blocks.Rotary, blocks.PairedRotary)
_BIASES = (type(None), blocks.SlopeBias, blocks.BucketBias)
_CROSS = (blocks.PreNormCrossBlock, blocks.PostNormCrossBlock)


def decoder_obstacle(whole: blocks.Whole) -> str | None:
    """Return why the kernels do not run a model's decoder, in the current language; None if they do."""
    trunk, head = decoder_in(whole.trunk), whole.head
    if trunk is None or not trunk.layers:
        return say("not a plain decoder")
    if type(head) is not blocks.VocabHead or not isinstance(head.mlp or blocks.Identity(), blocks.Identity):
        return say("its head is a {name}", dict(name=type(head).__name__))
    if head.offset and head.softcap is not None:
        return say("a fixed vector is added to its scores")
    if not knows_embeddings(trunk.embed):
        return say("embeddings of another kind")
    for layer in trunk.layers:
        if type(layer) not in ORDERS or isinstance(layer, _CROSS) != isinstance(whole.trunk, blocks.EncoderDecoder):
            return say("its block is a {name}", dict(name=type(layer).__name__))
        assert isinstance(layer, AnyBlock)
        if type(layer.attn) is not blocks.Attention:
            return say("its attention is a {name}", dict(name=type(layer.attn).__name__))
        if type(layer.ffn) not in _FEEDS:
            return say("its feed-forward is a {name}", dict(name=type(layer.ffn).__name__))
    for block, attn, ffn in decoder_parts(trunk):
        reason = _obstacle(block, attn, ffn) or _cross_obstacle(block)
        if reason is not None:
            return reason
    if len(decoder_rotaries(trunk)) > 2:
        return say("more than two kinds of rotary angles")
    return None if _are_alike(trunk) else say("blocks of unlike sizes")


def decoder_in(trunk: blocks.AnyTrunk) -> blocks.Trunk | None:
    """Return the part of a trunk that writes; None if it is none of a kind that is known."""
    if type(trunk) in (blocks.EncoderDecoder, blocks.WrappedEncoderDecoder):
        assert isinstance(trunk, blocks.EncoderDecoder)
        trunk = trunk.decoder
    return trunk if type(trunk) is blocks.Trunk else None


def cross_attention(block: blocks.Part) -> blocks.CrossAttention | None:
    """Return a block's attention to an encoder's rows; None if it has none."""
    cross = block.cross if isinstance(block, blocks.PostNormCrossBlock) else None
    assert isinstance(cross, blocks.CrossAttention | None)
    return cross


def decoder_parts(trunk: blocks.Trunk) -> Iterator[tuple[AnyBlock, blocks.Attention, AnyFeed]]:
    """Yield each block of a decoder with its attention and its feed-forward."""
    for layer in trunk.layers:
        assert isinstance(layer, AnyBlock)
        assert isinstance(layer.attn, blocks.Attention)
        assert isinstance(layer.ffn, AnyFeed)
        yield layer, layer.attn, layer.ffn


def decoder_rotaries(trunk: blocks.Trunk) -> list[blocks.Rotary]:
    """Return the distinct rotary embeddings of a decoder's blocks."""
    found = [attn.rotary for _, attn, _ in decoder_parts(trunk)]
    return list({id(each): each for each in found if isinstance(each, blocks.Rotary)}.values())


def _obstacle(block: AnyBlock, attn: blocks.Attention, ffn: AnyFeed) -> str | None:
    if type(attn.rotary) not in _ROTARIES:
        return say("its positions are a {name}", dict(name=type(attn.rotary).__name__))
    if attn.rule.right != 0:
        return say("its queries see later keys")
    if type(attn.score_bias) not in _BIASES:
        return say("another bias of its scores")
    if ffn.act not in ACTIVATIONS:
        return say("another activation")
    if any(type(each) not in _NORMS for each in (*norms(block), *head_norms(attn))):
        return say("a norm of another kind")
    return None


def _cross_obstacle(block: AnyBlock) -> str | None:
    if not isinstance(block, blocks.PostNormCrossBlock):
        return None
    if type(block.cross) is not blocks.CrossAttention:
        return say("its attention is a {name}", dict(name=type(block.cross).__name__))
    if block.cross.rule.softcap is not None:
        return say("its scores have a cap")
    return say("a norm of another kind") if type(block.cross_norm) not in _NORMS else None


def norms(block: AnyBlock) -> tuple[blocks.Part, blocks.Part, blocks.Part, blocks.Part]:
    """Return the norms of a block: of attention, of the feed-forward, and behind each; a `Scale` is none."""
    attn, ffn = (NONE if isinstance(each, blocks.Scale) else each for each in _behind(block))
    return bare(block.attn_norm), bare(block.ffn_norm), attn, ffn


def factors(block: AnyBlock) -> tuple[float, float]:
    """Return what the branches of a block are multiplied by before they are added."""
    attn, ffn = (each.factor if isinstance(each, blocks.Scale) else 1.0 for each in _behind(block))
    return attn, ffn


def _behind(block: AnyBlock) -> tuple[blocks.Part, blocks.Part]:
    return (block.attn_out_norm, block.ffn_out_norm) if isinstance(block, blocks.SandwichBlock) else (NONE, NONE)


def head_norms(attn: blocks.Attention) -> tuple[blocks.Part, blocks.Part]:
    """Return the norms of a head's queries and keys."""
    return attn.parts["q_norm"] or blocks.Identity(), attn.parts["k_norm"] or blocks.Identity()


def _are_alike(trunk: blocks.Trunk) -> bool:
    """Return whether all blocks have the sizes that the C structure of a decoder states once."""
    _, first, _ = next(decoder_parts(trunk))
    width, (query_width, key_width, _), size = first.width, first.rows, first.size
    if query_width % size or key_width % size or not key_width or query_width % key_width:
        return False
    turned = {each.size for each in decoder_rotaries(trunk)}
    if len(turned) > 1 or not all(each <= size and each % 2 == 0 for each in turned):
        return False
    if isinstance(first.score_bias, blocks.BucketBias) and first.score_bias.heads != first.heads:
        return False
    return _fits(bare(trunk.norm), width) and all(
        (attn.width, attn.rows, attn.size, ffn.width) == (width, first.rows, size, width)
        and attn.score_bias is first.score_bias
        and all(_fits(each, width) for each in norms(block))
        and all(_fits(each, size) for each in head_norms(attn))
        and _crosses_alike(block, attn)
        for block, attn, ffn in decoder_parts(trunk)
    )


def _crosses_alike(block: AnyBlock, attn: blocks.Attention) -> bool:
    """Return whether a block's cross-attention, if it has one, has the sizes of its own attention."""
    cross = cross_attention(block)
    if cross is None:
        return True
    assert isinstance(block, blocks.PostNormCrossBlock)
    alike = (cross.width, cross.heads, cross.size) == (attn.width, attn.heads, attn.size)
    return alike and _fits(block.cross_norm, attn.width)


def _fits(norm: blocks.Part, width: int) -> bool:
    """Return whether a norm is over rows of a width."""
    return isinstance(norm, blocks.Identity) or (
        isinstance(norm, blocks.LayerNorm | blocks.RMSNorm) and norm.width == width
    )
