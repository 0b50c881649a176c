"""What queries and texts are compared by: dense vectors, sparse ones, or several of a text. Loads no torch.

Each kind can be written to a file as one matrix of float32 per group of texts.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Generic, TypedDict, TypeVar

import numpy as np

from torso.host_batch import Rows
from torso.tasks._embed import EmbedPlan
from torso.tasks._embed_multi_vector import EmbedMultiVectorPlan
from torso.tasks._embed_sparse import EmbedSparsePlan
from torso.tasks.arrays import normalized, product
from torso.tasks.chosen_adapter import PASSAGE, QUERY, instructions_of
from torso.tasks.embedding import Embedding
from torso.tasks.ready import Ready, recipe_of
from torso.tasks.windows import Long, Merge

Item = TypeVar("Item")

_DOCUMENT = ("document", "passage", "corpus")  # what models call the prompt of the texts, in the order looked for


class Comparer(ABC, Generic[Item]):
    """Makes what is compared of queries and of texts, and compares it.

    Attributes:
        kind: of the vectors, see `torso.tasks.vector_kinds.KINDS`.
        ready: the model and its tokenizer.
        measure: what scores are, see `torso.tasks.predictions.Ranked`.
        prompt: what is put before texts that are no queries; None for nothing that is known.
    """

    kind: str
    ready: Ready[Any]
    measure: str
    prompt: str | None

    @abstractmethod
    def made(self, texts: Sequence[str], budget: int, *, query: bool) -> list[Item]:
        """Return what is compared of each text."""

    @abstractmethod
    def scores(self, queries: Sequence[Item], texts: Sequence[Item]) -> Rows:
        """Return the scores of queries with texts [Q, N], the more, the better; each pair by itself."""

    @abstractmethod
    def packed(self, items: Sequence[Item]) -> Rows:
        """Return what is compared of several texts as one matrix, for a file."""

    @abstractmethod
    def unpacked(self, rows: Rows, count: int) -> list[Item] | None:
        """Return what `packed` made of so many texts; None for a matrix that it cannot have made."""

    def rows(self, count: int) -> int | None:
        """Return the rows of a packed matrix of so many texts; None where their contents decide it."""
        return None

    @abstractmethod
    def width(self, item: Item) -> int:
        """Return the columns of a packed matrix, of one that is like the item given."""


class Dense(Comparer[Rows]):
    """One vector of each text; arguments as of `torso.encode`."""

    kind = "dense"

    def __init__(
        self, ready: Ready[Any], pooling: str | None, long: Long, stride: int | None = None, merge: Merge | None = None
    ) -> None:
        self.ready = ready
        self._query, self._text, self.measure = comparison(ready, pooling)
        self.prompt = prompt_in(ready, self._text)
        self._options: dict[str, Any] = dict(pooling=pooling, long=long, stride=stride, merge=merge)

    def made(self, texts: Sequence[str], budget: int, *, query: bool) -> list[Rows]:
        """Return the vector [D] of each text."""
        plan = EmbedPlan(self.ready, **(self._query if query else self._text), **self._options)
        return [each.vector for each in plan.results(list(texts), budget)]

    def scores(self, queries: Sequence[Rows], texts: Sequence[Rows]) -> Rows:
        """Return the similarities."""
        return compared(np.stack(queries), np.stack(texts), self.measure)

    def packed(self, items: Sequence[Rows]) -> Rows:
        """Return the vectors as rows."""
        return np.stack(items)

    def unpacked(self, rows: Rows, count: int) -> list[Rows] | None:
        """Return the rows."""
        return list(rows) if len(rows) == count else None

    def rows(self, count: int) -> int | None:
        """Return the number of the texts."""
        return count

    def width(self, item: Rows) -> int:
        """Return the width of the vectors."""
        return len(item)


class Late(Comparer[Rows]):
    """A vector of each token, compared by MaxSim (https://arxiv.org/abs/2004.12832)."""

    kind = "multi-vector"

    def __init__(self, ready: Ready[Any], long: Long, stride: int | None = None) -> None:
        self.ready = ready
        self._plans = {
            query: EmbedMultiVectorPlan(ready, query=query, long=long, stride=stride) for query in (False, True)
        }
        self.prompt, self.measure = self._plans[False].side.prompt, self._plans[False].recipe.measure

    def made(self, texts: Sequence[str], budget: int, *, query: bool) -> list[Rows]:
        """Return the vectors [n, D] of each text."""
        return [each.vectors for each in self._plans[query].results(list(texts), budget)]

    def scores(self, queries: Sequence[Rows], texts: Sequence[Rows]) -> Rows:
        """Return the sum, or the mean, of each query vector's highest product with a vector of the text."""
        return max_similarities(queries, texts, self.measure)

    def packed(self, items: Sequence[Rows]) -> Rows:
        """Return all vectors as rows, the number of the text in the first column."""
        numbers = np.repeat(np.arange(len(items), dtype=np.float32), [len(each) for each in items])
        return np.concatenate([numbers[:, None], np.concatenate(items)], 1)

    def unpacked(self, rows: Rows, count: int) -> list[Rows] | None:
        """Return the vectors of each text."""
        return numbered(rows, count)

    def width(self, item: Rows) -> int:
        """Return the width of the vectors, and the number of their text."""
        return item.shape[1] + 1


class Sparse(Comparer[Rows]):
    """Entries of the vocabulary, as rows [K, 2] of id and value."""

    kind = "sparse"

    def __init__(self, ready: Ready[Any], pooling: str | None, long: Long, stride: int | None = None) -> None:
        self.ready = ready
        own: dict[str, Any] = dict(pooling=pooling, long=long, stride=stride)
        recipe = EmbedSparsePlan(ready, **own).recipe
        self.measure, self._size = recipe.similarity, ready.runner.vocabulary or len(ready.tokenizer)
        self.prompt = next((recipe.prompts[name] for name in _DOCUMENT if name in recipe.prompts), None)
        query = recipe.prompts.get("query")
        self._plans = {each: EmbedSparsePlan(ready, prompt=(self.prompt, query)[each], **own) for each in (0, 1)}

    def made(self, texts: Sequence[str], budget: int, *, query: bool) -> list[Rows]:
        """Return ids and values [K, 2] of each text."""
        made = self._plans[query].results(list(texts), budget)
        return [np.stack([each.indices.astype(np.float32), each.values], 1) for each in made]

    def scores(self, queries: Sequence[Rows], texts: Sequence[Rows]) -> Rows:
        """Return the products, cosines or distances of vectors, of which the entries that are not 0 are multiplied."""
        scores = np.zeros((len(queries), len(texts)), np.float32)
        whole = np.zeros(self._size, np.float64)
        for query, row in zip(queries, scores, strict=True):
            ids = query[:, 0].astype(np.int64)
            whole[ids] = query[:, 1]
            for place, text in enumerate(texts):
                row[place] = self._score(whole, query[:, 1], text)
            whole[ids] = 0
        return scores

    def _score(self, whole: Any, values: Rows, text: Rows) -> float:
        own, other = text[:, 1].astype(np.float64), whole[text[:, 0].astype(np.int64)]
        met = float(own @ other)
        squares = [float((each.astype(np.float64) ** 2).sum()) for each in (values, own)]
        if self.measure == "dot":
            return met
        if self.measure == "cosine":
            return met / max(float(np.sqrt(squares[0] * squares[1])), 1e-12)
        if self.measure == "euclidean":
            return -float(np.sqrt(max(sum(squares) - 2 * met, 0.0)))
        return -(float(np.abs(own - other).sum()) + float(values.astype(np.float64).sum() - other.sum()))

    def packed(self, items: Sequence[Rows]) -> Rows:
        """Return all entries as rows of text, id and value."""
        numbers = np.repeat(np.arange(len(items), dtype=np.float32), [len(each) for each in items])
        return np.concatenate([numbers[:, None], np.concatenate(items)], 1)

    def unpacked(self, rows: Rows, count: int) -> list[Rows] | None:
        """Return the entries of each text."""
        ids = rows[:, 1]
        if not bool(((ids >= 0) & (ids < self._size) & (ids == np.floor(ids))).all()):
            return None
        return numbered(rows, count)

    def width(self, item: Rows) -> int:
        """Return the columns: text, id and value."""
        return 3


def numbered(rows: Rows, count: int) -> list[Rows] | None:
    """Split rows by the number of their text in the first column; None where these are no numbers from 0 to count."""
    first = rows[:, 0]
    whole = np.arange(count, dtype=np.float32)
    if not bool(np.isin(first, whole).all()) or bool((np.diff(first) < 0).any()):
        return None
    bounds = np.searchsorted(first, np.arange(count + 1))
    return [rows[start:end, 1:] for start, end in pairwise(bounds)]


class Side(TypedDict, total=False):
    """How queries, or texts, are embedded; see `torso.encode`."""

    prompt: str | None
    task: str | None


def comparison(ready: Ready[Any], pooling: str | None) -> tuple[Side, Side, str]:
    """Return how queries and texts are embedded, and the measure: by prompts, or by adapters where there are such."""
    recipe = recipe_of(ready) if pooling is None else None
    measure = "cosine" if recipe is None else recipe.similarity
    if {QUERY, PASSAGE} <= instructions_of(ready).keys():
        return Side(task=QUERY), Side(task=PASSAGE), measure
    if recipe is None:
        return Side(), Side(), measure
    document = next((recipe.prompts[name] for name in _DOCUMENT if name in recipe.prompts), "")
    return Side(prompt=recipe.prompts.get("query", "")), Side(prompt=document), measure


def prompt_in(ready: Ready[Any], side: Side) -> str | None:
    """Return what is put before the texts of a side; None for nothing that is known."""
    task = side.get("task")
    return side.get("prompt") if task is None else instructions_of(ready)[task]


def max_similarities(queries: Sequence[Rows], texts: Sequence[Rows], measure: str) -> Rows:
    """Return the MaxSim [Q, N] of the vectors of queries [q, D] and of texts [n, D]; each pair by itself.

    It is the sum of each query vector's highest product with a vector of the text, or their mean (``meanmaxsim``); 0
    for a text without vectors.
    """
    scores = np.zeros((len(queries), len(texts)), np.float32)
    for text, column in zip(texts, scores.T, strict=True):
        if len(text):
            for place, query in enumerate(queries):
                best = product(query, text).max(1)
                column[place] = best.mean() if measure == "meanmaxsim" else best.sum()
    return scores


def stacked(embeddings: Sequence[Embedding]) -> Rows:
    """Return the vectors of embeddings as one matrix [N, D]."""
    return np.stack([each.vector for each in embeddings])


def compared(one: Rows, other: Rows, measure: str) -> Rows:
    """Return the similarities of vectors [Q, D] and [N, D]: [Q, N]; each pair by itself."""
    if measure == "cosine":
        one, other = normalized(one), normalized(other)
    if measure in ("cosine", "dot"):
        return np.vecdot(one[:, None], other)
    scores = np.empty((len(one), len(other)), np.float32)
    for query, own in zip(one, scores, strict=True):
        apart = other.astype(np.float64) - query
        own[:] = -(np.sqrt(np.vecdot(apart, apart)) if measure == "euclidean" else np.abs(apart).sum(-1))
    return scores
