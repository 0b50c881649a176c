"""`Seq2SeqTrainer` under transformers' names."""

from __future__ import annotations

from typing import Any

from torch import nn

from torso.io.arguments import checked_calls
from torso.training.border_arguments import Seq2SeqTrainingArguments
from torso.training.border_trainer import Trainer


@checked_calls
class Seq2SeqTrainer(Trainer):
    """A `Trainer` that with ``predict_with_generate`` evaluates what the model writes."""

    def prediction_step(self, model: nn.Module, inputs: dict[str, Any]) -> tuple[float | None, Any, Any]:
        """Return a batch's mean loss, the ids of the written texts, and labels."""
        args = self.args
        if not (isinstance(args, Seq2SeqTrainingArguments) and args.predict_with_generate):
            return super().prediction_step(model, inputs)
        padded = self.padded
        assert padded is not None, "only models of torso's Auto classes write"
        loss, _, labels = super().prediction_step(model, inputs)
        written = padded.generate(
            inputs["input_ids"],
            inputs.get("attention_mask"),
            max_length=args.generation_max_length,
            num_beams=args.generation_num_beams,
        )
        return loss, written, labels
