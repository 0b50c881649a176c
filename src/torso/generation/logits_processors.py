"""What changes the scores of next tokens before one is chosen, each with the meaning it has in transformers."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from torso.errors import ConfigError
from torso.generation.generation_settings import GenerationSettings, ids_of


@dataclass(slots=True)
class Written:
    """One text as it is being written.

    Attributes:
        ids: prompt and what was written behind it.
        prompt: how many of them are the prompt.
        most: how many there may be.
    """

    ids: list[int]
    prompt: int
    most: int

    @property
    def new(self) -> int:
        """How many were written."""
        return len(self.ids) - self.prompt


Processor = Callable[[Tensor, Sequence[Written]], Tensor]
"""Scores [n, V] and the n texts they continue -> scores [n, V]."""


@dataclass(frozen=True, slots=True)
class RepetitionPenalty:
    """Scores of ids that the text holds are divided by the penalty if above zero, else multiplied (1909.05858)."""

    penalty: float

    def __call__(self, scores: Tensor, texts: Sequence[Written]) -> Tensor:
        """The penalty on what each text holds."""
        longest = max(len(each.ids) for each in texts)
        # Shorter texts repeat their last id, which marks nothing new.
        rows = [each.ids + each.ids[-1:] * (longest - len(each.ids)) for each in texts]
        ids = torch.tensor(rows, device=scores.device)
        held = scores.gather(1, ids)
        return scores.scatter(1, ids, torch.where(held < 0, held * self.penalty, held / self.penalty))


@dataclass(frozen=True, slots=True)
class NoRepeat:
    """No ``size`` ids in a row stand in a text twice."""

    size: int

    def __call__(self, scores: Tensor, texts: Sequence[Written]) -> Tensor:
        """Minus infinity for what would repeat a row."""
        return banned(scores, [self.completions(each.ids) for each in texts])

    def completions(self, ids: list[int]) -> list[int]:
        """The ids that would repeat such a row."""
        before = self.size - 1
        tail = ids[len(ids) - before :]
        return [ids[i + before] for i in range(len(ids) - before) if ids[i : i + before] == tail]


@dataclass(frozen=True, slots=True)
class BadWords:
    """Sequences of ids that are never completed."""

    words: tuple[tuple[int, ...], ...]

    def __call__(self, scores: Tensor, texts: Sequence[Written]) -> Tensor:
        """Minus infinity for the last id of a sequence whose others are there."""
        return banned(scores, [[word[-1] for word in self.words if _ends_with(each.ids, word[:-1])] for each in texts])


def _ends_with(ids: list[int], tail: tuple[int, ...]) -> bool:
    return len(tail) <= len(ids) and tuple(ids[len(ids) - len(tail) :]) == tail


@dataclass(frozen=True, slots=True)
class Banned:
    """Ids that cannot come where a rule holds: the end before the least length, say."""

    ids: tuple[int, ...]
    where: Callable[[Written], bool]

    def __call__(self, scores: Tensor, texts: Sequence[Written]) -> Tensor:
        """Minus infinity for the ids, where the rule holds."""
        return banned(scores, [self.ids if self.where(each) else () for each in texts])


@dataclass(frozen=True, slots=True)
class Forced:
    """Ids of which one must come where a rule holds."""

    name: str
    ids: tuple[int, ...]
    where: Callable[[Written], bool]

    def __call__(self, scores: Tensor, texts: Sequence[Written]) -> Tensor:
        """Minus infinity for all others, where the rule holds.

        Raises:
            ConfigError: ``E_CONFIG``, for an id beyond the vocabulary.
        """
        rows = [n for n, each in enumerate(texts) if self.where(each)]
        if not rows:
            return scores
        for each in self.ids:
            if not 0 <= each < scores.shape[1]:
                raise ConfigError(
                    "E_CONFIG",
                    "{name} is {value}; this model's vocabulary has the ids 0 to {last}.",
                    cure="Give an id of the vocabulary, or null: GenerationSettings({name}=None).",
                    values=dict(name=self.name, value=each, last=scores.shape[1] - 1),
                )
        scores = scores.clone()
        scores[rows] = -math.inf
        scores[torch.tensor(rows)[:, None], torch.tensor(self.ids)] = 0.0
        return scores


def banned(scores: Tensor, ids: Sequence[Sequence[int]]) -> Tensor:
    """Scores [n, V] with minus infinity at each row's ids; those outside the vocabulary cannot come anyway."""
    vocabulary = scores.shape[1]
    places = [row * vocabulary + each for row, some in enumerate(ids) for each in some if 0 <= each < vocabulary]
    if not places:
        return scores
    flat = scores.flatten().index_fill(0, torch.tensor(places, device=scores.device), -math.inf)
    return flat.view_as(scores)


def processors(settings: GenerationSettings) -> list[Processor]:
    """What these settings do to scores before any drawing, in transformers' order."""
    ends, least, least_new = settings.ends, settings.min_length, settings.min_new_tokens or 0
    words = tuple(tuple(word) for word in settings.bad_words_ids or () if word and tuple(word) not in _singles(ends))
    made: list[Processor] = []
    if settings.repetition_penalty != 1:
        made.append(RepetitionPenalty(settings.repetition_penalty))
    if settings.no_repeat_ngram_size:
        made.append(NoRepeat(settings.no_repeat_ngram_size))
    if words:
        made.append(BadWords(words))
    if ends and least > 0 and settings.min_new_tokens is None:
        made.append(Banned(ends, lambda text: len(text.ids) < least))
    if ends and least_new > 0:
        made.append(Banned(ends, lambda text: text.new < least_new))
    if settings.forced_bos_token_id is not None:
        made.append(Forced("forced_bos_token_id", (settings.forced_bos_token_id,), lambda text: len(text.ids) == 1))
    if settings.forced_eos_token_id is not None:
        ids = ids_of(settings.forced_eos_token_id)
        made.append(Forced("forced_eos_token_id", ids, lambda text: len(text.ids) == text.most - 1))
    if settings.suppress_tokens:
        made.append(Banned(tuple(settings.suppress_tokens), lambda text: True))
    if settings.begin_suppress_tokens:
        forced = settings.forced_bos_token_id is not None
        # Behind a forced first id, the first that is free to come.
        made.append(
            Banned(
                tuple(settings.begin_suppress_tokens),
                lambda text: text.new == (1 if forced and text.prompt == 1 else 0),
            )
        )
    return made


def _singles(ids: Sequence[int]) -> set[tuple[int, ...]]:
    return {(each,) for each in ids}
