"""Several processes that take each step together, as torchrun starts them: texts dealt, gradients added up.

Every rank knows all texts of a step, so what the sum of losses is divided by needs no message; what is sent are the
gradients, once a step.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar, cast

import torch
from torch import Tensor, distributed
from torch.distributed.tensor import DTensor

from torso.batch import pieces

Value = TypeVar("Value")
_BUCKET = 1 << 25  # numbers that are sent at a time


def rank() -> int:
    """Return the number of this process; 0 where there is one."""
    return distributed.get_rank() if _several() else 0


def ranks() -> int:
    """Return the number of processes."""
    return distributed.get_world_size() if _several() else 1


def _several() -> bool:
    return distributed.is_available() and distributed.is_initialized()


def is_first() -> bool:
    """Return whether this process is the first that torchrun started, or the only one; before they are joined too."""
    return rank() == 0 if _several() else os.environ.get("RANK", "0") == "0"


def wait() -> None:
    """Wait until all processes are here."""
    if ranks() > 1:
        distributed.barrier()


@contextmanager
def together() -> Generator[None]:
    """Join the processes that torchrun started; nothing where there is one, or where they are joined already."""
    if _several() or int(os.environ.get("WORLD_SIZE", "1")) == 1:
        yield
        return
    cuda = torch.cuda.is_available()
    if cuda:
        torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")))
    distributed.init_process_group("nccl" if cuda else "gloo")
    try:
        wait()  # until each has seen that nothing is written yet
        yield
    finally:
        distributed.destroy_process_group()


def dealt(sizes: Sequence[int], count: int) -> list[list[int]]:
    """Deal the texts of a step by tokens: the longest first, each to the process with the fewest until then.

    Args:
        sizes: tokens of each text.
        count: of processes.
    """
    hands: list[list[int]] = [[] for _ in range(count)]
    loads = [0] * count
    for index in sorted(range(len(sizes)), key=lambda index: (-sizes[index], index)):
        least = loads.index(min(loads))
        hands[least].append(index)
        loads[least] += sizes[index]
    return [sorted(each) for each in hands]


def add_gradients(parameters: Iterable[Tensor], loss: float) -> float:
    """Add up the gradients of all processes in place, and return the sum of their losses.

    Args:
        parameters: the same in every process; a gradient that is missing in one counts as 0.
        loss: of this process.
    """
    if ranks() == 1:
        return loss
    several = list(parameters)
    total = torch.tensor([loss], dtype=torch.float64, device=several[0].device)
    distributed.all_reduce(total)
    if isinstance(several[0], DTensor):
        return float(total)  # a sharded model's gradients are sums already
    # A parameter without a gradient anywhere keeps none, as in a single process.
    found = torch.tensor([float(each.grad is not None) for each in several], device=several[0].device)
    distributed.all_reduce(found)
    there = cast("list[float]", found.tolist())
    learnt = [each for each, count in zip(several, there, strict=True) if count]
    for each in learnt:
        if each.grad is None:
            each.grad = torch.zeros_like(each)
    bucket: list[Tensor] = []
    for each in learnt:
        assert each.grad is not None
        bucket.append(each.grad)
        if sum(one.numel() for one in bucket) >= _BUCKET:
            _add(bucket)
            bucket = []
    _add(bucket)
    return float(total)


def _add(gradients: Sequence[Tensor]) -> None:
    if gradients:
        flat = torch.cat([each.flatten() for each in gradients])
        distributed.all_reduce(flat)
        for each, own in zip(gradients, pieces(flat, [one.numel() for one in gradients]), strict=True):
            each.copy_(own.view_as(each))


def gathered(vectors: Tensor, hands: Sequence[Sequence[int]]) -> Tensor:
    """Return the vectors of a whole step, in its order, from the own ones of each process.

    Args:
        vectors: [n, ...] of the texts that were dealt to this process.
        hands: the texts of each process.
    """
    if ranks() == 1:
        return vectors
    most = max(map(len, hands))
    padded = vectors.new_zeros(most, *vectors.shape[1:])
    padded[: len(vectors)] = vectors
    parts = [torch.empty_like(padded) for _ in hands]
    distributed.all_gather(parts, padded)
    whole = torch.cat([part[: len(hand)] for part, hand in zip(parts, hands, strict=True)])
    order = torch.tensor([index for hand in hands for index in hand], device=vectors.device)
    return whole[order.argsort()]


def in_any(happened: bool) -> bool:
    """Return whether something happened in any of the processes."""
    if ranks() == 1:
        return happened
    device = "cuda" if distributed.get_backend() == "nccl" else "cpu"
    found = torch.tensor([float(happened)], device=device)
    distributed.all_reduce(found)
    return bool(found)


def from_first(work: Callable[[], Value]) -> Value:
    """Return what the first process makes, in all of them."""
    if ranks() == 1:
        return work()
    box: list[Any] = [work() if rank() == 0 else None]
    distributed.broadcast_object_list(box, src=0)
    return box[0]
