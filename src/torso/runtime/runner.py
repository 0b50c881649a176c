"""A model over any number of encodings, in packed batches, with the results in order."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar, cast

import torch

from torso.batch import Batch, pack
from torso.errors import InputError
from torso.model import Model
from torso.runtime.batching import by_length
from torso.text import Encoding

Out = TypeVar("Out")
Result = TypeVar("Result")
Tokens = TypeVar("Tokens", bound=Encoding)

BUDGET = 4096
"""Tokens of one batch. Larger ones gain nothing on a CPU and little on an accelerator."""

_WINDOW = 16
"""Batches whose texts are sorted by length together; what bounds the memory over an endless input."""


def run(
    model: Model[Out],
    encodings: Iterable[Tokens],
    split: Callable[[Out, Sequence[Tokens]], Sequence[Result]],
    *,
    prepare: Callable[[Batch, Sequence[Tokens]], Batch] | None = None,
    budget: int = BUDGET,
) -> Iterator[Result]:
    """One result per encoding, in their order, in evaluation mode and without gradients.

    An iterator is read as the results are taken, a bounded number of tokens ahead.

    Args:
        model: of any task.
        encodings: tokenized texts, none of them empty.
        split: makes one result per encoding of what the model gives for a batch of them.
        prepare: says more about a batch before it is run, such as the rows wanted.
        budget: tokens of one batch.

    Raises:
        InputError: E_ARGUMENT for a budget below 1.
        TooLongError: E_TOO_LONG, from the model.
    """
    if budget < 1:
        raise InputError(
            "E_ARGUMENT",
            "{name} is {value}; it must be at least {least}.",
            cure="Leave it out: the default suits most machines.",
            values=dict(name="budget", value=budget, least=1),
        )
    for window in _windows(encodings, _WINDOW * budget):
        yield from _run_window(model, window, split, prepare, budget)


def _windows(encodings: Iterable[Tokens], rows: int) -> Iterator[list[Tokens]]:
    window: list[Tokens] = []
    taken = 0
    for encoding in encodings:
        window.append(encoding)
        taken += len(encoding)
        if taken >= rows:
            yield window
            window, taken = [], 0
    if window:
        yield window


def _run_window(
    model: Model[Out],
    window: Sequence[Tokens],
    split: Callable[[Out, Sequence[Tokens]], Sequence[Result]],
    prepare: Callable[[Batch, Sequence[Tokens]], Batch] | None,
    budget: int,
) -> list[Result]:
    results: dict[int, Result] = {}
    # The modes are left before a result is handed out: held across a yield they would leak into the caller's code.
    with torch.inference_mode(), evaluating(model):
        for group in by_length([len(encoding) for encoding in window], budget):
            chosen = [window[index] for index in group]
            batch = pack(chosen, device=model.device)
            if prepare is not None:
                batch = prepare(batch, chosen)
            results.update(zip(group, split(model(batch), chosen), strict=True))
    return [results[index] for index in range(len(window))]


def lists(tensor: torch.Tensor) -> Any:
    """A tensor's numbers as nested lists, by one copy from its device."""
    return cast("Any", tensor.tolist())


@contextmanager
def evaluating(model: Model[Any]) -> Generator[None]:
    """Within it the model is in evaluation mode; afterwards in the mode it was in."""
    was_training = model.training
    model.eval()
    try:
        yield
    finally:
        model.train(was_training)
