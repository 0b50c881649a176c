"""Callbacks of `Trainer` under transformers' names. Loads no torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypedDict, Unpack

from torso.io.arguments import checked_calls
from torso.training.border_arguments import TrainingArguments


@checked_calls
@dataclass
class TrainerState:
    """Where a run is.

    Attributes:
        epoch: passes over the data done.
        global_step: optimiser steps done.
        max_steps: of the run.
        num_train_epochs: of the run, rounded up.
        best_metric: the best value of the chosen metric so far.
        best_model_checkpoint: folder of that model.
        best_global_step: step of that model.
        log_history: what was logged.
    """

    epoch: float = 0.0
    global_step: int = 0
    max_steps: int = 0
    num_train_epochs: int = 0
    best_metric: float | None = None
    best_model_checkpoint: str | None = None
    best_global_step: int | None = None
    log_history: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])


@checked_calls
@dataclass
class TrainerControl:
    """What a callback asks of the trainer; each wish is met once.

    Attributes:
        should_training_stop: end the run after this step.
        should_epoch_stop: taken and not used.
        should_save: write a checkpoint.
        should_evaluate: evaluate.
        should_log: log.
    """

    should_training_stop: bool = False
    should_epoch_stop: bool = False
    should_save: bool = False
    should_evaluate: bool = False
    should_log: bool = False


class Context(TypedDict, total=False):
    """What callbacks are given beside arguments, state and control."""

    model: Any
    logs: Mapping[str, Any]
    metrics: Mapping[str, float]
    optimizer: Any


@checked_calls
class TrainerCallback:
    """Base class of callbacks: each method may return a changed control, or nothing."""

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Unpack[Context]
    ) -> TrainerControl | None:
        """Called before the first step."""

    def on_train_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Unpack[Context]
    ) -> TrainerControl | None:
        """Called after the last step."""

    def on_epoch_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Unpack[Context]
    ) -> TrainerControl | None:
        """Called before each pass over the data."""

    def on_epoch_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Unpack[Context]
    ) -> TrainerControl | None:
        """Called after each pass over the data."""

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Unpack[Context]
    ) -> TrainerControl | None:
        """Called after each optimiser step."""

    def on_log(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Unpack[Context]
    ) -> TrainerControl | None:
        """Called with what was logged."""

    def on_evaluate(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Unpack[Context]
    ) -> TrainerControl | None:
        """Called with the metrics of an evaluation."""

    def on_save(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Unpack[Context]
    ) -> TrainerControl | None:
        """Called after a checkpoint was written."""


@checked_calls
class EarlyStoppingCallback(TrainerCallback):
    """Ends a run whose metric no longer gets better.

    Args:
        early_stopping_patience: evaluations without a better value after which the run ends.
        early_stopping_threshold: how much better a value must be.
    """

    def __init__(self, early_stopping_patience: int = 1, early_stopping_threshold: float = 0.0) -> None:
        self.early_stopping_patience = early_stopping_patience
        self.early_stopping_threshold = early_stopping_threshold
        self.waited, self._best = 0, None

    _best: float | None

    def on_evaluate(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Unpack[Context]
    ) -> TrainerControl | None:
        """Count evaluations without a better value."""
        name = args.metric_for_best_model or "loss"
        value = kwargs.get("metrics", {}).get(name if name.startswith("eval_") else f"eval_{name}")
        if value is None:
            return control
        gain = 0.0 if self._best is None else (value - self._best) * (1 if args.greater_is_better else -1)
        if self._best is None or gain > self.early_stopping_threshold:
            self._best, self.waited = value, 0
        else:
            self.waited += 1
        control.should_training_stop |= self.waited >= self.early_stopping_patience
        return control
