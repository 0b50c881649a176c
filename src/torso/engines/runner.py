"""Batched inference: runs a model over any number of encodings in packed batches, results in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, TypeVar, cast

import torch

from torso.batch import Batch, Pool, pack
from torso.engines.model_state import Modes
from torso.errors import InputError, LimitError
from torso.model import Model
from torso.text import Encoding

Out = TypeVar("Out")
Result = TypeVar("Result")
Tokens = TypeVar("Tokens", bound=Encoding)

BUDGET = 4096
"""Tokens of one batch. Larger batches gain nothing on a CPU and little on an accelerator."""

_WINDOW = 16
_MOST_TEXTS = 1024
"""Batches, and texts, that are sorted by length together; bounds the memory over an endless input."""

_NO_MEMORY = ("not enough memory", "can't allocate memory", "out of memory")


def run(
    model: Model[Out],
    encodings: Iterable[Tokens],
    split: Callable[[Out, Sequence[Tokens]], Sequence[Result]],
    *,
    prepare: Callable[[Batch, Sequence[Tokens]], Batch] | None = None,
    pool: Pool | None = None,
    budget: int = BUDGET,
) -> Iterator[Result]:
    """Yield one result per encoding, in order, in evaluation mode and without gradients.

    An iterator is read a bounded number of tokens ahead of the results. A batch that runs out of memory is split in two
    and run again, and the batch size stays reduced.

    Args:
        model: of any task.
        encodings: non-empty tokenized texts.
        split: maps the model's output of a batch to one result per encoding.
        prepare: completes a batch before it is run, such as with the requested rows.
        pool: the row of each text that is needed of the last layer; None for all.
        budget: tokens of one batch.

    Raises:
        InputError: E_ARGUMENT for a budget below 1.
        TooLongError: E_TOO_LONG, from the model.
        LimitError: E_MEMORY for a single text that does not fit the memory.
    """
    if budget < 1:
        raise InputError(
            "E_ARGUMENT",
            "{name} is {value}; it must be at least {least}.",
            cure="Leave it out: the default suits most machines.",
            values=dict(name="budget", value=budget, least=1),
        )
    runner = _Runner(model, split, prepare, pool, budget)
    for window in _windows(encodings, _WINDOW * budget):
        yield from runner.window(window)


def _windows(encodings: Iterable[Tokens], rows: int) -> Iterator[list[Tokens]]:
    window: list[Tokens] = []
    taken = 0
    for encoding in encodings:
        window.append(encoding)
        taken += len(encoding)
        if taken >= rows or len(window) == _MOST_TEXTS:
            yield window
            window, taken = [], 0
    if window:
        yield window


class _Runner:
    """Runs windows of encodings, and adapts the batch size to the memory."""

    def __init__(
        self,
        model: Model[Any],
        split: Callable[[Any, Sequence[Any]], Sequence[Any]],
        prepare: Callable[[Batch, Sequence[Any]], Batch] | None,
        pool: Pool | None,
        budget: int,
    ) -> None:
        self.model, self.split, self.prepare, self.pool, self.budget = model, split, prepare, pool, budget

    def window(self, window: Sequence[Any]) -> list[Any]:
        """Return the result of each encoding."""
        sizes = [len(encoding) for encoding in window]
        results: dict[int, Any] = {}
        # Both contexts end before a result is yielded: held across a yield they would leak into the caller's code.
        with torch.inference_mode(), evaluating(self.model):
            groups = deque(by_length(sizes, self.budget))
            while groups:
                group = groups.popleft()
                made = self.attempt([window[index] for index in group])
                if made is not None:
                    results.update(zip(group, made, strict=True))
                    continue
                self.shrink([sizes[index] for index in group])
                remaining = [*group, *(index for each in groups for index in each)]
                regrouped = by_length([sizes[index] for index in remaining], self.budget)
                groups = deque([remaining[index] for index in each] for each in regrouped)
        return [results[index] for index in range(len(window))]

    def attempt(self, chosen: Sequence[Any]) -> Sequence[Any] | None:
        """Run one batch; None if it runs out of memory."""

        def work() -> Sequence[Any]:
            batch = replace(pack(chosen, device=self.model.device), pool=self.pool)
            if self.prepare is not None:
                batch = self.prepare(batch, chosen)
            return self.split(self.model(batch), chosen)

        return if_memory_holds(self.model.device, work)

    def shrink(self, sizes: Sequence[int]) -> None:
        """Halve the budget after a batch of these sizes ran out of memory.

        Raises:
            LimitError: E_MEMORY, if the batch was a single text.
        """
        if len(sizes) == 1:
            raise LimitError(
                "E_MEMORY",
                "A text of {size} tokens does not fit the memory of {device}, even by itself.",
                cure='Shorten it, read it in windows (long="window"), or run elsewhere (device=).',
                values=dict(size=sizes[0], device=self.model.device),
            )
        self.budget = max(sum(sizes) // 2, 1)


def if_memory_holds(device: torch.device, work: Callable[[], Result]) -> Result | None:
    """Return the result of ``work``, or None if it runs out of memory."""
    try:
        return work()
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
    # After the except block: until then the error holds every tensor of the work.
    if device.type == "cuda":
        torch.cuda.empty_cache()
    return None


def is_out_of_memory(error: Exception) -> bool:
    """Return whether an error is an out-of-memory error of an accelerator, of the machine, or of Python."""
    if isinstance(error, (torch.OutOfMemoryError, MemoryError)):
        return True
    return any(words in str(error) for words in _NO_MEMORY)


def lists(tensor: torch.Tensor) -> Any:
    """Return a tensor's numbers as nested lists, with one copy from its device."""
    return cast("Any", tensor.tolist())


@contextmanager
def evaluating(model: Model[Any]) -> Generator[None]:
    """Set evaluation mode within this context; afterwards restore the mode of each module."""
    if model.optimised is not None:  # always in evaluation mode
        yield
        return
    modes = Modes(model)
    model.eval()
    try:
        yield
    finally:
        modes.restore()


def by_length(sizes: Sequence[int], budget: int) -> list[list[int]]:
    """Group texts of similar length into batches of at most ``budget`` tokens; return their indices.

    The longest texts come first, so that a budget that is too large for the memory fails early. Every index is in one
    group; a text longer than the budget is a group by itself.

    Args:
        sizes: tokens of each text.
        budget: tokens of one group, at least 1.
    """
    groups: list[list[int]] = []
    remaining = 0
    for index in sorted(range(len(sizes)), key=lambda index: (-sizes[index], index)):
        if not groups or sizes[index] > remaining:
            groups.append([])
            remaining = budget
        groups[-1].append(index)
        remaining -= sizes[index]
    return groups
