"""Text classification."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Unpack, overload

from torso.architecture import Task
from torso.engines.runner import BUDGET
from torso.host_batch import Rows, Wanted, to_host
from torso.io.arguments import known_arguments
from torso.outputs import SequenceLogits
from torso.tasks.argument_checks import at_least
from torso.tasks.arrays import merged, sigmoid, softmax
from torso.tasks.extents import Extent
from torso.tasks.predictions import Label
from torso.tasks.reading import predict, read
from torso.tasks.ready import Ready, Usable, make_ready
from torso.tasks.task_options import ClassifyOptions
from torso.tasks.task_plan import Plan, Texts
from torso.tasks.windows import EncodedText, Long, Merge, Text, extent, length_policy

if TYPE_CHECKING:
    import torch

    from torso.config.hub_config import HubConfig
    from torso.text import Tokenizer

BUNDLED = "torso:sentiment"


@overload
def classify(  # pyright: ignore[reportOverlappingOverload] - a str is a sequence of them too
    texts: str,
    *,
    model: Usable[SequenceLogits] = ...,
    **options: Unpack[ClassifyOptions],
) -> Label: ...
@overload
def classify(
    texts: Sequence[Text],
    *,
    model: Usable[SequenceLogits] = ...,
    **options: Unpack[ClassifyOptions],
) -> list[Label]: ...
@overload
def classify(
    texts: Iterator[Text],
    *,
    model: Usable[SequenceLogits] = ...,
    **options: Unpack[ClassifyOptions],
) -> Iterator[Label]: ...
@known_arguments
def classify(
    texts: str | Sequence[Text] | Iterator[Text],
    *,
    model: Usable[SequenceLogits] = BUNDLED,
    top: int | None = None,
    tokenizer: Tokenizer | None = None,
    long: Long = "error",
    stride: int | None = None,
    merge: Merge | None = None,
    untrained: bool = False,
    device: str | torch.device | None = None,
    budget: int = BUDGET,
) -> Any:
    """Classify a text: return its label; of a list of texts or pairs, a list; of an iterator, a lazy iterator.

    Scores are as the reference library's: a sigmoid for each label where ``problem_type`` says that a text may have
    several, or where there is only one; the number itself for a regression; else a softmax.

    Args:
        texts: a string; a list of strings or of pairs ``(first, second)``; an iterator of them.
        model: a folder, a name, a loaded model, or one made `Ready` for many calls.
        top: how many labels have their score given, the likeliest first; None for all, in the order of the model.
        tokenizer: instead of the one in the model's folder.
        long: ``error`` refuses a text that is too long before anything is run; ``truncate`` reads its beginning;
            ``window`` reads all of it, in windows of what the model takes, of a pair over the longer text.
        stride: tokens that a window repeats of the one before; None for a quarter of a window.
        merge: what makes one result of the windows' scores: ``mean``, the default, or ``max`` of each label.
        untrained: whether labels of a head that was never trained are given.
        device: where to load the weights; None for a CUDA card, where there is one, and else the CPU.
        budget: tokens of one batch.

    Raises:
        TooLongError: E_TOO_LONG, naming the text by its place.
        UntrainedError, WeightsError: E_UNTRAINED, E_NO_HEAD: the model cannot classify.
        InputError, InputTypeError: a text or an argument is wrong.
        TorsoError: as `torso.load`.
    """
    at_least("top", top, 1)
    ready = make_ready(model, Task.SEQUENCE_CLASSIFICATION, tokenizer=tokenizer, device=device, untrained=untrained)
    plan = ClassifyPlan(ready, top=top, long=long, stride=stride, merge=merge)
    return predict(texts, lambda some: plan.results(some, budget))


class ClassifyPlan(Plan[Text, SequenceLogits, Rows, Label]):
    """Plan of `classify`; options as there."""

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
        self.top, self.names, self.score = top, ready.label_names(), scorer(ready.runner.config)
        self.policy = length_policy(ready.tokenizer.max_tokens, long, stride, merge)

    def read(self, asked: Iterable[Text]) -> Iterator[EncodedText]:
        """Tokenize texts and pairs."""
        return read(asked, self.ready.tokenizer, self.policy)

    def split(self, out: SequenceLogits, encoded: Sequence[EncodedText]) -> list[Rows]:
        """Return the scores [C] of each encoding."""
        return list(self.score(to_host(out.logits)))

    def result(self, texts: Texts[Rows]) -> Label:
        """Return the label of a text."""
        ((windows, scores),) = texts
        return label_of(self.names, merged(scores, self.policy.merge), self.top, extent(windows, self.policy.merge))


def label_of(names: Sequence[str], scores: Sequence[float], top: int | None, covered: Extent) -> Label:
    """Return the prediction of scores: all of them in their order, or the ``top`` highest, the highest first."""
    order = sorted(range(len(scores)), key=lambda place: -scores[place])
    kept = range(len(scores)) if top is None else order[:top]
    return Label(names[order[0]], scores[order[0]], {names[place]: scores[place] for place in kept}, covered)


def scorer(config: HubConfig) -> Callable[[Rows], Rows]:
    """Return the function that maps logits [N, C] to scores [N, C]."""
    if config.problem_type == "regression":
        return _copied
    if config.problem_type == "multi_label_classification" or config.labels == 1:
        return sigmoid
    return softmax


def _copied(logits: Rows) -> Rows:
    return logits.copy()
