"""Multiple choice: the likeliest of a question's alternatives."""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, Unpack, cast, overload

import torch
from torch import Tensor

from torso.architecture import Task
from torso.config.arguments import known_arguments
from torso.engines.runner import BUDGET, lists, run
from torso.errors import InputTypeError
from torso.outputs import ChoiceLogits
from torso.tasks.extents import one_row
from torso.tasks.predictions import Chosen
from torso.tasks.reading import predict, read
from torso.tasks.ready import Usable, make_ready
from torso.tasks.task_options import ChooseOptions
from torso.tasks.windows import Long, Merge, Read, by_text, extent, lengths

if TYPE_CHECKING:
    from torso.text import Tokenizer

Question = tuple[str, Sequence[str]]


@overload
def choose(
    questions: str,
    choices: Sequence[str],
    *,
    model: Usable[ChoiceLogits],
    **options: Unpack[ChooseOptions],
) -> Chosen: ...
@overload
def choose(
    questions: Sequence[Question],
    choices: None = None,
    *,
    model: Usable[ChoiceLogits],
    **options: Unpack[ChooseOptions],
) -> list[Chosen]: ...
@overload
def choose(
    questions: Iterator[Question],
    choices: None = None,
    *,
    model: Usable[ChoiceLogits],
    **options: Unpack[ChooseOptions],
) -> Iterator[Chosen]: ...
@known_arguments
def choose(
    questions: str | Sequence[Question] | Iterator[Question],
    choices: Sequence[str] | None = None,
    *,
    model: Usable[ChoiceLogits],
    tokenizer: Tokenizer | None = None,
    long: Long = "error",
    stride: int | None = None,
    merge: Merge | None = None,
    untrained: bool = False,
    device: str | torch.device | None = None,
    budget: int = BUDGET,
) -> Any:
    """Chooses the likeliest alternative: ``choose("The sky is", ["blue", "square"], model=...)``.

    Each alternative is read together with the question, as its second text; scores are a softmax over them.

    Args:
        questions: one question; a list of pairs ``(question, alternatives)``; an iterator of them. Questions may have
            different numbers of alternatives.
        choices: the alternatives of one question.
        model: a folder, a name, a loaded model, or one made `Ready` for many calls.
        tokenizer: instead of the one in the model's folder.
        long: ``error`` refuses a question that is too long with one of its alternatives before anything is run;
            ``truncate`` cuts the longer one; ``window`` reads the longer one in windows, each with all of the other.
        stride: tokens that a window repeats of the one before; None for a quarter of what a window has room for.
        merge: what makes one score of an alternative of its windows', before the softmax: ``max``, the default, since
            one place of a long text is enough to speak for it; or ``mean``.
        untrained: whether choices of a head that was never trained are given.
        device: where to load the weights; None for a CUDA card, where there is one, and else the CPU.
        budget: tokens of one batch.

    Raises:
        TooLongError: E_TOO_LONG, naming the question by its place.
        UntrainedError, WeightsError: E_UNTRAINED, E_NO_HEAD: the model cannot choose.
        InputError, InputTypeError: a question or an argument is wrong.
        TorsoError: as `torso.load`.
    """
    ready = make_ready(model, Task.MULTIPLE_CHOICE, tokenizer=tokenizer, device=device, untrained=untrained)
    how = lengths(ready.tokenizer.max_tokens, long, stride, merge, merges=("max", "mean"))

    def split(out: ChoiceLogits, reads: Sequence[Read]) -> list[tuple[Read, Tensor]]:
        return list(zip(reads, out.logits.float().cpu()[:, None], strict=True))

    def one(some: Iterable[Any]) -> Iterator[Chosen]:
        asked = _Asked()
        pairs = list(asked.pairs(some)) if isinstance(some, Sequence) else asked.pairs(some)
        reads = read(pairs, ready.tokenizer, how, place=asked.place)
        scored = by_text(run(ready.model, reads, split, pool=ready.model.head.pool, budget=budget))
        for first in scored:
            question, alternatives = asked.waiting.popleft()
            group = [first, *islice(scored, len(alternatives) - 1)]
            scores = lists(torch.cat([one_row(logits, how.merge) for _, logits in group]).softmax(0))
            best = max(range(len(scores)), key=scores.__getitem__)
            reach = extent(max((windows for windows, _ in group), key=lambda windows: windows[0].size), how.merge)
            yield Chosen(question, alternatives[best], best, scores[best], tuple(scores), reach)

    if isinstance(questions, str):
        return predict([(questions, choices)], one)[0]
    if choices is not None:
        raise InputTypeError(
            "E_TEXT",
            "Alternatives are given beside pairs of question and alternatives.",
            cure="Write choose(question, alternatives) for one, choose([(question, alternatives), ...]) for several.",
        )
    return predict(questions, one)


class _Asked:
    """Questions as pairs with each of their alternatives, remembered until their results come."""

    def __init__(self) -> None:
        self.waiting: deque[tuple[str, list[str]]] = deque()
        self._starts: list[int] = []
        self._count = 0

    def pairs(self, questions: Iterable[Any]) -> Iterator[tuple[str, str]]:
        """Each question with each of its alternatives.

        Raises:
            InputTypeError: E_TEXT, naming the question by its place.
        """
        for index, given in enumerate(questions):
            question, alternatives = _checked(given, index)
            self.waiting.append((question, alternatives))
            self._starts.append(self._count)
            self._count += len(alternatives)
            yield from ((question, each) for each in alternatives)

    def place(self, number: int) -> int:
        """The place of the question that a pair belongs to."""
        return bisect_right(self._starts, number) - 1


def _checked(given: object, index: int) -> tuple[str, list[str]]:
    if isinstance(given, tuple | list):
        parts = cast("Sequence[object]", given)
        if len(parts) == 2 and isinstance(parts[0], str) and isinstance(parts[1], tuple | list):
            alternatives = cast("Sequence[object]", parts[1])
            checked = [each for each in alternatives if isinstance(each, str)]
            if checked and len(checked) == len(alternatives):
                return parts[0], checked
    raise InputTypeError(
        "E_TEXT",
        "Question {index} is not a question with a list of alternatives.",
        cure='Write choose("The sky is", ["blue", "square"]), or a list of such pairs.',
        values=dict(index=index),
    )
