"""Objective of embeddings: pooled vectors of the texts of each row, compared over a whole step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from torso.batch import Batch, pack, unpack
from torso.engines.torch_runner import lists
from torso.host_batch import Pool
from torso.model import Model
from torso.outputs import Features, Hidden
from torso.training.embedding_losses import LOSSES, WHOLE, nested
from torso.training.examples import Example
from torso.training.objective import JointObjective


class EmbeddingObjective(JointObjective[Features]):
    """Embeddings: inputs are a text and what it is compared with, K texts in every example.

    Args:
        loss: name of the loss, see `torso.training.embedding_losses.LOSSES`.
        modes: how rows become vectors, by sentence-transformers' names, several side by side.
        dimensions: first numbers of the vectors that are to be vectors themselves; empty for whole vectors alone.
    """

    unit = "rows"

    def __init__(self, loss: str, modes: Sequence[str] = ("mean",), dimensions: Sequence[int] = ()) -> None:
        self.loss, self.modes = loss, tuple(modes)
        self.function = nested(LOSSES[loss], dimensions) if dimensions else LOSSES[loss]

    def count(self, examples: Sequence[Example]) -> float:
        """Return the number of rows; 1 for a loss of the step as a whole."""
        return 1.0 if self.loss in WHOLE else float(len(examples))

    def batch(self, model: Model[Features], examples: Sequence[Example]) -> Batch:
        """Pack all texts of all examples."""
        packed = pack([each for example in examples for each in example.inputs], device=model.device)
        pool: Pool | None = "first" if self.modes == ("cls",) else "last" if self.modes == ("lasttoken",) else None
        return replace(packed, pool=pool, pooled=False)

    def vectors(self, out: Features, examples: Sequence[Example]) -> Tensor:
        """Return [N, K, D] vectors."""
        found = torch.cat([pooled(out.hidden, mode) for mode in self.modes], -1)
        return found.view(len(examples), -1, found.shape[-1])

    def joint_total(self, vectors: Tensor, examples: Sequence[Example]) -> Tensor:
        """Return the loss of a step, times `count`."""
        given = [each.label for each in examples]
        labels = None if given[0] is None else torch.tensor(given, dtype=torch.float32, device=vectors.device)
        return self.function(vectors, labels, known_fits(examples, vectors.device))

    def predictions(self, out: Features, examples: Sequence[Example]) -> list[list[list[float]]]:
        """Return the vectors of each example, K of D numbers."""
        return lists(self.vectors(out, examples).float())


def pooled(hidden: Hidden, mode: str) -> Tensor:
    """Return one vector [N, D] for each sequence: its rows pooled as `torso.tasks.pooling` does, with gradients."""
    if mode in ("cls", "lasttoken") and hidden.pool is not None:
        return hidden.rows
    layout = hidden.layout
    if mode in ("cls", "lasttoken"):
        return hidden.rows[layout.first() if mode == "cls" else layout.last()]
    if mode == "max":
        return torch.stack([each.amax(0) for each in unpack(hidden.rows, layout)])
    weights = (layout.positions + 1 if mode == "weightedmean" else torch.ones_like(layout.positions)).to(hidden.rows)
    owner = torch.repeat_interleave(layout.lengths.long())
    count = len(layout.sizes)
    sums = hidden.rows.new_zeros(count, hidden.rows.shape[1]).index_add(0, owner, hidden.rows * weights[:, None])
    total = weights.new_zeros(count).index_add(0, owner, weights)
    return sums / (total.sqrt() if mode == "mean_sqrt_len_tokens" else total)[:, None]


def known_fits(examples: Sequence[Example], device: torch.device) -> Tensor | None:
    """Return which candidates of other rows fit a row: texts equal to its second or its first, or second texts of
    equal first ones; [N, N * (K - 1)], None where there are none.
    """
    keys = [[tuple(each.ids) for each in example.inputs] for example in examples]
    fits: dict[tuple[int, ...], set[tuple[int, ...]]] = {}
    for first, second, *_ in keys:
        fits.setdefault(first, {first}).add(second)
    columns = [(row, place) for place in range(1, len(keys[0])) for row in range(len(keys))]
    table = [
        [keys[row][place] in fits[own[0]] and (row, place) != (number, 1) for row, place in columns]
        for number, own in enumerate(keys)
    ]
    return torch.tensor(table, device=device) if any(map(any, table)) else None
