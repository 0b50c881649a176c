"""From a model's packed outputs to the ecosystem's padded ones, with the loss where labels are given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from torso import losses
from torso.architecture import Task
from torso.compat.padded_outputs import FeaturesOutput, LogitsOutput, QuestionAnsweringOutput
from torso.compat.padding import Padding
from torso.errors import InputError
from torso.outputs import (
    ChoiceLogits,
    Features,
    Hidden,
    ReplacedLogits,
    SequenceLogits,
    SpanLogits,
    TokenLogits,
    VocabLogits,
)

if TYPE_CHECKING:
    from torso.model import Model


@dataclass(frozen=True, slots=True)
class Given:
    """What a call gave beside the tokens.

    Attributes:
        padding: where the rows of the result lie; of an encoder-decoder the target's.
        source: where the encoder's lie, if there is one.
        labels: of the task's own shape, padded where there is one per token.
        starts: [N] first token of each answer.
        ends: [N] last token of each answer.
        items: labels of all calls that share a step, whose sum of losses is divided by it; None for the call's own.
        before: keys that each row attends to beside those of its text.
    """

    padding: Padding
    source: Padding | None = None
    labels: Tensor | None = None
    starts: Tensor | None = None
    ends: Tensor | None = None
    items: Tensor | int | None = None
    before: int = 0


def _layers(hidden: Hidden, given: Given) -> dict[str, Any]:
    padding, source = given.padding, given.source
    keys = padding.behind(given.before) if given.before and hidden.attentions else padding
    rows, weights = _rows(hidden, padding), _weights(hidden.attentions, padding, keys)
    if source is None or hidden.memory is None:
        return {"hidden_states": rows, "attentions": weights}
    return {
        "decoder_hidden_states": rows,
        "decoder_attentions": weights,
        "cross_attentions": _weights(hidden.cross_attentions, padding, source),
        "encoder_last_hidden_state": source.put(hidden.memory.rows),
        "encoder_hidden_states": _rows(hidden.memory, source),
        "encoder_attentions": _weights(hidden.memory.attentions, source, source),
    }


def _rows(hidden: Hidden, padding: Padding) -> tuple[Tensor, ...] | None:
    return tuple(padding.put(hidden.hidden_states[i]) for i in sorted(hidden.hidden_states)) or None


def _weights(weights: Mapping[int, list[Tensor]], queries: Padding, keys: Padding) -> tuple[Tensor, ...] | None:
    return tuple(queries.put_weights(weights[i], keys) for i in sorted(weights)) or None


def _extras(model: Model[Any], hidden: Hidden, given: Given) -> dict[str, Any]:
    return {"layers": _layers(hidden, given), "head_trained": model.head_trained}


def _features(model: Model[Any], out: Features, given: Given) -> FeaturesOutput:
    rows = given.padding.put(out.hidden.rows)
    return FeaturesOutput(rows, out.pooled_or_none, **_extras(model, out.hidden, given))


def _logits(model: Model[Any], logits: Tensor, loss: Tensor | None, hidden: Hidden, given: Given) -> LogitsOutput:
    if loss is not None and given.items is not None:
        loss = _part(loss, model, given, given.items)
    return LogitsOutput(loss, logits, **_extras(model, hidden, given))


def _part(loss: Tensor, model: Model[Any], given: Given, items: Tensor | int) -> Tensor:
    """A mean over a call's labels as its part of a mean over those of several calls."""
    assert given.labels is not None
    counted = given.labels != losses.IGNORED
    if model.task is Task.CAUSAL_LM:  # a text's first label is foretold by nothing
        counted = given.padding.take(counted).index_fill(0, given.padding.layout.first(), False)
    here = counted.sum()
    # The mean over no label is NaN: such a call adds nothing.
    return torch.where(here > 0, loss, 0.0) * here / items


def _sequence(model: Model[Any], out: SequenceLogits, given: Given) -> LogitsOutput:
    loss = None
    if given.labels is not None:
        problem = None if model.task is Task.NEXT_SENTENCE else model.config.problem_type
        loss = losses.sequence_loss(out, given.labels, problem, shares=model.architecture.shares)
    return _logits(model, out.logits, loss, out.hidden, given)


def _packed_labels(labels: Tensor, padding: Padding) -> Tensor:
    if labels.shape != padding.shape:
        raise InputError(
            "E_LABELS",
            "labels is {shape}; it must have the shape of input_ids, {wanted}.",
            cure="Give one label per token, -100 where none counts.",
            values=dict(shape=list(labels.shape), wanted=list(padding.shape)),
        )
    unseen = torch.ones_like(labels.flatten(), dtype=torch.bool).index_fill(0, padding.places, False)
    if bool((labels.flatten()[unseen] != losses.IGNORED).any()):
        raise InputError(
            "E_LABELS",
            "labels counts places that are padding.",
            cure="Set them to -100: labels[attention_mask == 0] = -100.",
        )
    return padding.take(labels)


def _token(model: Model[Any], out: TokenLogits, given: Given) -> LogitsOutput:
    loss = None if given.labels is None else losses.token_loss(out, _packed_labels(given.labels, given.padding))
    return _logits(model, given.padding.put(out.logits), loss, out.hidden, given)


def _replaced(model: Model[Any], out: ReplacedLogits, given: Given) -> LogitsOutput:
    loss = None if given.labels is None else losses.replaced_loss(out, _packed_labels(given.labels, given.padding))
    return _logits(model, given.padding.put(out.logits), loss, out.hidden, given)


def _vocabulary(model: Model[Any], out: VocabLogits, given: Given) -> LogitsOutput:
    loss = None
    if given.labels is not None:
        of = losses.next_token_loss if model.task is Task.CAUSAL_LM else losses.vocabulary_loss
        loss = of(out, _packed_labels(given.labels, given.padding))
    return _logits(model, given.padding.put(out.logits), loss, out.hidden, given)


def _choice(model: Model[Any], out: ChoiceLogits, given: Given) -> LogitsOutput:
    loss = None if given.labels is None else losses.choice_loss(out, given.labels)
    return _logits(model, out.logits.view(len(out.sizes), -1), loss, out.hidden, given)


def _span(model: Model[Any], out: SpanLogits, given: Given) -> QuestionAnsweringOutput:
    loss = None
    if given.starts is not None and given.ends is not None:
        # Places count tokens of the padded row; packed, they count from the text's own first token.
        padding = given.padding
        first = padding.places[padding.layout.first()] % padding.shape[1]
        loss = losses.span_loss(out, given.starts.view(-1) - first, given.ends.view(-1) - first)
    start, end = given.padding.put(out.start), given.padding.put(out.end)
    return QuestionAnsweringOutput(loss, start, end, **_extras(model, out.hidden, given))


PADDED: dict[type, Callable[[Model[Any], Any, Given], Any]] = {
    Features: _features,
    SequenceLogits: _sequence,
    TokenLogits: _token,
    ReplacedLogits: _replaced,
    SpanLogits: _span,
    ChoiceLogits: _choice,
    VocabLogits: _vocabulary,
}
