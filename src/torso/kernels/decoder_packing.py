"""Converting the description of a decoder's blocks and its weights to structures of the C interface. Loads no torch."""

from __future__ import annotations

from ctypes import pointer
from typing import Any

from torso import blocks
from torso.kernels.abi import Norm
from torso.kernels.decoder_abi import DecoderBlock, Latent
from torso.kernels.decoder_support import ORDERS, AnyBlock, cross_attention, factors, head_norms, norms, score_bias
from torso.kernels.head_sizes import DecoderAttention
from torso.kernels.host_memory import address
from torso.kernels.library import Library
from torso.kernels.mixture_packing import MixturePacking
from torso.kernels.mixture_support import AnyFeedForward, AnyMixture, Dense, shared_branch
from torso.kernels.part_weights import PartWeights
from torso.kernels.projection_packing import ProjectionPacking
from torso.kernels.support import ACTIVATIONS


class DecoderPacking:
    """Builds C structures of parts, and owns the memory that they point to.

    Args:
        library: the kernels.
        weights: of the model.
        kind: format of the weights, as of `torso.kernels.causal_decoder.CausalDecoder`.

    Attributes:
        projections: what its projections were packed by.
    """

    def __init__(self, library: Library, weights: PartWeights, kind: int) -> None:
        self._weights = weights
        self.projections = ProjectionPacking(library, weights, kind)
        self._mixture = MixturePacking(self.projections, weights)
        self._keepalive: list[Any] = []

    def block(
        self, block: AnyBlock, attn: DecoderAttention, ffn: AnyFeedForward, rotaries: list[blocks.Rotary]
    ) -> DecoderBlock:
        """Build the structure of a block.

        Args:
            block: of a decoder without an `unsupported_decoder`.
            attn: its attention.
            ffn: its feed-forward.
            rotaries: the rotary embeddings of the decoder.
        """
        attn_norm, ffn_norm, attn_out_norm, ffn_out_norm = (self._weights.norm(each) for each in norms(block))
        query_norm, key_norm = (self._weights.norm(each) for each in head_norms(attn))
        rule, cross, matrix = attn.rule, cross_attention(block), self.projections.matrix
        attn_factor, ffn_factor = factors(block)
        made = DecoderBlock(
            qkv=matrix(_first_projection(attn)),
            out=matrix(attn.parts["out"], factor=attn_factor),
            attn_norm=attn_norm,
            ffn_norm=ffn_norm,
            attn_out_norm=attn_out_norm,
            ffn_out_norm=ffn_out_norm,
            query_norm=query_norm,
            key_norm=key_norm,
            joint_norms=isinstance(head_norms(attn)[0], blocks.JointRMSNorm),
            order=ORDERS[type(block)],
            turns=next((i for i, each in enumerate(rotaries) if each is attn.rotary), -1),
            turns_neighbours=isinstance(attn.rotary, blocks.PairedRotary),
            left=-1 if rule.left is None else rule.left,
            scale=_scale(attn),
            softcap=rule.softcap or 0,
            sinks=self._sinks(attn),
        )
        if isinstance(attn, blocks.LatentAttention):
            made.latent = self._latent(attn)
        dense = shared_branch(ffn) if isinstance(ffn, AnyMixture) else ffn
        if isinstance(ffn, AnyMixture):
            made.mixture = self._mixture(ffn, ffn_factor)
        if isinstance(dense, Dense):
            made.up, made.down = self.projections.feed(dense, ffn_factor)
            made.gated, made.activation = isinstance(dense, blocks.GatedFeedForward), ACTIVATIONS[dense.act]
        if cross is not None:
            made.cross_query, made.cross_out = matrix(cross.parts["q"]), matrix(cross.parts["out"])
            made.cross_norm, made.cross_scale = self._cross_norm(block), _scale(cross)
        return made

    def _latent(self, attn: blocks.LatentAttention) -> Any:
        matrix, queries, kv_norm = self.projections.matrix, attn.parts["q"], attn.parts["kv_norm"]
        assert kv_norm is not None
        made = Latent(
            kv_down=matrix(attn.parts["kv_down"]),
            kv=matrix(attn.parts["kv"]),
            kv_norm=self._weights.norm(kv_norm),
            size=attn.size,
            turned=attn.rotary_size,
            value_size=attn.value_size,
        )
        if isinstance(queries, blocks.Sequential):
            made.query_down, made.query_norm = matrix(queries.items[0]), self._weights.norm(queries.items[1])
        self._keepalive.append(made)
        return pointer(made)

    def _sinks(self, attn: DecoderAttention) -> int | None:
        sinks = score_bias(attn)
        return address(self._weights.kept(sinks, "sinks")) if isinstance(sinks, blocks.Sinks) else None

    def _cross_norm(self, block: AnyBlock) -> Norm:
        assert isinstance(block, blocks.PostNormCrossBlock)
        return self._weights.norm(block.cross_norm)


def _first_projection(attn: DecoderAttention) -> blocks.Part | None:
    """Return what projects queries, and where they are one projection with them keys and values."""
    if isinstance(attn, blocks.Attention):
        return attn.parts["qkv"]
    queries = attn.parts["q"]
    return queries.items[-1] if isinstance(queries, blocks.Sequential) else queries


def _scale(attn: DecoderAttention | blocks.CrossAttention) -> float:
    return attn.size**-0.5 if attn.rule.scale is None else attn.rule.scale
