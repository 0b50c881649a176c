"""Modules of a trunk that the kernels run, by the roles that they have there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor, nn

from torso.kernels.support import ACTIVATIONS
from torso.nn.attention import Attention
from torso.nn.block import PostNormBlock, PreNormBlock
from torso.nn.disentangled import DisentangledAttention
from torso.nn.feedforward import FeedForward, GatedFeedForward
from torso.nn.norm import Shift
from torso.nn.rotary import Rotary
from torso.nn.trunk import Trunk


@dataclass(frozen=True, slots=True)
class Piece:
    """Parts of a block that the kernels support."""

    block: PostNormBlock | PreNormBlock
    attn: Attention | DisentangledAttention
    ffn: FeedForward | GatedFeedForward

    @property
    def linears(self) -> dict[str, nn.Linear]:
        """Linear layers, by their names in the block: queries, keys and values; output of attention; up; down."""
        up = "up" if isinstance(self.ffn, FeedForward) else "gate_up"
        return {
            "attn.qkv": self.attn.qkv,
            "attn.out": self.attn.out,
            f"ffn.{up}": getattr(self.ffn, up),
            "ffn.down": self.ffn.down,
        }

    def bias(self, name: str) -> Tensor | None:
        """Return the bias of a linear layer, including a separate `Shift`."""
        bias: Tensor | None = getattr(self.linears[name], "bias", None)
        if name != "attn.qkv" or isinstance(self.attn, Attention):
            return bias
        shifts = (self.attn.q_shift, None, self.attn.v_shift)
        apart = torch.cat(
            [
                shift.bias if isinstance(shift, Shift) else torch.zeros(width, dtype=torch.float32, device="cpu")
                for shift, width in zip(shifts, self.attn.of.rows, strict=True)
            ]
        )
        return apart if bias is None else bias + apart

    @property
    def rotary(self) -> Rotary | None:
        """Rotary embedding of queries and keys; None without one."""
        rotary = getattr(self.attn, "rotary", None)
        return rotary if isinstance(rotary, Rotary) else None

    @property
    def gate_behind(self) -> bool:
        """Whether the feed-forward's first layer is [up | gate]."""
        return isinstance(self.ffn, GatedFeedForward) and self.ffn.of.gate_behind

    @property
    def activation(self) -> int:
        """Number of the feed-forward's activation."""
        return ACTIVATIONS[self.ffn.of.act]


def pieces(trunk: Trunk) -> list[tuple[str, Piece]]:
    """Return the blocks of a trunk without an `obstacle`, with their names; a repeated block has its first name."""
    layers = cast("list[Any]", list(trunk.layers))
    names = {id(layer): f"layers.{i}" for i, layer in reversed(list(enumerate(layers)))}
    return [(names[id(layer)], Piece(layer, layer.attn, layer.ffn)) for layer in layers]


def fits(norm: nn.Module, width: int) -> bool:
    """Return whether a norm is over rows of a width."""
    weight: Tensor | None = getattr(norm, "weight", None)
    if weight is not None:
        return tuple(weight.shape) == (width,)
    return not isinstance(norm, nn.LayerNorm) or tuple(norm.normalized_shape) == (width,)


def bare(norm: nn.Module) -> nn.Module:
    """Return a norm without wrappers that do nothing in inference."""
    if isinstance(norm, nn.Sequential):
        rest = [each for each in norm if type(each) not in (nn.Dropout, nn.Identity)]
        return rest[0] if len(rest) == 1 else norm
    return norm


def rotaries(trunk: Trunk) -> list[Rotary]:
    """Return the distinct rotary embeddings of a trunk's blocks."""
    found: list[Any] = [getattr(cast("Any", layer).attn, "rotary", None) for layer in trunk.layers]
    return list({id(each): each for each in found if isinstance(each, Rotary)}.values())
