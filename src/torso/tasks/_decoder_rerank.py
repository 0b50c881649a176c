"""Reranking by decoders: a prompt asks whether a text fits a query. Loads no torch."""

from __future__ import annotations

import os
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, cast

import numpy as np

from torso.architecture import Task
from torso.config.config_file import ConfigFile
from torso.config.sentence_modules import transformer_folder
from torso.errors import InputError, TooLongError
from torso.host_batch import HostBatch, Wanted, to_host
from torso.io.files import is_there
from torso.outputs import VocabLogits
from torso.tasks.argument_checks import at_least
from torso.tasks.arrays import Wide
from torso.tasks.predictions import Ranked
from torso.tasks.ranking import in_order_of_logits, score_function
from torso.tasks.ready import Ready, Usable
from torso.tasks.rerank_templates import is_decoder_reranker, rerank_template
from torso.tasks.task_plan import Plan, Texts
from torso.tasks.vector_kinds import folder_of, kinds_of
from torso.tasks.windows import EncodedText, Long, Merge, length_policy

_MOST = 1 << 24
"""Logits of one batch at most: one row of the vocabulary for each text."""


def ranking_task(model: Usable[Any]) -> Task[Any]:
    """Return the task that a model is loaded for to rank texts: as it was loaded, or as its folder says.

    Features are a ColBERT's; causal-lm is a decoder's; all else is a cross-encoder.

    Raises:
        TorsoError: as `torso.hub.resolve`.
    """
    if not isinstance(model, (str, os.PathLike)):
        task = model.runner.task if isinstance(model, Ready) else model.task
        return task if task in (Task.FEATURES, Task.CAUSAL_LM) else Task.SEQUENCE_CLASSIFICATION
    folder = folder_of(model)
    assert folder is not None
    if is_decoder_reranker(folder):
        return Task.CAUSAL_LM
    if kinds_of(folder) == ("multi-vector",):
        return Task.FEATURES
    path = transformer_folder(folder) / "config.json"
    named = ConfigFile.read(path).values.get("architectures") if is_there(path) else None
    listed = cast("list[object]", named if isinstance(named, list) else [])
    decodes = any(isinstance(each, str) and each.endswith(("ForCausalLM", "LMHeadModel")) for each in listed)
    return Task.CAUSAL_LM if decodes else Task.SEQUENCE_CLASSIFICATION


class DecoderRerankPlan(Plan[tuple[str, Sequence[str]], VocabLogits, Wide, Ranked]):
    """Plan of `torso.rerank` with a decoder; options as there.

    Attributes:
        measure: what the scores are, see `Ranked`.
    """

    task = Task.CAUSAL_LM

    def __init__(
        self,
        ready: Ready[VocabLogits],
        *,
        top: int | None = None,
        prompt: str | None = None,
        template: str | None = None,
        long: Long = "error",
        stride: int | None = None,
        merge: Merge | None = None,
    ) -> None:
        at_least("top", top, 1)
        super().__init__(ready, Wanted())
        self.top, self.template = top, rerank_template(ready.folder, ready.tokenizer, template, prompt, ready.name)
        self.measure, self._score = score_function(ready.name, self.template.activation)
        self.policy = length_policy(ready.tokenizer.limited(self.template.max_tokens).max_tokens, long, stride, merge)
        if long == "window":
            raise InputError(
                "E_ARGUMENT",
                "A decoder is asked about a text as a whole, not in windows.",
                cure='Leave long out, or keep the beginning of each text: long="truncate" (--long truncate).',
            )

    @property
    def settings(self) -> Hashable:
        """How scores are made of logits."""
        return (self.measure, self.template.yes, self.template.no)

    def read(self, asked: Iterable[tuple[str, Sequence[str]]]) -> Iterator[EncodedText]:
        """Make a prompt of each query with each of its texts.

        Raises:
            TooLongError: E_TOO_LONG, naming the text by its place.
        """
        for query, texts in asked:
            whole = [self.template.render(query, text, self.policy.limit) for text in texts]
            for index, (text, made) in enumerate(zip(texts, whole, strict=True)):
                limit = self.policy.limit
                if limit is not None and made.size > limit:
                    self._require_fit(query, made.ids, index, limit)
                if limit is not None and made.size > limit and self.policy.long == "error":
                    raise TooLongError(
                        "E_TOO_LONG",
                        "Text {index} is {size} tokens with its query; this model takes {limit}. It was not run.",
                        cure='Shorten it, or keep its beginning: long="truncate" (--long truncate).',
                        values=dict(index=index, size=made.size, limit=limit),
                    )
                yield _read(made.ids, (query, text), index, made.size, len(texts))

    def _require_fit(self, query: str, ids: list[int], index: int, limit: int) -> None:
        """Raise where a prompt that was cut is too long all the same, or has nothing of its text left."""
        query_alone = self.template.render(query, "", limit)
        if len(ids) > limit or query_alone.ids == ids:
            raise TooLongError(
                "E_TOO_LONG",
                "Text {index}: the query and the prompt alone are {size} tokens; this model takes {limit}, so nothing "
                "of the text fits.",
                cure="Shorten the query, or the prompt (--prompt).",
                values=dict(index=index, size=query_alone.size, limit=limit),
            )

    def prepare(self, encoded: Sequence[EncodedText]) -> HostBatch:
        """Pack prompts; of each the last row's logits are the answer."""
        batch = HostBatch.of(encoded)
        return replace(batch, rows=batch.starts[1:].astype(np.int64) - 1)

    def split(self, out: VocabLogits, encoded: Sequence[EncodedText]) -> list[Wide]:
        """Return the score and the logit of each prompt, [2]."""
        rows = to_host(out.logits).astype(np.float64)
        logits = rows[:, [self.template.yes]] - (0 if self.template.no is None else rows[:, [self.template.no]])
        scored: Wide = np.concatenate([self._score(logits), logits], -1)
        return list(scored)

    def result(self, texts: Texts[Wide]) -> Ranked:
        """Return the texts of a query in order."""
        pairs = [cast("tuple[str, str]", windows[0].text) for windows, _ in texts]
        return in_order_of_logits(pairs, [own[0] for _, own in texts], self.top, self.measure)


def _read(ids: list[int], pair: tuple[str, str], index: int, size: int, together: int) -> EncodedText:
    count = len(ids)
    nowhere: list[int | None] = [None] * count
    return EncodedText(
        ids, [0] * count, [(0, 0)] * count, [""] * count, [True] * count, nowhere, nowhere, pair, index, size,
        together=together,
    )  # fmt: skip
