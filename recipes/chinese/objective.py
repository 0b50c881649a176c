"""What a stage learns: the losses of several heads over one trunk, of texts some of whose characters are hidden."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from torso.architecture import Task
from torso.batch import Batch
from torso.engines.torch_runner import lists
from torso.model import Model
from torso.training import examples as learnt
from torso.training.objective import Objective
from torso.training.step_order import Step, derived_seed

from .examples import NONE, Example, Variants, packed
from .masking import Masked, Masking

Item = Example | Variants
Logits = Mapping[str, Tensor]
"""The scores of each head by the name of its task."""


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """A text as it is learnt in one step.

    Attributes:
        text: the spelling that was drawn.
        masked: its ids with some hidden, and what they hide.
        counts: labels of each head in the whole step.
    """

    text: Example
    masked: Masked
    counts: Mapping[str, int]


class SeveralLosses(Objective[Logits]):
    """Weighted sum of the heads' mean losses, each over its own labels of the step.

    Args:
        weights: of each head's loss; heads that are not named are not computed.
        masking: how characters are hidden.
        share: of the words that are hidden.
        seed: with the step and the row, of spellings and of what is hidden.
    """

    unit = "losses"

    def __init__(self, weights: Mapping[Task[Any], float], masking: Masking, share: float, seed: str) -> None:
        self.weights, self.masking, self.share, self.seed = weights, masking, share, seed

    def drawn(self, examples: Sequence[learnt.Example], step: Step) -> list[learnt.Example]:
        """Return the texts with a spelling each, and characters hidden."""
        found: list[tuple[Example, Masked]] = []
        for each in examples:
            seed = derived_seed(self.seed, step.number, each.row)
            item: Item = each.label
            text = item.draw(random.Random(seed)) if isinstance(item, Variants) else item
            found.append((text, self.masking([text], self.share, torch.Generator().manual_seed(seed))))
        counts = {
            Task.MASKED_LM.name: sum(len(masked.targets) for _, masked in found),
            Task.TOKEN_CLASSIFICATION.name: sum(int((text.labels != NONE).sum()) for text, _ in found),
            Task.SEQUENCE_CLASSIFICATION.name: sum(text.positive != NONE for text, _ in found),
        }
        return [
            replace(each, label=Drawn(text, masked, counts), inputs=(learnt.Tokens.plain(lists(text.ids)),))
            for each, (text, masked) in zip(examples, found, strict=True)
        ]

    def count(self, examples: Sequence[learnt.Example]) -> float:
        """Return 1: each head's loss is divided by its own labels already; 0 where no head has any."""
        counts = _drawn(examples)[0].counts
        return float(any(counts[task.name] for task in self.weights))

    def batch(self, model: Model[Logits], examples: Sequence[learnt.Example]) -> Batch:
        """Pack the texts, with the rows whose characters are hidden."""
        drawn = _drawn(examples)
        begins = accumulate((len(each.text) for each in drawn), initial=0)
        rows = torch.cat([each.masked.rows + begin for each, begin in zip(drawn, begins, strict=False)])
        return packed([each.text for each in drawn], ids=torch.cat([each.masked.ids for each in drawn]), rows=rows)

    def total(self, out: Logits, examples: Sequence[learnt.Example]) -> Tensor:
        """Return the part of the step's loss that is of these texts."""
        drawn = _drawn(examples)
        targets = {
            Task.MASKED_LM.name: torch.cat([each.masked.targets for each in drawn]),
            Task.TOKEN_CLASSIFICATION.name: torch.cat([each.text.labels for each in drawn]),
            Task.SEQUENCE_CLASSIFICATION.name: torch.tensor([each.text.positive for each in drawn]),
        }
        losses = [
            weight / each * F.cross_entropy(out[name].float(), targets[name], ignore_index=NONE, reduction="sum")
            for name, weight in ((task.name, weight) for task, weight in self.weights.items())
            if (each := drawn[0].counts[name])
        ]
        return torch.stack(losses).sum()

    def predictions(self, out: Logits, examples: Sequence[learnt.Example]) -> list[int]:
        """Return the best class of each review."""
        return lists(out[Task.SEQUENCE_CLASSIFICATION.name].argmax(-1))


def _drawn(examples: Sequence[learnt.Example]) -> list[Drawn]:
    return [each.label for each in examples]
