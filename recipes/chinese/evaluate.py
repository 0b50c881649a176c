"""Scores: accuracy of labels, words, parts of speech, entities, reviews and masked characters."""

from collections.abc import Callable, Iterable, Sequence
from typing import cast

import torch
from torch import Tensor

from torso.architecture import Task
from torso.batch import Batch

from .examples import NONE, Example, batches, packed
from .masking import Masking

ENTITIES = ("nr", "ns", "nt")
"""Persons, places, organisations."""

Scores = dict[str, float]
Run = Callable[[Task[object], Batch], Tensor]
"""A task and a batch to logits: the network in training, or a loaded model."""

Span = tuple[int, int, str]


def spans(labels: Sequence[str]) -> list[Span]:
    """Start, end and part of speech of each word that labels such as ``B-n E-n S-v`` tell.

    A word begins at B and S and after E and S, whatever the labels before and after it say; its first label's part of
    speech counts.
    """
    begins = [
        place for place, label in enumerate(labels) if place == 0 or label[0] in "BS" or labels[place - 1][0] in "ES"
    ]
    return [(begin, end, labels[begin][2:]) for begin, end in zip(begins, [*begins[1:], len(labels)], strict=False)]


class Tally:
    """Scores of labels against the corpus', summed over texts.

    ``characters``: share of tokens with the right label, place in the word and part of speech both. ``words``: share of
    the corpus' words found with both bounds and the right part of speech. ``segmentation``, ``words_f1`` and the
    entities: F1 of words with both bounds right; with bounds and part of speech right; the same of words tagged nr, ns,
    nt.
    """

    def __init__(self) -> None:
        self.right = self.total = 0
        self.bounds, self.words = Overlap(), Overlap()
        self.entities = {tag: Overlap() for tag in ENTITIES}

    def add(self, guess: Sequence[str], gold: Sequence[str]) -> None:
        """Counts one text."""
        self.right += sum(a == b for a, b in zip(guess, gold, strict=True))
        self.total += len(gold)
        found, wanted = spans(guess), spans(gold)
        self.words.add(found, wanted)
        self.bounds.add([span[:2] for span in found], [span[:2] for span in wanted])
        for tag, overlap in self.entities.items():
            overlap.add([span for span in found if span[2] == tag], [span for span in wanted if span[2] == tag])

    def scores(self) -> Scores:
        """The scores so far."""
        every = Overlap()
        for overlap in self.entities.values():
            every.merge(overlap)
        return {
            "characters": self.right / max(1, self.total),
            "words": self.words.recall,
            "words_f1": self.words.f1,
            "segmentation": self.bounds.f1,
            "entities": every.f1,
            **{f"entities_{tag}": overlap.f1 for tag, overlap in self.entities.items()},
        }


@torch.inference_mode()
def tagging(run: Run, examples: Sequence[Example], names: Sequence[str], *, tokens: int = 8192) -> Scores:
    """Scores of the tagger on paragraphs, as `Tally` defines them."""
    tally = Tally()
    for batch in batches(examples, tokens):
        guesses = cast("list[int]", run(Task.TOKEN_CLASSIFICATION, packed(batch)).argmax(-1).tolist())
        place = 0
        for example in batch:
            guess = [names[number] for number in guesses[place + 1 : place + len(example) - 1]]
            # A label that training never saw counts as a word of its own that nobody can find.
            wanted = cast("list[int]", example.labels[1:-1].tolist())
            gold = [names[number] if number != NONE else "S-" for number in wanted]
            place += len(example)
            tally.add(guess, gold)
    return tally.scores()


@torch.inference_mode()
def sentiment(run: Run, examples: Sequence[Example], *, tokens: int = 8192) -> Scores:
    """Share of reviews with the right label."""
    right = 0
    for batch in batches(examples, tokens):
        guesses = cast("list[int]", run(Task.SEQUENCE_CLASSIFICATION, packed(batch)).argmax(-1).tolist())
        right += sum(guess == example.positive for guess, example in zip(guesses, batch, strict=True))
    return {"sentiment": right / len(examples)}


@torch.inference_mode()
def masked_lm(run: Run, examples: Iterable[Example], masking: Masking, *, seed: int, tokens: int = 8192) -> float:
    """Share of hidden characters that come first in the guesses: 15 % of single characters, no word as a whole."""
    right = total = 0
    singles = [Example(each.ids, _single(each.words), each.labels, each.positive) for each in examples]
    generator = torch.Generator().manual_seed(seed)
    for batch in batches(singles, tokens):
        masked = masking(batch, 0.15, generator)
        guesses = run(Task.MASKED_LM, packed(batch, ids=masked.ids, rows=masked.rows)).argmax(-1)
        right += int((guesses == masked.targets).sum())
        total += len(masked.targets)
    return right / total


def _single(words: Tensor) -> Tensor:
    return torch.arange(len(words)) * (words > 0)


class Overlap:
    """Counts of found, wanted and common items, summed over texts."""

    def __init__(self) -> None:
        self.found = self.wanted = self.common = 0

    def add(self, found: Sequence[object], wanted: Sequence[object]) -> None:
        """Counts one text's items."""
        self.found += len(found)
        self.wanted += len(wanted)
        self.common += len(set(found) & set(wanted))

    def merge(self, other: "Overlap") -> None:
        """Adds another's counts."""
        self.found += other.found
        self.wanted += other.wanted
        self.common += other.common

    @property
    def recall(self) -> float:
        """Share of the wanted that was found."""
        return self.common / max(1, self.wanted)

    @property
    def f1(self) -> float:
        """Harmonic mean of the share of the found that was wanted and of the wanted that was found."""
        return 2 * self.common / max(1, self.found + self.wanted)
