"""Objectives of language modelling: masked, causal, and encoder-decoder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from torso.batch import Batch, pack
from torso.losses import IGNORED
from torso.model import Model
from torso.outputs import VocabLogits
from torso.training.examples import Example
from torso.training.loss_sums import class_total
from torso.training.objective import Objective


class VocabularyObjective(Objective[VocabLogits]):
    """Language modelling: one token id per token of the text that has a loss, -100 for the others.

    Only rows with a label reach the head.

    Args:
        shifted: whether a label is learnt from the row of the token before it, as causal models do.
    """

    unit = "tokens"

    def __init__(self, *, shifted: bool) -> None:
        self.shifted = shifted

    def _places(self, example: Example) -> list[tuple[int, int]]:
        """Return the row and the label of what counts in an example."""
        pairs = enumerate(example.label)
        if self.shifted:
            return [(row - 1, label) for row, label in pairs if row and label != IGNORED]
        return [(row, label) for row, label in pairs if label != IGNORED]

    def count(self, examples: Sequence[Example]) -> float:
        """Return the number of labels that count."""
        return float(sum(len(self._places(each)) for each in examples))

    def _packed(self, model: Model[Any], examples: Sequence[Example]) -> Batch:
        return pack([each.inputs[0] for each in examples], device=model.device)

    def batch(self, model: Model[VocabLogits], examples: Sequence[Example]) -> Batch:
        """Pack the texts, and request the rows that have a label."""
        packed = self._packed(model, examples)
        rows = [
            offset + row
            for offset, each in zip(packed.layout.offsets, examples, strict=True)
            for row, _ in self._places(each)
        ]
        return replace(packed, rows=torch.tensor(rows, dtype=torch.int64).to(model.device, non_blocking=True))

    def _labels(self, examples: Sequence[Example], device: torch.device) -> Tensor:
        labels = [label for each in examples for _, label in self._places(each)]
        return torch.tensor(labels, dtype=torch.int64).to(device, non_blocking=True)

    def total(self, out: VocabLogits, examples: Sequence[Example]) -> Tensor:
        """Return the sum of cross entropy over the labels that count."""
        return class_total(out.logits, self._labels(examples, out.logits.device))

    def predictions(self, out: VocabLogits, examples: Sequence[Example]) -> list[tuple[float, int, int]]:
        """Return for each text the sum of its losses, how many labels are the likeliest token, and how many count."""
        labels = self._labels(examples, out.logits.device)
        losses = torch.nn.functional.cross_entropy(out.logits.float(), labels, reduction="none").cpu()
        right = (out.logits.argmax(-1) == labels).cpu()
        found: list[tuple[float, int, int]] = []
        start = 0
        for each in examples:
            end = start + len(self._places(each))
            found.append((float(losses[start:end].sum()), int(right[start:end].sum()), end - start))
            start = end
        return found


class TargetObjective(VocabularyObjective):
    """Sequence to sequence: inputs are source and target, labels the target's token ids."""

    def __init__(self) -> None:
        super().__init__(shifted=False)

    def _packed(self, model: Model[Any], examples: Sequence[Example]) -> Batch:
        source = pack([each.inputs[0] for each in examples], device=model.device)
        target = replace(pack([each.inputs[1] for each in examples], device=model.device), source=source)
        return model.trunk.shifted(target)  # pyright: ignore[reportCallIssue, reportAttributeAccessIssue, reportUnknownVariableType]
