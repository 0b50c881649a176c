"""From the padded tensors of a call to a packed batch, every one of them checked before anything runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

import torch
from torch import Tensor, nn

from torso.architecture import Task
from torso.batch import Batch
from torso.compat.padded_results import Given
from torso.compat.padding import Padding, targets_of
from torso.compat.past_keys import nothing_behind, own_mask, prefix_of
from torso.errors import InputError, InputTypeError
from torso.nn.bias import SlopeBias
from torso.nn.embeddings import Embeddings, UnpaddedPositions
from torso.nn.id_checks import check_rows, rows_of
from torso.nn.key_value_prefix import KeyValuePrefix
from torso.nn.trunk import EncoderDecoder

if TYPE_CHECKING:
    from torso.model import Model


@dataclass(frozen=True, slots=True)
class Inputs:
    """The tensors of one call, as `PaddedModel.forward` describes them."""

    input_ids: Tensor | None = None
    attention_mask: Tensor | None = None
    token_type_ids: Tensor | None = None
    position_ids: Tensor | None = None
    labels: Tensor | None = None
    inputs_embeds: Tensor | None = None
    decoder_input_ids: Tensor | None = None
    decoder_attention_mask: Tensor | None = None
    start_positions: Tensor | None = None
    end_positions: Tensor | None = None

    def __post_init__(self) -> None:
        for name in self.__dataclass_fields__:
            check_tensor(name, getattr(self, name))


def check_tensor(name: str, value: object) -> None:
    """Raise unless an argument is a tensor or None.

    Raises:
        InputTypeError: ``E_IDS``, or ``E_LABELS`` for labels, with what to write for the kind that was given.
    """
    if value is None or isinstance(value, Tensor):
        return
    code = "E_LABELS" if name in ("labels", "start_positions", "end_positions") else "E_IDS"
    values = dict(name=name, kind=type(value).__name__)
    parts = cast("Sequence[object]", value) if isinstance(value, list | tuple) else ()
    if isinstance(value, str) or any(isinstance(each, str) for each in parts):
        raise InputTypeError(
            code,
            "{name} is text; a model reads the ids that its tokenizer makes of text.",
            cure="Tokenize it first: model(**tokenizer(texts, return_tensors='pt')).",
            values=values,
        )
    if isinstance(value, Mapping):
        raise InputTypeError(
            code,
            "{name} is a {kind}: all that the tokenizer gives, as one argument.",
            cure="Write two stars before it: model(**inputs).",
            values=values,
        )
    if name in ("input_ids", "attention_mask", "token_type_ids"):
        raise InputTypeError(
            code,
            "{name} is a {kind}, not a tensor.",
            cure="Tokenize with return_tensors='pt': model(**tokenizer(texts, return_tensors='pt', padding=True)).",
            values=values,
        )
    raise InputTypeError(
        code,
        "{name} is a {kind}, not a tensor.",
        cure="Make it one: {name}=torch.tensor({name}).",
        values=values,
    )


def read(model: Model[Any], inputs: Inputs, past: object = None) -> tuple[Batch, Given, KeyValuePrefix | None]:
    """Return the batch that a model runs, where its results go, and what each layer attends to before the tokens.

    Args:
        model: which runs it.
        inputs: the tensors of the call.
        past: its ``past_key_values``.

    Raises:
        InputError: ``E_IDS``, ``E_MASK``, ``E_EMPTY``, ``E_EMPTY_TEXT``, ``E_ARGUMENT``: what does not fit.
        TooLongError: ``E_TOO_LONG``: a text is longer than the model takes.
    """
    trunk = model.trunk
    inputs, choices = _flattened(model, inputs)
    given_ids = inputs.input_ids if inputs.inputs_embeds is None else inputs.inputs_embeds
    assert given_ids is not None
    prefix = None if past is None else prefix_of(model, past, given_ids.shape[0])
    before = 0 if prefix is None else prefix.sizes[0]
    reads = trunk.encoder.embed if isinstance(trunk, EncoderDecoder) else trunk.embed
    own = 0 if isinstance(trunk, EncoderDecoder) else before
    if own and given_ids.ndim > 1:
        mask = own_mask("attention_mask", inputs.attention_mask, own, given_ids.shape[1])
        inputs = replace(inputs, attention_mask=mask)
    batch, padding = _source(model, reads, inputs, own)
    batch = replace(batch, choices=choices)
    given = Given(padding, None, inputs.labels, inputs.start_positions, inputs.end_positions, before=before)
    if isinstance(trunk, EncoderDecoder):
        return *_with_targets(model, trunk, inputs, batch, replace(given, source=padding)), prefix
    for name in ("decoder_input_ids", "decoder_attention_mask"):
        if getattr(inputs, name) is not None:
            raise InputError(
                "E_ARGUMENT",
                "{name} is for models with a decoder behind an encoder; this one reads input_ids alone.",
                cure="Leave it out.",
                values=dict(name=name),
            )
    return batch, given, prefix


def checked(
    embed: nn.Module,
    ids: Tensor,
    mask: Tensor | None = None,
    segments: Tensor | None = None,
    name: str = "input_ids",
) -> Tensor:
    """``ids`` [N, S] as int64, held to the table of tokens, with a mask and segments of the same shape.

    Raises:
        InputError: ``E_IDS``, ``E_MASK`` or ``E_EMPTY``.
    """
    if ids.ndim != 2 or ids.is_floating_point() or ids.is_complex() or ids.dtype == torch.bool:
        raise InputError(
            "E_IDS",
            "{name} is {kind} {shape}; it must be whole numbers [texts, tokens].",
            cure="Pass what the tokenizer gives: model(**tokenizer(texts, return_tensors='pt')).",
            values=dict(name=name, kind=str(ids.dtype).removeprefix("torch."), shape=list(ids.shape)),
        )
    _check_shape_and_mask(ids.shape, mask, segments)
    # Aminmax and embedding take no unsigned and no short numbers.
    ids = ids.long()
    check_rows(name, ids, rows_of(embed, "tokens"))
    return ids


def _check_shape_and_mask(shape: torch.Size, mask: Tensor | None, segments: Tensor | None) -> None:
    if shape[0] == 0:
        raise InputError(
            "E_EMPTY",
            "The batch has no text: its shape is {shape}.",
            cure="Call the model with at least one text.",
            values=dict(shape=list(shape)),
        )
    for name, each in (("attention_mask", mask), ("token_type_ids", segments)):
        if each is not None and each.shape != shape:
            raise InputError(
                "E_MASK",
                "{name} is {shape}; it must have the shape of input_ids, {wanted}.",
                cure="Pass all that the tokenizer gives, unchanged.",
                values=dict(name=name, shape=list(each.shape), wanted=list(shape)),
            )
    if mask is not None and mask.dtype != torch.bool:
        odd = mask[(mask != 0) & (mask != 1)]
        if odd.numel():
            raise InputError(
                "E_MASK",
                "attention_mask holds {found}; it must be 1 for a token and 0 for padding.",
                cure="Pass the tokenizer's own attention_mask; of an additive mask, (mask == 0).long().",
                values=dict(found=odd[0].item()),
            )


def _flattened(model: Model[Any], inputs: Inputs) -> tuple[Inputs, tuple[int, ...] | None]:
    """Multiple choice: [N, alternatives, S] -> [N * alternatives, S], and the alternatives of each question."""
    ids, embeds = inputs.input_ids, inputs.inputs_embeds
    if (ids is None) == (embeds is None):
        raise InputError(
            "E_IDS",
            "A model reads either input_ids or inputs_embeds, and exactly one of them.",
            cure="Pass what the tokenizer gives: model(**tokenizer(texts, return_tensors='pt')).",
        )
    shape = ids.shape if ids is not None else embeds.shape[:-1]  # pyright: ignore[reportOptionalMemberAccess]
    if model.task is not Task.MULTIPLE_CHOICE or len(shape) != 3:
        return inputs, None
    names = ("input_ids", "inputs_embeds", "attention_mask", "token_type_ids", "position_ids")
    flat = {name: None if getattr(inputs, name) is None else getattr(inputs, name).flatten(0, 1) for name in names}
    return replace(inputs, **flat), (shape[1],) * shape[0]


def _source(model: Model[Any], embed: nn.Module, inputs: Inputs, before: int) -> tuple[Batch, Padding]:
    mask, segments, embeds = inputs.attention_mask, inputs.token_type_ids, inputs.inputs_embeds
    if embeds is not None:
        ids = _no_ids(embed, embeds, mask, segments)
    else:
        assert inputs.input_ids is not None
        ids = checked(embed, inputs.input_ids, mask, segments)
    # GPT-2 has no table of segments: it looks them up among its tokens.
    as_tokens = isinstance(embed, Embeddings) and embed.of.segments_are_tokens
    if segments is not None:
        segments = segments.long()
        # A model without segments knows the first alone.
        check_rows("token_type_ids", segments, rows_of(embed, "tokens" if as_tokens else "segments") or 1)
    padding, positioned = _padding(model, embed, ids, mask, inputs.position_ids, before, counts=embeds is None)
    batch = Batch(padding.take(ids), padding.layout, None if segments is None else padding.take(segments))
    batch = replace(batch, positioned=positioned)
    if embeds is not None:
        batch = replace(batch, embeddings=embeds.flatten(0, 1)[padding.places].to(model.dtype))
    if as_tokens and batch.segments is not None:
        assert isinstance(embed, Embeddings)
        batch = replace(batch, embeddings=embed.token_rows(batch) + embed.tokens(batch.segments), segments=None)
    return batch, padding


def _no_ids(embed: nn.Module, embeds: Tensor, mask: Tensor | None, segments: Tensor | None) -> Tensor:
    """[N, S] zeros in the place of ids, where embeddings [N, S, W] are given."""
    width = getattr(getattr(embed, "tokens", None), "embedding_dim", None)
    if embeds.ndim != 3 or not embeds.is_floating_point() or embeds.shape[2] != width:
        raise InputError(
            "E_IDS",
            "inputs_embeds is {kind} {shape}; it must be floating-point numbers [texts, tokens, {width}].",
            cure="Give each token {width} floating-point numbers, or pass input_ids.",
            values=dict(kind=str(embeds.dtype).removeprefix("torch."), shape=list(embeds.shape), width=width),
        )
    _check_shape_and_mask(embeds.shape[:2], mask, segments)
    return torch.zeros(embeds.shape[:2], dtype=torch.int64, device=embeds.device)


def _padding(
    model: Model[Any],
    embed: nn.Module,
    ids: Tensor,
    mask: Tensor | None,
    given: Tensor | None,
    before: int,
    *,
    counts: bool,
) -> tuple[Padding, bool]:
    """Return where the tokens are, and whether their positions are known; they go on from ``before``."""
    table = getattr(embed, "positions", None)
    unpadded = isinstance(table, UnpaddedPositions)
    uncounted = embed.of.uncounted if isinstance(embed, Embeddings) else None
    if given is not None and (given.is_floating_point() or given.shape not in (ids.shape, (1, ids.shape[1]))):
        raise InputError(
            "E_IDS",
            "position_ids is {kind} {shape}; it must be whole numbers {wanted}, or one row of them.",
            cure="Leave it out: positions are counted.",
            values=dict(kind=str(given.dtype).removeprefix("torch."), shape=list(given.shape), wanted=list(ids.shape)),
        )
    positions = None if given is None else given.long()
    if positions is not None:
        check_rows("position_ids", positions, table.table.num_embeddings if unpadded else model.max_tokens)
        if unpadded:
            # The reference's are rows of the table.
            positions = positions - table.of.offset
    elif uncounted is not None:
        here = ids != uncounted if counts else torch.ones_like(ids, dtype=torch.bool)
        positions = torch.where(here, here.long().cumsum(1) - 1 + before, -1)
    elif mask is not None and isinstance(getattr(model.trunk, "score_bias", None), SlopeBias):
        # Slopes fall off over tokens: padding between them, as PEFT puts behind its prompts, is no distance.
        positions = mask.ne(0).cumsum(1) - 1 + before
    elif before:
        # From the first key of the prefix on, whatever padding stands between.
        positions = torch.arange(before, before + ids.shape[1], device=ids.device)[None]
    padding = Padding.of(torch.ones_like(ids) if mask is None else mask, positions)
    model.check_length(padding.layout, (before,) * len(padding.layout.sizes))
    if given is None:
        highest = padding.layout.positions.clamp(min=0)
        check_rows("attention_mask", highest, model.max_tokens)
    return padding, positions is not None


def _with_targets(
    model: Model[Any], trunk: EncoderDecoder, inputs: Inputs, batch: Batch, given: Given
) -> tuple[Batch, Given]:
    """Of a decoder behind an encoder, the batch that it reads, with its source."""
    targets, mask = inputs.decoder_input_ids, inputs.decoder_attention_mask
    taught = inputs.labels if model.task is Task.SEQ2SEQ_LM and targets is None else None
    if taught is not None:
        targets, mask = targets_of(taught, model.config)
    if targets is None and given.before:
        raise nothing_behind()
    if targets is None:
        # Without targets the decoder reads the source, from a table that may be its own.
        if inputs.input_ids is not None:
            checked(trunk.embed, inputs.input_ids)
        return batch, given
    if given.before and taught is None:
        mask = own_mask("decoder_attention_mask", mask, given.before, targets.shape[1])
    targets = checked(trunk.embed, targets, mask, name="labels" if taught is not None else "decoder_input_ids")
    padding, positioned = _padding(model, trunk.embed, targets, mask, None, given.before, counts=True)
    target = Batch(padding.take(targets), padding.layout, source=batch, positioned=positioned)
    return target if taught is None else trunk.shifted(target), replace(given, padding=padding)
