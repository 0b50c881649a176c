"""Labels that a model was never trained for: whether a text entails "This example is LABEL."."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, Unpack, overload

import torch

from torso.architecture import Task
from torso.config.arguments import known_arguments
from torso.engines.runner import BUDGET, lists, run
from torso.errors import InputError
from torso.outputs import SequenceLogits
from torso.tasks._classify import label_of
from torso.tasks.argument_checks import at_least
from torso.tasks.extents import merged
from torso.tasks.inference_labels import contradicting, entailing
from torso.tasks.predictions import Label
from torso.tasks.reading import predict, read
from torso.tasks.ready import Usable, make_ready
from torso.tasks.task_options import ZeroShotOptions
from torso.tasks.windows import Long, Merge, Read, by_text, extent, lengths
from torso.text.input_checks import checked_text

if TYPE_CHECKING:
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
    """The likeliest of any labels, by a model of natural language inference.

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
    at_least("top", top, 1)
    names = _checked(labels)
    sentences = [_filled(template, name) for name in names]
    ready = make_ready(model, Task.SEQUENCE_CLASSIFICATION, tokenizer=tokenizer, device=device, untrained=untrained)
    apart = several or len(names) == 1
    entails = entailing(ready, entailment)
    contradicts = contradicting(ready, contradiction, entails) if apart or contradiction else entails
    how = lengths(ready.tokenizer.max_tokens, long, stride, merge, cut="only_first")

    def split(out: SequenceLogits, reads: Sequence[Read]) -> list[tuple[Read, torch.Tensor]]:
        # The two logits are kept apart until a text's windows are one: only then labels meet each other.
        logits = out.logits.float()[:, [contradicts, entails]].cpu()
        return list(zip(reads, logits, strict=True))

    def one(some: Iterable[Any]) -> Iterator[Label]:
        pairs = list(_pairs(some, sentences)) if isinstance(some, Sequence) else _pairs(some, sentences)
        reads = read(pairs, ready.tokenizer, how, place=lambda number: number // len(names))
        texts = by_text(run(ready.model, reads, split, pool=ready.model.head.pool, budget=budget))
        while group := list(islice(texts, len(names))):
            logits = torch.tensor([_merged(rows, how.merge) for _, rows in group])
            scores = logits.softmax(-1)[:, 1] if apart else logits[:, 1].softmax(-1)
            longest = max((reads for reads, _ in group), key=lambda each: each[0].size)
            yield label_of(names, lists(scores), top, extent(longest, how.merge))

    return predict(texts, one)


def _pairs(texts: Iterable[str], sentences: Sequence[str]) -> Iterator[tuple[str, str]]:
    for index, text in enumerate(texts):
        checked = checked_text(text, index)
        yield from ((checked, sentence) for sentence in sentences)


def _merged(windows: Sequence[torch.Tensor], rule: str) -> list[float]:
    # The largest of each logit by itself would take entailment and contradiction from different windows.
    return lists(max(windows, key=lambda row: float(row[1]))) if rule == "max" else merged(windows, rule)


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
