"""Extractive question answering."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Unpack, cast, overload

import numpy as np

from torso.architecture import Task
from torso.engines.runner import BUDGET
from torso.errors import InputTypeError
from torso.host_batch import Rows, pieces, to_host
from torso.io.arguments import known_arguments
from torso.outputs import SpanLogits
from torso.tasks.argument_checks import at_least, yes_or_no
from torso.tasks.arrays import highest, numbers, softmax
from torso.tasks.predictions import Answer, Answered
from torso.tasks.reading import predict, read
from torso.tasks.ready import Ready, Usable, make_ready
from torso.tasks.task_options import AnswerOptions
from torso.tasks.task_plan import Plan, Texts
from torso.tasks.windows import EncodedText, Long, extent, length_policy

if TYPE_CHECKING:
    import torch

    from torso.text import Tokenizer

WINDOW = 384
"""Tokens of a window: what most models for this task were trained with."""

_STRIDE = 128
Candidate = tuple[int, int, float]
Found = tuple[list[Candidate], float]
"""First token, last token and score of the likeliest answers in a window; and the score of there being none."""


@overload
def answer(
    questions: str,
    text: str,
    *,
    model: Usable[SpanLogits],
    **options: Unpack[AnswerOptions],
) -> Answered: ...
@overload
def answer(
    questions: Sequence[tuple[str, str]],
    text: None = None,
    *,
    model: Usable[SpanLogits],
    **options: Unpack[AnswerOptions],
) -> list[Answered]: ...
@overload
def answer(
    questions: Iterator[tuple[str, str]],
    text: None = None,
    *,
    model: Usable[SpanLogits],
    **options: Unpack[AnswerOptions],
) -> Iterator[Answered]: ...
@known_arguments
def answer(
    questions: str | Sequence[tuple[str, str]] | Iterator[tuple[str, str]],
    text: str | None = None,
    *,
    model: Usable[SpanLogits],
    top: int = 1,
    impossible: bool = False,
    longest: int = 15,
    whole_words: bool = True,
    tokenizer: Tokenizer | None = None,
    long: Long = "window",
    window: int = WINDOW,
    stride: int | None = None,
    untrained: bool = False,
    device: str | torch.device | None = None,
    budget: int = BUDGET,
) -> Any:
    """Find the spans of a text that answer a question: ``answer("Who?", "Ann did it.", model=...)``.

    Scores, order and ends are those of transformers' pipeline, which had this task up to its version 4. The same words
    at several places, and in several windows, count as one answer with their scores added: the rule ``sum``.

    Args:
        questions: one question; a list of pairs ``(question, text)``; an iterator of them.
        text: where to look, for one question.
        model: a folder, a name, a loaded model, or one made `Ready` for many calls.
        top: how many answers to each question.
        impossible: whether "it is not in the text", an empty answer, is one.
        longest: tokens of an answer.
        whole_words: whether answers begin and end with words, as the tokenizer divides the text.
        tokenizer: instead of the one in the model's folder.
        long: ``window`` reads all of a long text, in windows; ``error`` refuses what the model cannot read at once,
            before anything is run; ``truncate`` reads its beginning. The question is never cut.
        window: tokens of a window, question and special tokens included; at most what the model takes.
        stride: tokens that a window repeats of the one before; None for 128, or less where there is no room.
        untrained: whether answers of a head that was never trained are given.
        device: where to load the weights; None for a CUDA card, where there is one, and else the CPU.
        budget: tokens of one batch.

    Raises:
        TooLongError: E_TOO_LONG, naming the pair by its place.
        UntrainedError, WeightsError: E_UNTRAINED, E_NO_HEAD: the model cannot answer.
        InputError, InputTypeError: a text or an argument is wrong.
        TorsoError: as `torso.load`.
    """
    for name, value in (("top", top), ("longest", longest), ("window", window)):
        at_least(name, value, 1)
    plan = AnswerPlan(
        make_ready(model, Task.QUESTION_ANSWERING, tokenizer=tokenizer, device=device, untrained=untrained),
        top=top,
        impossible=impossible,
        longest=longest,
        whole_words=whole_words,
        long=long,
        window=window,
        stride=stride,
    )

    def one(some: Iterable[Any]) -> Iterator[Answered]:
        return plan.results(some, budget)

    if isinstance(questions, str):
        return predict([(questions, _given(text))], one)[0]
    if text is not None:
        raise InputTypeError(
            "E_TEXT",
            "A text is given beside pairs of question and text.",
            cure="Write answer(question, text) for one question, answer([(question, text), ...]) for several.",
        )
    return predict(questions, one)


class AnswerPlan(Plan[tuple[str, str], SpanLogits, Found, Answered]):
    """Plan of `answer`; options as there."""

    task = Task.QUESTION_ANSWERING

    def __init__(
        self,
        ready: Ready[SpanLogits],
        *,
        top: int = 1,
        impossible: bool = False,
        longest: int = 15,
        whole_words: bool = True,
        long: Long = "window",
        window: int = WINDOW,
        stride: int | None = None,
    ) -> None:
        for name, value in (("top", top), ("longest", longest), ("window", window)):
            at_least(name, value, 1)
        super().__init__(ready)
        for name, value in (("impossible", impossible), ("whole_words", whole_words)):
            yes_or_no(name, value)
        self.top, self.impossible, self.longest, self.whole_words = top, impossible, longest, whole_words
        limit = ready.tokenizer.max_tokens
        if long == "window":
            limit = window if limit is None else min(window, limit)
        usual = min((limit or window) // 2, _STRIDE)
        self.policy = length_policy(limit, long, stride, merges=("sum",), cut="only_second", usual=usual)
        self.most = 2 * top + 10 if whole_words else top

    @property
    def settings(self) -> Hashable:
        """How many answers are taken from each window, and how long they may be."""
        return (self.most, self.longest)

    def read(self, asked: Iterable[tuple[str, str]]) -> Iterator[EncodedText]:
        """Tokenize each question with its text, or with the windows of it.

        Raises:
            InputTypeError: E_TEXT, naming the pair by its place.
        """
        pairs = list(_pairs(asked)) if isinstance(asked, Sequence) else _pairs(asked)
        return read(pairs, self.ready.tokenizer, self.policy)

    def split(self, out: SpanLogits, encoded: Sequence[EncodedText]) -> list[Found]:
        """Return the likeliest answers in each encoding."""
        sizes = [len(each) for each in encoded]
        starts, ends = pieces(to_host(out.start), sizes), pieces(to_host(out.end), sizes)
        return [
            _candidates(window, start, end, self.most, self.longest)
            for window, start, end in zip(encoded, starts, ends, strict=True)
        ]

    def result(self, texts: Texts[Found]) -> Answered:
        """Return the answers to a question."""
        ((windows, found),) = texts
        question, own = cast("tuple[str, str]", windows[0].text)
        answers = _gathered(own, windows, [candidates for candidates, _ in found], whole_words=self.whole_words)
        if self.impossible:
            answers.append(Answer("", 0, 0, min(absent for _, absent in found)))
        best = sorted(answers, key=lambda each: -each.score)[: self.top]
        return Answered(question, own, tuple(best), extent(windows, self.policy.merge))


def _given(text: str | None) -> str:
    if text is None:
        raise InputTypeError(
            "E_TEXT",
            "A question is given, and no text to find its answer in.",
            cure="Write answer(question, text) for one question, answer([(question, text), ...]) for several.",
        )
    return text


def _pairs(given: Iterable[Any]) -> Iterator[tuple[str, str]]:
    for index, each in enumerate(given):
        match each:
            case (str() as question, str() as text):
                yield question, text
            case _:
                raise InputTypeError(
                    "E_TEXT",
                    "Text {index} is not a pair of a question and a text.",
                    cure="Write answer(question, text) for one question, answer([(question, text), ...]) for several.",
                    values=dict(index=index),
                )


def _candidates(window: EncodedText, start: Rows, end: Rows, wanted: int, longest: int) -> Found:
    # The first token, which means "not here", takes part in the softmax, as in the reference library.
    inside = np.array([text == 1 for text in window.sequence])
    scored = inside.copy()
    scored[0] = True
    begins, ends = (softmax(np.where(scored, each, np.float32(-np.inf))) for each in (start, end))
    absent = float(begins[0] * ends[0])
    products = np.tril(np.triu(np.outer(begins, ends)), longest - 1)
    products[~(inside[:, None] & inside)] = -1.0
    flat = products.ravel()
    places = highest(flat, wanted)
    size = len(window)
    found: zip[tuple[float, int]] = zip(numbers(flat[places]), numbers(places), strict=True)
    return [(place // size, place % size, score) for score, place in found if score > 0], absent


def _gathered(
    text: str, windows: Sequence[EncodedText], candidates: Sequence[list[Candidate]], *, whole_words: bool
) -> list[Answer]:
    """Return each answer once, with the scores of its places added up."""
    found: dict[str, Answer] = {}
    for window, own in zip(windows, candidates, strict=True):
        for first, last, score in own:
            begin, end = _characters(window, first, last, whole_words=whole_words)
            key = text[begin:end].lower()
            known = found.get(key)
            found[key] = (
                Answer(text[begin:end], begin, end, score)
                if known is None
                else Answer(known.text, known.start, known.end, known.score + score)
            )
    return list(found.values())


def _characters(window: EncodedText, first: int, last: int, *, whole_words: bool) -> tuple[int, int]:
    if not whole_words or window.words[first] is None or window.words[last] is None:
        return window.spans[first][0], window.spans[last][1]
    while window.sequence[first - 1] == 1 and window.words[first - 1] == window.words[first]:
        first -= 1
    while window.sequence[last + 1 : last + 2] == [1] and window.words[last + 1] == window.words[last]:
        last += 1
    return window.spans[first][0], window.spans[last][1]
