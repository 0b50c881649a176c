"""Data of token classification: words with tags, or texts with labelled spans."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from torso.architecture import Task
from torso.errors import InputError
from torso.language import say
from torso.losses import IGNORED
from torso.tasks.tag_scheme import Scheme, units
from torso.text import Encoding, Tokenizer
from torso.training.columns import SPANS, TAGS, TEXTS, TOKENS, column, column_if_any, nth
from torso.training.data_checks import balanced_weights, named_weights, require_several, unusable_row
from torso.training.data_files import Table
from torso.training.examples import Example, Tokens
from torso.training.metrics import class_scores, confusion, entity_rows, entity_scores, label_rows
from torso.training.objective import Objective
from torso.training.task_data import TaskData
from torso.training.text_reader import Text, TextReader, require_text
from torso.training.token_objective import TokenObjective
from torso.training.train_settings import TrainSettings

OUTSIDE = "O"
Labelled = tuple[int, int, str]
"""First and last character, exclusive, and label of a span."""


@dataclass(frozen=True, slots=True)
class Words:
    """What evaluation needs to know of a text.

    Attributes:
        words: those that have a label.
        places: the token of each that has its label, the first of its sub-words.
        tags: label of each, as a number.
    """

    words: list[str]
    places: list[int]
    tags: list[int]


class TokenData(TaskData):
    """Words with a tag each, or texts with spans ``{"start", "end", "label"}`` in characters, as B-, I- and O.

    The label is that of a word's first sub-word; its others have no loss.

    Args:
        table: rows.
        text: column of the words, or of the text; None finds it.
        label: column of the tags, or of the spans; None finds it.

    Raises:
        InputError: ``E_COLUMN``; ``E_ROW`` for a row whose words and tags, or text and spans, do not fit.
    """

    task = Task.TOKEN_CLASSIFICATION
    uses = frozenset({"class_weights"})

    def __init__(self, table: Table, text: Sequence[str] | None, label: str | None) -> None:
        super().__init__(table)
        spans = column_if_any(table, SPANS, label, "label")
        first = next((row[spans] for row in table.rows if row.get(spans)), None) if spans else None
        self.spanned = isinstance(first, list) and isinstance(cast("list[object]", first)[0], Mapping)
        known = (TEXTS, SPANS) if self.spanned else (TOKENS, TAGS)
        self.text = column(table, known[0], nth(text, 0), "text")
        self.label = column(table, known[1], label, "label")
        rows = range(len(table.rows))
        self.texts: list[Text] = [self._text(row) for row in rows]
        self.values: list[list[str] | list[Labelled]] = [self._value(row) for row in rows]
        self.misfits = 0
        if self.spanned:
            kinds = sorted({kind for value in self.values for _, _, kind in cast("list[Labelled]", value)})
            self.labels = [OUTSIDE, *(f"{mark}-{kind}" for kind in kinds for mark in "BI")]
        else:
            names = {name for value in self.values for name in cast("list[str]", value)}
            self.labels = sorted(names, key=lambda name: (name != OUTSIDE, name))
        self.metric = "f1" if self.names_things else "macro_f1"

    @property
    def names_things(self) -> bool:
        """Whether labels make spans (B-PER, I-PER), and do not say something of each word by itself."""
        return any(tag.place == "B" for tag in Scheme.of(self.labels or ()).tags)

    def require_learnable(self) -> None:
        """Refuse tags that are all the same.

        Raises:
            InputError: ``E_LABELS``.
        """
        require_several(self.labels or (), self.label, self.table)

    def _text(self, row: int) -> Text:
        cell = self.table.rows[row].get(self.text)
        if self.spanned:
            return require_text(cell, self.table.lines[row], self.text, self.table.name)
        words = cell.split() if isinstance(cell, str) else cell
        if not isinstance(words, (list, tuple)) or not all(isinstance(each, str) for each in cast("list[Any]", words)):
            raise unusable_row(self.table, row, f"column {self.text} holds no list of words")
        return list(cast("list[str]", words))

    def _value(self, row: int) -> list[str] | list[Labelled]:
        cell = self.table.rows[row].get(self.label)
        if self.spanned:
            return [self._span(row, each) for each in cast("Sequence[object]", cell or ())]
        tags = cell.split() if isinstance(cell, str) else cell
        if not isinstance(tags, (list, tuple)):
            raise unusable_row(self.table, row, f"column {self.label} holds no list of tags")
        names = [str(each) for each in cast("Sequence[object]", tags)]
        words = cast("list[str]", self.texts[row])
        if len(words) == 1 and len(words[0]) == len(names):  # a tag for each character
            self.texts[row] = words = list(words[0])
        if len(words) != len(names):
            raise unusable_row(self.table, row, f"{len(words)} words, {len(names)} tags")
        return names

    def _span(self, row: int, given: object) -> Labelled:
        match given:
            case {"start": int() as start, "end": int() as end, "label": str() as label}:
                if 0 <= start < end <= len(self.texts[row]):
                    return start, end, label
                raise unusable_row(self.table, row, f"the span {start} to {end} is not in the text")
            case _:
                raise unusable_row(self.table, row, 'a span is {"start": 0, "end": 2, "label": "..."}')

    def with_table(self, table: Table) -> TokenData:
        """Return the data of another table; a label that is only there is an error."""
        other = TokenData(table, (self.text,), self.label)
        known = self.labels or []
        for name in other.labels or ():
            if name not in known:
                raise InputError(
                    "E_LABELS",
                    "{file} has the label {label}, which no training text has.",
                    cure="Correct it, or add training texts of it. Known: {known}.",
                    values=dict(file=table.name, label=repr(name), known=", ".join(known)),
                )
        other.labels = self.labels
        return other

    def keys(self) -> list[str]:
        """Return the text of each row."""
        return [each if isinstance(each, str) else " ".join(each) for each in self.texts]

    def answers(self) -> list[Any]:
        """Return the tags or spans of each row."""
        return self.values

    def examples(self, rows: Sequence[int], reader: TextReader) -> list[Example]:
        """Return texts with a label for the first token of each word, -100 for other tokens."""
        texts, lines = [self.texts[index] for index in rows], [self.table.lines[index] for index in rows]
        found: list[Example] = []
        for encoding, text, index, line in zip(reader.read(texts, lines), texts, rows, lines, strict=True):
            if encoding is None:
                continue
            words = self._spanned(encoding, text, index) if isinstance(text, str) else self._tagged(encoding, index)
            labels = [IGNORED] * len(encoding)
            for place, tag in zip(words.places, words.tags, strict=True):
                labels[place] = tag
            found.append(Example((Tokens.of(encoding),), labels, line, words))
        return found

    def _tagged(self, encoding: Encoding, row: int) -> Words:
        assert self.labels is not None
        first: dict[int, int] = {}
        for place, word in enumerate(encoding.words):
            if word is not None:
                first.setdefault(word, place)
        words, tags = self.texts[row], cast("list[str]", self.values[row])
        return Words(
            [words[word] for word in first], list(first.values()), [self.labels.index(tags[word]) for word in first]
        )

    def _spanned(self, encoding: Encoding, text: str, row: int) -> Words:
        assert self.labels is not None
        found = units(text, encoding.spans, range(len(encoding)), [1.0] * len(encoding))
        tags = [self.labels.index(OUTSIDE)] * len(found)
        for start, end, kind in cast("list[Labelled]", self.values[row]):
            inside = [number for number, unit in enumerate(found) if unit.start < end and start < unit.end]
            if inside and (found[inside[0]].start < start or found[inside[-1]].end > end):
                self.misfits += 1
            for mark, number in zip("B" + "I" * len(inside), inside, strict=False):
                tags[number] = self.labels.index(f"{mark}-{kind}")
        return Words([text[unit.start : unit.end] for unit in found], [unit.label for unit in found], tags)

    def objective(self, train: Sequence[Example], settings: TrainSettings) -> Objective[Any]:
        """Return the objective, with class weights where they are set.

        Raises:
            InputError: ``E_LABELS``, for weights of an unknown label.
        """
        assert self.labels is not None
        given = settings.class_weights
        if given is None:
            return TokenObjective()
        if isinstance(given, Mapping):
            return TokenObjective(named_weights(given, self.labels))
        return TokenObjective(balanced_weights(self.shares(train), self.labels))

    def shares(self, examples: Sequence[Example]) -> Mapping[str, int]:
        """Return how many words have each label."""
        counts = Counter(tag for each in examples for tag in cast("Words", each.extra).tags)
        return {name: counts[number] for number, name in enumerate(self.labels or ())}

    def notes(self, examples: Sequence[Example], tokenizer: Tokenizer) -> list[tuple[str, str]]:
        """Say which spans begin or end within a word."""
        if not self.misfits:
            return []
        text = say("{count} begin or end within a word, which has one label", dict(count=self.misfits))
        return [(say("spans"), text)]

    def _by_word(self, predictions: Sequence[list[int]], examples: Sequence[Example]) -> list[list[int]]:
        pairs = zip(predictions, examples, strict=True)
        return [[each[place] for place in example.extra.places] for each, example in pairs]

    def scores(self, predictions: Sequence[Any], examples: Sequence[Example]) -> dict[str, float]:
        """Return F1, precision and recall of spans; accuracy and macro F1 where labels are of single words."""
        assert self.labels is not None
        found, wanted = self._by_word(predictions, examples), [each.extra.tags for each in examples]
        if self.names_things:
            return entity_scores(self._named(found), self._named(wanted))
        flat = [tag for tags in found for tag in tags], [tag for tags in wanted for tag in tags]
        return class_scores(*flat, len(self.labels))

    def _named(self, rows: Sequence[Sequence[int]]) -> list[list[str]]:
        assert self.labels is not None
        return [[self.labels[tag] for tag in row] for row in rows]

    def baseline(self, train: Sequence[Example], test: Sequence[Example]) -> dict[str, float]:
        """Return the scores of always answering the most frequent label of the training part."""
        most = Counter(tag for each in train for tag in each.extra.tags).most_common(1)
        if not most or self.names_things:
            return {}
        return self.scores([[most[0][0]] * len(each.label) for each in test], test)

    def per_label(self, predictions: Sequence[Any], examples: Sequence[Example]) -> list[dict[str, Any]]:
        """Return precision, recall, F1 and count of each kind of span, or of each label of words."""
        assert self.labels is not None
        found, wanted = self._by_word(predictions, examples), [each.extra.tags for each in examples]
        if self.names_things:
            return entity_rows(self._named(found), self._named(wanted))
        flat = [tag for tags in found for tag in tags], [tag for tags in wanted for tag in tags]
        return label_rows(*flat, self.labels)

    def confusion(self, predictions: Sequence[Any], examples: Sequence[Example]) -> list[list[int]]:
        """Return the confusion matrix of words."""
        assert self.labels is not None
        found, wanted = self._by_word(predictions, examples), [each.extra.tags for each in examples]
        flat = [tag for tags in found for tag in tags], [tag for tags in wanted for tag in tags]
        return confusion(*flat, len(self.labels))

    def prediction_row(self, prediction: Any, example: Example) -> dict[str, Any]:
        """Return the words with their tags, and what was predicted."""
        (tags,), (found,) = self._named([example.extra.tags]), self._named(self._by_word([prediction], [example]))
        row = {"row": example.row, "words": example.extra.words, "tags": tags}
        return {**row, "predicted": found, "right": tags == found}
