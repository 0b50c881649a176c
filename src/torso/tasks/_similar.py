"""Texts in the order in which they fit a query, by their vectors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Unpack, cast, overload

from torso.engines.runner import BUDGET
from torso.errors import InputTypeError
from torso.host_batch import Rows
from torso.io.arguments import known_arguments
from torso.io.shown import ShownList
from torso.tasks.argument_checks import at_least
from torso.tasks.arrays import numbers
from torso.tasks.comparers import comparer
from torso.tasks.predictions import Match, Ranked
from torso.tasks.reading import as_list
from torso.tasks.ready import Usable
from torso.tasks.task_options import SimilarOptions
from torso.tasks.windows import Long, Merge

if TYPE_CHECKING:
    import torch

    from torso.text import Tokenizer


@overload
def similar(  # pyright: ignore[reportOverlappingOverload] - a str is a sequence of them too
    queries: str,
    texts: Sequence[str],
    *,
    model: Usable[Any],
    **options: Unpack[SimilarOptions],
) -> Ranked: ...
@overload
def similar(
    queries: Sequence[str],
    texts: Sequence[str],
    *,
    model: Usable[Any],
    **options: Unpack[SimilarOptions],
) -> list[Ranked]: ...
@known_arguments
def similar(
    queries: str | Sequence[str],
    texts: Sequence[str],
    *,
    model: Usable[Any],
    top: int | None = None,
    vectors: str | None = None,
    pooling: str | None = None,
    tokenizer: Tokenizer | None = None,
    long: Long = "error",
    stride: int | None = None,
    merge: Merge | None = None,
    device: str | torch.device | None = None,
    budget: int = BUDGET,
) -> Any:
    """Rank texts by similarity to a query, highest first, by their vectors; of several queries, a list.

    Vectors are those of `torso.encode`, `torso.embed_sparse` or `torso.embed_multi_vector`. They are compared as the
    model's folder says; where it says nothing dense ones by their angle (``cosine``), sparse ones by their product
    (``dot``), and several of a text by MaxSim (``maxsim``). Where it has a prompt for queries, or for documents, that
    prompt is used.

    Args:
        queries: a query, or a list of them.
        texts: what is compared with each query.
        model: a folder, a name, a loaded model, or one made `Ready` for many calls.
        top: how many texts are given; None for all.
        vectors: what is compared, of a model that gives several kinds (BGE-M3): ``dense``, ``sparse``,
            ``multi-vector``, or ``combined``: 0.4, 0.2 and 0.4 of their scores, as its card has it. None for what the
            folder is made for: of a SPLADE sparse vectors, of a ColBERT several of a text.
        pooling: as in `torso.encode`; of sparse vectors as in `torso.embed_sparse`.
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
    by = comparer(model, vectors, pooling, long=long, stride=stride, merge=merge, tokenizer=tokenizer, device=device)
    own = texts_of(texts)
    if not own or not asked:
        ranked = [Ranked(query, (), by.measure) for query in asked]
    else:
        scores = by.scores(by.made(asked, budget, query=True), by.made(own, budget, query=False))
        ranked = [in_order(query, own, row, top, by.measure) for query, row in zip(asked, scores, strict=True)]
    return ranked[0] if isinstance(queries, str) else ShownList(ranked)


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
