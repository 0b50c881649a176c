"""Exact search over a folder of texts, with vectors kept in a file beside them."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from torso.architecture import Task
from torso.batch import pieces
from torso.engines.runner import BUDGET, lists
from torso.errors import TorsoError
from torso.outputs import Features
from torso.tasks._embed import encode
from torso.tasks._similar import compared, comparison, stacked
from torso.tasks.argument_checks import at_least
from torso.tasks.passages import Document, documents
from torso.tasks.predictions import Hit
from torso.tasks.ready import Ready, Usable, make_ready
from torso.weights import safetensors

if TYPE_CHECKING:
    from torso.text import Tokenizer

INDEX = ".torso-search.safetensors"
_FORM = "torso-search-1"
_MODEL_FILES = (".json", ".txt", ".safetensors", ".bin", ".model")


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
    """The passages of a folder's .txt and .md files that fit a query best, every one of them compared.

    The vectors of the passages are kept in the folder, in ``.torso-search.safetensors``, and used again for each file
    whose text is unchanged, by its hash, as long as the files of the model are. Passages are paragraphs, short ones
    together; one that is longer than the model takes is read in windows.

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
        AccessError: E_ACCESS where the file of vectors cannot be written.
        TorsoError: as `torso.encode`.
    """
    at_least("top", top, 1)
    home = Path(folder)
    found = list(documents(home))
    ready = make_ready(model, Task.FEATURES, tokenizer=tokenizer, device=device)
    query_prompt, document_prompt, measure = comparison(ready, pooling)
    # A model or a tokenizer that is in memory alone has no hash: nothing is kept of it.
    kept = keep and ready.folder is not None and tokenizer is None
    key = _fingerprint(ready, pooling, document_prompt) if kept else ""
    known = _read(home / INDEX, key) if kept else {}

    def vectors(texts: Sequence[str], prompt: str | None) -> Tensor:
        made = encode(list(texts), model=ready, pooling=pooling, prompt=prompt, long="window", budget=budget)
        return stacked(made)

    anew = [each for each in found if each.digest not in known and each.spans]
    texts = [each.text[start:end] for each in anew for start, end in each.spans]
    if texts:
        rows = pieces(vectors(texts, document_prompt), [len(each.spans) for each in anew])
        known |= {each.digest: own for each, own in zip(anew, rows, strict=True)}
    if kept and (anew or known.keys() != {each.digest for each in found if each.spans}):
        _write(home / INDEX, key, {each.digest: known[each.digest] for each in found if each.spans})
    return _best(found, known, vectors([query], query_prompt), measure, top)


def _best(found: Sequence[Document], known: dict[str, Tensor], asked: Tensor, measure: str, top: int) -> list[Hit]:
    places = [(each, start, end) for each in found for start, end in each.spans]
    if not places:
        return []
    every = torch.cat([known[each.digest] for each in found if each.spans])
    scores, order = compared(asked, every, measure)[0].topk(min(top, len(places)))
    numbers: list[int] = lists(order)
    hits: list[Hit] = []
    for place, score in zip(numbers, lists(scores), strict=True):
        document, start, end = places[place]
        hits.append(Hit(document.name, document.text[start:end], start, end, score))
    return hits


def _fingerprint(ready: Ready[Features], pooling: str | None, prompt: str | None) -> str:
    """A hash of all that decides a passage's vector: the model's files, and how its rows become one."""
    assert ready.folder is not None
    whole = hashlib.sha256(json.dumps([_FORM, pooling, prompt]).encode())
    for path in sorted(ready.folder.rglob("*")):
        if path.suffix in _MODEL_FILES and path.is_file():
            with path.open("rb") as file:
                own = hashlib.file_digest(file, "sha256").hexdigest()
            whole.update(f"{path.relative_to(ready.folder).as_posix()}:{own}".encode())
    return whole.hexdigest()


def _read(path: Path, key: str) -> dict[str, Tensor]:
    """The vectors kept of each text, by its hash; none where the file is of another model, or damaged."""
    if not path.exists():
        return {}
    try:
        file = safetensors.SafetensorsFile(path)
        if file.metadata.get("key") != key:
            return {}
        return {name: _tensor(file, name) for name in file.entries}
    except TorsoError:  # it can be made again, so that a damaged one is worth no error
        return {}


def _tensor(file: safetensors.SafetensorsFile, name: str) -> Tensor:
    out = torch.empty(file.entries[name].shape)
    file.read_into(name, out)
    return out


def _write(path: Path, key: str, vectors: dict[str, Tensor]) -> None:
    safetensors.write(path, vectors, {"form": _FORM, "key": key})
