"""Logits processors, as in transformers. Loads no torch."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from torso.errors import ConfigError
from torso.generation.generation_settings import GenerationSettings, ids_of
from torso.generation.scores import Scores, operations


@dataclass(slots=True)
class GenerationState:
    """State of a text in generation.

    Attributes:
        ids: prompt and generated tokens.
        prompt: tokens of the prompt.
        most: maximum number of tokens.
    """

    ids: list[int]
    prompt: int
    most: int

    @property
    def new(self) -> int:
        """Number of generated tokens."""
        return len(self.ids) - self.prompt


Processor = Callable[[Scores, Sequence[GenerationState]], Scores]
"""Maps scores [n, V] and the n texts that they continue to scores [n, V]."""


@dataclass(frozen=True, slots=True)
class RepetitionPenalty:
    """Repetition penalty: divides scores above 0 of ids in the text by ``penalty``, multiplies others (1909.05858)."""

    penalty: float

    def __call__(self, scores: Scores, texts: Sequence[GenerationState]) -> Scores:
        """Penalise the ids of each text."""
        longest = max(len(each.ids) for each in texts)
        # Shorter texts repeat their last id, which marks nothing new.
        rows = [each.ids + each.ids[-1:] * (longest - len(each.ids)) for each in texts]
        do = operations(scores)
        ids = do.indices(rows, scores)
        present = do.taken(scores, ids)
        return do.put(scores, ids, do.where(present < 0, present * self.penalty, present / self.penalty))


@dataclass(frozen=True, slots=True)
class NoRepeat:
    """No-repeat n-gram: no ``size`` consecutive ids occur twice in a text."""

    size: int

    def __call__(self, scores: Scores, texts: Sequence[GenerationState]) -> Scores:
        """Mask ids that would repeat an n-gram."""
        return banned(scores, [self.completions(each.ids) for each in texts])

    def completions(self, ids: list[int]) -> list[int]:
        """Return the ids that would repeat an n-gram."""
        before = self.size - 1
        tail = ids[len(ids) - before :]
        return [ids[i + before] for i in range(len(ids) - before) if ids[i : i + before] == tail]


@dataclass(frozen=True, slots=True)
class BadWords:
    """Bad words: sequences of ids that are never generated."""

    words: tuple[tuple[int, ...], ...]

    def __call__(self, scores: Scores, texts: Sequence[GenerationState]) -> Scores:
        """Mask the last id of a sequence whose other ids end the text."""
        return banned(scores, [[word[-1] for word in self.words if _ends_with(each.ids, word[:-1])] for each in texts])


def _ends_with(ids: list[int], tail: tuple[int, ...]) -> bool:
    return len(tail) <= len(ids) and tuple(ids[len(ids) - len(tail) :]) == tail


@dataclass(frozen=True, slots=True)
class SequenceBias:
    """Sequence bias: a number added to the score of a sequence's last id where its other ids end the text."""

    biases: tuple[tuple[tuple[int, ...], float], ...]

    def __call__(self, scores: Scores, texts: Sequence[GenerationState]) -> Scores:
        """Add the biases to each text's scores.

        Raises:
            ConfigError: ``E_CONFIG``, for an id beyond the vocabulary.
        """
        bias = operations(scores).zeros(scores)
        for ids, number in self.biases:
            for each in ids:
                _require_id("sequence_bias", each, scores.shape[1])
            rows = [row for row, text in enumerate(texts) if _ends_with(text.ids, ids[:-1])]
            bias[rows, ids[-1]] += number
        return scores + bias


@dataclass(frozen=True, slots=True)
class Banned:
    """Ids that are masked while a condition holds, such as the end token before the minimum length."""

    ids: tuple[int, ...]
    where: Callable[[GenerationState], bool]

    def __call__(self, scores: Scores, texts: Sequence[GenerationState]) -> Scores:
        """Mask the ids where the condition holds."""
        return banned(scores, [self.ids if self.where(each) else () for each in texts])


@dataclass(frozen=True, slots=True)
class Forced:
    """Ids of which one is forced where a condition holds."""

    name: str
    ids: tuple[int, ...]
    where: Callable[[GenerationState], bool]

    def __call__(self, scores: Scores, texts: Sequence[GenerationState]) -> Scores:
        """Mask all other ids where the condition holds.

        Raises:
            ConfigError: ``E_CONFIG``, for an id beyond the vocabulary.
        """
        rows = [n for n, each in enumerate(texts) if self.where(each)]
        if not rows:
            return scores
        for each in self.ids:
            _require_id(self.name, each, scores.shape[1])
        do = operations(scores)
        changed = do.copied(scores)
        changed[rows] = -math.inf
        changed[do.indices(rows, scores)[:, None], do.indices(self.ids, scores)] = 0.0
        return changed


def _require_id(name: str, number: int, vocabulary: int) -> None:
    if not 0 <= number < vocabulary:
        raise ConfigError(
            "E_CONFIG",
            "{name} is {value}; this model's vocabulary has the ids 0 to {last}.",
            cure="Give an id of the vocabulary, or null: GenerationSettings({name}=None).",
            values=dict(name=name, value=number, last=vocabulary - 1),
        )


def banned(scores: Scores, ids: Sequence[Sequence[int]]) -> Scores:
    """Mask each row's ids in scores [n, V] with minus infinity; ids outside the vocabulary are ignored."""
    vocabulary = scores.shape[1]
    indices = [row * vocabulary + each for row, some in enumerate(ids) for each in some if 0 <= each < vocabulary]
    if not indices:
        return scores
    do = operations(scores)
    flat = do.copied(scores).reshape(-1)
    flat[do.indices(indices, scores)] = -math.inf
    return flat.reshape(scores.shape)


def processors(settings: GenerationSettings) -> list[Processor]:
    """Create the logits processors of some settings, in transformers' order."""
    ends, least, least_new = settings.ends, settings.min_length, settings.min_new_tokens or 0
    words = tuple(tuple(word) for word in settings.bad_words_ids or () if word and tuple(word) not in _singles(ends))
    found: list[Processor] = []
    if settings.sequence_bias:
        found.append(SequenceBias(settings.biases))
    if settings.repetition_penalty != 1:
        found.append(RepetitionPenalty(settings.repetition_penalty))
    if settings.no_repeat_ngram_size:
        found.append(NoRepeat(settings.no_repeat_ngram_size))
    if words:
        found.append(BadWords(words))
    if ends and least > 0 and settings.min_new_tokens is None:
        found.append(Banned(ends, lambda text: len(text.ids) < least))
    if ends and least_new > 0:
        found.append(Banned(ends, lambda text: text.new < least_new))
    if settings.forced_bos_token_id is not None:
        found.append(Forced("forced_bos_token_id", (settings.forced_bos_token_id,), lambda text: len(text.ids) == 1))
    if settings.forced_eos_token_id is not None:
        ids = ids_of(settings.forced_eos_token_id)
        found.append(Forced("forced_eos_token_id", ids, lambda text: len(text.ids) == text.most - 1))
    if settings.suppress_tokens:
        found.append(Banned(tuple(settings.suppress_tokens), lambda text: True))
    if settings.begin_suppress_tokens:
        forced = settings.forced_bos_token_id is not None
        # After a forced first id, the first free one.
        found.append(
            Banned(
                tuple(settings.begin_suppress_tokens),
                lambda text: text.new == (1 if forced and text.prompt == 1 else 0),
            )
        )
    return found


def _singles(ids: Sequence[int]) -> set[tuple[int, ...]]:
    return {(each,) for each in ids}
