"""Texts in the order in which they fit a query, by a model that reads both together."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Unpack, cast, overload

import numpy as np

from torso.architecture import Task
from torso.config.sentence_modules import MODULES, read_modules, transformer_folder
from torso.engines.runner import BUDGET
from torso.errors import InputError, UnsupportedError
from torso.host_batch import Wanted, to_host
from torso.io.arguments import known_arguments
from torso.io.files import shown
from torso.io.shown import ShownList
from torso.outputs import SequenceLogits
from torso.tasks._decoder_rerank import DecoderRerankPlan, ranking_task
from torso.tasks._similar import listed, similar, texts_of
from torso.tasks.argument_checks import at_least, no_effect
from torso.tasks.arrays import Wide
from torso.tasks.embedding_recipe import lowered
from torso.tasks.predictions import Ranked
from torso.tasks.ranking import in_order_of_logits, score_function
from torso.tasks.reading import read_groups
from torso.tasks.ready import Ready, Usable, make_ready
from torso.tasks.sentence_settings import MODEL_FILE, Reading, read_reading, read_stated
from torso.tasks.task_options import RerankOptions
from torso.tasks.task_plan import Plan, Texts
from torso.tasks.windows import EncodedText, Long, Merge, length_policy

if TYPE_CHECKING:
    import torch

    from torso.text import Tokenizer


@overload
def rerank(  # pyright: ignore[reportOverlappingOverload] - a str is a sequence of them too
    queries: str,
    texts: Sequence[str],
    *,
    model: Usable[Any],
    **options: Unpack[RerankOptions],
) -> Ranked: ...
@overload
def rerank(
    queries: Sequence[str],
    texts: Sequence[str],
    *,
    model: Usable[Any],
    **options: Unpack[RerankOptions],
) -> list[Ranked]: ...
@known_arguments
def rerank(
    queries: str | Sequence[str],
    texts: Sequence[str],
    *,
    model: Usable[Any],
    top: int | None = None,
    prompt: str | None = None,
    template: str | None = None,
    tokenizer: Tokenizer | None = None,
    long: Long = "error",
    stride: int | None = None,
    merge: Merge | None = None,
    untrained: bool = False,
    device: str | torch.device | None = None,
    budget: int = BUDGET,
) -> Any:
    """Rank texts by how well they fit a query, best first, by a model that reads both together, or by late interaction.

    A cross-encoder's scores are sentence-transformers': the sigmoid of the only label's logit, or what else the
    folder's files say, such as the logit itself; their prompt is put before the query. A decoder is asked whether a
    text fits (Qwen3-Reranker, bge-reranker-v2-gemma), and what it would answer is the score. Texts are in the order of
    their scores, those with equal scores in the order of their logits: a sigmoid of float32 is 1 for every logit above
    17. It takes a run of the model for every query and text: give it the best of what `similar` finds. A ColBERT reads
    each text once, and gives what `similar` gives.

    Args:
        queries: a query, or a list of them.
        texts: what is read together with each query.
        model: with one label, a decoder, or a ColBERT: a folder, a name, a loaded model, or one made `Ready` for many
            calls.
        top: how many texts are given; None for all.
        prompt: the instruction of a decoder, in place of the one that its folder, or its card, states.
        template: how a query and a text are put to a decoder: ``qwen3-reranker`` or ``bge-reranker``. None: by its chat
            template, where that knows a query and a document.
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
    kind = Task.CAUSAL_LM if template is not None else ranking_task(model)
    if kind is Task.FEATURES:
        no_effect("prompt", prompt)
        no_effect("merge", merge)
        no_effect("untrained", untrained or None)
        return similar(
            queries, texts, model=model, top=top, vectors="multi-vector", tokenizer=tokenizer, long=long,
            stride=stride, device=device, budget=budget,
        )  # fmt: skip
    plan: RerankPlan | DecoderRerankPlan
    if kind is Task.CAUSAL_LM:
        decoder = make_ready(model, Task.CAUSAL_LM, tokenizer=tokenizer, device=device, untrained=untrained)
        plan = DecoderRerankPlan(
            decoder, top=top, prompt=prompt, template=template, long=long, stride=stride, merge=merge
        )
    else:
        no_effect("prompt", prompt)
        ready = make_ready(model, Task.SEQUENCE_CLASSIFICATION, tokenizer=tokenizer, device=device, untrained=untrained)
        plan = RerankPlan(ready, top=top, long=long, stride=stride, merge=merge)
    own = texts_of(texts)
    if not own:
        ranked = [Ranked(query, (), plan.measure) for query in asked]
    else:
        ranked = list(plan.results([(query, own) for query in asked], budget))
    return ranked[0] if isinstance(queries, str) else ShownList(ranked)


class RerankPlan(Plan[tuple[str, Sequence[str]], SequenceLogits, Wide, Ranked]):
    """Plan of `rerank`; options as there.

    Attributes:
        measure: what the scores are, see `Ranked`.
    """

    task = Task.SEQUENCE_CLASSIFICATION

    def __init__(
        self,
        ready: Ready[SequenceLogits],
        *,
        top: int | None = None,
        long: Long = "error",
        stride: int | None = None,
        merge: Merge | None = None,
    ) -> None:
        at_least("top", top, 1)
        super().__init__(ready, Wanted(ready.runner.pool))
        self.top, self.scoring = top, _scoring(ready)
        self.measure = self.scoring.measure
        limit = ready.tokenizer.limited(self.scoring.reading.max_tokens).max_tokens
        self.policy = length_policy(limit, long, stride, merge, merges=("max", "mean"))

    @property
    def settings(self) -> Hashable:
        """How scores are made of logits."""
        return self.measure

    def read(self, asked: Iterable[tuple[str, Sequence[str]]]) -> Iterator[EncodedText]:
        """Tokenize each query with each of its texts, of which there is at least one."""
        prompt = self.scoring.prompt
        groups = ([(prompt + query, text) for text in texts] for query, texts in asked)
        change = lowered if self.scoring.reading.lowercase else str
        every = list(groups) if isinstance(asked, Sequence) else groups
        return read_groups(every, self.ready.tokenizer, self.policy, change=change, by_group=False)

    def split(self, out: SequenceLogits, encoded: Sequence[EncodedText]) -> list[Wide]:
        """Return the score and the logit of each encoding, [2]."""
        logits = to_host(out.logits).astype(np.float64)
        scored: Wide = np.concatenate([self.scoring.function(logits), logits], -1)
        return list(scored)

    def result(self, texts: Texts[Wide]) -> Ranked:
        """Return the texts of a query in order."""
        best = self.policy.merge == "max"
        stacked = [np.stack(own) for _, own in texts]
        rows = [each.max(0) if best else each.mean(0) for each in stacked]
        pairs = [cast("tuple[str, str]", windows[0].text) for windows, _ in texts]
        return in_order_of_logits(pairs, rows, self.top, self.measure, self.scoring.prompt)


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
    function: Callable[[Wide], Wide]
    prompt: str = ""
    reading: Reading = field(default_factory=Reading)


def _scoring(ready: Ready[SequenceLogits]) -> _Scoring:
    """Return what the config and the files of sentence-transformers say, in the forms of all its versions.

    Raises:
        InputError: E_LABELS.
        UnsupportedError: E_ACTIVATION, E_POOLING.
    """
    if ready.runner.config.labels != 1:
        raise InputError(
            "E_LABELS",
            "{name} has {count} labels; what ranks texts has one.",
            cure="Use a cross-encoder, such as cross-encoder/ms-marco-MiniLM-L6-v2; or torso.classify with pairs.",
            values=dict(name=ready.name, count=ready.runner.config.labels),
        )
    unused = ready.runner.config.unused
    nested = unused.get("sentence_transformers")
    in_config = cast("dict[str, Any]", nested).get("activation_fn") if isinstance(nested, dict) else None
    path = in_config or unused.get("sbert_ce_default_activation_function")
    modules = read_modules(ready.folder) if ready.folder is not None else ()
    if ready.folder is None or not modules:
        return _Scoring(*score_function(ready.name, path))
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
    return _Scoring(*score_function(ready.name, stated.activation or path, file), stated.prompt, reading)
