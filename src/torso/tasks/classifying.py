"""A label for each text."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, overload

import torch

from torso.architecture import Task
from torso.outputs import SequenceLogits
from torso.runtime.runner import BUDGET, lists, run
from torso.tasks.predictions import Label
from torso.tasks.reading import Long, Read, Text, predict, read
from torso.tasks.ready import Ready, Usable, make_ready

if TYPE_CHECKING:
    from torso.text import Tokenizer

BUNDLED = "torso:sentiment"


@overload
def classify(  # pyright: ignore[reportOverlappingOverload] - a str is a sequence of them too
    texts: str,
    *,
    model: Usable[SequenceLogits] = ...,
    tokenizer: Tokenizer | None = None,
    long: Long = "error",
    untrained: bool = False,
    device: str | torch.device | None = None,
    budget: int = BUDGET,
) -> Label: ...
@overload
def classify(
    texts: Sequence[Text],
    *,
    model: Usable[SequenceLogits] = ...,
    tokenizer: Tokenizer | None = None,
    long: Long = "error",
    untrained: bool = False,
    device: str | torch.device | None = None,
    budget: int = BUDGET,
) -> list[Label]: ...
@overload
def classify(
    texts: Iterator[Text],
    *,
    model: Usable[SequenceLogits] = ...,
    tokenizer: Tokenizer | None = None,
    long: Long = "error",
    untrained: bool = False,
    device: str | torch.device | None = None,
    budget: int = BUDGET,
) -> Iterator[Label]: ...
def classify(
    texts: str | Sequence[Text] | Iterator[Text],
    *,
    model: Usable[SequenceLogits] = BUNDLED,
    tokenizer: Tokenizer | None = None,
    long: Long = "error",
    untrained: bool = False,
    device: str | torch.device | None = None,
    budget: int = BUDGET,
) -> Any:
    """The label of a text; of a list of texts or pairs, a list; of an iterator, an iterator that reads as it is read.

    Scores are as the reference library's: a sigmoid for each label where ``problem_type`` says that a text may have
    several, or where there is only one; the number itself for a regression; else a softmax.

    Args:
        texts: a string; a list of strings or of pairs ``(first, second)``; an iterator of them.
        model: a folder, a name, a loaded model, or one made `Ready` for many calls.
        tokenizer: instead of the one in the model's folder.
        long: ``error`` refuses a text that is too long before anything is run; ``truncate`` reads its beginning.
        untrained: whether labels of a head that was never trained are given.
        device: where to load the weights.
        budget: tokens of one batch.

    Raises:
        TooLongError: E_TOO_LONG, naming the text by its place.
        UntrainedError, WeightsError: E_UNTRAINED, E_NO_HEAD: the model cannot classify.
        InputError, InputTypeError: a text or an argument is wrong.
        TorsoError: as `torso.load`.
    """
    ready = make_ready(model, Task.SEQUENCE, tokenizer=tokenizer, device=device, untrained=untrained)
    names, score = ready.label_names(), scorer(ready)

    def split(out: SequenceLogits, reads: Sequence[Read]) -> list[Label]:
        rows = lists(score(out.logits.float()))
        return [_label(names, row, each.truncated) for row, each in zip(rows, reads, strict=True)]

    def one(some: Iterable[Text]) -> Iterator[Label]:
        reads = read(some, ready.tokenizer, limit=ready.tokenizer.max_tokens, long=long)
        return run(ready.model, reads, split, budget=budget)

    return predict(texts, one)


def _label(names: Sequence[str], scores: Sequence[float], truncated: bool) -> Label:
    best = max(range(len(scores)), key=scores.__getitem__)
    return Label(names[best], scores[best], dict(zip(names, scores, strict=True)), truncated)


def scorer(ready: Ready[Any]) -> Callable[[torch.Tensor], torch.Tensor]:
    """What makes scores [N, C] of logits [N, C]."""
    kind = ready.model.config.problem_type
    if kind == "regression":
        return torch.Tensor.cpu
    if kind == "multi_label_classification" or ready.model.config.labels == 1:
        return torch.sigmoid
    return _softmax


def _softmax(logits: torch.Tensor) -> torch.Tensor:
    return logits.softmax(-1)
