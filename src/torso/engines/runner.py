"""Batched inference: runs a model over any number of encodings in packed batches, results in order. Loads no torch."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, runtime_checkable

from torso.errors import InputError, LimitError
from torso.host_batch import HostBatch, Pool, Wanted
from torso.io.memory_errors import is_out_of_memory
from torso.text import Encoding

if TYPE_CHECKING:
    import torch

    from torso.architecture import Task
    from torso.config.hub_config import HubConfig

Out = TypeVar("Out", covariant=True)
Output = TypeVar("Output")
Result = TypeVar("Result")
Tokens = TypeVar("Tokens", bound=Encoding)

BUDGET = 4096
"""Tokens of one batch. Larger batches gain nothing on a CPU and little on an accelerator."""

_WINDOW = 16
_MOST_TEXTS = 1024
"""Batches, and texts, that are sorted by length together; bounds the memory over an endless input."""


@runtime_checkable
class Runner(Protocol[Out]):
    """What tasks know of a model: it runs packed texts and gives the outputs of one task."""

    @property
    def config(self) -> HubConfig:
        """The config that the model was built from."""
        ...

    @property
    def task(self) -> Task[Out]:
        """Its task, which fixes the type of its outputs."""
        ...

    @property
    def max_tokens(self) -> int | None:
        """Maximum length of a text in tokens; None for no limit."""
        ...

    @property
    def pool(self) -> Pool | None:
        """The only row of each sequence that the task's head reads; None for all."""
        ...

    @property
    def trained(self) -> bool:
        """Whether all weights of the head are trained."""
        ...

    @property
    def vocabulary(self) -> int | None:
        """Number of rows of the token embeddings; None for a model without such a table."""
        ...

    @property
    def device(self) -> str:
        """Name of the device, for messages."""
        ...

    @property
    def precision(self) -> str:
        """Number format and mode of its arithmetic: models of equal weights and precision give equal numbers."""
        ...

    def fingerprint(self) -> str:
        """Return the SHA-256, in hexadecimal, of the weights and of all else that decides the outputs."""
        ...

    def run(self, batch: HostBatch, wanted: Wanted) -> Out:
        """Run a batch in evaluation mode and without gradients.

        The outputs' arrays are the engine's own, see `torso.host_batch.to_host`; rows that `wanted` leaves out are
        absent.

        Raises:
            TooLongError: ``E_TOO_LONG``, for a text that is longer than the model takes.
            MemoryError: the batch does not fit the memory.
        """
        ...


def run(
    runner: Runner[Output],
    encodings: Iterable[Tokens],
    split: Callable[[Output, Sequence[Tokens]], Sequence[Result]],
    *,
    prepare: Callable[[Sequence[Tokens]], HostBatch] = HostBatch.of,
    wanted: Wanted | None = None,
    budget: int = BUDGET,
) -> Iterator[Result]:
    """Yield one result per encoding, in order.

    An iterator is read a bounded number of tokens ahead of the results. A batch that runs out of memory is split in two
    and run again, and the batch size stays reduced.

    Args:
        runner: of any task.
        encodings: non-empty tokenized texts.
        split: maps the model's output of a batch to one result per encoding.
        prepare: makes a batch of encodings.
        wanted: which outputs are needed; None for all.
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
    batches = _Batches(runner, split, prepare, wanted or Wanted(), budget)
    for window in _windows(encodings, _WINDOW * budget):
        yield from batches.window(window)


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


class _Batches:
    """Runs windows of encodings, and adapts the batch size to the memory."""

    def __init__(
        self,
        runner: Runner[Any],
        split: Callable[[Any, Sequence[Any]], Sequence[Any]],
        prepare: Callable[[Sequence[Any]], HostBatch],
        wanted: Wanted,
        budget: int,
    ) -> None:
        self.runner, self.split, self.prepare, self.wanted, self.budget = runner, split, prepare, wanted, budget

    def window(self, window: Sequence[Any]) -> list[Any]:
        """Return the result of each encoding."""
        sizes = [len(encoding) for encoding in window]
        results: dict[int, Any] = {}
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
        try:
            return self.split(self.runner.run(self.prepare(chosen), self.wanted), chosen)
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
        return None

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
                values=dict(size=sizes[0], device=self.runner.device),
            )
        self.budget = max(sum(sizes) // 2, 1)


def if_memory_holds(device: str | torch.device, work: Callable[[], Result]) -> Result | None:
    """Return the result of ``work``, or None if it runs out of memory."""
    try:
        return work()
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
    # After the except block: until then the error holds every tensor of the work.
    if str(device).startswith("cuda"):
        import torch

        torch.cuda.empty_cache()
    return None


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
