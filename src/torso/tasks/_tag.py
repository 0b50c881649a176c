"""The labelled parts of each text: words with their parts of speech, names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Unpack, overload

import numpy as np

from torso.architecture import Task
from torso.engines.runner import BUDGET
from torso.errors import InputError
from torso.host_batch import Rows, pieces, to_host
from torso.io.arguments import known_arguments
from torso.outputs import TokenLogits
from torso.tasks.aggregating import AGGREGATIONS, Aggregation, Piece, aggregate, continues, without_overlaps
from torso.tasks.arrays import numbers, softmax
from torso.tasks.predictions import Span, Tagged
from torso.tasks.reading import predict, read
from torso.tasks.ready import Ready, Usable, make_ready
from torso.tasks.tag_scheme import Scheme, decode, units
from torso.tasks.task_options import TagMerge, TagOptions
from torso.tasks.task_plan import Plan, Texts
from torso.tasks.windows import EncodedText, Long, extent, length_policy

if TYPE_CHECKING:
    import torch

    from torso.text import Tokenizer

BUNDLED = "torso:tagger"


@overload
def tag(  # pyright: ignore[reportOverlappingOverload] - a str is a sequence of them too
    texts: str,
    *,
    model: Usable[TokenLogits] = ...,
    **options: Unpack[TagOptions],
) -> Tagged: ...
@overload
def tag(
    texts: Sequence[str],
    *,
    model: Usable[TokenLogits] = ...,
    **options: Unpack[TagOptions],
) -> list[Tagged]: ...
@overload
def tag(
    texts: Iterator[str],
    *,
    model: Usable[TokenLogits] = ...,
    **options: Unpack[TagOptions],
) -> Iterator[Tagged]: ...
@known_arguments
def tag(
    texts: str | Sequence[str] | Iterator[str],
    *,
    model: Usable[TokenLogits] = BUNDLED,
    aggregation: Aggregation | None = None,
    tokenizer: Tokenizer | None = None,
    long: Long = "error",
    stride: int | None = None,
    merge: TagMerge | None = None,
    untrained: bool = False,
    device: str | torch.device | None = None,
    budget: int = BUDGET,
) -> Any:
    """Tag a text: return its labelled spans; of a list of texts, a list; of an iterator, a lazy iterator.

    `torso.tasks.tag_scheme` says how a label per token becomes parts of the text. Each part is ``text[start:end]`` of
    the text as it was given.

    Args:
        texts: a string, a list of strings, or an iterator of them.
        model: a folder, a name, a loaded model, or one made `Ready` for many calls.
        aggregation: a way of the reference library in place of torso's own: ``none``, ``simple``, ``first``,
            ``average`` or ``max``, see `torso.tasks.aggregating.aggregate`.
        tokenizer: instead of the one in the model's folder.
        long: ``error`` refuses a text that is too long before anything is run; ``truncate`` reads its beginning;
            ``window`` reads all of it, in windows of what the model takes.
        stride: tokens that a window repeats of the one before; None for a quarter of a window.
        merge: what is done with tokens that two windows hold: ``mean``, the default, takes the mean of their scores
            before the softmax; ``longest`` reads each window by itself, as the reference library, and of parts that
            overlap keeps the longer one.
        untrained: whether labels of a head that was never trained are given.
        device: where to load the weights; None for a CUDA card, where there is one, and else the CPU.
        budget: tokens of one batch.

    Raises:
        TooLongError: E_TOO_LONG, naming the text by its place.
        UntrainedError, WeightsError: E_UNTRAINED, E_NO_HEAD: the model cannot tag.
        InputError, InputTypeError: a text or an argument is wrong.
        TorsoError: as `torso.load`.
    """
    ready = make_ready(model, Task.TOKEN_CLASSIFICATION, tokenizer=tokenizer, device=device, untrained=untrained)
    plan = TagPlan(ready, aggregation=aggregation, long=long, stride=stride, merge=merge)
    return predict(texts, lambda some: plan.results(some, budget))


class TagPlan(Plan[str, TokenLogits, Rows, Tagged]):
    """Plan of `tag`; options as there."""

    task = Task.TOKEN_CLASSIFICATION

    def __init__(
        self,
        ready: Ready[TokenLogits],
        *,
        aggregation: Aggregation | None = None,
        long: Long = "error",
        stride: int | None = None,
        merge: TagMerge | None = None,
    ) -> None:
        _require_known(aggregation)
        super().__init__(ready)
        self.reader = _Parts.of(ready, aggregation)
        self.policy = length_policy(ready.tokenizer.max_tokens, long, stride, merge, merges=("mean", "longest"))

    def read(self, asked: Iterable[str]) -> Iterator[EncodedText]:
        """Tokenize texts."""
        return read(asked, self.ready.tokenizer, self.policy, pairs=False)

    def split(self, out: TokenLogits, encoded: Sequence[EncodedText]) -> list[Rows]:
        """Return the logits [n, C] of the tokens of each encoding."""
        return [rows.copy() for rows in pieces(to_host(out.logits), [len(each) for each in encoded])]

    def result(self, texts: Texts[Rows]) -> Tagged:
        """Return the labelled parts of a text."""
        ((windows, rows),) = texts
        text = windows[0].string
        if self.policy.merge == "longest" and len(windows) > 1:
            apart = [_own(window, own) for window, own in zip(windows, rows, strict=True)]
            spans = without_overlaps([span for tokens in apart for span in self.reader.spans(text, *tokens)])
        else:
            spans = self.reader.spans(text, *_joined(windows, rows))
        return Tagged(text, spans, extent(windows, self.policy.merge))


def _require_known(aggregation: Aggregation | None) -> None:
    if aggregation is not None and aggregation not in AGGREGATIONS:
        raise InputError(
            "E_ARGUMENT",
            "There is no aggregation {name}.",
            cure="Use one of: {known}; or leave it out.",
            values=dict(name=repr(aggregation), known=", ".join(AGGREGATIONS)),
        )


Tokens = tuple[list[int], list[tuple[int, int]], Rows]
"""Ids, characters and logits [n, C] of the tokens of a text, special ones left out."""


def _own(window: EncodedText, logits: Rows) -> Tokens:
    kept = [place for place, special in enumerate(window.special) if not special]
    return [window.ids[place] for place in kept], [window.spans[place] for place in kept], logits[kept]


def _joined(windows: Sequence[EncodedText], rows: Sequence[Rows]) -> Tokens:
    """Return the tokens of a text, each with the mean of its logits in the windows that hold it."""
    if len(windows) == 1:
        return _own(windows[0], rows[0])
    parts = [(window.start, _own(window, own)) for window, own in zip(windows, rows, strict=True)]
    count = max(start + len(ids) for start, (ids, _, _) in parts)
    sums, times = np.zeros((count, rows[0].shape[1]), np.float32), np.zeros((count, 1), np.float32)
    every_id, every_span = [0] * count, [(0, 0)] * count
    for start, (ids, spans, logits) in parts:
        here = slice(start, start + len(ids))
        every_id[here], every_span[here] = ids, spans
        sums[here] += logits
        times[here] += 1
    return every_id, every_span, sums / times


@dataclass(frozen=True, slots=True)
class _Parts:
    """What makes parts of a text of the logits of its tokens."""

    tokenizer: Tokenizer
    names: list[str]
    scheme: Scheme
    aggregation: Aggregation | None
    marked: bool

    @classmethod
    def of(cls, ready: Ready[Any], aggregation: Aggregation | None) -> _Parts:
        names, tokenizer = ready.label_names(), ready.tokenizer
        return cls(tokenizer, names, Scheme.of(names), aggregation, bool(tokenizer.continuing_mark))

    def spans(self, text: str, ids: list[int], spans: list[tuple[int, int]], logits: Rows) -> tuple[Span, ...]:
        scores = softmax(logits)
        if self.aggregation is None:
            labelled = units(text, spans, numbers(scores.argmax(-1)), numbers(scores.max(-1)))
            return decode(text, labelled, self.scheme)
        tokens = [token or "" for token in self.tokenizer.convert_ids_to_tokens(ids)]
        parts = [
            Piece(start, end, row, number != self.tokenizer.unk_token_id and self._continues(token, text, start, end))
            for number, token, (start, end), row in zip(ids, tokens, spans, numbers(scores), strict=True)
        ]
        return aggregate(text, parts, self.names, self.aggregation)

    def _continues(self, token: str, text: str, start: int, end: int) -> bool:
        return continues(token, text, start, end, marked=self.marked)
