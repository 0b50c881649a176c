"""Sparse text embedding: a weight for each entry of the vocabulary, most of them 0."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Unpack, cast, overload

import numpy as np
from numpy.typing import NDArray

from torso.architecture import Task
from torso.engines.runner import BUDGET
from torso.errors import InputError, WeightsError
from torso.host_batch import Rows, Wanted, pieces, to_host
from torso.io.arguments import known_arguments
from torso.tasks.argument_checks import at_least
from torso.tasks.arrays import highest
from torso.tasks.embedding import SparseEmbedding
from torso.tasks.embedding_recipe import chosen_prompt, lowered
from torso.tasks.pooling import Step, step_of
from torso.tasks.reading import predict, read
from torso.tasks.ready import Ready, Usable, make_ready, read_once
from torso.tasks.sparse_files import LEXICAL_FILE, POOLINGS, SparseRecipe, read_sparse_recipe
from torso.tasks.task_options import EmbedSparseOptions
from torso.tasks.task_plan import Plan, Texts
from torso.tasks.vector_kinds import sparse_task
from torso.tasks.windows import EncodedText, Long, extent, length_policy

if TYPE_CHECKING:
    import torch

    from torso.text import Tokenizer

Entries = tuple[NDArray[np.int64], Rows]
"""Ids [K], ascending, and values [K] of the entries of a vector that are not 0."""

_WIDE = 1 << 24
"""Logits of one batch at most, for a head over the vocabulary: 64 MiB."""


@overload
def embed_sparse(  # pyright: ignore[reportOverlappingOverload] - a str is a sequence of them too
    texts: str,
    *,
    model: Usable[Any],
    **options: Unpack[EmbedSparseOptions],
) -> SparseEmbedding: ...
@overload
def embed_sparse(
    texts: Sequence[str],
    *,
    model: Usable[Any],
    **options: Unpack[EmbedSparseOptions],
) -> list[SparseEmbedding]: ...
@overload
def embed_sparse(
    texts: Iterator[str],
    *,
    model: Usable[Any],
    **options: Unpack[EmbedSparseOptions],
) -> Iterator[SparseEmbedding]: ...
@known_arguments
def embed_sparse(
    texts: str | Sequence[str] | Iterator[str],
    *,
    model: Usable[Any],
    pooling: str | None = None,
    prompt: str | None = None,
    prompt_name: str | None = None,
    top: int | None = None,
    tokenizer: Tokenizer | None = None,
    long: Long = "error",
    stride: int | None = None,
    device: str | torch.device | None = None,
    budget: int = BUDGET,
) -> Any:
    """Embed a text as a sparse vector over the vocabulary; of a list of texts, a list; of an iterator, an iterator.

    SPLADE: log(1 + relu(logit)) of a masked language model, the highest (or the sum) over a text's tokens; a folder in
    sentence-transformers' form gives that library's vectors. BGE-M3: a weight of each token of the text, the highest of
    each id, special tokens apart (FlagEmbedding's ``lexical_weights``).

    Args:
        texts: a string, a list of strings, or an iterator of them.
        model: a folder, a name, a loaded model, or one made `Ready` for many calls.
        pooling: ``max`` or ``sum``, for a masked language model whose folder says nothing of sparse vectors.
        prompt: what is put before each text. None: what the folder puts there by default.
        prompt_name: one of the folder's prompts, by its name.
        top: how many entries are kept, those with the highest values; None as the folder says, or all.
        tokenizer: instead of the one in the model's folder.
        long: as in `torso.encode`; of windows, entries are merged as those of tokens are.
        stride: as in `torso.encode`.
        device: where to load the weights; None for a CUDA card, where there is one, and else the CPU.
        budget: tokens of one batch.

    Raises:
        InputError: E_POOLING where nothing says how to make sparse vectors; E_PROMPT; a text or argument is wrong.
        TooLongError: E_TOO_LONG, naming the text by its place.
        TorsoError: as `torso.load`.
    """
    task = sparse_task(model) if pooling is None else Task.MASKED_LM
    plan = EmbedSparsePlan(
        make_ready(model, task, tokenizer=tokenizer, device=device),
        pooling=pooling,
        prompt=prompt,
        prompt_name=prompt_name,
        top=top,
        long=long,
        stride=stride,
    )
    return predict(texts, lambda some: plan.results(some, budget))


class EmbedSparsePlan(Plan[str, Any, Entries, SparseEmbedding]):
    """Plan of `embed_sparse`; options as there."""

    def __init__(
        self,
        ready: Ready[Any],
        *,
        pooling: str | None = None,
        prompt: str | None = None,
        prompt_name: str | None = None,
        top: int | None = None,
        long: Long = "error",
        stride: int | None = None,
    ) -> None:
        at_least("top", top, 1)
        super().__init__(ready, Wanted(pooled=False))
        recipe = _resolved(ready, pooling)
        self.recipe = replace(recipe, prompt=chosen_prompt(recipe.prompts, recipe.prompt, prompt, prompt_name))
        self.top = top or recipe.most
        limit = ready.tokenizer.limited(recipe.reading.max_tokens).max_tokens
        self.policy = length_policy(limit, long, stride, merges=("sum" if recipe.pooling == "sum" else "max",))
        self._step: Step | None = None
        if recipe.projection is not None:
            self._step = step_of(recipe.projection, ready.memo.setdefault("layers", {}))
        self._size = ready.runner.vocabulary or len(ready.tokenizer)
        self.most_tokens = None if self._step is not None else max(_WIDE // self._size, 1)
        self._unused = _unused_ids(ready.tokenizer)

    @property
    def settings(self) -> Hashable:
        """How entries are made of a model's outputs."""
        return (self.recipe.pooling, self.recipe.logarithms, self.recipe.projection)

    def read(self, asked: Iterable[str]) -> Iterator[EncodedText]:
        """Tokenize texts, each with the prompt before it."""
        return read(asked, self.ready.tokenizer, self.policy, change=self._changed, pairs=False)

    def _changed(self, text: str) -> str:
        text = self.recipe.prompt + text
        return lowered(text) if self.recipe.reading.lowercase else text

    def split(self, out: Any, encoded: Sequence[EncodedText]) -> list[Entries]:
        """Return the entries of each encoding."""
        sizes = [len(each) for each in encoded]
        if self._step is not None:
            weights = np.maximum(self._step(to_host(out.hidden.rows)), 0)
            if weights.shape[1] != 1:
                raise self._not_one(weights.shape[1])
            weights = weights[:, 0]
            return [self._lexical(each.ids, own) for each, own in zip(encoded, pieces(weights, sizes), strict=True)]
        return [self._pooled(own) for own in pieces(to_host(out.logits), sizes)]

    def _not_one(self, count: int) -> WeightsError:
        return WeightsError(
            "E_POOLING",
            "{file} in {name} gives {count} numbers for each token; a weight is one.",
            cure="Download the model again.",
            values=dict(file=LEXICAL_FILE, name=self.ready.name, count=count),
        )

    def _lexical(self, ids: Sequence[int], weights: Rows) -> Entries:
        found, places = np.unique(np.array(ids, np.int64), return_inverse=True)
        values = np.zeros(len(found), np.float32)
        np.maximum.at(values, places, weights)
        kept = (values > 0) & ~np.isin(found, self._unused)
        return found[kept], values[kept]

    def _pooled(self, logits: Rows) -> Entries:
        """Pool logits [n, V] of the tokens of a text."""
        highest_first = self.recipe.pooling == "max"
        rows = np.maximum(logits.max(0, keepdims=True) if highest_first else logits, 0)
        for _ in range(self.recipe.logarithms):
            rows = np.log1p(rows)
        values = rows[0] if highest_first else rows.sum(0)
        ids = np.flatnonzero(~(values <= 0))  # NaN stays, so that it is seen
        return ids, values[ids]

    def result(self, texts: Texts[Entries]) -> SparseEmbedding:
        """Return the vector of a text."""
        ((windows, parts),) = texts
        ids, values = parts[0] if len(parts) == 1 else self._merged(parts)
        if self.top is not None and len(ids) > self.top:
            kept = np.sort(highest(values, self.top))
            ids, values = ids[kept], values[kept]
        entries = self.ready.tokenizer.convert_ids_to_tokens(cast("list[int]", ids.tolist()))
        covered = extent(windows, self.policy.merge)
        tokens = tuple(each or "" for each in entries)
        return SparseEmbedding(
            ids, values, tokens, self._size, self.recipe.pooling, self.recipe.prompt, self.policy.limit, covered
        )

    def _merged(self, parts: Sequence[Entries]) -> Entries:
        found, places = np.unique(np.concatenate([ids for ids, _ in parts]), return_inverse=True)
        values = np.zeros(len(found), np.float32)
        merge = np.add if self.policy.merge == "sum" else np.maximum
        merge.at(values, places, np.concatenate([own for _, own in parts]))
        return found, values


def sparse_recipe_of(ready: Ready[Any]) -> SparseRecipe | None:
    """Return what the folder of a model says about sparse vectors; None without a folder, or where it says nothing.

    Raises:
        TorsoError: as `read_sparse_recipe`.
    """
    return read_once(ready, "sparse", read_sparse_recipe)


def _resolved(ready: Ready[Any], pooling: str | None) -> SparseRecipe:
    if pooling is not None:
        if pooling not in POOLINGS:
            raise InputError(
                "E_POOLING",
                "There is no pooling {pooling}.",
                cure="Use one of: {known}.",
                values=dict(pooling=repr(pooling), known=", ".join(POOLINGS)),
            )
        return SparseRecipe(Task.MASKED_LM, "max" if pooling == "max" else "sum")
    recipe = sparse_recipe_of(ready)
    if recipe is None or recipe.task is not ready.runner.task:
        raise no_sparse(ready.name)
    return recipe


def no_sparse(name: str) -> InputError:
    """Return the error for a model whose folder says nothing of sparse vectors."""
    return InputError(
        "E_POOLING",
        "{name} does not say how to make sparse vectors, and nothing is assumed.",
        cure='Use a SPLADE or a BGE-M3; of a SPLADE without modules.json say pooling="max" (--pooling max).',
        values=dict(name=name),
    )


def _unused_ids(tokenizer: Tokenizer) -> list[int]:
    """Return the ids that have no lexical weight in BGE-M3: of the ends of a text, padding and unknown tokens."""
    found = (tokenizer.cls_token_id, tokenizer.eos_token_id, tokenizer.pad_token_id, tokenizer.unk_token_id)
    return [each for each in found if each is not None]
