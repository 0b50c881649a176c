"""Texts in the order in which they fit a query, by a model that reads both together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast, overload

import torch
from torch import Tensor

from torso.architecture import Task
from torso.errors import InputError, UnsupportedError
from torso.outputs import SequenceLogits
from torso.runtime.runner import BUDGET, run
from torso.tasks.arguments import at_least, one_or_more
from torso.tasks.comparing import in_order, listed
from torso.tasks.lengths import Long, Merge, Read, by_text, lengths
from torso.tasks.merging import one_row
from torso.tasks.predictions import Ranked
from torso.tasks.reading import read
from torso.tasks.ready import Ready, Usable, make_ready

if TYPE_CHECKING:
    from torso.text import Tokenizer


@overload
def rerank(  # pyright: ignore[reportOverlappingOverload] - a str is a sequence of them too
    queries: str,
    texts: Sequence[str],
    *,
    model: Usable[SequenceLogits],
    top: int | None = None,
    tokenizer: Tokenizer | None = None,
    long: Long = "error",
    stride: int | None = None,
    merge: Merge | None = None,
    untrained: bool = False,
    device: str | torch.device | None = None,
    budget: int = BUDGET,
) -> Ranked: ...
@overload
def rerank(
    queries: Sequence[str],
    texts: Sequence[str],
    *,
    model: Usable[SequenceLogits],
    top: int | None = None,
    tokenizer: Tokenizer | None = None,
    long: Long = "error",
    stride: int | None = None,
    merge: Merge | None = None,
    untrained: bool = False,
    device: str | torch.device | None = None,
    budget: int = BUDGET,
) -> list[Ranked]: ...
def rerank(
    queries: str | Sequence[str],
    texts: Sequence[str],
    *,
    model: Usable[SequenceLogits],
    top: int | None = None,
    tokenizer: Tokenizer | None = None,
    long: Long = "error",
    stride: int | None = None,
    merge: Merge | None = None,
    untrained: bool = False,
    device: str | torch.device | None = None,
    budget: int = BUDGET,
) -> Any:
    """The texts, those that fit the query best first, by a model that reads both together (a cross-encoder).

    Scores are sentence-transformers': the sigmoid of the only label's logit, or the logit itself where the config says
    so. It takes a run of the model for every query and text: give it the best of what `similar` finds.

    Args:
        queries: a query, or a list of them.
        texts: what is read together with each query.
        model: with one label: a folder, a name, a loaded model, or one made `Ready` for many calls.
        top: how many texts are given; None for all.
        tokenizer: instead of the one in the model's folder.
        long: ``error`` refuses a text that is too long with a query before anything is run; ``truncate`` cuts the
            longer of both; ``window`` reads all of it.
        stride: tokens that a window repeats of the one before; None for a quarter of a window.
        merge: what makes one score of the windows': ``max``, the default, or ``mean``.
        untrained: whether scores of a head that was never trained are given.
        device: where to load the weights; None for a CUDA card, where there is one, and else the CPU.
        budget: tokens of one batch.

    Raises:
        TooLongError: E_TOO_LONG, naming the text by its place.
        InputError: E_LABELS for a model with several labels.
        UntrainedError, WeightsError: E_UNTRAINED, E_NO_HEAD: the model cannot rank.
        TorsoError: as `torso.load`.
    """
    at_least("top", top, 1)
    asked = listed(queries)
    ready = make_ready(model, Task.SEQUENCE, tokenizer=tokenizer, device=device, untrained=untrained)
    measure = _activation(ready)
    how = lengths(ready.tokenizer.max_tokens, long, stride, merge, merges=("max", "mean"))
    own = one_or_more(texts)

    def split(out: SequenceLogits, reads: Sequence[Read]) -> list[tuple[Read, Tensor]]:
        logits = out.logits.float().cpu()
        return list(zip(reads, logits.sigmoid() if measure == "sigmoid" else logits, strict=True))

    ranked: list[Ranked] = []
    for query in asked:
        reads = read([(query, text) for text in own], ready.tokenizer, how)
        found = run(ready.model, reads, split, only=ready.model.head.reads, budget=budget)
        rows = [one_row(rows, how.merge) for _, rows in by_text(found)]
        scores = torch.cat(rows) if rows else torch.empty(0)
        ranked.append(in_order(query, own, scores, top, measure))
    return ranked[0] if isinstance(queries, str) else ranked


def _activation(ready: Ready[SequenceLogits]) -> str:
    """``sigmoid`` or ``logit``, as the config of a cross-encoder says.

    Raises:
        InputError: E_LABELS.
        UnsupportedError: E_ACTIVATION.
    """
    if ready.model.config.labels != 1:
        raise InputError(
            "E_LABELS",
            "{name} has {count} labels; what ranks texts has one.",
            cure="Use a cross-encoder, such as cross-encoder/ms-marco-MiniLM-L6-v2; or torso.classify with pairs.",
            values=dict(name=ready.name, count=ready.model.config.labels),
        )
    unused = ready.model.config.unused
    nested = unused.get("sentence_transformers")
    stated = cast("dict[str, Any]", nested).get("activation_fn") if isinstance(nested, dict) else None
    stated = stated or unused.get("sbert_ce_default_activation_function") or "Sigmoid"
    kind = {"Sigmoid": "sigmoid", "Identity": "logit"}.get(str(stated).rpartition(".")[2])
    if kind is None:
        raise UnsupportedError(
            "E_ACTIVATION",
            "The config of {name} makes scores by {stated}, which torso does not have.",
            cure="It has Sigmoid and Identity: change activation_fn in config.json.",
            values=dict(name=ready.name, stated=repr(str(stated)[:60])),
        )
    return kind
