"""``past_key_values`` of a call: keys and values that each layer attends to before a text's own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, cast

import torch
from torch import Tensor

from torso.errors import InputError, UnsupportedError
from torso.nn.bias import DistanceSlopeBias, TokenDistanceBias
from torso.nn.disentangled import DisentangledAttention
from torso.nn.key_value_prefix import KeyValuePrefix
from torso.nn.relative_attention import RelativeAttention
from torso.nn.trunk import EncoderOnly

if TYPE_CHECKING:
    from torso.model import Model

_OWN_DISTANCES = (DisentangledAttention, DistanceSlopeBias, RelativeAttention, TokenDistanceBias)
"""Modules that count distances within a text, whatever stands before it."""


def prefix_of(model: Model[Any], past: object, texts: int) -> KeyValuePrefix:
    """Return what a call's ``past_key_values`` holds, after checking it.

    Args:
        model: of the call.
        past: a cache of transformers', of a decoder alone or behind an encoder; or of each layer keys and values.
        texts: N.

    Raises:
        InputError: ``E_ARGUMENT``, for what holds no keys, or those of another shape [N, heads, tokens, units], or
            elsewhere than the model.
        UnsupportedError: ``E_ARGUMENT``, for a model whose attention knows no keys before a text.
    """
    if isinstance(model.trunk, EncoderOnly) or any(isinstance(each, _OWN_DISTANCES) for each in _modules(model)):
        raise UnsupportedError(
            "E_ARGUMENT",
            "{name} are keys before a text; attention of {family} counts distances within the text alone.",
            cure="Leave it out. Prompts, P-tuning and torso.lora learn on this model too.",
            values=dict(name="past_key_values", family=model.architecture.family),
        )
    layers = [tuple(_pair(each)) for each in _layers(past)]
    shapes = {tuple(each.shape) for pair in layers for each in pair}
    depth = model.trunk.depth
    if not layers or shapes <= {(0,)} or any(len(pair) != 2 for pair in layers):
        raise InputError(
            "E_ARGUMENT",
            "{name} holds no keys and values; a call fills no cache.",
            cure="Leave it out: model.generate(...) keeps its own cache.",
            values=dict(name="past_key_values"),
        )
    shape = next(iter(shapes))
    if len(layers) != depth or len(shapes) > 1 or len(shape) != 4 or shape[0] != texts or not shape[2]:
        found = ", ".join(str(list(each)) for each in sorted(shapes)[:3])
        raise InputError(
            "E_ARGUMENT",
            "{name} has {layers} layers of {found}; it must have {depth}, all [{texts}, heads, tokens, units].",
            cure="Make it for this model and batch.",
            values=dict(name="past_key_values", layers=len(layers), found=found, depth=depth, texts=texts),
        )
    devices = {str(each.device) for pair in layers for each in pair} - {str(model.device)}
    if devices:
        raise InputError(
            "E_ARGUMENT",
            "{name} is on {device}; the model is on {here}.",
            cure="Move it there: .to({here!r}).",
            values=dict(name="past_key_values", device=min(devices), here=str(model.device)),
        )
    return KeyValuePrefix(tuple((key.transpose(1, 2), value.transpose(1, 2)) for key, value in layers))


def own_mask(name: str, mask: Tensor | None, before: int, columns: int) -> Tensor | None:
    """Return the part of a mask [N, P + S] that is of the S tokens themselves; None for no mask.

    Args:
        name: of the mask.
        mask: 1 for each of the P keys before the tokens.
        before: P.
        columns: S.

    Raises:
        InputError: ``E_MASK``.
    """
    if mask is None:
        return None
    if mask.ndim != 2 or mask.shape[1] != before + columns or not bool((mask[:, :before] == 1).all()):
        raise InputError(
            "E_MASK",
            "{name} is {shape}; before {columns} tokens it must have {before} ones, for past_key_values.",
            cure="Put them there: torch.cat([torch.ones(texts, {before}), attention_mask], 1).",
            values=dict(name=name, shape=list(mask.shape), columns=columns, before=before),
        )
    return mask[:, before:]


def nothing_behind() -> InputError:
    """Return the error of a prefix before a decoder that a call gives nothing to read."""
    return InputError(
        "E_ARGUMENT",
        "{name} stands before what a decoder reads, and this call has nothing of its own for it.",
        cure="Give decoder_input_ids, or labels.",
        values=dict(name="past_key_values"),
    )


def _layers(past: object) -> Iterable[object]:
    """Return the layers of a cache, without importing the library that it is of."""
    own = getattr(past, "self_attention_cache", past)
    found = getattr(own, "layers", own)
    return cast("Sequence[object]", found) if _is_several(found) else ()


def _pair(layer: object) -> Iterable[Tensor]:
    parts: Any = (getattr(layer, "keys", None), getattr(layer, "values", None))
    if _is_several(layer):
        parts = tuple(cast("Iterable[Any]", layer))[:2]
    return [
        each for each in parts if isinstance(each, Tensor) and each.is_floating_point() and each.layout is torch.strided
    ]


def _is_several(value: object) -> bool:
    return isinstance(value, (list, tuple)) or (isinstance(value, Tensor) and value.ndim > 0 and not value.is_sparse)


def _modules(model: Model[Any]) -> Iterable[torch.nn.Module]:
    return cast("Iterable[torch.nn.Module]", model.modules())
