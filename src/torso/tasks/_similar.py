"""Texts in the order in which they fit a query, by their vectors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Unpack, cast, overload

import numpy as np

from torso.architecture import Task
from torso.engines.runner import BUDGET
from torso.errors import InputTypeError
from torso.host_batch import Rows
from torso.io.arguments import known_arguments
from torso.outputs import Features
from torso.tasks._embed import encode
from torso.tasks.argument_checks import at_least
from torso.tasks.arrays import normalized, numbers
from torso.tasks.embedding import Embedding
from torso.tasks.predictions import Match, Ranked
from torso.tasks.reading import as_list
from torso.tasks.ready import Ready, Usable, make_ready, recipe_of
from torso.tasks.task_options import SimilarOptions
from torso.tasks.windows import Long, Merge

if TYPE_CHECKING:
    import torch

    from torso.text import Tokenizer

_DOCUMENT = ("document", "passage", "corpus")  # what models call the prompt of the texts, in the order looked for


@overload
def similar(  # pyright: ignore[reportOverlappingOverload] - a str is a sequence of them too
    queries: str,
    texts: Sequence[str],
    *,
    model: Usable[Features],
    **options: Unpack[SimilarOptions],
) -> Ranked: ...
@overload
def similar(
    queries: Sequence[str],
    texts: Sequence[str],
    *,
    model: Usable[Features],
    **options: Unpack[SimilarOptions],
) -> list[Ranked]: ...
@known_arguments
def similar(
    queries: str | Sequence[str],
    texts: Sequence[str],
    *,
    model: Usable[Features],
    top: int | None = None,
    pooling: str | None = None,
    tokenizer: Tokenizer | None = None,
    long: Long = "error",
    stride: int | None = None,
    merge: Merge | None = None,
    device: str | torch.device | None = None,
    budget: int = BUDGET,
) -> Any:
    """Rank texts by similarity to a query, highest first, by the vectors of `torso.encode`; of several queries, a list.

    Vectors are compared as the model's folder says, and by their angle (``cosine``) where it says nothing. Where it has
    a prompt for queries, or for documents, that prompt is used.

    Args:
        queries: a query, or a list of them.
        texts: what is compared with each query.
        model: a folder, a name, a loaded model, or one made `Ready` for many calls.
        top: how many texts are given; None for all.
        pooling: as in `torso.encode`.
        tokenizer: instead of the one in the model's folder.
        long: as in `torso.encode`.
        stride: as in `torso.encode`.
        merge: as in `torso.encode`.
        device: where to load the weights; None for a CUDA card, where there is one, and else the CPU.
        budget: tokens of one batch.

    Raises:
        TorsoError: as `torso.encode`.
    """
    at_least("top", top, 1)
    asked = listed(queries)
    ready = make_ready(model, Task.FEATURES, tokenizer=tokenizer, device=device)
    query_prompt, document_prompt, measure = comparison(ready, pooling)

    def vectors(some: list[str], prompt: str | None) -> Rows:
        made = encode(
            some,
            model=ready,
            pooling=pooling,
            prompt=prompt,
            long=long,
            stride=stride,
            merge=merge,
            budget=budget,
        )
        return stacked(made)

    own = texts_of(texts)
    if not own or not asked:
        ranked = [Ranked(query, (), measure) for query in asked]
    else:
        scores = compared(vectors(asked, query_prompt), vectors(own, document_prompt), measure)
        ranked = [in_order(query, own, row, top, measure) for query, row in zip(asked, scores, strict=True)]
    return ranked[0] if isinstance(queries, str) else ranked


def comparison(ready: Ready[Features], pooling: str | None) -> tuple[str | None, str | None, str]:
    """Return the prompts for queries and for texts, and the measure; None for no prompts at all."""
    recipe = recipe_of(ready) if pooling is None else None
    if recipe is None:
        return None, None, "cosine"
    document = next((recipe.prompts[name] for name in _DOCUMENT if name in recipe.prompts), "")
    return recipe.prompts.get("query", ""), document, recipe.similarity


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


def in_order(query: str, texts: Sequence[str], scores: Rows, top: int | None, measure: str) -> Ranked:
    """Return the texts by their scores [N], the highest first."""
    listed: list[float] = numbers(scores)
    order = sorted(range(len(listed)), key=lambda place: -listed[place])[:top]
    return Ranked(query, tuple(Match(texts[place], place, listed[place]) for place in order), measure)


def listed(queries: object) -> list[str]:
    """Return one query or several as a list.

    Raises:
        InputTypeError: E_TEXT for anything else.
    """
    if isinstance(queries, str):
        return [queries]
    if (several := as_list(queries)) is not None:
        return several
    raise InputTypeError(
        "E_TEXT",
        "The queries are {kind}.",
        cure="Pass a string; or a list, array, Series or column of strings.",
        values=dict(kind=type(queries).__name__),
    )


def texts_of(texts: object) -> list[str]:
    """Return the texts that are compared, in any form that holds several in order; a text alone is one.

    Raises:
        InputTypeError: E_TEXT for anything else.
    """
    if isinstance(texts, str):
        return [texts]
    if isinstance(texts, Iterator):
        return [*cast("Iterator[str]", texts)]
    if (several := as_list(texts)) is not None:
        return several
    raise InputTypeError(
        "E_TEXT",
        "The texts are {kind}.",
        cure="Pass a string; or a list, array, Series or column of strings.",
        values=dict(kind=type(texts).__name__),
    )
