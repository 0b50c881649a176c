"""How `Trainer` reads a data set: its order, its columns, its batches, and what their losses are divided by."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, cast

import torch
from torch import Tensor, nn

from torso.errors import InputTypeError
from torso.losses import IGNORED
from torso.training.examples import Example, Tokens
from torso.training.objective import Objective
from torso.training.step_order import Step

if TYPE_CHECKING:
    from torso.batch import Batch

Collator = Callable[[Sequence[Any]], Any]
LABELS = ("label", "labels", "label_ids", "start_positions", "end_positions")


class Rows(Protocol):
    """A data set: rows by number."""

    def __len__(self) -> int:
        """Return the number of rows."""
        ...

    def __getitem__(self, index: int, /) -> Any:
        """Return a row."""
        ...


def require_rows(data: object, name: str) -> Rows:
    """Return a data set after checking that it has a length and rows by number.

    Raises:
        InputTypeError: ``E_DATA``.
    """
    kind = type(data)
    if not (hasattr(kind, "__len__") and hasattr(kind, "__getitem__")) or issubclass(kind, (str, dict)):
        raise InputTypeError(
            "E_DATA",
            "{name} is {kind}; it must have a length and rows by number.",
            cure="Give a datasets.Dataset, a torch Dataset, or a list of rows.",
            values=dict(name=name, kind=kind.__name__),
        )
    return cast("Rows", data)


def epoch_order(rows: int, seed: int, epoch: int) -> list[int]:
    """Return the order of a pass over the data, the one in which transformers' Trainer with this seed takes it."""
    order = torch.randperm(rows, generator=torch.Generator().manual_seed(seed + epoch))
    return cast("list[int]", order.tolist())


def columns_of(model: nn.Module) -> frozenset[str] | None:
    """Return the columns that a model's forward takes, and labels; None where it takes any."""
    parameters = inspect.signature(model.forward).parameters.values()
    own = {each.name for each in parameters if each.kind is not inspect.Parameter.VAR_KEYWORD}
    return frozenset({*own, *LABELS})


def kept(row: Any, columns: frozenset[str] | None) -> Any:
    """Return a row without the columns that the model does not take."""
    if columns is None or not isinstance(row, Mapping):
        return row
    return {name: value for name, value in cast("Mapping[str, Any]", row).items() if name in columns}


def batches(
    data: Rows, collate: Collator, size: int, columns: frozenset[str] | None
) -> Iterator[tuple[list[int], dict[str, Any]]]:
    """Yield the batches of a data set in its order, with the numbers of their rows."""
    for start in range(0, len(data), size):
        numbers = list(range(start, min(start + size, len(data))))
        yield numbers, dict(collate([kept(data[number], columns) for number in numbers]))


def counted(batch: Mapping[str, Any], *, shifted: bool) -> int:
    """Return how many losses the mean over a batch is of: labels that are not -100, or rows.

    Args:
        batch: collated.
        shifted: whether each label is foretold by the token before it, so that a text's first does not count.
    """
    labels = batch.get("labels")
    if isinstance(labels, Tensor) and labels.ndim == 2 and not labels.is_floating_point():
        return int((labels[:, 1:] if shifted else labels).ne(IGNORED).sum())
    first = next(each for each in batch.values() if isinstance(each, Tensor))
    return first.shape[0]


class BatchObjective(Objective[Tensor]):
    """Losses of collated batches: the rows of a step are collated when it is taken, and one batch is a micro-batch.

    Args:
        collate: makes a batch of rows.
        size: rows of a micro-batch.
        columns: see `kept`.
        shifted: see `counted`.
        device: where batches go.
    """

    def __init__(
        self, collate: Collator, size: int, columns: frozenset[str] | None, device: torch.device, *, shifted: bool
    ) -> None:
        self.collate, self.size, self.columns, self.device, self.shifted = collate, size, columns, device, shifted

    def drawn(self, examples: Sequence[Example], step: Step) -> Sequence[Example]:
        """Collate the rows of a step, in their order; random choices of a collator follow from the step."""
        found: list[Example] = []
        for start in range(0, len(examples), self.size):
            chosen = examples[start : start + self.size]
            batch = dict(self.collate([kept(each.extra, self.columns) for each in chosen]))
            tensors = [each for each in batch.values() if isinstance(each, Tensor)]
            size = max((each.numel() for each in tensors), default=1)
            count = counted(batch, shifted=self.shifted)
            found.append(Example((Tokens(range(size), range(size)),), count, chosen[0].row, batch))
        return found

    def count(self, examples: Sequence[Example]) -> float:
        """Return how many losses a step is the mean of."""
        return float(sum(each.label for each in examples))

    def batch(self, model: Any, examples: Sequence[Example]) -> Batch:
        """Return the tensors of the one batch of a micro-batch, on the model's device."""
        (example,) = examples
        return cast("Batch", moved(example.extra, self.device))

    def total(self, out: Tensor, examples: Sequence[Example]) -> Tensor:
        """Return the sum of a batch's losses from their mean."""
        (example,) = examples
        return out * example.label

    def predictions(self, out: Tensor, examples: Sequence[Example]) -> Sequence[Any]:
        """Return none: `Trainer` evaluates for itself."""
        return [None] * len(examples)


def moved(batch: Mapping[str, Any], device: torch.device) -> dict[str, Any]:
    """Return a batch on a device."""
    return {name: each.to(device) if isinstance(each, Tensor) else each for name, each in batch.items()}
