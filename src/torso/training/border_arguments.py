"""`TrainingArguments` under transformers' names. Loads no torch."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal, TypeVar

from torso.errors import InputError, UnsupportedError
from torso.io.arguments import checked_calls, unknown_argument
from torso.training.train_settings import Precision, Schedule

When = Literal["no", "steps", "epoch"]
_Class = TypeVar("_Class", bound=type)

_SCHEDULES: Mapping[str, Schedule] = {
    "linear": "linear",
    "cosine": "cosine",
    "constant": "constant",
    "constant_with_warmup": "constant",
    "warmup_stable_decay": "wsd",
}
TABLE: Mapping[str, tuple[str, str]] = {
    "auto_find_batch_size": (
        "{name} tries smaller batches; here a batch that does not fit is an error that names the row.",
        "Choose per_device_train_batch_size and gradient_accumulation_steps.",
    ),
    "deepspeed": (
        "{name} divides a model over several processes, which torso train does and Trainer here does not.",
        "Leave it out, or train by the command: torchrun --nproc-per-node 2 -m torso train ... --shard",
    ),
    "fsdp": (
        "{name} divides a model over several processes, which torso train does and Trainer here does not.",
        "Leave it out, or train by the command: torchrun --nproc-per-node 2 -m torso train ... --shard",
    ),
    "fsdp_config": (
        "{name} divides a model over several processes, which torso train does and Trainer here does not.",
        "Leave it out, or train by the command: torchrun --nproc-per-node 2 -m torso train ... --shard",
    ),
    "fp16": ("fp16 needs a scaled loss, which is not implemented.", "Use bf16=True."),
    "hub_model_id": (
        "{name} uploads to the Hub, which torso never does.",
        "Save the model, and upload the folder with the Hub's own tools.",
    ),
    "hub_token": (
        "{name} uploads to the Hub, which torso never does.",
        "Save the model, and upload the folder with the Hub's own tools.",
    ),
    "label_smoothing_factor": ("Label smoothing is not implemented here.", "Leave it out."),
    "neftune_noise_alpha": ("NEFTune's noise is not implemented here.", "Leave it out."),
    "push_to_hub": (
        "{name} uploads to the Hub, which torso never does.",
        "Save the model, and upload the folder with the Hub's own tools.",
    ),
    "group_by_length": (
        "{name} draws texts of similar lengths together so that they need less padding; torso computes no padding.",
        "Leave it out.",
    ),
    "torch_compile": ("Compiling the training step is not implemented here.", "Leave it out."),
    "use_liger_kernel": ("These kernels are for transformers' own models.", "Leave it out."),
}
"""Arguments of transformers that are refused where they are set, with the reason and what to do."""
_OLDER = {"evaluation_strategy": "eval_strategy", "no_cuda": "use_cpu"}


def _checked(kind: _Class) -> _Class:
    """Make a dataclass refuse what it does not take, with the reason or the nearest name."""
    made: Callable[..., None] = kind.__init__

    @functools.wraps(made)
    def checked(self: Any, *args: Any, **given: Any) -> None:
        known = {each.name for each in fields(kind)}
        resolved: dict[str, Any] = {}
        for name, value in given.items():
            if name in TABLE:
                if value:
                    what, cure = TABLE[name]
                    raise UnsupportedError("E_ARGUMENT", what, cure=cure, values=dict(name=name))
            elif _OLDER.get(name, name) not in known:
                raise unknown_argument(kind.__name__, name, sorted(known))
            else:
                resolved[_OLDER.get(name, name)] = value
        made(self, *args, **resolved)

    kind.__init__ = checked
    return kind


@checked_calls
@_checked
@dataclass
class TrainingArguments:
    """Settings of `Trainer`, with the names and defaults of transformers.

    What transformers offers beyond them is refused where it is set, with the reason.

    Attributes:
        output_dir: folder of checkpoints.
        per_device_train_batch_size: texts that are computed together.
        per_device_eval_batch_size: the same in evaluation.
        gradient_accumulation_steps: such batches in one optimiser step.
        num_train_epochs: passes over the data; a fraction ends early.
        max_steps: optimiser steps, in place of epochs, if above 0.
        learning_rate: peak rate.
        weight_decay: AdamW's, of matrices.
        adam_beta1: AdamW's first beta.
        adam_beta2: AdamW's second beta.
        adam_epsilon: AdamW's epsilon.
        max_grad_norm: largest norm of a step's gradient; 0 does not clip.
        lr_scheduler_type: linear, cosine, constant, constant_with_warmup or warmup_stable_decay.
        warmup_ratio: share of the steps in which the rate rises.
        warmup_steps: the number of them, or below 1 their share.
        logging_strategy: when the loss is printed.
        logging_steps: every so many steps.
        logging_first_step: whether the first step is printed too.
        eval_strategy: when the model is evaluated.
        eval_steps: every so many steps; None for ``logging_steps``.
        save_strategy: when a checkpoint is written.
        save_steps: every so many steps.
        save_total_limit: checkpoints kept, the best one always among them; None for all.
        load_best_model_at_end: whether the best model is what is left.
        metric_for_best_model: its name, with or without ``eval_``; None for the loss.
        greater_is_better: None follows the metric's name.
        remove_unused_columns: whether columns that the model does not take are left out.
        label_names: columns that evaluation compares with.
        seed: of order and dropout.
        data_seed: of the order alone; None for ``seed``.
        bf16: whether products are computed in bfloat16.
        use_cpu: whether an accelerator is left alone.
        optim: adamw_torch or adamw_torch_fused; adafactor takes less memory.
        gradient_checkpointing: whether activations inside blocks are computed again in the backward pass.
        dataloader_drop_last: whether an incomplete last batch is left out.
        include_inputs_for_metrics: False.
        prediction_loss_only: whether evaluation gives the loss alone.
        disable_tqdm: whether nothing is printed in training; no bar is drawn in any case.
        report_to: none.
        run_name: taken and not used.
        overwrite_output_dir: taken and not used: checkpoints have names of their own.
        do_train: taken and not used.
        do_eval: taken and not used.
        eval_accumulation_steps: taken and not used: predictions are kept on the host.
        dataloader_num_workers: taken and not used: rows are read in this process.
        dataloader_pin_memory: taken and not used.
        save_safetensors: True.
        save_only_model: whether the optimiser's state is left out of checkpoints.
    """

    output_dir: str = "trainer_output"
    per_device_train_batch_size: int = 8
    per_device_eval_batch_size: int = 8
    gradient_accumulation_steps: int = 1
    num_train_epochs: float = 3.0
    max_steps: int = -1
    learning_rate: float = 5e-5
    weight_decay: float = 0.0
    adam_beta1: float = 0.9
    adam_beta2: float = 0.999
    adam_epsilon: float = 1e-8
    max_grad_norm: float = 1.0
    lr_scheduler_type: str = "linear"
    warmup_ratio: float | None = None
    warmup_steps: float = 0
    logging_strategy: When = "steps"
    logging_steps: int = 500
    logging_first_step: bool = False
    eval_strategy: When = "no"
    eval_steps: int | None = None
    save_strategy: When = "steps"
    save_steps: int = 500
    save_total_limit: int | None = None
    load_best_model_at_end: bool = False
    metric_for_best_model: str | None = None
    greater_is_better: bool | None = None
    remove_unused_columns: bool = True
    label_names: list[str] | None = None
    seed: int = 42
    data_seed: int | None = None
    bf16: bool = False
    use_cpu: bool = False
    optim: str = "adamw_torch"
    gradient_checkpointing: bool = False
    dataloader_drop_last: bool = False
    include_inputs_for_metrics: bool = False
    prediction_loss_only: bool = False
    disable_tqdm: bool = False
    report_to: str | list[str] | None = None
    run_name: str | None = None
    overwrite_output_dir: bool = False
    do_train: bool = False
    do_eval: bool = False
    eval_accumulation_steps: int | None = None
    dataloader_num_workers: int = 0
    dataloader_pin_memory: bool = True
    save_safetensors: bool = True
    save_only_model: bool = False

    def __post_init__(self) -> None:
        """Check the values and those that depend on each other.

        Raises:
            InputError: ``E_ARGUMENT``.
            UnsupportedError: ``E_ARGUMENT``, for optimisers, schedules and services that torso does not have.
        """
        for name in ("per_device_train_batch_size", "per_device_eval_batch_size", "gradient_accumulation_steps"):
            self._require(name, getattr(self, name) >= 1, ">= 1")
        self._require("num_train_epochs", self.num_train_epochs > 0 or self.max_steps > 0, "> 0")
        self._require("learning_rate", self.learning_rate >= 0, ">= 0")
        for name in ("logging_strategy", "eval_strategy", "save_strategy"):
            value = getattr(self, name)
            setattr(self, name, str(getattr(value, "value", value)))
            self._require(name, getattr(self, name) in ("no", "steps", "epoch"), "no | steps | epoch")
        scheduler = str(getattr(self.lr_scheduler_type, "value", self.lr_scheduler_type))
        self.lr_scheduler_type = scheduler
        self._require("lr_scheduler_type", scheduler in _SCHEDULES, " | ".join(_SCHEDULES))
        optimisers = ("adamw_torch", "adamw_torch_fused", "adamw_hf", "adafactor")
        self._require("optim", self.optim in optimisers, " | ".join(optimisers))
        report = [self.report_to] if isinstance(self.report_to, str) else list(self.report_to or [])
        for each in report:
            if each not in ("none", "all"):
                raise UnsupportedError(
                    "E_ARGUMENT",
                    "{name} reports to a service; torso writes trainer_state.json and prints.",
                    cure="Leave it out, or write report_to='none'.",
                    values=dict(name="report_to"),
                )
        if self.eval_strategy == "steps" and self.eval_steps is None:
            self.eval_steps = self.logging_steps
        if self.load_best_model_at_end:
            matched = self.eval_strategy == self.save_strategy != "no"
            whole = self.eval_strategy != "steps" or not self.save_steps % (self.eval_steps or 1)
            self._require("load_best_model_at_end", matched and whole, "save_strategy == eval_strategy")
            self.metric_for_best_model = self.metric_for_best_model or "loss"
        if self.greater_is_better is None and self.metric_for_best_model is not None:
            self.greater_is_better = not self.metric_for_best_model.endswith("loss")

    def _require(self, name: str, holds: bool, wanted: str) -> None:
        if not holds:
            raise InputError(
                "E_ARGUMENT",
                "{name} is {value}; it must be {wanted}.",
                cure="Correct it in TrainingArguments({name}=...).",
                values=dict(name=name, value=repr(getattr(self, name)), wanted=wanted),
            )

    @property
    def schedule(self) -> Schedule:
        """The course of the rate."""
        return _SCHEDULES[self.lr_scheduler_type]

    @property
    def precision(self) -> Precision:
        """The precision of products."""
        return "bf16" if self.bf16 else "float32"

    @property
    def train_batch_size(self) -> int:
        """Texts that are computed together."""
        return self.per_device_train_batch_size

    @property
    def eval_batch_size(self) -> int:
        """Texts that are computed together in evaluation."""
        return self.per_device_eval_batch_size

    def get_warmup_steps(self, total: int) -> int:
        """Return the number of warm-up steps of a run."""
        share = self.warmup_ratio if self.warmup_steps == 0 and self.warmup_ratio else self.warmup_steps
        return -int(-share * total // 1) if share < 1 else int(share)


@checked_calls
@_checked
@dataclass
class Seq2SeqTrainingArguments(TrainingArguments):
    """`TrainingArguments` of `Seq2SeqTrainer`.

    Attributes:
        predict_with_generate: whether evaluation writes texts, instead of taking the scores of the given ones.
        generation_max_length: of those texts, in tokens; None as the model's files say.
        generation_num_beams: beams; None likewise.
        sortish_sampler: False.
    """

    predict_with_generate: bool = False
    generation_max_length: int | None = None
    generation_num_beams: int | None = None
    sortish_sampler: bool = False
