"""Texts in the order in which they fit a query, by a model that reads both together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Unpack, cast, overload

import torch
from torch import Tensor, nn

from torso.architecture import Task
from torso.config.arguments import known_arguments
from torso.config.sentence_modules import MODULES, read_modules, transformer_folder
from torso.engines.runner import BUDGET, lists, run
from torso.errors import InputError, UnsupportedError
from torso.io.files import shown
from torso.outputs import SequenceLogits
from torso.tasks._similar import listed, texts_of
from torso.tasks.argument_checks import at_least
from torso.tasks.embedding_recipe import ACTIVATIONS, lowered
from torso.tasks.extents import one_row
from torso.tasks.predictions import Match, Ranked
from torso.tasks.reading import read
from torso.tasks.ready import Ready, Usable, make_ready
from torso.tasks.sentence_settings import MODEL_FILE, Reading, read_reading, read_stated
from torso.tasks.task_options import RerankOptions
from torso.tasks.windows import Long, Merge, Read, by_text, lengths

if TYPE_CHECKING:
    from torso.text import Tokenizer


@overload
def rerank(  # pyright: ignore[reportOverlappingOverload] - a str is a sequence of them too
    queries: str,
    texts: Sequence[str],
    *,
    model: Usable[SequenceLogits],
    **options: Unpack[RerankOptions],
) -> Ranked: ...
@overload
def rerank(
    queries: Sequence[str],
    texts: Sequence[str],
    *,
    model: Usable[SequenceLogits],
    **options: Unpack[RerankOptions],
) -> list[Ranked]: ...
@known_arguments
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

    Scores are sentence-transformers': the sigmoid of the only label's logit, or what else the folder's files say, such
    as the logit itself; their prompt is put before the query. Texts are in the order of their scores, those with equal
    scores in the order of their logits: a sigmoid of float32 is 1 for every logit above 17. It takes a run of the model
    for every query and text: give it the best of what `similar` finds.

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
        UnsupportedError: E_ACTIVATION, E_POOLING for files that ask for what torso does not have.
        UntrainedError, WeightsError: E_UNTRAINED, E_NO_HEAD: the model cannot rank.
        TorsoError: as `torso.load`.
    """
    at_least("top", top, 1)
    asked = listed(queries)
    ready = make_ready(model, Task.SEQUENCE_CLASSIFICATION, tokenizer=tokenizer, device=device, untrained=untrained)
    scoring = _scoring(ready)
    limit = ready.tokenizer.limited(scoring.reading.max_tokens).max_tokens
    how = lengths(limit, long, stride, merge, merges=("max", "mean"))
    own = texts_of(texts)

    def split(out: SequenceLogits, reads: Sequence[Read]) -> list[tuple[Read, Tensor]]:
        logits = out.logits.double().cpu()
        return list(zip(reads, torch.cat([scoring.function(logits), logits], -1), strict=True))

    ranked: list[Ranked] = []
    for query in asked:
        pairs = [(scoring.prompt + query, text) for text in own]
        reads = read(pairs, ready.tokenizer, how, change=lowered if scoring.reading.lowercase else str)
        found = run(ready.model, reads, split, pool=ready.model.head.pool, budget=budget)
        rows: list[tuple[float, float]] = [tuple(lists(one_row(rows, how.merge))) for _, rows in by_text(found)]
        order = sorted(range(len(rows)), key=rows.__getitem__, reverse=True)[:top]
        matches = tuple(Match(own[place], place, rows[place][0]) for place in order)
        ranked.append(Ranked(query, matches, scoring.measure))
    return ranked[0] if isinstance(queries, str) else ranked


@dataclass(frozen=True, slots=True)
class _Scoring:
    """How a cross-encoder reads pairs and makes scores of logits.

    Attributes:
        measure: what messages and results call the scores: ``sigmoid``, ``logit``, or another activation's name.
        function: makes scores [N, 1] of logits [N, 1].
        prompt: what is put before each query.
        reading: how texts are read.
    """

    measure: str
    function: Callable[[Tensor], Tensor]
    prompt: str = ""
    reading: Reading = field(default_factory=Reading)


def _scoring(ready: Ready[SequenceLogits]) -> _Scoring:
    """What the config and the files of sentence-transformers say, in the forms of all its versions.

    Raises:
        InputError: E_LABELS.
        UnsupportedError: E_ACTIVATION, E_POOLING.
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
    in_config = cast("dict[str, Any]", nested).get("activation_fn") if isinstance(nested, dict) else None
    path = in_config or unused.get("sbert_ce_default_activation_function")
    modules = read_modules(ready.folder) if ready.folder is not None else ()
    if ready.folder is None or not modules:
        return _Scoring(*_activation(ready, path, "config.json"))
    if len(modules) > 1:
        raise UnsupportedError(
            "E_POOLING",
            "{path} asks for the module {kind}, which torso does not have behind a cross-encoder.",
            cure="Use a cross-encoder that is a Transformer alone, such as cross-encoder/ms-marco-MiniLM-L6-v2.",
            values=dict(path=shown(ready.folder / MODULES), kind=repr(modules[1].kind[:60])),
        )
    stated = read_stated(ready.folder)
    reading = read_reading(transformer_folder(ready.folder), "sequence-classification")
    file = "config.json" if stated.activation is None else MODEL_FILE
    return _Scoring(*_activation(ready, stated.activation or path, file), stated.prompt, reading)


def _activation(ready: Ready[SequenceLogits], path: object, file: str) -> tuple[str, Callable[[Tensor], Tensor]]:
    """The name and the function of an activation that a file states by its dotted path; the sigmoid for none."""
    package, _, name = str(path or "torch.nn.Sigmoid").rpartition(".")
    if name not in ACTIVATIONS or not package.startswith("torch.nn"):
        raise UnsupportedError(
            "E_ACTIVATION",
            "The files of {name} make scores by {stated}, which torso does not have.",
            cure="It has {known} of torch.nn: change the activation in {file}.",
            values=dict(name=ready.name, stated=repr(str(path)[:60]), known=", ".join(ACTIVATIONS), file=file),
        )
    return {"Identity": "logit"}.get(name, name.lower()), getattr(nn, name)()
