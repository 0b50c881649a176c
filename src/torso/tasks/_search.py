"""Exact search over a folder of texts, with vectors kept in a file beside them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from torso.architecture import Task
from torso.engines.runner import BUDGET
from torso.errors import WeightsError
from torso.host_batch import Rows, pieces
from torso.io.arguments import known_arguments
from torso.outputs import Features
from torso.tasks import vectors_file
from torso.tasks._embed import encode
from torso.tasks._similar import compared, comparison, stacked
from torso.tasks.argument_checks import at_least
from torso.tasks.arrays import highest, numbers
from torso.tasks.passages import Document, documents
from torso.tasks.predictions import Hit
from torso.tasks.ready import Ready, Usable, make_ready
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
    model: Usable[Features],
    top: int = 10,
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
        pooling: as in `torso.encode`.
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
    ready = make_ready(model, Task.FEATURES, tokenizer=tokenizer, device=device)
    query_prompt, document_prompt, measure = comparison(ready, pooling)

    def vectors(texts: Sequence[str], prompt: str | None) -> Rows:
        made = encode(list(texts), model=ready, pooling=pooling, prompt=prompt, long="window", budget=budget)
        return _finite(stacked(made), ready)

    asked = vectors([query], query_prompt)
    wanted = {each.digest: (len(each.spans), asked.shape[1]) for each in found if each.spans}
    key, known, stale = "", dict[str, Rows](), True
    if keep:
        loaded = not isinstance(model, (str, os.PathLike)) or tokenizer is not None
        key = vectors_file.key_of(ready, pooling, document_prompt, loaded=loaded)
        known, stale = vectors_file.read(home / INDEX, key, wanted)
    missing = list({each.digest: each for each in found if each.spans and each.digest not in known}.values())
    texts = [each.text[start:end] for each in missing for start, end in each.spans]
    if texts:
        rows = pieces(vectors(texts, document_prompt), [len(each.spans) for each in missing])
        known |= {each.digest: own for each, own in zip(missing, rows, strict=True)}
    if keep and stale:
        vectors_file.write(home / INDEX, key, known)
    return _best(found, known, asked, ready, measure, top)


def _best(
    found: Sequence[Document],
    known: dict[str, Rows],
    asked: Rows,
    ready: Ready[Features],
    measure: str,
    top: int,
) -> list[Hit]:
    places = [(each, start, end) for each in found for start, end in each.spans]
    if not places:
        return []
    every = np.concatenate([known[each.digest] for each in found if each.spans])
    scores = _finite(compared(asked, every, measure).T, ready)[:, 0]
    order = highest(scores, top)
    hits: list[Hit] = []
    chosen: list[int] = numbers(order)
    for place, score in zip(chosen, numbers(scores[order]), strict=True):
        document, start, end = places[place]
        hits.append(Hit(document.name, document.text[start:end], start, end, score))
    return hits


def _finite(made: Rows, ready: Ready[Features]) -> Rows:
    """Return the numbers [N, D] of a model, none of them NaN or infinite: those have no order.

    Raises:
        WeightsError: E_NONFINITE.
    """
    finite = np.isfinite(made).all(1)
    if bool(finite.all()):
        return made
    raise WeightsError(
        "E_NONFINITE",
        "{name} gives numbers that are not finite for {count} of {total} texts: they cannot be compared.",
        cure="Load it in float32 (dtype=torch.float32), or take another model.",
        values=dict(name=ready.name, count=int((~finite).sum()), total=len(made)),
    )
