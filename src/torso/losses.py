"""The only place that knows labels: losses as the reference library defines them, on packed scores.

Each follows ``transformers.loss.loss_utils`` and the heads of ``modeling_bert``: cross entropy averages over the labels
that are not -100; a sequence head regresses for one label, and takes float labels as independent ones.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Literal, ParamSpec

import torch
from torch import Tensor
from torch.nn import functional as F

from torso.batch import pieces, unpack
from torso.errors import InputError, UnsupportedError
from torso.outputs import ChoiceLogits, ReplacedLogits, SequenceLogits, SpanLogits, TokenLogits, VocabLogits

IGNORED = -100
"""A label that counts for nothing."""

Problem = Literal[
    "regression", "single_label_classification", "multi_label_classification", "shared_label_classification"
]
Given = ParamSpec("Given")


class _Unlearned(torch.autograd.Function):
    """A loss that no weight can learn from, until somebody asks for it."""

    @staticmethod
    def forward(ctx: Any, loss: Tensor, asks: Tensor) -> Tensor:
        return loss.clone()

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Any:
        raise UnsupportedError(
            "E_NO_GRADIENT",
            "No weight that led to this loss can learn.",
            cure="Load the model again if it was optimised; otherwise let its weights learn and run it with gradients.",
        )


def _learnt(loss: Callable[Given, Tensor]) -> Callable[Given, Tensor]:
    """The same loss, but that ``backward`` says what is wrong where no gradient leads back from it."""

    @wraps(loss)
    def learnt(*given: Given.args, **named: Given.kwargs) -> Tensor:
        value = loss(*given, **named)
        if value.requires_grad:
            return value
        return _Unlearned.apply(value, torch.empty(0, requires_grad=True))  # pyright: ignore

    return learnt


@_learnt
def sequence_loss(out: SequenceLogits, labels: Tensor, problem: str | None = None, *, shares: bool = False) -> Tensor:
    """The loss of a sequence head: a scalar.

    Args:
        out: scores [N, C].
        labels: [N] int64 for one label each; [N, C] float for independent labels; [N] or [N, C] float for regression.
        problem: which of them; None decides as `problem_of` does.
        shares: whether undecided float labels are shares of one class and not independent.
    """
    texts, classes = out.logits.shape
    problem = problem or problem_of(classes, labels, shares=shares)
    if problem == "single_label_classification":
        return F.cross_entropy(out.logits, check_labels(labels.view(-1), (texts,), classes))
    given = labels.to(out.logits.dtype)
    if problem == "multi_label_classification":
        return F.binary_cross_entropy_with_logits(out.logits, check_shape(given, (texts, classes)))
    if problem == "shared_label_classification":
        return F.cross_entropy(out.logits, check_shape(given, (texts, classes)))
    return F.mse_loss(out.logits.flatten(), check_shape(given.flatten(), (texts * classes,)))


def problem_of(labels: int, given: Tensor, *, shares: bool = False) -> Problem:
    """What a sequence head learns: regression for one label, one of several for whole numbers, else several at once."""
    if labels == 1:
        return "regression"
    if not given.is_floating_point():
        return "single_label_classification"
    return "shared_label_classification" if shares else "multi_label_classification"


@_learnt
def token_loss(out: TokenLogits, labels: Tensor) -> Tensor:
    """The loss of a token head: scores [T, C], labels [T] int64, -100 for tokens that do not count -> scalar."""
    return F.cross_entropy(out.logits, check_labels(labels, *_rows(out.logits)), ignore_index=IGNORED)


@_learnt
def replaced_loss(out: ReplacedLogits, labels: Tensor) -> Tensor:
    """The loss of a discriminator: scores [T], labels [T] 1 for a token that was replaced, -100 for none -> scalar."""
    counted = check_labels(labels, tuple(out.logits.shape), 2) != IGNORED
    return F.binary_cross_entropy_with_logits(out.logits[counted], labels[counted].to(out.logits.dtype))


@_learnt
def vocabulary_loss(out: VocabLogits, labels: Tensor) -> Tensor:
    """The loss of a masked language model: scores [R, V], labels [R] int64, -100 for what does not count -> scalar."""
    return F.cross_entropy(out.logits, check_labels(labels, *_rows(out.logits)), ignore_index=IGNORED)


@_learnt
def next_token_loss(out: VocabLogits, labels: Tensor) -> Tensor:
    """The loss of a causal language model: scores [T, V] of every row, labels [T] int64 -> scalar.

    Each row is held to the label of the row behind it in its text, so a text's first label counts for nothing.
    """
    behind = labels.roll(-1).index_fill(0, out.layout.last(), IGNORED)
    return vocabulary_loss(out, behind)


def _rows(logits: Tensor) -> tuple[tuple[int, ...], int]:
    return (logits.shape[0],), logits.shape[1]


@_learnt
def span_loss(out: SpanLogits, starts: Tensor, ends: Tensor) -> Tensor:
    """The loss of an answer's span: start and end scores [T], starts and ends [N] int64 -> scalar.

    Each text's own tokens compete, and no others. A place outside its text does not count, as in the reference, where
    padding competes too: there the loss of a padded batch depends on the padding, here it does not.
    """
    sides = [_place_loss(scores, out, places) for scores, places in ((out.start, starts), (out.end, ends))]
    return (sides[0] + sides[1]) / 2


def _place_loss(scores: Tensor, out: SpanLogits, places: Tensor) -> Tensor:
    terms = [
        F.cross_entropy(row, place)
        for row, place in zip(unpack(scores, out.layout), places.view(-1), strict=True)
        if 0 <= int(place) < row.shape[0]
    ]
    # With nothing to learn from, the mean of no terms is not a number, as in the reference.
    return torch.stack(terms).mean() if terms else scores.sum() * torch.nan


@_learnt
def choice_loss(out: ChoiceLogits, labels: Tensor) -> Tensor:
    """The loss of multiple choice: scores [N] in questions of ``out.sizes``, labels [questions] int64 -> scalar."""
    check_labels(labels, (len(out.sizes),), min(out.sizes))
    terms = [F.cross_entropy(row, label) for row, label in zip(pieces(out.logits, out.sizes), labels, strict=True)]
    return torch.stack(terms).mean()


def check_shape(labels: Tensor, shape: tuple[int, ...]) -> Tensor:
    """The labels, if they have the shape that the scores ask for.

    Raises:
        InputError: ``E_LABELS``, if they have another.
    """
    if labels.shape != shape:
        raise InputError(
            "E_LABELS",
            "labels is {shape}; these scores ask for {wanted}.",
            cure="Give one label for each thing that is scored.",
            values=dict(shape=list(labels.shape), wanted=list(shape)),
        )
    return labels


def check_labels(labels: Tensor, shape: tuple[int, ...], classes: int) -> Tensor:
    """The labels, if they are whole numbers of the right shape and each is a class or -100.

    Raises:
        InputError: ``E_LABELS``, naming the first that is neither.
    """
    check_shape(labels, shape)
    wrong = ((labels < 0) | (labels >= classes)) & (labels != IGNORED)
    if bool(wrong.any()):
        raise InputError(
            "E_LABELS",
            "A label is {label}; this head has the classes 0 to {last}.",
            cure="Use -100 for what shall not count, or load with labels=[...] of the right number.",
            values=dict(label=int(labels[wrong][0]), last=classes - 1),
        )
    return labels
