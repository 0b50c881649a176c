"""Losses on packed logits, as the reference library defines them.

Each follows ``transformers.loss.loss_utils`` and the heads of ``modeling_bert``: cross entropy averages over the labels
that are not -100; a sequence head regresses for one label, and takes float labels as independent ones.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional as F

from torso.batch import pieces, unpack
from torso.errors import InputError
from torso.outputs import ChoiceLogits, ReplacedLogits, SequenceLogits, SpanLogits, TokenLogits, VocabLogits

IGNORED = -100
"""Label of positions without a loss (torch's ``ignore_index``)."""

Problem = Literal[
    "regression", "single_label_classification", "multi_label_classification", "shared_label_classification"
]


def sequence_loss(out: SequenceLogits, labels: Tensor, problem: str | None = None, *, shares: bool = False) -> Tensor:
    """Compute the scalar loss of sequence classification or regression.

    Args:
        out: scores [N, C].
        labels: [N] int64 for one label each; [N, C] float for independent labels; [N] or [N, C] float for regression.
        problem: kind of labels; None infers it with `problem_of`.
        shares: whether float labels, without ``problem``, are a distribution over classes and not independent.
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
    """Infer the problem: regression for one label, single-label for integer labels, else multi-label."""
    if labels == 1:
        return "regression"
    if not given.is_floating_point():
        return "single_label_classification"
    return "shared_label_classification" if shares else "multi_label_classification"


def token_loss(out: TokenLogits, labels: Tensor) -> Tensor:
    """Compute the scalar loss of token classification: logits [T, C], labels [T] int64, -100 for ignored tokens."""
    return F.cross_entropy(out.logits, check_labels(labels, *_rows(out.logits)), ignore_index=IGNORED)


def replaced_loss(out: ReplacedLogits, labels: Tensor) -> Tensor:
    """Compute the scalar loss of replaced token detection: logits [T], labels [T] 0, 1 (replaced) or -100."""
    counted = check_labels(labels, tuple(out.logits.shape), 2) != IGNORED
    return F.binary_cross_entropy_with_logits(out.logits[counted], labels[counted].to(out.logits.dtype))


def vocabulary_loss(out: VocabLogits, labels: Tensor) -> Tensor:
    """Compute the scalar loss of masked language modelling: logits [R, V], labels [R] int64, -100 if ignored."""
    return F.cross_entropy(out.logits, check_labels(labels, *_rows(out.logits)), ignore_index=IGNORED)


def next_token_loss(out: VocabLogits, labels: Tensor) -> Tensor:
    """Compute the scalar loss of causal language modelling: logits [T, V] of every row, labels [T] int64.

    Labels are shifted left within each text, so a text's first label is unused.
    """
    shifted = labels.roll(-1).index_fill(0, out.layout.last(), IGNORED)
    return vocabulary_loss(out, shifted)


def _rows(logits: Tensor) -> tuple[tuple[int, ...], int]:
    return (logits.shape[0],), logits.shape[1]


def span_loss(out: SpanLogits, starts: Tensor, ends: Tensor) -> Tensor:
    """Compute the scalar loss of an answer's span: start and end logits [T], starts and ends [N] int64.

    The softmax is over each text's own tokens. A position outside its text is ignored, as in the reference, whose
    softmax includes padding: there the loss of a padded batch depends on the padding, here it does not.
    """
    sides = [_position_loss(scores, out, positions) for scores, positions in ((out.start, starts), (out.end, ends))]
    return (sides[0] + sides[1]) / 2


def _position_loss(scores: Tensor, out: SpanLogits, positions: Tensor) -> Tensor:
    terms = [
        F.cross_entropy(row, position)
        for row, position in zip(unpack(scores, out.layout), positions.view(-1), strict=True)
        if 0 <= int(position) < row.shape[0]
    ]
    # Without any label the mean of no terms is NaN, as in the reference.
    return torch.stack(terms).mean() if terms else scores.sum() * torch.nan


def choice_loss(out: ChoiceLogits, labels: Tensor) -> Tensor:
    """Compute the scalar loss of multiple choice: logits [N] in questions of ``out.sizes``, labels [questions]."""
    check_labels(labels, (len(out.sizes),), min(out.sizes))
    terms = [F.cross_entropy(row, label) for row, label in zip(pieces(out.logits, out.sizes), labels, strict=True)]
    return torch.stack(terms).mean()


def check_shape(labels: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Return the labels after checking their shape.

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
    """Return the labels after checking their shape and that each is a class or -100.

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
