"""What `Trainer` is made of beside training: loss, evaluation, predictions, log and saving."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import torch
from torch import Tensor, nn

from torso.compat.padded_model import PaddedModel
from torso.engines.model_state import Modes
from torso.errors import InputError
from torso.text import Tokenizer
from torso.training.border_arguments import TrainingArguments
from torso.training.border_batches import Collator, batches, columns_of, moved, require_rows
from torso.training.border_callbacks import Context, TrainerCallback, TrainerControl, TrainerState
from torso.training.border_collators import DataCollatorWithPadding, default_data_collator
from torso.training.border_predictions import ComputeMetrics, EvalPrediction, PredictionOutput, joined


class Learner(nn.Module):
    """A model as the step calls it: a batch in, the mean of its losses out."""

    def __init__(self, model: nn.Module, loss: Callable[[nn.Module, dict[str, Any]], Tensor]) -> None:
        super().__init__()
        self.inner = model
        self.loss = loss

    @property
    def device(self) -> torch.device:
        """Device of the weights."""
        return next(self.inner.parameters()).device

    def forward(self, batch: dict[str, Any]) -> Tensor:
        """Return the scalar loss of a batch."""
        return self.loss(self.inner, batch)


class Evaluator:
    """Evaluates a model on rows, and holds what training needs; see `Trainer`.

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

    def __init__(
        self,
        model: nn.Module | None = None,
        args: TrainingArguments | None = None,
        data_collator: Collator | None = None,
        train_dataset: Any = None,
        eval_dataset: Any = None,
        processing_class: Tokenizer | None = None,
        *,
        compute_metrics: ComputeMetrics | None = None,
        callbacks: Sequence[TrainerCallback | type[TrainerCallback]] | None = None,
        optimizers: tuple[torch.optim.Optimizer | None, object] = (None, None),
        preprocess_logits_for_metrics: Callable[[Any, Any], Any] | None = None,
        tokenizer: Tokenizer | None = None,
    ) -> None:
        if model is None:
            raise InputError("E_ARGUMENT", "Trainer needs a model.", cure="Write Trainer(model=model, args=args, ...).")
        if optimizers[1] is not None:
            raise InputError(
                "E_ARGUMENT",
                "A schedule beside the optimiser is not followed: the rate of every step comes from the arguments.",
                cure="Write optimizers=(optimizer, None), and choose lr_scheduler_type and learning_rate.",
            )
        self.model, self.args = model, args or TrainingArguments()
        self.processing_class = processing_class or tokenizer
        padding = None if self.processing_class is None else DataCollatorWithPadding(self.processing_class)
        self.data_collator: Collator = data_collator or padding or default_data_collator
        self.train_dataset, self.eval_dataset = train_dataset, eval_dataset
        self.compute_metrics, self.preprocess = compute_metrics, preprocess_logits_for_metrics
        self.callbacks = [each() if isinstance(each, type) else each for each in callbacks or ()]
        self.optimizer = optimizers[0]
        self.state, self.control = TrainerState(), TrainerControl()
        if torch.cuda.is_available() and not self.args.use_cpu:
            self.model.to("cuda")
        self.learner = Learner(model, self._loss)

    def add_callback(self, callback: TrainerCallback | type[TrainerCallback]) -> None:
        """Add a callback."""
        self.callbacks.append(callback() if isinstance(callback, type) else callback)

    @property
    def padded(self) -> PaddedModel[Any] | None:
        """The model, where it is of torso's Auto classes."""
        return cast("PaddedModel[Any]", self.model) if isinstance(self.model, PaddedModel) else None

    def compute_loss(
        self,
        model: nn.Module,
        inputs: dict[str, Any],
        return_outputs: bool = False,
        num_items_in_batch: int | None = None,
    ) -> Any:
        """Return the mean loss of a batch, and the model's outputs if asked for; to be overridden.

        Raises:
            InputError: ``E_LABELS``, for an output without a loss.
        """
        out: Any = model(**inputs)
        loss: Any = out.get("loss") if hasattr(out, "get") else None
        loss = getattr(out, "loss", None) if loss is None else loss
        if loss is None and isinstance(out, tuple):
            loss = cast("tuple[Any, ...]", out)[0]
        if loss is None:
            raise InputError(
                "E_LABELS",
                "The model gives no loss for this batch; its columns are {names}.",
                cure="Give the rows a column labels, or override compute_loss.",
                values=dict(names=", ".join(inputs)),
            )
        return (loss, out) if return_outputs else loss

    def _loss(self, model: nn.Module, batch: dict[str, Any]) -> Tensor:
        return self.compute_loss(model, batch)

    def _columns(self) -> frozenset[str] | None:
        return columns_of(self.model) if self.args.remove_unused_columns else None

    def evaluate(self, eval_dataset: Any = None, metric_key_prefix: str = "eval") -> dict[str, float]:
        """Evaluate the model; its mode is restored.

        Args:
            eval_dataset: rows, or several sets by name; None for the trainer's own.
            metric_key_prefix: in front of the metrics' names.
        """
        data = self.eval_dataset if eval_dataset is None else eval_dataset
        if isinstance(data, dict):
            metrics: dict[str, float] = {}
            for name, each in cast("dict[str, Any]", data).items():
                metrics |= self.evaluate(each, f"{metric_key_prefix}_{name}")
            return metrics
        metrics = self._predicted(data, "eval_dataset", metric_key_prefix).metrics
        self.log(metrics)
        if self.state.epoch:
            metrics["epoch"] = self.state.epoch
        self._call("on_evaluate", {"metrics": metrics})
        return metrics

    def predict(self, test_dataset: Any, metric_key_prefix: str = "test") -> PredictionOutput:
        """Return the predictions of rows, their labels and metrics."""
        return self._predicted(test_dataset, "test_dataset", metric_key_prefix)

    def _predicted(self, data: object, name: str, prefix: str) -> PredictionOutput:
        rows, columns, size = require_rows(data, name), self._columns(), self.args.per_device_eval_batch_size
        scores, labels, loss, counted = list[Any](), list[Any](), 0.0, 0
        modes, began = Modes(self.model), time.perf_counter()
        self.model.eval()
        try:
            with torch.no_grad():
                for numbers, batch in batches(rows, self.data_collator, size, columns):
                    batch = moved(batch, self.learner.device)
                    mean, logits, given = self.prediction_step(self.model, batch)
                    if mean is not None:
                        loss += mean * len(numbers)
                        counted += len(numbers)
                    if not self.args.prediction_loss_only:
                        if self.preprocess is not None:
                            logits = self.preprocess(logits, given)
                        scores.append(_on_host(logits))
                        labels.append(_on_host(given))
        finally:
            modes.restore()
        metrics = {"loss": loss / counted} if counted else {}
        predictions, label_ids = joined(scores), joined(labels)
        if self.compute_metrics is not None and label_ids is not None:
            metrics |= {
                key: float(each) for key, each in self.compute_metrics(EvalPrediction(predictions, label_ids)).items()
            }
        metrics["runtime"] = round(time.perf_counter() - began, 4)
        named = {key if key.startswith(f"{prefix}_") else f"{prefix}_{key}": each for key, each in metrics.items()}
        return PredictionOutput(predictions, label_ids, named)

    def prediction_step(self, model: nn.Module, inputs: dict[str, Any]) -> tuple[float | None, Any, Any]:
        """Return a batch's mean loss, scores and labels; without labels the first and the last are None."""
        names = self.args.label_names or [n for n in ("labels", "start_positions", "end_positions") if n in inputs]
        labels = tuple(inputs[name] for name in names if name in inputs)
        if labels:
            loss, out = self.compute_loss(model, inputs, return_outputs=True)
            found: tuple[Any, ...] = tuple(value for key, value in _items(out) if key != "loss")
        else:
            loss, found = None, tuple(value for _, value in _items(model(**inputs)))
        tensors = tuple(each for each in found if isinstance(each, Tensor))
        return (
            None if loss is None else float(loss),
            tensors[0] if len(tensors) == 1 else tensors,
            None if not labels else labels[0] if len(labels) == 1 else labels,
        )

    def log(self, logs: Mapping[str, float]) -> None:
        """Keep a row of the log, and print it unless ``disable_tqdm``."""
        row = {**logs, "epoch": round(self.state.epoch, 4)}
        self.state.log_history.append({**row, "step": self.state.global_step})
        if not self.args.disable_tqdm:
            sys.stdout.write(f"{row}\n")
        self._call("on_log", {"logs": row})

    def save_model(self, output_dir: str | os.PathLike[str] | None = None) -> None:
        """Write the model, and the tokenizer if there is one.

        Raises:
            InputError: ``E_ARGUMENT``, for a module that is no model of torso's.
        """
        padded = self.padded
        if padded is None:
            raise InputError(
                "E_ARGUMENT",
                "Only models of torso's Auto classes know how to be saved as a folder.",
                cure="Save its parts, or torch.save(model.state_dict(), ...).",
            )
        padded.packed.save(os.fspath(output_dir or self.args.output_dir), tokenizer=self.processing_class)

    def _call(self, name: str, more: Context | None = None) -> None:
        context: Context = {"model": self.model, **(more or {})}
        for each in self.callbacks:
            self.control = getattr(each, name)(self.args, self.state, self.control, **context) or self.control


def _items(out: Any) -> list[tuple[str, Any]]:
    if hasattr(out, "items"):
        return list(out.items())
    return [("logits" if index else "loss", each) for index, each in enumerate(out)]


def _on_host(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(_on_host(each) for each in cast("tuple[Any, ...]", value))
    return None if value is None else value.detach().cpu().float() if value.is_floating_point() else value.cpu()
