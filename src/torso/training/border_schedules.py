"""Learning rate schedules under transformers' names."""

from __future__ import annotations

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR

from torso.io.arguments import known_arguments
from torso.training.learning_rates import rate_factor
from torso.training.train_settings import Schedule


@known_arguments
def get_linear_schedule_with_warmup(
    optimizer: Optimizer, num_warmup_steps: int, num_training_steps: int, last_epoch: int = -1
) -> LambdaLR:
    """Return a schedule that rises over the warm-up steps and falls in a line to 0."""
    return _scheduler(optimizer, "linear", num_warmup_steps, num_training_steps, last_epoch)


@known_arguments
def get_cosine_schedule_with_warmup(
    optimizer: Optimizer, num_warmup_steps: int, num_training_steps: int, last_epoch: int = -1
) -> LambdaLR:
    """Return a schedule that rises over the warm-up steps and falls to 0 as half a cosine."""
    return _scheduler(optimizer, "cosine", num_warmup_steps, num_training_steps, last_epoch)


@known_arguments
def get_constant_schedule_with_warmup(optimizer: Optimizer, num_warmup_steps: int, last_epoch: int = -1) -> LambdaLR:
    """Return a schedule that rises over the warm-up steps and stays."""
    return _scheduler(optimizer, "constant", num_warmup_steps, num_warmup_steps, last_epoch)


@known_arguments
def get_constant_schedule(optimizer: Optimizer, last_epoch: int = -1) -> LambdaLR:
    """Return a schedule that changes nothing."""
    return _scheduler(optimizer, "constant", 0, 0, last_epoch)


def _scheduler(optimizer: Optimizer, schedule: Schedule, warmup: int, total: int, last: int) -> LambdaLR:
    return LambdaLR(optimizer, lambda done: rate_factor(schedule, done, warmup=warmup, total=total), last)
