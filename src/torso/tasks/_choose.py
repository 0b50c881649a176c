"""Multiple choice: the likeliest of a question's alternatives."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Unpack, cast, overload

import numpy as np

from torso.architecture import Task
from torso.engines.runner import BUDGET
from torso.errors import InputTypeError
from torso.host_batch import Rows, Wanted, to_host
from torso.io.arguments import known_arguments
from torso.outputs import ChoiceLogits
from torso.tasks.arrays import numbers, one_row, softmax
from torso.tasks.predictions import Chosen
from torso.tasks.reading import predict, read_groups
from torso.tasks.ready import Ready, Usable, make_ready
from torso.tasks.task_options import ChooseOptions
from torso.tasks.task_plan import Plan, Texts
from torso.tasks.windows import EncodedText, Long, Merge, extent, length_policy

if TYPE_CHECKING:
    import torch

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
    """Choose the likeliest alternative: ``choose("The sky is", ["blue", "square"], model=...)``.

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
    plan = ChoosePlan(ready, long=long, stride=stride, merge=merge)

    def one(some: Iterable[Any]) -> Iterator[Chosen]:
        return plan.results(some, budget)

    if isinstance(questions, str):
        return predict([(questions, choices)], one)[0]
    if choices is not None:
        raise InputTypeError(
            "E_TEXT",
            "Alternatives are given beside pairs of question and alternatives.",
            cure="Write choose(question, alternatives) for one, choose([(question, alternatives), ...]) for several.",
        )
    return predict(questions, one)


class ChoosePlan(Plan[Question, ChoiceLogits, Rows, Chosen]):
    """Plan of `choose`; options as there."""

    task = Task.MULTIPLE_CHOICE

    def __init__(
        self,
        ready: Ready[ChoiceLogits],
        *,
        long: Long = "error",
        stride: int | None = None,
        merge: Merge | None = None,
    ) -> None:
        super().__init__(ready, Wanted(ready.runner.pool))
        self.policy = length_policy(ready.tokenizer.max_tokens, long, stride, merge, merges=("max", "mean"))

    def read(self, asked: Iterable[Question]) -> Iterator[EncodedText]:
        """Tokenize each question with each of its alternatives.

        Raises:
            InputTypeError: E_TEXT, naming the question by its place.
        """
        checked = (_checked(given, index) for index, given in enumerate(asked))
        groups = ([(question, each) for each in alternatives] for question, alternatives in checked)
        every = list(groups) if isinstance(asked, Sequence) else groups
        return read_groups(every, self.ready.tokenizer, self.policy)

    def split(self, out: ChoiceLogits, encoded: Sequence[EncodedText]) -> list[Rows]:
        """Return the logit of each encoding, [1]."""
        return list(to_host(out.logits)[:, None].copy())

    def result(self, texts: Texts[Rows]) -> Chosen:
        """Return the likeliest alternative of a question."""
        logits = np.concatenate([one_row(own, self.policy.merge) for _, own in texts])
        scores: list[float] = numbers(softmax(logits))
        best = max(range(len(scores)), key=scores.__getitem__)
        covered = extent(max((windows for windows, _ in texts), key=lambda windows: windows[0].size), self.policy.merge)
        question, choice = cast("tuple[str, str]", texts[best][0][0].text)
        return Chosen(question, choice, best, scores[best], tuple(scores), covered)


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
