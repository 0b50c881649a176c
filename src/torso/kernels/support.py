"""Checks of which encoders the kernels support."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from torso.language import say
from torso.nn.activations import gelu_tanh, linear, quick_gelu
from torso.nn.attention import Attention, Unrotated
from torso.nn.bias import BucketBias
from torso.nn.block import PostNormBlock, PreNormBlock
from torso.nn.disentangled import DisentangledAttention, Distances, SharedDisentangledAttention
from torso.nn.feedforward import FeedForward, GatedFeedForward
from torso.nn.norm import OffsetRMSNorm, RMSNorm, Shift
from torso.nn.rotary import Rotary
from torso.nn.trunk import Trunk

ACTIVATIONS = (linear, F.gelu, gelu_tanh, F.relu, F.silu, torch.tanh, quick_gelu)
"""Activations of the kernels, in the order of their numbers in the C interface."""
_ATTENTIONS = (Attention, DisentangledAttention, SharedDisentangledAttention)


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
    def activation(self) -> Any:
        """Activation of the feed-forward."""
        return self.ffn.given if isinstance(self.ffn, FeedForward) else self.ffn.act


def pieces(trunk: Trunk) -> list[tuple[str, Piece]]:
    """Return the blocks of a trunk without an `obstacle`, with their names; a repeated block has its first name."""
    layers = cast("list[Any]", list(trunk.layers))
    names = {id(layer): f"layers.{i}" for i, layer in reversed(list(enumerate(layers)))}
    return [(names[id(layer)], Piece(layer, layer.attn, layer.ffn)) for layer in layers]


def products(trunk: Trunk) -> list[str]:
    """Return the names of the linear layers whose weights the kernels multiply with; others become constants."""
    return list(dict.fromkeys(f"{name}.{own}" for name, piece in pieces(trunk) for own in piece.linears))


def obstacle(trunk: nn.Module) -> str | None:
    """Return why the kernels cannot run a trunk, in the current language; None if they can."""
    if type(trunk) is not Trunk:
        return say("not a plain encoder")
    for layer in trunk.layers:
        if type(layer) not in (PostNormBlock, PreNormBlock):
            return say("its block is a {name}", dict(name=type(layer).__name__))
        reason = _obstacle(layer, trunk)
        if reason is not None:
            return reason
    if not len(trunk.layers):
        return say("no blocks")
    if len(rotaries(trunk)) > 2:
        return say("more than two kinds of rotary angles")
    return None if _are_alike(trunk) else say("blocks of unlike sizes")


def _are_alike(trunk: Trunk) -> bool:
    """Return whether all blocks have the sizes that the C structure of a trunk states once.

    The kernels use these for every block, and would read and write out of bounds in a block of other sizes.
    """
    first = pieces(trunk)[0][1]
    width, (query_width, key_width, _) = first.attn.qkv.in_features, first.attn.of.rows
    size, inner = first.attn.of.size, first.ffn.down.in_features
    if query_width % size or key_width % size or not key_width or query_width % key_width:
        return False
    if len({each.of.size for each in rotaries(trunk)}) > 1 or not all(
        each.of.size <= size and each.of.size % 2 == 0 for each in rotaries(trunk)
    ):
        return False
    if isinstance(trunk.score_bias, BucketBias) and trunk.score_bias.table.embedding_dim != query_width // size:
        return False
    qkv_width = query_width + 2 * key_width
    for _, piece in pieces(trunk):
        up_width = 2 * inner if isinstance(piece.ffn, GatedFeedForward) else inner
        wanted = [(width, qkv_width), (query_width, width), (width, up_width), (inner, width)]
        places = [getattr(piece.attn, name, None) for name in ("place_key", "place_query")]
        norms = (piece.block.attn_norm, piece.block.ffn_norm)
        if (
            [(each.in_features, each.out_features) for each in piece.linears.values()] != wanted
            or list(piece.attn.of.rows) != [query_width, key_width, key_width]
            or piece.attn.of.size != size
            or any(each is not None and each.out_features != query_width for each in places)
            or not all(fits(norm, width) for norm in norms)
        ):
            return False
    return fits(bare(trunk.norm), width)


def fits(norm: nn.Module, width: int) -> bool:
    """Return whether a norm is over rows of a width."""
    weight: Tensor | None = getattr(norm, "weight", None)
    if weight is not None:
        return tuple(weight.shape) == (width,)
    return not isinstance(norm, nn.LayerNorm) or tuple(norm.normalized_shape) == (width,)


def _obstacle(block: nn.Module, trunk: Trunk) -> str | None:
    ffn = block.ffn
    if type(ffn) not in (FeedForward, GatedFeedForward):
        return say("its feed-forward is a {name}", dict(name=type(ffn).__name__))
    norms = (block.attn_norm, block.ffn_norm, bare(trunk.norm))
    if any(type(norm) not in (nn.LayerNorm, RMSNorm, OffsetRMSNorm, nn.Identity) for norm in norms):
        return say("a norm of another kind")
    reason = _obstacle_of_attention(block.attn, trunk)
    if reason is not None:
        return reason
    piece = Piece(block, block.attn, ffn)  # pyright: ignore[reportArgumentType]  just found to be so
    if piece.activation not in ACTIVATIONS:
        return say("another activation")
    if any(each.in_features % 4 for each in piece.linears.values()) or piece.attn.of.size % 4:
        return say("a width that is no multiple of 4")
    return None


def _obstacle_of_attention(attn: Any, trunk: Trunk) -> str | None:
    if type(attn) not in _ATTENTIONS:
        return say("its attention is a {name}", dict(name=type(attn).__name__))
    if type(attn) is Attention:
        if not all(type(each) is nn.Identity for each in (attn.q_norm, attn.k_norm)):
            return say("it norms its heads")
        if type(attn.rotary) not in (Unrotated, Rotary):
            return say("its positions are a {name}", dict(name=type(attn.rotary).__name__))
    if attn.of.rule.softcap is not None:
        return say("its scores have a cap")
    if attn.of.rule.scale is not None and not 0 < attn.of.rule.scale < math.inf:
        return say("its scores have a scale that is not above 0")
    (bias,) = attn.shared
    if bias is not None and not (isinstance(bias, (BucketBias, Distances)) and bias is trunk.score_bias):
        return say("another bias of its scores")
    return None


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
