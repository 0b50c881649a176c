"""`Trainer` under transformers' names, over torso's optimiser step."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import torch

from torso.architecture import Task
from torso.engines.model_state import Modes
from torso.errors import InputError, UnsupportedError
from torso.io.arguments import checked_calls
from torso.training import border_checkpoints
from torso.training.border_batches import BatchObjective, epoch_order, require_rows
from torso.training.border_callbacks import TrainerControl, TrainerState
from torso.training.border_evaluation import Evaluator
from torso.training.border_predictions import TrainOutput
from torso.training.examples import Example
from torso.training.optimiser_step import RatePlan, Stepper
from torso.training.parameter_groups import adafactor, adamw, parameter_groups
from torso.training.step_order import Step
from torso.training.train_settings import TrainSettings


@checked_calls
class Trainer(Evaluator):
    """Trains and evaluates a model on rows, as transformers' Trainer does.

    A step's loss is the sum of the losses of its labels divided once by their number, however it is cut into batches;
    transformers takes the mean of the batches' means for most heads, which is the same where they are equally long.

    Args:
        model: of torso's Auto classes, or any module whose output has a ``loss``.
        args: settings; the defaults if None.
        data_collator: makes a batch of rows; None pads with the tokenizer, or stacks without one.
        train_dataset: rows to learn from.
        eval_dataset: rows to evaluate on, or several sets of them by name.
        processing_class: the tokenizer, saved with the model.
        compute_metrics: makes metrics of an `EvalPrediction`.
        callbacks: follow the run.
        optimizers: an optimiser to use; its schedule must be None.
        preprocess_logits_for_metrics: makes smaller what evaluation keeps of a batch's scores, given those and labels.
        tokenizer: the older name of ``processing_class``.

    Raises:
        InputError: ``E_ARGUMENT``, without a model. InputTypeError: ``E_DATA``, for data without rows by number.
    """

    def train(self, resume_from_checkpoint: bool | str | os.PathLike[str] | None = None) -> TrainOutput:
        """Train the model in place.

        Args:
            resume_from_checkpoint: a folder to go on from; True for the last one of ``output_dir``.

        Raises:
            NotFoundError: ``E_NO_CHECKPOINT``. DivergedError: ``E_DIVERGED``. LimitError: ``E_MEMORY``.
            UnsupportedError: ``E_SHARD``, where torchrun started several processes.
        """
        _require_one_process()
        args, data = self.args, require_rows(self.train_dataset, "train_dataset")
        size, rows = args.per_device_train_batch_size, len(data)
        per_epoch = size * args.gradient_accumulation_steps
        used = rows - rows % size if args.dataloader_drop_last else rows
        steps_per_epoch = max(1, -(-used // per_epoch))
        total = args.max_steps if args.max_steps > 0 else math.ceil(args.num_train_epochs * steps_per_epoch)
        plan = RatePlan(args.learning_rate, args.schedule, args.get_warmup_steps(total), total)
        settings = TrainSettings(
            weight_decay=args.weight_decay,
            betas=(args.adam_beta1, args.adam_beta2),
            epsilon=args.adam_epsilon,
        )
        groups = parameter_groups(self.learner, settings, args.learning_rate or 1.0)
        make = adafactor if args.optim == "adafactor" else adamw
        optimiser = self.optimizer or make(self.learner, groups, settings)
        self.optimizer = optimiser
        padded = self.padded
        if args.gradient_checkpointing and padded is not None:
            padded.gradient_checkpointing_enable()
        shifted = padded is not None and padded.packed.task is Task.CAUSAL_LM
        objective = BatchObjective(self.data_collator, size, self._columns(), self.learner.device, shifted=shifted)
        stepper = Stepper(
            cast("Any", self.learner),
            objective,
            optimiser,
            plan,
            clip=args.max_grad_norm or None,
            tokens=1,
            precision=args.precision,
            seed=args.seed,
        )
        self.state = TrainerState(max_steps=total, num_train_epochs=math.ceil(total / steps_per_epoch))
        if resume_from_checkpoint:
            self.state = border_checkpoints.read(self._checkpoint(resume_from_checkpoint), self.learner, optimiser)
            self.state.max_steps = total
        first, began, losses = self.state.global_step, time.perf_counter(), list[float]()
        since = list[float]()
        modes = Modes(self.learner)
        self.control = TrainerControl()
        self._call("on_train_begin")
        try:
            for number in range(first + 1, total + 1):
                epoch, place = divmod(number - 1, steps_per_epoch)
                if place == 0:
                    self._call("on_epoch_begin")
                order = epoch_order(rows, args.seed if args.data_seed is None else args.data_seed, epoch)[:used]
                chosen = order[place * per_epoch : (place + 1) * per_epoch]
                examples = [Example((), None, index + 1, data[index]) for index in chosen]
                self.model.train()
                result = stepper.take(Step(number, epoch, tuple(chosen)), examples)
                losses.append(result.loss)
                since.append(result.loss)
                self.state.global_step, self.state.epoch = number, epoch + (place + 1) / steps_per_epoch
                self._call("on_step_end")
                ended = place + 1 == steps_per_epoch
                if ended:
                    self._call("on_epoch_end")
                first_shown = args.logging_first_step and number == 1
                if first_shown or self._due(args.logging_strategy, args.logging_steps, number, ended=ended):
                    self.log({"loss": sum(since) / len(since), "grad_norm": result.norm, "learning_rate": result.rate})
                    since = []
                self._evaluate_and_save(optimiser, number, ended=ended)
                if self.control.should_training_stop:
                    break
        finally:
            modes.restore()
        if args.load_best_model_at_end and self.state.best_model_checkpoint is not None:
            border_checkpoints.read(Path(self.state.best_model_checkpoint), self.learner, optimiser)
        if padded is not None:
            padded.packed.head_trained = True
        seconds = time.perf_counter() - began
        mean = sum(losses) / max(1, len(losses))
        metrics = {
            "train_runtime": round(seconds, 4),
            "train_steps_per_second": round(len(losses) / max(seconds, 1e-9), 3),
            "train_loss": mean,
        }
        self.log(metrics)
        self._call("on_train_end")
        return TrainOutput(self.state.global_step, mean, {**metrics, "epoch": self.state.epoch})

    def _checkpoint(self, asked: bool | str | os.PathLike[str]) -> Path:
        if not isinstance(asked, bool):
            return Path(asked)
        found = border_checkpoints.checkpoints(Path(self.args.output_dir))
        if not found:
            raise border_checkpoints.no_checkpoint(Path(self.args.output_dir))
        return found[-1]

    def _due(self, when: str, every: int | None, number: int, *, ended: bool) -> bool:
        return (when == "steps" and number % (every or 1) == 0) or (when == "epoch" and ended)

    def _evaluate_and_save(self, optimiser: torch.optim.Optimizer, number: int, *, ended: bool) -> None:
        args, control = self.args, self.control
        best = False
        if control.should_evaluate or self._due(args.eval_strategy, args.eval_steps, number, ended=ended):
            control.should_evaluate = False
            best = self._is_best(self.evaluate())
        if control.should_save or self._due(args.save_strategy, args.save_steps, number, ended=ended):
            control.should_save = False
            folder = Path(args.output_dir) / f"checkpoint-{number}"
            if best:
                self.state.best_model_checkpoint = str(folder)
            border_checkpoints.write(folder, self.model, self.learner, optimiser, self.state)
            if self.processing_class is not None:
                self.processing_class.save(folder)
            keep = self.state.best_model_checkpoint if args.load_best_model_at_end else None
            border_checkpoints.remove_old(Path(args.output_dir), args.save_total_limit, keep)
            self._call("on_save")

    def _is_best(self, metrics: Mapping[str, float]) -> bool:
        name = self.args.metric_for_best_model
        if name is None:
            return False
        name = name if name.startswith("eval_") else f"eval_{name}"
        if name not in metrics:
            raise InputError(
                "E_METRIC",
                "metric_for_best_model is {name}; the evaluation gives {known}.",
                cure="Name one of these, or return it from compute_metrics.",
                values=dict(name=name, known=", ".join(metrics)),
            )
        value, known = metrics[name], self.state.best_metric
        if known is not None and not (value > known if self.args.greater_is_better else value < known):
            return False
        self.state.best_metric, self.state.best_global_step = value, self.state.global_step
        return True


def _require_one_process() -> None:
    count = os.environ.get("WORLD_SIZE", "1")
    if count != "1":  # each would take every step, and write to the same folder
        raise UnsupportedError(
            "E_SHARD",
            "torchrun started {count} processes, and Trainer here trains in one.",
            cure="Start it by python, or train by the command: torchrun --nproc-per-node {count} -m torso train ...",
            values=dict(count=count),
        )
