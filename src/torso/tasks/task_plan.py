"""Plans: a task taken apart into reading, batching, splitting and finishing.

A function, a command, a server and a batch job all make predictions by the same four steps, so that a text gets the
same numbers from each of them, to the bit::

    plan = ClassifyPlan(make_ready(model, Task.SEQUENCE_CLASSIFICATION), top=3)
    reads = list(plan.read(["a text", "another"]))                     # tokenized; whatever is wrong is raised here
    out = plan.runner.run(plan.prepare(reads), plan.wanted)            # any reads of plans of equal `key` in one batch
    items = plan.split(out, reads)                                     # one per encoding, no view of the batch
    labels = list(plan.finish(zip(reads, items, strict=True)))         # windows merged: one per thing asked
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterable, Iterator, Sequence
from functools import cached_property
from itertools import islice
from typing import Any, ClassVar, Generic, TypeVar

from torso.architecture import Task
from torso.engines.runner import Runner, run
from torso.host_batch import HostBatch, Wanted
from torso.tasks.ready import Ready
from torso.tasks.windows import EncodedText, by_text

Asked = TypeVar("Asked")
Out = TypeVar("Out")
Item = TypeVar("Item")
Result = TypeVar("Result")

Texts = list[tuple[list[EncodedText], list[Item]]]
"""For each text that a result is made of, its windows and what came of each."""


class Plan(ABC, Generic[Asked, Out, Item, Result]):
    """One task with the options of a call. Made once for a model, it serves any number of calls, in any thread.

    Attributes:
        task: that the model must be of.
        ready: the model and its tokenizer.
        wanted: which of the model's outputs are needed.
    """

    task: ClassVar[Task[Any]]
    most_tokens: int | None = None
    """Tokens of one batch at most, where the outputs of a token are very wide; None as the caller wants."""

    def __init__(self, ready: Ready[Out], wanted: Wanted | None = None) -> None:
        self.ready, self.wanted = ready, wanted or Wanted()

    @property
    def runner(self) -> Runner[Out]:
        """What runs the batches."""
        return self.ready.runner

    @cached_property
    def key(self) -> Hashable:
        """Plans of equal key may share a batch: any of them prepares and splits it."""
        return (id(self.runner), type(self), self.wanted, self.settings)

    @property
    def settings(self) -> Hashable:
        """All that `prepare` and `split` depend on beside the model."""
        return ()

    @abstractmethod
    def read(self, asked: Iterable[Asked]) -> Iterator[EncodedText]:
        """Tokenize what is asked; of a list, whatever is wrong with any of it is raised before the first one comes.

        Raises:
            TooLongError: E_TOO_LONG, naming the text by its place.
            InputError, InputTypeError: a text is wrong.
        """

    def prepare(self, encoded: Sequence[EncodedText]) -> HostBatch:
        """Pack encodings into one batch."""
        return HostBatch.of(encoded)

    @abstractmethod
    def split(self, out: Out, encoded: Sequence[EncodedText]) -> list[Item]:
        """Return what the outputs of a batch hold of each encoding; copies, so that the batch can go."""

    @abstractmethod
    def result(self, texts: Texts[Item]) -> Result:
        """Return one result of all the texts that it is made of."""

    def finish(self, items: Iterable[tuple[EncodedText, Item]]) -> Iterator[Result]:
        """Yield one result for each thing asked, as soon as all of its encodings are there, in order."""
        texts = by_text(items)
        for first in texts:
            yield self.result([first, *islice(texts, first[0][0].together - 1)])

    def results(self, asked: Iterable[Asked], budget: int) -> Iterator[Result]:
        """Yield one result for each thing asked, in order: all four steps.

        Raises:
            InputError: E_ARGUMENT for a budget below 1.
            LimitError: E_MEMORY for a single text that does not fit the memory.
            TorsoError: as `read`.
        """

        def split(out: Out, encoded: Sequence[EncodedText]) -> list[tuple[EncodedText, Item]]:
            return list(zip(encoded, self.split(out, encoded), strict=True))

        budget = budget if self.most_tokens is None else min(budget, self.most_tokens)
        items = run(self.runner, self.read(asked), split, prepare=self.prepare, wanted=self.wanted, budget=budget)
        return self.finish(items)
