"""Beam search: several texts of each prompt followed side by side, the best of which are given at the end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

import torch
from torch import Tensor

from torso.generation.decode_loop import Stops, Why, begin, generators
from torso.generation.generation_settings import GenerationSettings
from torso.generation.logits_processors import Written, processors
from torso.generation.prompts import Prompt
from torso.generation.samplers import sampling_filters
from torso.model import Model
from torso.outputs import VocabLogits

_NEVER = -1e9
"""The score of what is not there yet, as in transformers: below every text, and still a number."""


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """One text of a search.

    Attributes:
        ids: of the prompt and what was written behind it.
        logs: the model's own log-probability of each token written.
        score: sum of the log-probabilities, as settings changed them; of a text that is over, divided for its length.
        why: why it is over; None where it goes on.
    """

    ids: tuple[int, ...]
    logs: tuple[float, ...]
    score: float
    why: Why | None = None


@dataclass(slots=True)
class Search:
    """The search behind one prompt.

    Attributes:
        number: which prompt it is.
        running: the texts that are followed, the best first.
        over: the best of those that are over, as many as there are beams.
    """

    number: int
    prompt: Prompt
    settings: GenerationSettings
    running: list[Hypothesis]
    over: list[Hypothesis] = field(default_factory=list[Hypothesis])

    def advance(self, candidates: Sequence[tuple[int, Hypothesis]]) -> list[int]:
        """Takes the best continuations, the best first, each with the beam it comes from.

        Gives the beams that the texts now followed come from.
        """
        beams, settings = self.settings.num_beams, self.settings
        length = len(self.running[0].logs) + 1
        # Behind the first ``beams`` stand only substitutes, so that enough texts go on.
        ended = [each for _, each in candidates[:beams] if each.why is not None]
        scored = [replace(each, score=each.score / length**settings.length_penalty) for each in ended]
        self.over = sorted([*self.over, *scored], key=lambda each: -each.score)[:beams]
        going = [
            (beam, each if each.why is None else replace(each, score=each.score + _NEVER)) for beam, each in candidates
        ]
        going = sorted(going, key=lambda each: -each[1].score)[:beams]
        self.running = [each for _, each in going]
        return [beam for beam, _ in going]

    @property
    def done(self) -> bool:
        """Whether nothing that is followed is expected to be better than what is over."""
        settings, length = self.settings, len(self.running[0].logs)
        if self.running[0].why is not None:
            return True
        full = len(self.over) == settings.num_beams
        if full and settings.early_stopping is True:
            return True
        if settings.early_stopping == "never" and settings.length_penalty > 0:
            length = self.prompt.most
        worst = self.over[-1].score if full else _NEVER
        return self.running[0].score / length**settings.length_penalty <= worst

    def best(self) -> list[Hypothesis]:
        """The texts to give, the best first."""
        return [*self.over, *self.running][: self.settings.num_return_sequences]


def search(
    model: Model[VocabLogits], prompts: Sequence[Prompt], settings: GenerationSettings, stops: Stops | None = None
) -> list[list[Hypothesis]]:
    """The best texts of each prompt, ``num_return_sequences`` of them, as transformers' beam search finds them.

    Args:
        model: of causal-lm or seq2seq-lm.
        prompts: one or more, of any lengths.
        settings: with two beams or more.
        stops: tells of stop strings.
    """
    beams, ends = settings.num_beams, frozenset(settings.ends)
    searches = [
        Search(n, prompt, settings, [Hypothesis(prompt.ids, (), 0.0 if beam == 0 else _NEVER) for beam in range(beams)])
        for n, prompt in enumerate(prompts)
    ]
    chances = [generators(settings, 1)[0] for _ in prompts] if settings.do_sample else []
    everything = list(searches)
    decoder, scores = begin(model, prompts, beams)
    changes, narrow = processors(settings), sampling_filters(settings)
    while True:
        logs = scores.log_softmax(-1)
        changed = logs
        texts = [_text(each, search.prompt) for search in searches for each in search.running]
        for change in changes:
            changed = change(changed, texts)
        for each in narrow:
            changed = each(changed)
        running = torch.tensor([[each.score] for search in searches for each in search.running], device=changed.device)
        total = (changed + running).view(len(searches), -1)
        # Enough that as many go on as there are beams, even if every end is among them.
        found = _candidates(total, max(2, 1 + len(ends)) * beams, logs, chances)
        chosen: list[int] = []
        for place, (search, rows) in enumerate(zip(searches, zip(*found, strict=True), strict=True)):
            vocabulary = logs.shape[1]
            continued = [
                (index // vocabulary, _longer(search, index // vocabulary, index % vocabulary, log, score, ends, stops))
                for score, index, log in zip(*rows, strict=True)
            ]
            chosen += [place * beams + beam for beam in search.advance(continued)]
        open_ = [place for place, search in enumerate(searches) if not search.done]
        if not open_:
            return [search.best() for search in everything]
        searches = [searches[place] for place in open_]
        chances = [chances[place] for place in open_] if chances else []
        decoder.select([chosen[place * beams + beam] for place in open_ for beam in range(beams)])
        last = [each.ids[-1] for search in searches for each in search.running]
        scores = decoder.read_one(torch.tensor(last, device=model.device))


def _text(each: Hypothesis, prompt: Prompt) -> Written:
    return Written(list(each.ids), len(prompt.ids), len(prompt.ids) + prompt.most)


def _candidates(
    total: Tensor, count: int, logs: Tensor, chances: Sequence[torch.Generator]
) -> tuple[list[list[float]], list[list[int]], list[list[float]]]:
    """Scores, places and own log-probabilities of the continuations taken of each search: the best, or drawn ones."""
    if chances:
        drawn = [
            torch.multinomial(row.softmax(-1).cpu(), count, generator=chance)
            for row, chance in zip(total, chances, strict=True)
        ]
        places = torch.stack(drawn).to(total.device)
        best = total.gather(1, places)
    else:
        best, places = total.topk(min(count, total.shape[1]))
    own = logs.view(total.shape).gather(1, places)
    return cast("Any", (best.tolist(), places.tolist(), own.tolist()))


def _longer(
    search: Search, beam: int, number: int, log: float, score: float, ends: frozenset[int], stops: Stops | None
) -> Hypothesis:
    before = search.running[beam]
    ids, why = (*before.ids, number), None
    if number in ends:
        why = "end"
    elif stops is not None and stops(_text(Hypothesis(ids, (), 0.0), search.prompt)):
        why = "stop"
    elif len(ids) >= len(search.prompt.ids) + search.prompt.most:
        why = "length"
    return Hypothesis(ids, (*before.logs, log), score, why)
