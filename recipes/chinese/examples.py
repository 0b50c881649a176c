"""Texts as the numbers that training reads: token ids, labels, word numbers; and batches of similar length."""

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from torso.batch import Batch, Layout
from torso.text import Encoding

from .data import Paragraph, Review, Word, pieces

Encode = Callable[[str], Encoding]

NONE = -100
"""What stands where there is no label; losses skip it."""
LONGEST = 512
"""Tokens of the longest text, [CLS] and [SEP] included."""

_EVERYTHING = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_DIGITS = {wide: half for wide, half in _EVERYTHING.items() if chr(half).isalnum() or chr(half) in "%.-/"}


@dataclass(frozen=True, slots=True, eq=False)
class Example:
    """One text. ``ids``, ``words`` and ``labels`` are [length] int64.

    Attributes:
        ids: token ids, [CLS] first and [SEP] last.
        words: number of the word each token belongs to, from 1; 0 for [CLS] and [SEP].
        labels: label of each token in the tagger, `NONE` where there is none.
        positive: 1 for a positive review, 0 for a negative one, `NONE` for no review.
    """

    ids: Tensor
    words: Tensor
    labels: Tensor
    positive: int

    def __len__(self) -> int:
        return len(self.ids)


class Variants:
    """One paragraph in three spellings: as printed, digits and letters half-width, everything half-width.

    The newspaper prints １２ and Ａ; people type 12 and A. Training draws one of the three each time.
    """

    def __init__(self, spellings: Sequence[Example]) -> None:
        self.spellings = spellings

    def __len__(self) -> int:
        """Tokens as printed; the other spellings have about as many."""
        return len(self.spellings[0])

    def draw(self, generator: random.Random) -> Example:
        """One spelling: half of the draws as printed, a third with half-width digits and letters."""
        return generator.choices(self.spellings, weights=(3, 2, 1))[0]


def narrow(paragraph: Paragraph, *, everything: bool) -> Paragraph:
    """The paragraph with half-width digits and letters, or with half-width forms of everything that has one."""
    table = _EVERYTHING if everything else _DIGITS
    return Paragraph(tuple(Word(word.text.translate(table), word.tag) for word in paragraph.words))


def review_example(review: Review, encode: Encode) -> Example:
    """A review as an example, cut to `LONGEST` tokens."""
    encoding = encode(review.text)
    ids = encoding.ids if len(encoding.ids) <= LONGEST else [*encoding.ids[: LONGEST - 1], encoding.ids[-1]]
    words = [0, *range(1, len(ids) - 1), 0]
    return Example(torch.tensor(ids), torch.tensor(words), torch.full((len(ids),), NONE), int(review.positive))


def paragraph_example(paragraph: Paragraph, encode: Encode, numbers: dict[str, int]) -> Example:
    """A paragraph as an example; labels that ``numbers`` does not know become `NONE`."""
    encoding = encode(paragraph.text)
    owner = [number for number, word in enumerate(paragraph.words, 1) for _ in word.text]
    words = [0 if special else owner[span[0]] for span, special in zip(encoding.spans, encoding.special, strict=True)]
    labels = [numbers.get(label, NONE) if label else NONE for label in gold_labels(paragraph, encoding)]
    return Example(torch.tensor(encoding.ids), torch.tensor(words), torch.tensor(labels), NONE)


def paragraph_variants(paragraph: Paragraph, encode: Encode, numbers: dict[str, int]) -> Iterator[Variants]:
    """The paragraph's pieces of at most `LONGEST` tokens, each in its three spellings."""
    for piece in pieces(paragraph, LONGEST - 2):
        spellings = (piece, narrow(piece, everything=False), narrow(piece, everything=True))
        yield Variants([paragraph_example(spelling, encode, numbers) for spelling in spellings])


def gold_labels(paragraph: Paragraph, encoding: Encoding) -> list[str | None]:
    """The label of each token: B, I, E or S for its place in its word, and the word's part of speech; None if special.

    A token of several characters ([UNK] for a run of foreign letters) counts from its first to its last character.
    """
    starts: set[int] = set()
    ends: set[int] = set()
    tags: list[str] = []
    for word in paragraph.words:
        starts.add(len(tags))
        tags += [word.tag] * len(word.text)
        ends.add(len(tags))
    labels: list[str | None] = []
    for (start, end), special in zip(encoding.spans, encoding.special, strict=True):
        place = {(True, True): "S", (True, False): "B", (False, True): "E", (False, False): "I"}
        labels.append(None if special else f"{place[start in starts, end in ends]}-{tags[start]}")
    return labels


def label_names(paragraphs: Iterable[Paragraph]) -> list[str]:
    """Every label that the paragraphs need, in alphabetical order."""
    places = {1: "S", 2: "BE"}
    tags = {(word.tag, places.get(len(word.text), "BIE")) for paragraph in paragraphs for word in paragraph.words}
    return sorted({f"{place}-{tag}" for tag, needed in tags for place in needed})


def batches(examples: Sequence[Example], tokens: int) -> list[list[Example]]:
    """Batches of at most ``tokens`` tokens, similar lengths together."""
    parts = cut_by_length([len(example) for example in examples], tokens)
    return [[examples[index] for index in part] for part in parts]


def cut_by_length(lengths: Sequence[int], tokens: int, generator: random.Random | None = None) -> list[list[int]]:
    """Indices of texts in batches of at most ``tokens`` tokens; in random order if a generator is given.

    Attention wants equal lengths side by side, so lengths are sorted over the whole corpus, with chance among equals.
    """
    order = list(range(len(lengths)))
    if generator is not None:
        generator.shuffle(order)
    order.sort(key=lambda index: lengths[index])
    made: list[list[int]] = [[]]
    room = tokens
    for index in order:
        if made[-1] and lengths[index] > room:
            made.append([])
            room = tokens
        made[-1].append(index)
        room -= lengths[index]
    if generator is not None:
        generator.shuffle(made)
    return [batch for batch in made if batch]


def packed(examples: Sequence[Example], *, ids: Tensor | None = None, rows: Tensor | None = None) -> Batch:
    """The examples as one batch; ``ids`` [T] replaces their tokens, ``rows`` are those to give vocabulary logits of."""
    tokens = torch.cat([example.ids for example in examples]) if ids is None else ids
    return Batch(tokens, Layout.of([len(example) for example in examples]), rows=rows)
