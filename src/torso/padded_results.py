"""From a model's packed outputs to the ecosystem's padded ones, with the loss where labels are given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from torso import losses
from torso.architecture import Task
from torso.errors import InputError
from torso.outputs import ChoiceLogits, Features, Hidden, SequenceLogits, SpanLogits, TokenLogits, VocabLogits
from torso.padded_outputs import FeaturesOutput, LogitsOutput, QuestionAnsweringOutput
from torso.padding import Padding

if TYPE_CHECKING:
    from torso.model import Model


@dataclass(frozen=True, slots=True)
class Given:
    """What a call gave to learn from.

    Attributes:
        labels: of the task's own shape, padded where there is one per token.
        starts: [N] first token of each answer.
        ends: [N] last token of each answer.
    """

    labels: Tensor | None
    starts: Tensor | None
    ends: Tensor | None


def _extras(padding: Padding, hidden: Hidden, trained: bool) -> dict[str, Any]:
    return {
        "hidden_states": tuple(padding.put(hidden.kept[i]) for i in sorted(hidden.kept)) or None,
        "attentions": tuple(padding.put_weights(hidden.attentions[i]) for i in sorted(hidden.attentions)) or None,
        "head_trained": trained,
    }


def _features(model: Model[Any], out: Features, padding: Padding, given: Given) -> FeaturesOutput:
    rows = padding.put(out.hidden.rows)
    return FeaturesOutput(rows, out.pooled_or_none, **_extras(padding, out.hidden, model.head_trained))


def _logits(model: Model[Any], logits: Tensor, loss: Tensor | None, hidden: Hidden, padding: Padding) -> LogitsOutput:
    return LogitsOutput(loss, logits, **_extras(padding, hidden, model.head_trained))


def _sequence(model: Model[Any], out: SequenceLogits, padding: Padding, given: Given) -> LogitsOutput:
    loss = None
    if given.labels is not None:
        problem = None if model.task is Task.NEXT_SENTENCE else model.config.problem_type
        loss = losses.sequence_loss(out, given.labels, problem)
    return _logits(model, out.logits, loss, out.hidden, padding)


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


def _token(model: Model[Any], out: TokenLogits, padding: Padding, given: Given) -> LogitsOutput:
    loss = None if given.labels is None else losses.token_loss(out, _packed_labels(given.labels, padding))
    return _logits(model, padding.put(out.logits), loss, out.hidden, padding)


def _vocabulary(model: Model[Any], out: VocabLogits, padding: Padding, given: Given) -> LogitsOutput:
    loss = None if given.labels is None else losses.vocabulary_loss(out, _packed_labels(given.labels, padding))
    return _logits(model, padding.put(out.logits), loss, out.hidden, padding)


def _choice(model: Model[Any], out: ChoiceLogits, padding: Padding, given: Given) -> LogitsOutput:
    loss = None if given.labels is None else losses.choice_loss(out, given.labels)
    return _logits(model, out.logits.view(len(out.sizes), -1), loss, out.hidden, padding)


def _span(model: Model[Any], out: SpanLogits, padding: Padding, given: Given) -> QuestionAnsweringOutput:
    loss = None
    if given.starts is not None and given.ends is not None:
        # Places count tokens of the padded row; packed, they count from the text's own first token.
        first = padding.places[padding.layout.first()] % padding.shape[1]
        loss = losses.span_loss(out, given.starts.view(-1) - first, given.ends.view(-1) - first)
    extras = _extras(padding, out.hidden, model.head_trained)
    return QuestionAnsweringOutput(loss, padding.put(out.start), padding.put(out.end), **extras)


PADDED: dict[type, Callable[[Model[Any], Any, Padding, Given], Any]] = {
    Features: _features,
    SequenceLogits: _sequence,
    TokenLogits: _token,
    SpanLogits: _span,
    ChoiceLogits: _choice,
    VocabLogits: _vocabulary,
}
