"""Opening a model as what compares queries and texts by it, and the score of several kinds of vectors. Loads no torch.

The combined score is BGE-M3's (https://arxiv.org/abs/2402.03216).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from torso.architecture import Task
from torso.host_batch import Rows
from torso.tasks.comparing import Comparer, Dense, Late, Sparse, numbered
from torso.tasks.ready import Ready, Usable, make_ready
from torso.tasks.vector_kinds import require_all_kinds, resolve_kind, sparse_task
from torso.tasks.windows import Long, Merge

if TYPE_CHECKING:
    import torch

    from torso.text import Tokenizer

WEIGHTS = (0.4, 0.2, 0.4)
"""What the dense, the sparse and the multi-vector score are multiplied by: the weights of BGE-M3's model card."""


class Combined(Comparer[Rows]):
    """The weighted sum of the scores of all three kinds of vectors of a model.

    What is compared of a text is one matrix: in its first column the kind of the row, then the row, filled up with 0.
    """

    kind, measure = "combined", "combined"

    def __init__(self, *parts: Comparer[Rows]) -> None:
        dense, *_ = parts
        self.ready, self.prompt, self._parts = dense.ready, dense.prompt, parts

    def made(self, texts: Sequence[str], budget: int, *, query: bool) -> list[Rows]:
        """Return the rows of all kinds of each text."""
        made = [part.made(texts, budget, query=query) for part in self._parts]
        return [_joined([np.atleast_2d(kind[place]) for kind in made]) for place in range(len(texts))]

    def scores(self, queries: Sequence[Rows], texts: Sequence[Rows]) -> Rows:
        """Return the sums of the weighted scores."""
        scores = np.zeros((len(queries), len(texts)), np.float32)
        for number, (part, weight) in enumerate(zip(self._parts, WEIGHTS, strict=True)):
            asked, own = ([self._part(each, number) for each in some] for some in (queries, texts))
            scores += np.float32(weight) * part.scores(asked, own)
        return scores

    def _part(self, item: Rows, number: int) -> Rows:
        """Return what one kind has of a text, as that kind's comparer made it; vectors may be filled up with 0."""
        rows = item[item[:, 0] == number, 1:]
        if number == 0:
            return rows[0]
        return rows[:, :2] if number == 1 else rows

    def packed(self, items: Sequence[Rows]) -> Rows:
        """Return all rows, the number of the text in the first column."""
        numbers = np.repeat(np.arange(len(items), dtype=np.float32), [len(each) for each in items])
        return np.concatenate([numbers[:, None], np.concatenate(items)], 1)

    def unpacked(self, rows: Rows, count: int) -> list[Rows] | None:
        """Return the rows of each text; None where a text has not one dense vector, or entries that there are not."""
        found = numbered(rows, count) if rows.shape[1] > 3 else None
        if found is None or not all((each[:, 0] == 0).sum() == 1 for each in found):
            return None
        entries = rows[rows[:, 1] == 1][:, [0, 2, 3]]
        known = bool(np.isin(rows[:, 1], range(len(self._parts))).all())
        return found if known and self._parts[1].unpacked(entries, count) is not None else None

    def width(self, item: Rows) -> int:
        """Return the columns: text, kind, and the widest row."""
        return item.shape[1] + 1


def _joined(kinds: Sequence[Rows]) -> Rows:
    """Return the rows of several kinds as one matrix, the number of the kind in the first column."""
    width = max(each.shape[1] for each in kinds)
    filled = [np.pad(each, ((0, 0), (0, width - each.shape[1]))) for each in kinds]
    numbers = np.repeat(np.arange(len(kinds), dtype=np.float32), [len(each) for each in kinds])
    return np.concatenate([numbers[:, None], np.concatenate(filled)], 1).astype(np.float32)


def comparer(
    model: Usable[Any],
    vectors: str | None,
    pooling: str | None,
    *,
    long: Long,
    stride: int | None = None,
    merge: Merge | None = None,
    tokenizer: Tokenizer | None = None,
    device: str | torch.device | None = None,
) -> Comparer[Any]:
    """Open a model and return what compares texts by it.

    Args:
        model: a folder, a name, a loaded model, or one made `Ready`.
        vectors: a kind of vectors; None for what the model is made for.
        pooling: as in `torso.encode`; of sparse vectors as in `torso.embed_sparse`.
        long: as in `torso.encode`.
        stride: as in `torso.encode`.
        merge: as in `torso.encode`.
        tokenizer: instead of the one in the model's folder.
        device: where to load the weights.

    Raises:
        InputError: E_ARGUMENT for a kind that there is not; E_POOLING for one that the model does not give.
        TorsoError: as `torso.load`.
    """
    ready: Ready[Any]
    if vectors == "combined":
        require_all_kinds(model)
        ready = make_ready(model, Task.FEATURES, tokenizer=tokenizer, device=device)
        return Combined(
            Dense(ready, pooling, long, stride, merge), Sparse(ready, None, long, stride), Late(ready, long, stride)
        )
    kind = resolve_kind(model, vectors if vectors is not None or pooling is None else "dense")
    if kind == "sparse":
        task = sparse_task(model) if pooling is None else Task.MASKED_LM
        ready = make_ready(model, task, tokenizer=tokenizer, device=device)
        return Sparse(ready, pooling, long, stride)
    ready = make_ready(model, Task.FEATURES, tokenizer=tokenizer, device=device)
    return Late(ready, long, stride) if kind == "multi-vector" else Dense(ready, pooling, long, stride, merge)
