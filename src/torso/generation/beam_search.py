"""Beam search, as transformers does it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

from torso.generation.completed_text import Why
from torso.generation.decode_loop import Stops, begin, deadline, process_scores
from torso.generation.generation_settings import GenerationSettings
from torso.generation.generative_model import GenerativeModel
from torso.generation.logits_processors import GenerationState, Processor, processors
from torso.generation.prompts import Prompt
from torso.generation.random_source import RandomSource, random_sources
from torso.generation.samplers import sampling_filters
from torso.generation.scores import Scores, operations

_NEVER = -1e9
"""Score of a missing hypothesis, as in transformers: below every text, but finite."""


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """A hypothesis of a beam search.

    Attributes:
        ids: token ids of the prompt and of the generated text.
        logs: the model's own log-probability of each generated token.
        score: sum of the processed log-probabilities; with the length penalty, once finished.
        why: finish reason; None if unfinished.
    """

    ids: tuple[int, ...]
    logs: tuple[float, ...]
    score: float
    why: Why | None = None


@dataclass(slots=True)
class Search:
    """Beam search of one prompt.

    Attributes:
        number: index of the prompt.
        running: the unfinished beams, the best first.
        finished: the best finished hypotheses, at most as many as beams.
    """

    number: int
    prompt: Prompt
    settings: GenerationSettings
    running: list[Hypothesis]
    finished: list[Hypothesis] = field(default_factory=list[Hypothesis])

    def advance(self, candidates: Sequence[tuple[int, Hypothesis]]) -> list[int]:
        """Advance by one token, given the best continuations, the best first, each with its parent beam.

        Returns the parent beams of the new beams.
        """
        beams, settings = self.settings.num_beams, self.settings
        length = len(self.running[0].logs) + 1
        # Candidates after the first ``beams`` only replace ended ones, so that enough beams continue.
        ended = [each for _, each in candidates[:beams] if each.why is not None]
        scored = [replace(each, score=each.score / length**settings.length_penalty) for each in ended]
        self.finished = sorted([*self.finished, *scored], key=lambda each: -each.score)[:beams]
        continuing = [
            (beam, each if each.why is None else replace(each, score=each.score + _NEVER)) for beam, each in candidates
        ]
        continuing = sorted(continuing, key=lambda each: -each[1].score)[:beams]
        self.running = [each for _, each in continuing]
        return [beam for beam, _ in continuing]

    @property
    def done(self) -> bool:
        """Whether no running beam can beat the finished hypotheses."""
        settings, length = self.settings, len(self.running[0].logs)
        if self.running[0].why is not None:
            return True
        full = len(self.finished) == settings.num_beams
        if full and settings.early_stopping is True:
            return True
        if settings.early_stopping == "never" and settings.length_penalty > 0:
            length = self.prompt.most
        worst = self.finished[-1].score if full else _NEVER
        return self.running[0].score / length**settings.length_penalty <= worst

    def best(self) -> list[Hypothesis]:
        """Return the results, the best first."""
        return [*self.finished, *self.running][: self.settings.num_return_sequences]


def search(
    model: GenerativeModel,
    prompts: Sequence[Prompt],
    settings: GenerationSettings,
    stops: Stops | None = None,
    further: Sequence[Processor] = (),
) -> list[list[Hypothesis]]:
    """Search for the ``num_return_sequences`` best texts of each prompt, as transformers' beam search does.

    Args:
        model: of causal-lm or seq2seq-lm.
        prompts: one or more, of any lengths.
        settings: with two beams or more.
        stops: checks for stop strings; None for none.
        further: logits processors that run after those of the settings.
    """
    beams, ends = settings.num_beams, frozenset(settings.ends)
    searches = [
        Search(n, prompt, settings, [Hypothesis(prompt.ids, (), 0.0 if beam == 0 else _NEVER) for beam in range(beams)])
        for n, prompt in enumerate(prompts)
    ]
    sources = [random_sources(settings.seed, 1)[0] for _ in prompts] if settings.do_sample else []
    all_searches = list(searches)
    is_late = deadline(settings)
    decoder, scores = begin(model, prompts, beams, settings)
    logits_processors, filters = [*processors(settings), *further], sampling_filters(settings)
    while True:
        do = operations(scores)
        logs = do.log_softmax(scores)
        texts = [_text(each, search.prompt) for search in searches for each in search.running]
        processed = process_scores(logs, texts, logits_processors, filters)
        running = do.floats([[each.score] for search in searches for each in search.running], processed)
        total = (processed + running).reshape(len(searches), -1)
        # Enough that as many continue as there are beams, even if every end token is among them.
        found = _candidates(total, max(2, 1 + len(ends)) * beams, logs, sources)
        parents, late = list[int](), is_late()
        for index, (search, rows) in enumerate(zip(searches, zip(*found, strict=True), strict=True)):
            vocabulary = logs.shape[1]
            continued = [
                (beam, _extended(search, beam, number, log, score, ends, stops, late=late))
                for score, (beam, number), log in _by_beam(rows, vocabulary)
            ]
            parents += [index * beams + beam for beam in search.advance(continued)]
        unfinished = [index for index, search in enumerate(searches) if not search.done]
        if not unfinished:
            return [search.best() for search in all_searches]
        searches = [searches[index] for index in unfinished]
        sources = [sources[index] for index in unfinished] if sources else []
        decoder.select([parents[index * beams + beam] for index in unfinished for beam in range(beams)])
        scores = decoder.read_one([each.ids[-1] for search in searches for each in search.running])


def _text(each: Hypothesis, prompt: Prompt) -> GenerationState:
    return GenerationState(list(each.ids), len(prompt.ids), len(prompt.ids) + prompt.most)


def _candidates(
    total: Scores, count: int, logs: Scores, sources: Sequence[RandomSource]
) -> tuple[list[list[float]], list[list[int]], list[list[float]]]:
    """Return scores, flat indices and the model's log-probabilities of each search's best or sampled continuations."""
    do = operations(total)
    if sources:
        chances = do.host(do.softmax(total))
        drawn = [each.without_replacement(row, count).tolist() for each, row in zip(sources, chances, strict=True)]
        indices = do.indices(drawn, total)
        best = do.taken(total, indices)
    else:
        best, indices = do.top(total, count)
    own = do.taken(logs.reshape(total.shape), indices)
    return cast("Any", (best.tolist(), indices.tolist(), own.tolist()))


def _by_beam(rows: Sequence[Sequence[Any]], vocabulary: int) -> Iterator[tuple[float, tuple[int, int], float]]:
    """Yield each candidate's score, beam and id, and log-probability."""
    for score, flat, log in zip(*rows, strict=True):
        yield score, divmod(flat, vocabulary), log


def _extended(
    search: Search,
    beam: int,
    number: int,
    log: float,
    score: float,
    ends: frozenset[int],
    stops: Stops | None,
    *,
    late: bool,
) -> Hypothesis:
    before = search.running[beam]
    ids, why = (*before.ids, number), None
    if number in ends:
        why = "end"
    elif stops is not None and stops(_text(Hypothesis(ids, (), 0.0), search.prompt)):
        why = "stop"
    elif len(ids) >= len(search.prompt.ids) + search.prompt.most:
        why = "length"
    elif late:
        why = "time"
    return Hypothesis(ids, (*before.logs, log), score, why)
