"""Which encoders the kernels can run: their blocks, found to be such as the C interface describes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import nn
from torch.nn import functional as F

from torso.nn.activations import gelu_tanh, linear, quick_gelu
from torso.nn.attention import Attention, Unrotated
from torso.nn.bias import BucketBias
from torso.nn.block import PostNormBlock, PreNormBlock
from torso.nn.feedforward import FeedForward, GatedFeedForward
from torso.nn.norm import OffsetRMSNorm, RMSNorm
from torso.nn.rotary import Rotary
from torso.nn.trunk import Trunk

ACTIVATIONS = (linear, F.gelu, gelu_tanh, F.relu, F.silu, torch.tanh, quick_gelu)
"""Those that the kernels compute, in the order of their numbers."""
PRODUCTS = ("attn.qkv", "attn.out", "ffn.up", "ffn.down")
"""The linear layers of a block; a gated feed-forward's first is `ffn.gate_up`."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A block as the kernels see it: its parts, found to be such as they can run."""

    block: PostNormBlock | PreNormBlock
    attn: Attention
    ffn: FeedForward | GatedFeedForward

    @property
    def linears(self) -> dict[str, nn.Linear]:
        """The linear layers, by their names in the block, in the order of `PRODUCTS`."""
        up = "up" if isinstance(self.ffn, FeedForward) else "gate_up"
        return {
            "attn.qkv": self.attn.qkv,
            "attn.out": self.attn.out,
            f"ffn.{up}": getattr(self.ffn, up),
            "ffn.down": self.ffn.down,
        }

    @property
    def activation(self) -> Any:
        """The function of the feed-forward."""
        return self.ffn.given if isinstance(self.ffn, FeedForward) else self.ffn.act


def obstacle(trunk: nn.Module) -> str | None:
    """Why the kernels cannot run a trunk, in a few words; None if they can."""
    if type(trunk) is not Trunk:
        return "not a plain encoder"
    for layer in trunk.layers:
        if type(layer) not in (PostNormBlock, PreNormBlock):
            return f"its block is a {type(layer).__name__}"
        reason = _obstacle(layer, trunk)
        if reason is not None:
            return reason
    if len({id(each) for each in rotaries(trunk)}) > 2:
        return "more than two kinds of rotary angles"
    return None if len(trunk.layers) else "no blocks"


def _obstacle(block: nn.Module, trunk: Trunk) -> str | None:
    attn, ffn = block.attn, block.ffn
    if type(attn) is not Attention:
        return f"its attention is a {type(attn).__name__}"
    if type(ffn) not in (FeedForward, GatedFeedForward):
        return f"its feed-forward is a {type(ffn).__name__}"
    norms = (block.attn_norm, block.ffn_norm, undropped(trunk.norm))
    if any(type(norm) not in (nn.LayerNorm, RMSNorm, OffsetRMSNorm, nn.Identity) for norm in norms):
        return "a norm of another kind"
    if not all(type(each) is nn.Identity for each in (attn.q_norm, attn.k_norm)):
        return "it norms its heads"
    if attn.rule.softcap is not None:
        return "its scores have a cap"
    if type(attn.rotary) not in (Unrotated, Rotary):
        return f"its positions are a {type(attn.rotary).__name__}"
    if any(bias is not None and not isinstance(bias, BucketBias) for bias in attn.shared):
        return "another bias of its scores"
    piece = Piece(block, attn, ffn)  # pyright: ignore[reportArgumentType]  just found to be so
    if piece.activation not in ACTIVATIONS:
        return "another activation"
    if any(each.in_features % 4 for each in piece.linears.values()) or attn.head_size % 4:
        return "a width that is no multiple of 4"
    return None


def undropped(norm: nn.Module) -> nn.Module:
    """A norm without the dropout that stands behind it in training."""
    if isinstance(norm, nn.Sequential) and [type(each) for each in norm][1:] == [nn.Dropout]:
        return norm[0]
    return norm


def rotaries(trunk: Trunk) -> list[Rotary]:
    """The different rotary angles of a trunk's blocks."""
    found: list[Any] = [cast("Any", layer).attn.rotary for layer in trunk.layers]
    return list({id(each): each for each in found if isinstance(each, Rotary)}.values())
