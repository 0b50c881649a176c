"""Data of sequence to sequence: source texts with the texts that are to be written of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from torso.architecture import Task
from torso.engines.torch_runner import evaluating
from torso.generation.completion import complete
from torso.generation.prompts import prompts_of
from torso.generation.settings_files import settings_of
from torso.model import Model
from torso.text import Tokenizer
from torso.training.columns import SOURCES, TARGETS, column, nth
from torso.training.data_files import Table
from torso.training.examples import Example, Tokens
from torso.training.generation_metrics import generation_scores
from torso.training.objective import Objective, evaluated
from torso.training.task_data import TaskData
from torso.training.text_reader import TextReader, require_text
from torso.training.train_settings import TrainSettings
from torso.training.vocabulary_objective import TargetObjective

_SPARE = 8  # tokens that a written text may be longer than the longest target


class Seq2SeqData(TaskData):
    """Sources with targets. Scores are of texts that the model writes, one token after the other, the likeliest each.

    Args:
        table: rows.
        text: column of the source; None finds it.
        label: column of the target; None finds it.

    Raises:
        InputError: ``E_COLUMN``; ``E_ROW`` for a cell without text.
    """

    task = Task.SEQ2SEQ_LM
    metric = "rougeL"
    grouped = True

    def __init__(self, table: Table, text: Sequence[str] | None, label: str | None) -> None:
        super().__init__(table)
        self.target = column(table, TARGETS, label, "label")
        known = [each for each in SOURCES if each != self.target]
        self.source = column(table, known, nth(text, 0), "text")

    def _cells(self, name: str, rows: Sequence[int]) -> list[str]:
        table = self.table
        return [require_text(table.rows[row].get(name), table.lines[row], name, table.name) for row in rows]

    def with_table(self, table: Table) -> Seq2SeqData:
        """Return the data of another table, with the same columns."""
        return Seq2SeqData(table, (self.source,), self.target)

    def keys(self) -> list[str]:
        """Return the source of each row."""
        return self._cells(self.source, range(len(self.table.rows)))

    def answers(self) -> list[Any]:
        """Return the target of each row."""
        return self._cells(self.target, range(len(self.table.rows)))

    def examples(self, rows: Sequence[int], reader: TextReader) -> list[Example]:
        """Return source and target tokens, the target's as labels."""
        lines = [self.table.lines[row] for row in rows]
        sources, targets = self._cells(self.source, rows), self._cells(self.target, rows)
        found: list[Example] = []
        for encoding, line, pair in zip(
            reader.read(sources, lines), lines, zip(sources, targets, strict=True), strict=True
        ):
            written = None if encoding is None else reader.read_target(pair[1], line)
            if encoding is not None and written is not None:
                target = Tokens.of(written)
                found.append(Example((Tokens.of(encoding), target), list(target.ids), line, pair))
        return found

    def objective(self, train: Sequence[Example], settings: TrainSettings) -> Objective[Any]:
        """Return the objective."""
        return TargetObjective()

    def evaluated(
        self,
        model: Model[Any],
        tokenizer: Tokenizer,
        objective: Objective[Any],
        examples: Sequence[Example],
        tokens: int,
    ) -> tuple[list[Any], float]:
        """Return what the model writes for each source, and the loss of the targets."""
        _, loss = evaluated(model, objective, examples, tokens=tokens)
        longest = max(len(each.inputs[1]) for each in examples) + _SPARE
        own = settings_of(None, model.config)
        greedy = own.replace({"num_beams": 1, "do_sample": False, "max_new_tokens": longest, "num_return_sequences": 1})
        with torch.inference_mode(), evaluating(model):
            prompts = prompts_of(model, (list(each.inputs[0].ids) for each in examples), greedy)
            return [first.text for first, *_ in complete(model, prompts, greedy, tokenizer)], loss

    def scores(self, predictions: Sequence[Any], examples: Sequence[Example]) -> dict[str, float]:
        """Return ROUGE, BLEU and chrF of the written texts."""
        return generation_scores(predictions, [each.extra[1] for each in examples])

    def prediction_row(self, prediction: Any, example: Example) -> dict[str, Any]:
        """Return source, target and what was written."""
        source, target = example.extra
        return {"row": example.row, "source": source, "target": target, "predicted": prediction}
