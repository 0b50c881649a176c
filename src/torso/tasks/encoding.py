"""A vector for each text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, overload

import torch

from torso.architecture import Task
from torso.outputs import Features
from torso.runtime.runner import BUDGET, run
from torso.tasks.pooling import pool, read_recipe, settle
from torso.tasks.predictions import Embedding
from torso.tasks.reading import Long, Read, predict, read
from torso.tasks.ready import Usable, make_ready

if TYPE_CHECKING:
    from torso.text import Tokenizer

BUNDLED = "torso:sentiment"


@overload
def encode(  # pyright: ignore[reportOverlappingOverload] - a str is a sequence of them too
    texts: str,
    *,
    model: Usable[Features] = ...,
    pooling: str | None = None,
    normalize: bool | None = None,
    tokenizer: Tokenizer | None = None,
    long: Long = "error",
    device: str | torch.device | None = None,
    budget: int = BUDGET,
) -> Embedding: ...
@overload
def encode(
    texts: Sequence[str],
    *,
    model: Usable[Features] = ...,
    pooling: str | None = None,
    normalize: bool | None = None,
    tokenizer: Tokenizer | None = None,
    long: Long = "error",
    device: str | torch.device | None = None,
    budget: int = BUDGET,
) -> list[Embedding]: ...
@overload
def encode(
    texts: Iterator[str],
    *,
    model: Usable[Features] = ...,
    pooling: str | None = None,
    normalize: bool | None = None,
    tokenizer: Tokenizer | None = None,
    long: Long = "error",
    device: str | torch.device | None = None,
    budget: int = BUDGET,
) -> Iterator[Embedding]: ...
def encode(
    texts: str | Sequence[str] | Iterator[str],
    *,
    model: Usable[Features] = BUNDLED,
    pooling: str | None = None,
    normalize: bool | None = None,
    tokenizer: Tokenizer | None = None,
    long: Long = "error",
    device: str | torch.device | None = None,
    budget: int = BUDGET,
) -> Any:
    """The vector of a text; of a list of texts, a list; of an iterator, an iterator that reads as it is read.

    A folder in sentence-transformers' form gives that library's vectors: pooling, normalizing, lowercasing, default
    prompt and length are its own.

    Args:
        texts: a string, a list of strings, or an iterator of them.
        model: a folder, a name, a loaded model, or one made `Ready` for many calls.
        pooling: ``mean``, ``cls``, ``max``, ``mean_sqrt_len_tokens``, ``weightedmean``, ``lasttoken``, or several
            joined by ``+``. None: as the folder says. Given, it takes the place of all that the folder says.
        normalize: whether vectors get length 1. None: as the folder says, or not where ``pooling`` is given.
        tokenizer: instead of the one in the model's folder.
        long: ``error`` refuses a text that is too long before anything is run; ``truncate`` reads its beginning.
        device: where to load the weights.
        budget: tokens of one batch.

    Raises:
        InputError: E_POOLING where neither the folder nor ``pooling`` says how to pool; a text or argument is wrong.
        TooLongError: E_TOO_LONG, naming the text by its place.
        TorsoError: as `torso.load`.
    """
    ready = make_ready(model, Task.FEATURES, tokenizer=tokenizer, device=device)
    stated = read_recipe(ready.folder) if ready.folder is not None and pooling is None else None
    recipe = settle(stated, pooling, normalize, ready.name)
    limit = ready.tokenizer.limited(recipe.max_tokens).max_tokens

    def split(out: Features, reads: Sequence[Read]) -> list[Embedding]:
        vectors = pool(out.hidden, recipe).cpu()
        with torch.inference_mode(False):  # copies made here are plain tensors, which a caller may train on
            own = [vector.clone() for vector in vectors]
        return [
            Embedding(vector, len(each), recipe.name, recipe.normalize, each.truncated)
            for vector, each in zip(own, reads, strict=True)
        ]

    def one(some: Iterable[Any]) -> Iterator[Embedding]:
        reads = read(some, ready.tokenizer, limit=limit, long=long, change=recipe.change, pairs=False)
        return run(ready.model, reads, split, budget=budget)

    return predict(texts, one)
