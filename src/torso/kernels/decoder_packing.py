"""Converting the description of a decoder's blocks and its weights to structures of the C interface. Loads no torch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from torso import blocks
from torso.host_batch import Rows
from torso.kernels.abi import DecoderBlock, Matrix, Norm
from torso.kernels.decoder_support import ORDERS, AnyBlock, AnyFeed, cross_attention, factors, head_norms, norms
from torso.kernels.library import Form, Library
from torso.kernels.packed_weight import PackedWeight
from torso.kernels.part_weights import PartWeights, form_of
from torso.kernels.support import ACTIVATIONS


class DecoderPacking:
    """Builds C structures of parts, and owns the memory that they point to.

    Args:
        library: the kernels.
        weights: of the model.
        kind: format of the weights, as of `torso.kernels.causal_decoder.CausalDecoder`.
    """

    def __init__(self, library: Library, weights: PartWeights, kind: int) -> None:
        self._library, self._weights, self._kind = library, weights, kind
        self._packed: dict[int, PackedWeight] = {}

    def arrays(self) -> Iterator[NDArray[Any]]:
        """Yield everything that was packed, in an order of its own."""
        for each in self._packed.values():
            yield from (array for array in each.arrays if array is not None)

    def block(
        self, block: AnyBlock, attn: blocks.Attention, ffn: AnyFeed, rotaries: list[blocks.Rotary]
    ) -> DecoderBlock:
        """Build the structure of a block.

        Args:
            block: of a decoder without a `decoder_obstacle`.
            attn: its attention.
            ffn: its feed-forward.
            rotaries: the rotary embeddings of the decoder.
        """
        gated = isinstance(ffn, blocks.GatedFeedForward)
        behind = isinstance(ffn, blocks.GatedFeedForward) and ffn.gate_behind
        attn_norm, ffn_norm, attn_out_norm, ffn_out_norm = (self._weights.norm(each) for each in norms(block))
        query_norm, key_norm = (self._weights.norm(each) for each in head_norms(attn))
        rule, cross = attn.rule, cross_attention(block)
        attn_factor, ffn_factor = factors(block)
        made = DecoderBlock(
            qkv=self.matrix(attn.parts["qkv"]),
            out=self.matrix(attn.parts["out"], factor=attn_factor),
            up=self.matrix(ffn.parts["gate_up" if gated else "up"], swapped=behind),
            down=self.matrix(ffn.parts["down"], factor=ffn_factor),
            attn_norm=attn_norm,
            ffn_norm=ffn_norm,
            attn_out_norm=attn_out_norm,
            ffn_out_norm=ffn_out_norm,
            query_norm=query_norm,
            key_norm=key_norm,
            order=ORDERS[type(block)],
            gated=gated,
            activation=ACTIVATIONS[ffn.act],
            turns=next((i for i, each in enumerate(rotaries) if each is attn.rotary), -1),
            turns_neighbours=isinstance(attn.rotary, blocks.PairedRotary),
            left=-1 if rule.left is None else rule.left,
            scale=_scale(attn),
            softcap=rule.softcap or 0,
        )
        if cross is not None:
            made.cross_query, made.cross_out = self.matrix(cross.parts["q"]), self.matrix(cross.parts["out"])
            made.cross_norm, made.cross_scale = self._cross_norm(block), _scale(cross)
        return made

    def matrix(self, part: blocks.Part | None, *, swapped: bool = False, factor: float = 1.0) -> Matrix:
        """Pack a projection; one that occurs twice is packed once.

        Args:
            part: the projection.
            swapped: whether the halves of its rows change places.
            factor: what it is multiplied by.
        """
        assert part is not None
        return self.weight(part, swapped=swapped, factor=factor).structure

    def weight(self, part: blocks.Part, *, swapped: bool = False, factor: float = 1.0) -> PackedWeight:
        """Pack a projection, see `matrix`."""
        if id(part) not in self._packed:
            form = form_of(part, self._kind)
            self._packed[id(part)] = self._weights.packed(
                self._weights.name(part), self._library, form, lambda: self._laid_out(part, swapped, factor)
            )
        return self._packed[id(part)]

    def _laid_out(self, part: blocks.Part, swapped: bool, factor: float) -> PackedWeight:
        bias = self._weights(part, "bias")
        if swapped:
            bias = None if bias is None else np.roll(bias, len(bias) // 2)
        if factor == 1:
            found = self._weights.regrouped(part, self._library, self._kind, bias, swapped=swapped)
            if found is not None:
                return found
        weight = self._weights.matrix(part)
        weight = np.roll(weight, len(weight) // 2, 0) if swapped else weight
        if factor != 1:
            weight, bias = weight * np.float32(factor), None if bias is None else bias * np.float32(factor)
        return PackedWeight(self._library, weight, bias, self._kind)

    def vocabulary(self, head: blocks.VocabHead, tokens: Rows) -> Matrix:
        """Pack what scores the vocabulary: the head's own matrix, or the table of tokens [V, D]."""
        out = head.parts["out"]
        of = head if out is None else out
        outputs, inputs = tokens.shape if out is None else out.tensors["weight"].shape

        def laid_out() -> PackedWeight:
            biases = [self._weights(of, "bias"), self._weights(head, "offset")]
            there = [each.reshape(-1) for each in biases if each is not None]
            bias: Rows | None = np.stack(there).sum(0) if there else None
            stored = head.tokens if out is None else out
            if stored is not None:
                found = self._weights.regrouped(stored, self._library, self._kind, bias)
                if found is not None:
                    return found
            weight = tokens if out is None else self._weights.matrix(out)
            return PackedWeight(self._library, weight, bias, self._kind)

        biased = "bias" in of.tensors or "offset" in head.tensors
        form = Form.of(self._kind, outputs, inputs, biased=biased)
        self._packed[id(head)] = self._weights.packed("vocabulary", self._library, form, laid_out)
        return self._packed[id(head)].structure

    def _cross_norm(self, block: AnyBlock) -> Norm:
        assert isinstance(block, blocks.PostNormCrossBlock)
        return self._weights.norm(block.cross_norm)


def _scale(attn: blocks.Attention | blocks.CrossAttention) -> float:
    return attn.size**-0.5 if attn.rule.scale is None else attn.rule.scale
