"""Exact search over a folder of texts, with vectors kept in a file beside them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from torso.engines.runner import BUDGET
from torso.errors import WeightsError
from torso.host_batch import Rows
from torso.io.arguments import known_arguments
from torso.io.shown import ShownList
from torso.tasks import vectors_file
from torso.tasks.argument_checks import at_least
from torso.tasks.arrays import highest, numbers
from torso.tasks.comparers import comparer
from torso.tasks.comparing import Comparer
from torso.tasks.passages import Document, documents
from torso.tasks.predictions import Hit
from torso.tasks.ready import Ready, Usable
from torso.tasks.vectors_file import INDEX

if TYPE_CHECKING:
    import torch

    from torso.text import Tokenizer

__all__ = ["INDEX", "search"]


@known_arguments
def search(
    query: str,
    folder: str | os.PathLike[str],
    *,
    model: Usable[Any],
    top: int = 10,
    vectors: str | None = None,
    pooling: str | None = None,
    tokenizer: Tokenizer | None = None,
    keep: bool = True,
    device: str | torch.device | None = None,
    budget: int = BUDGET,
) -> list[Hit]:
    """Search the .txt and .md files of a folder: the passages that fit a query best, by exhaustive comparison.

    The vectors of the passages are kept in the folder, in ``.torso-search.safetensors``, and used again for each file
    whose text is unchanged, by its hash, as long as the model is: the files of one that is named, the weights in memory
    of one that was loaded. Passages are paragraphs, short ones together; one that is longer than the model takes is
    read in windows. Files that cannot be searched are named on stderr, see `torso.tasks.passages.documents`.

    Args:
        query: what is looked for.
        folder: of texts in UTF-8.
        model: a folder, a name, a loaded model, or one made `Ready` for many calls.
        top: how many passages are given.
        vectors: as in `torso.similar`.
        pooling: as in `torso.encode`; of sparse vectors as in `torso.embed_sparse`.
        tokenizer: instead of the one in the model's folder.
        keep: whether the file of vectors is read and written.
        device: where to load the weights; None for a CUDA card, where there is one, and else the CPU.
        budget: tokens of one batch.

    Raises:
        NotFoundError: E_NO_FOLDER, E_NO_TEXTS.
        AccessError: E_ACCESS where the folder cannot be read, or the file of vectors cannot be written.
        WeightsError: E_NONFINITE where the model gives vectors, or scores, that are not finite.
        TorsoError: as `torso.encode`.
    """
    at_least("top", top, 1)
    home = Path(folder)
    found = list(documents(home))
    by = comparer(model, vectors, pooling, long="window", tokenizer=tokenizer, device=device)
    (asked,) = _finite(by.made([query], budget, query=True), by.ready)
    counts = {each.digest: len(each.spans) for each in found if each.spans}
    key, known, stale = "", dict[str, list[Any]](), True
    if keep:
        loaded = not isinstance(model, (str, os.PathLike)) or tokenizer is not None
        key = vectors_file.key_of(by.ready, pooling, by.prompt, loaded=loaded, kind=by.kind)
        wanted = {digest: (by.rows(count), by.width(asked)) for digest, count in counts.items()}
        kept, stale = vectors_file.read(home / INDEX, key, wanted)
        known |= {
            digest: own for digest, rows in kept.items() if (own := by.unpacked(rows, counts[digest])) is not None
        }
        stale = stale or len(known) < len(kept)
    missing = list({each.digest: each for each in found if each.spans and each.digest not in known}.values())
    texts = [each.text[start:end] for each in missing for start, end in each.spans]
    if texts:
        made = iter(_finite(by.made(texts, budget, query=False), by.ready))
        known |= {each.digest: list(islice(made, len(each.spans))) for each in missing}
    if keep and stale:
        vectors_file.write(home / INDEX, key, {digest: by.packed(items) for digest, items in known.items()})
    return _best(found, known, asked, by, top)


def _best(found: Sequence[Document], known: dict[str, list[Any]], asked: Any, by: Comparer[Any], top: int) -> list[Hit]:
    places = [(each, start, end) for each in found for start, end in each.spans]
    hits: ShownList[Hit] = ShownList()
    if not places:
        return hits
    every = [item for each in found if each.spans for item in known[each.digest]]
    scores = by.scores([asked], every)[0]
    _finite([scores], by.ready)
    order = highest(scores, top)
    chosen: list[int] = numbers(order)
    for place, score in zip(chosen, numbers(scores[order]), strict=True):
        document, start, end = places[place]
        hits.append(Hit(document.name, document.text[start:end], start, end, score))
    return hits


def _finite(made: list[Rows], ready: Ready[Any]) -> list[Rows]:
    """Return what a model gives of texts, none of its numbers NaN or infinite: those have no order.

    Raises:
        WeightsError: E_NONFINITE.
    """
    wrong = sum(not np.isfinite(each).all() for each in made)
    if not wrong:
        return made
    raise WeightsError(
        "E_NONFINITE",
        "{name} gives numbers that are not finite for {count} of {total} texts: they cannot be compared.",
        cure="Load it in float32 (dtype=torch.float32), or take another model.",
        values=dict(name=ready.name, count=wrong, total=len(made)),
    )
