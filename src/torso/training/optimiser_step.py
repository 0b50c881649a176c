"""One optimiser step: gradients over micro-batches, clipping, the rate of the step, the update."""

from __future__ import annotations

import math
from collections.abc import Generator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from torso.engines.runner import if_memory_holds
from torso.errors import InputError, LimitError
from torso.model import Model
from torso.training.divergence import diverged
from torso.training.examples import Example
from torso.training.learning_rates import rate_factor
from torso.training.objective import JointObjective, Objective
from torso.training.parameter_groups import learning
from torso.training.ranks import add_gradients, dealt, gathered, in_any, rank, ranks
from torso.training.sharding import is_sharded, plain
from torso.training.step_order import Step, cut, derived_seed
from torso.training.train_settings import Precision, Schedule


@dataclass(frozen=True, slots=True)
class StepResult:
    """What a step reports.

    Attributes:
        loss: the step's, before the update.
        count: what the sum of losses was divided by.
        norm: of the gradient, before clipping.
        rate: of parameters with ``scale`` 1.
        tokens: tokens of the step.
        parts: micro-batches it was cut into.
    """

    loss: float
    count: float
    norm: float
    rate: float
    tokens: int
    parts: int


@dataclass(frozen=True, slots=True)
class RatePlan:
    """The learning rate of every step.

    Attributes:
        peak: the highest rate.
        schedule: its course.
        warmup: steps in which it rises from 0.
        total: steps of the run.
    """

    peak: float
    schedule: Schedule
    warmup: int
    total: int

    def at(self, step: int) -> float:
        """Return the rate of a step, from 1."""
        return self.peak * rate_factor(self.schedule, step - 1, warmup=self.warmup, total=self.total)


class Stepper:
    """Takes optimiser steps on a model.

    Nothing of it has to be restored to resume a run except the model, the optimiser and ``tokens``: rates follow from
    the number of the step, dropout from ``seed``, step and micro-batch. Where torchrun started several processes, each
    takes its share of a step's texts, and all end with the same weights.

    Args:
        model: in which parameters with ``requires_grad`` learn, in float32.
        objective: of the model's task.
        optimiser: over those parameters; the ``scale`` of its groups, 1 if absent, is a factor on the rate.
        rates: the rate of each step.
        clip: largest norm of the gradient; None does not clip.
        tokens: of one micro-batch; halved whenever one runs out of memory.
        precision: see `TrainSettings`.
        seed: of dropout and of random choices of the objective.

    Raises:
        InputError: ``E_DTYPE``, if a parameter that learns is not float32 or float64.
    """

    def __init__(
        self,
        model: Model[Any],
        objective: Objective[Any],
        optimiser: torch.optim.Optimizer,
        rates: RatePlan,
        *,
        clip: float | None = 1.0,
        tokens: int = 4096,
        precision: Precision = "auto",
        seed: int = 0,
    ) -> None:
        self.model, self.objective, self.optimiser, self.rates = model, objective, optimiser, rates
        self.clip, self.tokens, self.seed = clip, tokens, seed
        self.checkpoint = "-"  # path of the last one, for messages
        self.parameters = learning(model)
        self.sharded = is_sharded(model)
        _require_float32(self.parameters)
        self.bf16 = precision == "bf16" or (precision == "auto" and _has_bf16(model.device))

    def take(self, step: Step, examples: Sequence[Example]) -> StepResult:
        """Take a step on its examples, in the training mode that the model is in.

        Args:
            step: its number, from which rate and dropout follow.
            examples: all that the step learns from.

        Raises:
            DivergedError: ``E_DIVERGED``, if the loss or a gradient is not finite. The weights are unchanged.
            LimitError: ``E_MEMORY``, if a single example does not fit the memory.
            InputError: ``E_NO_LABELS``, if no example of the step has a label that counts.
        """
        chosen = self.objective.drawn(examples, step)
        count = self.objective.count(chosen)
        if not count:
            raise InputError(
                "E_NO_LABELS",
                "No label of step {step} counts, so there is no loss.",
                where="Rows {rows}.",
                cure="Leave these rows out, or correct their labels.",
                values=dict(step=step.number, rows=_rows(chosen)),
            )
        self.optimiser.zero_grad(set_to_none=True)
        with _own_random_state(self.model.device):
            loss, parts = self._gradients(step, chosen, count)
        gradients = [each.grad for each in self.parameters.values() if each.grad is not None]
        norm = float(plain(nn.utils.get_total_norm(gradients)))
        if not (math.isfinite(loss) and math.isfinite(norm)):
            raise diverged(self.model, self.objective, step, chosen, self._parts(chosen), loss, self.checkpoint)
        if self.clip is not None and norm + 1e-6 > self.clip:  # else the factor is 1
            nn.utils.clip_grads_with_norm_(self.parameters.values(), self.clip, torch.tensor(norm))
        rate = self.rates.at(step.number)
        for group in self.optimiser.param_groups:
            group["lr"] = rate * group.get("scale", 1.0)
        self.optimiser.step()
        return StepResult(loss, count, norm, rate, sum(each.size for each in chosen), parts)

    def unlearnt(self) -> list[str]:
        """Return the parameters that learn but had no gradient in the last step."""
        return [name for name, each in self.parameters.items() if each.grad is None]

    def _parts(self, examples: Sequence[Example]) -> list[list[int]]:
        return cut([each.size for each in examples], self.tokens)

    def _gradients(self, step: Step, examples: Sequence[Example], count: float) -> tuple[float, int]:
        """Add up gradients; return the loss and the number of micro-batches. A step that ran out of memory is redone.

        All of it, since a backward pass may have failed half-way, with some gradients already added.
        """
        hands = dealt([each.size for each in examples], ranks())
        own = hands[rank()]
        while True:
            parts = [[own[index] for index in part] for part in self._parts([examples[index] for index in own])]
            if self.sharded:  # each pass gathers weights from all: a process with fewer micro-batches runs empty ones
                most = max(len(self._parts([examples[index] for index in hand])) for hand in hands)
                parts += [[] for _ in range(most - len(parts))]
            joint = isinstance(self.objective, JointObjective) and (len(parts) > 1 or len(hands) > 1)
            done = (
                self._joint(step, examples, parts, hands, count)
                if joint
                else self._summed(step, examples, parts, count)
            )
            # The vectors of a joint loss are those of all processes: where one begins again, the others do too.
            again = in_any(not isinstance(done, float)) if joint else not isinstance(done, float)
            if isinstance(done, float) and not again:
                return add_gradients(self.parameters.values(), done / (len(hands) if joint else 1)), len(parts)
            self.optimiser.zero_grad(set_to_none=True)
            if not isinstance(done, float):
                self._shrink(self._chosen(examples, parts[done]))

    def _summed(
        self, step: Step, examples: Sequence[Example], parts: Sequence[Sequence[int]], count: float
    ) -> float | int:
        """Return the loss, or the number of the micro-batch that ran out of memory."""
        loss = 0.0
        for number, part in enumerate(parts):
            chosen = self._chosen(examples, part)
            share = count if part else math.inf  # a micro-batch of no texts adds zeros

            def work(chosen: Sequence[Example] = chosen, number: int = number, share: float = share) -> float:
                total = self.objective.total(self._forward(step, number, chosen), chosen) / share
                total.backward()
                return float(total.detach())

            found = if_memory_holds(self.model.device, work)
            if found is None:
                return number
            loss += found
        return loss

    def _joint(
        self,
        step: Step,
        examples: Sequence[Example],
        parts: Sequence[Sequence[int]],
        hands: Sequence[Sequence[int]],
        count: float,
    ) -> float | int:
        """As `_summed`, where the loss is of all vectors: without gradients first, then part by part with them."""
        objective = self.objective
        assert isinstance(objective, JointObjective)
        found: list[Tensor] = []
        for number, part in enumerate(parts):
            chosen, size = self._chosen(examples, part), len(part)

            def look(chosen: Sequence[Example] = chosen, number: int = number, size: int = size) -> Tensor:
                with torch.no_grad():
                    return objective.vectors(self._forward(step, number, chosen), chosen)[:size]

            rows = if_memory_holds(self.model.device, look)
            if rows is None:
                return number
            found.append(rows)
        order = torch.tensor([index for part in parts for index in part]).argsort().to(found[0].device)
        vectors = gathered(torch.cat(found)[order].float(), hands).requires_grad_()
        loss = objective.joint_total(vectors, examples) / count
        (gradient,) = torch.autograd.grad(loss, vectors)
        for number, part in enumerate(parts):
            chosen, own = self._chosen(examples, part), gradient[list(part)]

            def learn(chosen: Sequence[Example] = chosen, own: Tensor = own, number: int = number) -> bool:
                rows = objective.vectors(self._forward(step, number, chosen), chosen)[: len(own)]
                rows.backward(own.to(rows.dtype))
                return True

            if if_memory_holds(self.model.device, learn) is None:
                return number
        return float(loss.detach())

    def _chosen(self, examples: Sequence[Example], part: Sequence[int]) -> list[Example]:
        """Return the texts of a micro-batch; of an empty one the shortest, which is run and not counted."""
        return [examples[index] for index in part] or [min(examples, key=lambda each: each.size)]

    def _forward(self, step: Step, number: int, chosen: Sequence[Example]) -> Any:
        # Dropout follows from the place of the micro-batch alone, so that a resumed run draws the same.
        torch.manual_seed(derived_seed("dropout", self.seed, step.number, number, *[rank()] * (rank() > 0)))
        kind = self.model.device.type
        with torch.autocast(kind, torch.bfloat16) if self.bf16 else nullcontext():
            return self.model(self.objective.batch(self.model, chosen))

    def _shrink(self, chosen: Sequence[Example]) -> None:
        size = sum(each.size for each in chosen)
        if self.sharded:  # the other processes wait in the midst of a pass, so it cannot begin again
            raise LimitError(
                "E_MEMORY",
                "{size} tokens at a time do not fit the memory of {device} in training.",
                cure="Begin again with fewer: --tokens {less}.",
                values=dict(size=size, device=self.model.device, less=max(size // 2, 1)),
            )
        if len(chosen) == 1:
            raise LimitError(
                "E_MEMORY",
                "Row {row}, {size} tokens, does not fit the memory of {device} in training, even by itself.",
                cure="Shorten it, leave it out, or freeze a part of the model (freeze=).",
                values=dict(row=chosen[0].row, size=size, device=self.model.device),
            )
        self.tokens = max(size // 2, 1)


@contextmanager
def _own_random_state(device: torch.device) -> Generator[None]:
    """Give back the caller's random state at the end: dropout is seeded by the step."""
    devices = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices):
        yield


def _require_float32(parameters: dict[str, nn.Parameter]) -> None:
    for name, each in parameters.items():
        if each.dtype not in (torch.float32, torch.float64):
            raise InputError(
                "E_DTYPE",
                "{name} is {dtype}: updates smaller than its rounding would be lost.",
                cure='Load the model with dtype="float32"; precision="bf16" computes in bfloat16 all the same.',
                values=dict(name=name, dtype=str(each.dtype).removeprefix("torch.")),
            )


def _has_bf16(device: torch.device) -> bool:
    return device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)


def _rows(examples: Sequence[Example]) -> str:
    rows = sorted(each.row for each in examples)
    return ", ".join(map(str, rows[:8])) + (", ..." if len(rows) > 8 else "")
