"""Labels that a model was never trained for: whether a text entails "This example is LABEL."."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Unpack, overload

import numpy as np

from torso.architecture import Task
from torso.engines.runner import BUDGET
from torso.errors import InputError
from torso.host_batch import Rows, Wanted, to_host
from torso.io.arguments import known_arguments
from torso.outputs import SequenceLogits
from torso.tasks._classify import label_of
from torso.tasks.argument_checks import at_least, yes_or_no
from torso.tasks.arrays import merged, numbers, softmax
from torso.tasks.inference_labels import contradicting, entailing
from torso.tasks.predictions import Label
from torso.tasks.reading import predict, read_groups
from torso.tasks.ready import Ready, Usable, make_ready
from torso.tasks.task_options import ZeroShotOptions
from torso.tasks.task_plan import Plan, Texts
from torso.tasks.windows import EncodedText, Long, Merge, extent, length_policy
from torso.text.input_checks import checked_text

if TYPE_CHECKING:
    import torch

    from torso.text import Tokenizer

TEMPLATE = "This example is {}."


@overload
def zero_shot(  # pyright: ignore[reportOverlappingOverload] - a str is a sequence of them too
    texts: str,
    labels: Sequence[str],
    *,
    model: Usable[SequenceLogits],
    **options: Unpack[ZeroShotOptions],
) -> Label: ...
@overload
def zero_shot(
    texts: Sequence[str],
    labels: Sequence[str],
    *,
    model: Usable[SequenceLogits],
    **options: Unpack[ZeroShotOptions],
) -> list[Label]: ...
@overload
def zero_shot(
    texts: Iterator[str],
    labels: Sequence[str],
    *,
    model: Usable[SequenceLogits],
    **options: Unpack[ZeroShotOptions],
) -> Iterator[Label]: ...
@known_arguments
def zero_shot(
    texts: str | Sequence[str] | Iterator[str],
    labels: Sequence[str],
    *,
    model: Usable[SequenceLogits],
    several: bool = False,
    template: str = TEMPLATE,
    top: int | None = None,
    entailment: str | None = None,
    contradiction: str | None = None,
    tokenizer: Tokenizer | None = None,
    long: Long = "error",
    stride: int | None = None,
    merge: Merge | None = None,
    untrained: bool = False,
    device: str | torch.device | None = None,
    budget: int = BUDGET,
) -> Any:
    """Classify by any labels, by a model of natural language inference.

    Each text is read once with each label. Scores are as the reference library's: the labels' entailments against each
    other, so that they sum to 1; with ``several``, or with one label, each entailment against its contradiction.

    Args:
        texts: a string, a list of strings, or an iterator of them.
        labels: the labels to choose from.
        model: trained on natural language inference: a folder, a name, a loaded model, or one made `Ready` for many
            calls.
        several: whether a text may have several of the labels.
        template: the sentence that shall follow from the text; ``{}`` is replaced by the label.
        top: how many labels have their score given, the likeliest first; None for all, in the order given.
        entailment: name of the model's label for a sentence that follows; None finds it by its name, in English
            ("entailment") or Chinese (蕴含).
        contradiction: name of the model's label for a sentence that cannot be true; None finds it likewise
            ("contradiction", 矛盾), or takes the only label left beside those of entailment and neutral.
        tokenizer: instead of the one in the model's folder.
        long: ``error`` refuses a text that is too long with a label, before anything is run; ``truncate`` reads its
            beginning; ``window`` reads all of it. The label is never cut.
        stride: tokens that a window repeats of the one before; None for a quarter of a window.
        merge: what makes one result of the windows' entailments: ``mean``, the default, or ``max``.
        untrained: whether labels of a head that was never trained are given.
        device: where to load the weights; None for a CUDA card, where there is one, and else the CPU.
        budget: tokens of one batch.

    Raises:
        InputError: E_LABELS for labels that are none, and for a model whose labels of entailment, or
            contradiction, are not known; E_ARGUMENT for a template
            without a place for the label.
        TooLongError: E_TOO_LONG, naming the text by its place.
        UntrainedError, WeightsError: E_UNTRAINED, E_NO_HEAD: the model cannot classify.
        TorsoError: as `torso.load`.
    """
    _require_usable(labels, template, top)
    ready = make_ready(model, Task.SEQUENCE_CLASSIFICATION, tokenizer=tokenizer, device=device, untrained=untrained)
    plan = ZeroShotPlan(
        ready,
        labels,
        several=several,
        template=template,
        top=top,
        entailment=entailment,
        contradiction=contradiction,
        long=long,
        stride=stride,
        merge=merge,
    )
    return predict(texts, lambda some: plan.results(some, budget))


class ZeroShotPlan(Plan[str, SequenceLogits, Rows, Label]):
    """Plan of `zero_shot`; options as there."""

    task = Task.SEQUENCE_CLASSIFICATION

    def __init__(
        self,
        ready: Ready[SequenceLogits],
        labels: Sequence[str],
        *,
        several: bool = False,
        template: str = TEMPLATE,
        top: int | None = None,
        entailment: str | None = None,
        contradiction: str | None = None,
        long: Long = "error",
        stride: int | None = None,
        merge: Merge | None = None,
    ) -> None:
        yes_or_no("several", several)
        self.names, self.sentences = _require_usable(labels, template, top)
        super().__init__(ready, Wanted(ready.runner.pool))
        self.top, self.apart = top, several or len(self.names) == 1
        self.entails = entailing(ready, entailment)
        named = self.apart or contradiction is not None
        self.contradicts = contradicting(ready, contradiction, self.entails) if named else self.entails
        self.policy = length_policy(ready.tokenizer.max_tokens, long, stride, merge, cut="only_first")

    @property
    def settings(self) -> Hashable:
        """The labels whose logits are taken."""
        return (self.contradicts, self.entails)

    def read(self, asked: Iterable[str]) -> Iterator[EncodedText]:
        """Tokenize each text with the sentence of each label."""
        checked = (checked_text(text, index) for index, text in enumerate(asked))
        groups = ([(text, sentence) for sentence in self.sentences] for text in checked)
        every = list(groups) if isinstance(asked, Sequence) else groups
        return read_groups(every, self.ready.tokenizer, self.policy)

    def split(self, out: SequenceLogits, encoded: Sequence[EncodedText]) -> list[Rows]:
        """Return the logits of contradiction and of entailment of each encoding, [2]."""
        # They are kept apart until a text's windows are one: only then labels meet each other.
        return list(to_host(out.logits)[:, [self.contradicts, self.entails]])

    def result(self, texts: Texts[Rows]) -> Label:
        """Return the labels of a text."""
        logits = np.array([_merged(rows, self.policy.merge) for _, rows in texts], np.float32)
        scores = softmax(logits)[:, 1] if self.apart else softmax(logits[:, 1])
        longest = max((encoded for encoded, _ in texts), key=lambda each: each[0].size)
        return label_of(self.names, numbers(scores), self.top, extent(longest, self.policy.merge))


def _require_usable(labels: Sequence[str], template: str, top: int | None) -> tuple[list[str], list[str]]:
    """Check what needs no model; return the labels and the sentence of each."""
    at_least("top", top, 1)
    names = _checked(labels)
    return names, [_filled(template, name) for name in names]


def _merged(windows: Sequence[Rows], rule: str) -> list[float]:
    # The largest of each logit by itself would take entailment and contradiction from different windows.
    return numbers(max(windows, key=lambda row: float(row[1]))) if rule == "max" else merged(windows, rule)


def _checked(labels: Sequence[str]) -> list[str]:
    names = [] if isinstance(labels, str) else list(labels)
    if not names or not all(names) or len(set(names)) != len(names):
        raise InputError(
            "E_LABELS",
            "labels is {labels!r}; it must be a list of different names.",
            cure="Write labels=['negative', 'positive'].",
            values=dict(labels=labels),
        )
    return names


def _filled(template: str, label: str) -> str:
    try:
        sentence = template.format(label)
    except (IndexError, KeyError, ValueError):
        sentence = template
    if sentence == template:
        raise InputError(
            "E_ARGUMENT",
            "The template {template} has no place for a label.",
            cure='Write {{}} where it stands: "This example is {{}}."',
            values=dict(template=repr(template)),
        )
    return sentence
