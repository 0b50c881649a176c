"""Which decoders the kernels support, judged by their descriptions. Loads no torch."""

from __future__ import annotations

from collections.abc import Iterator

from torso import blocks
from torso.kernels.head_sizes import DecoderAttention, HeadSizes
from torso.kernels.mixture_support import AnyFeedForward, feed_forward_widths, unsupported_feed_forward
from torso.kernels.support import inner_norm, knows_embeddings
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

_NORMS = (blocks.LayerNorm, blocks.RMSNorm, blocks.OffsetRMSNorm, blocks.Identity)
NONE = blocks.Identity()
_ATTENTIONS = (blocks.Attention, blocks.LatentAttention)
_ROTARIES = (type(None), blocks.Rotary, blocks.PairedRotary)
_BIASES = (type(None), blocks.SlopeBias, blocks.BucketBias, blocks.Sinks)
_CROSS = (blocks.PreNormCrossBlock, blocks.PostNormCrossBlock)


def unsupported_decoder(whole: blocks.Whole) -> str | None:
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
        if type(layer.attn) not in _ATTENTIONS:
            return say("its attention is a {name}", dict(name=type(layer.attn).__name__))
        reason = unsupported_feed_forward(layer.ffn)
        if reason is not None:
            return reason
    for block, attn, _ in decoder_parts(trunk):
        reason = _unsupported_block(block, attn) or _unsupported_cross_attention(block)
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


def decoder_parts(trunk: blocks.Trunk) -> Iterator[tuple[AnyBlock, DecoderAttention, AnyFeedForward]]:
    """Yield each block of a decoder with its attention and its feed-forward."""
    for layer in trunk.layers:
        assert isinstance(layer, AnyBlock)
        assert isinstance(layer.attn, DecoderAttention)
        assert isinstance(layer.ffn, AnyFeedForward)
        yield layer, layer.attn, layer.ffn


def decoder_rotaries(trunk: blocks.Trunk) -> list[blocks.Rotary]:
    """Return the distinct rotary embeddings of a decoder's blocks."""
    found = [attn.rotary for _, attn, _ in decoder_parts(trunk)]
    return list({id(each): each for each in found if isinstance(each, blocks.Rotary)}.values())


def score_bias(attn: DecoderAttention) -> blocks.Part | None:
    """Return what is added to an attention's scores."""
    return attn.score_bias if isinstance(attn, blocks.Attention) else None


def _unsupported_block(block: AnyBlock, attn: DecoderAttention) -> str | None:
    if type(attn.rotary) not in _ROTARIES:
        return say("its positions are a {name}", dict(name=type(attn.rotary).__name__))
    if attn.rule.right != 0:
        return say("its queries see later keys")
    if type(score_bias(attn)) not in _BIASES:
        return say("another bias of its scores")
    if any(type(each) not in _NORMS for each in norms(block)):
        return say("a norm of another kind")
    joint = [type(each) is blocks.JointRMSNorm for each in head_norms(attn)]
    known = all(joint) or all(type(each) in _NORMS for each in head_norms(attn))
    return None if known else say("a norm of another kind")


def _unsupported_cross_attention(block: AnyBlock) -> str | None:
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
    return inner_norm(block.attn_norm), inner_norm(block.ffn_norm), attn, ffn


def factors(block: AnyBlock) -> tuple[float, float]:
    """Return what the branches of a block are multiplied by before they are added."""
    attn, ffn = (each.factor if isinstance(each, blocks.Scale) else 1.0 for each in _behind(block))
    return attn, ffn


def _behind(block: AnyBlock) -> tuple[blocks.Part, blocks.Part]:
    return (block.attn_out_norm, block.ffn_out_norm) if isinstance(block, blocks.SandwichBlock) else (NONE, NONE)


def head_norms(attn: DecoderAttention) -> tuple[blocks.Part, blocks.Part]:
    """Return the norms of a head's queries and keys."""
    if isinstance(attn, blocks.LatentAttention):  # it norms the rows that they are projected of
        return NONE, NONE
    return attn.parts["q_norm"] or blocks.Identity(), attn.parts["k_norm"] or blocks.Identity()


def _are_alike(trunk: blocks.Trunk) -> bool:
    """Return whether all blocks have the sizes that the C structure of a decoder states once."""
    _, first, _ = next(decoder_parts(trunk))
    sizes, bias = HeadSizes.of(first), score_bias(first)
    if sizes is None:
        return False
    rotary_size = {each.size for each in decoder_rotaries(trunk)}
    latent = isinstance(first, blocks.LatentAttention)
    if len(rotary_size) > 1 or not all(
        each % 2 == 0 and (each == sizes.rotary_size if latent else each <= sizes.rotary_size) for each in rotary_size
    ):
        return False
    if isinstance(bias, blocks.BucketBias) and bias.heads != sizes.heads:
        return False
    return _fits(inner_norm(trunk.norm), sizes.width) and all(
        HeadSizes.of(attn) == sizes
        and isinstance(attn, blocks.LatentAttention) == latent
        and feed_forward_widths(ffn) == {sizes.width}
        and _bias_alike(attn, first)
        and all(_fits(each, sizes.width) for each in norms(block))
        and _head_norms_fit(attn)
        and _crosses_alike(block, sizes)
        for block, attn, ffn in decoder_parts(trunk)
    )


def _bias_alike(attn: DecoderAttention, first: DecoderAttention) -> bool:
    """Return whether a block's bias of scores is that of the first, or like it sinks of its own."""
    bias = score_bias(attn)
    if isinstance(bias, blocks.Sinks):
        return isinstance(score_bias(first), blocks.Sinks) and bias.heads == attn.heads
    return bias is score_bias(first)


def _head_norms_fit(attn: DecoderAttention) -> bool:
    """Return whether the norms of heads are over one head each, or over all of them together."""
    if isinstance(attn, blocks.LatentAttention):
        return True
    found = head_norms(attn)
    joint = isinstance(found[0], blocks.JointRMSNorm)
    widths = attn.rows[:2] if joint else (attn.size, attn.size)
    return all(_fits(each, width) for each, width in zip(found, widths, strict=True))


def _crosses_alike(block: AnyBlock, sizes: HeadSizes) -> bool:
    """Return whether a block's cross-attention, if it has one, has the sizes of its own attention."""
    cross = cross_attention(block)
    if cross is None:
        return True
    assert isinstance(block, blocks.PostNormCrossBlock)
    alike = (cross.width, cross.heads, cross.size) == (sizes.width, sizes.heads, sizes.size)
    return alike and _fits(block.cross_norm, sizes.width)


def _fits(norm: blocks.Part, width: int) -> bool:
    """Return whether a norm is over rows of a width."""
    return isinstance(norm, blocks.Identity) or (
        isinstance(norm, blocks.LayerNorm | blocks.RMSNorm) and norm.width == width
    )
