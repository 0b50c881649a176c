"""Texts written one token at a time: the likeliest each time, or one drawn by chance."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

import torch
from torch import Tensor

from torso.generation.decoder import Decoder
from torso.generation.generation_settings import GenerationSettings
from torso.generation.logits_processors import Written, processors
from torso.generation.prompts import Prompt
from torso.generation.samplers import sampling_filters
from torso.model import Model
from torso.outputs import VocabLogits

Why = Literal["end", "stop", "length"]
"""Why a text is over: the model ended it, a stop string was written, or its length ran out."""

Stops = Callable[[Written], bool]
"""Whether the last token of a text completed a stop string."""


@dataclass(frozen=True, slots=True)
class Token:
    """One token that was written.

    Attributes:
        prompt: the number of the prompt that it continues.
        answer: the number of the text among those of that prompt.
        id: the token.
        log_probability: the model's own, before anything changed its scores.
        why: why the text is over with it; None where it goes on.
    """

    prompt: int
    answer: int
    id: int
    log_probability: float
    why: Why | None


def write(
    model: Model[VocabLogits], prompts: Sequence[Prompt], settings: GenerationSettings, stops: Stops | None = None
) -> Iterator[list[Token]]:
    """One token of each text that is not over, step by step. Texts that are over leave the batch.

    Args:
        model: of causal-lm or seq2seq-lm.
        prompts: one or more, of any lengths.
        settings: without beams.
        stops: tells of stop strings.
    """
    answers = settings.num_return_sequences
    places = [(number, answer) for number in range(len(prompts)) for answer in range(answers)]
    texts = [started(prompts[number]) for number, _ in places]
    chances = [chance for _ in prompts for chance in generators(settings, answers)] if settings.do_sample else []
    decoder, scores = begin(model, prompts, answers)
    changes, narrow, ends = processors(settings), sampling_filters(settings), frozenset(settings.ends)
    while True:
        raw = scores
        for change in changes:
            scores = change(scores, texts)
        for each in narrow:
            scores = each(scores)
        chosen = draw(scores, chances) if chances else scores.argmax(-1)
        logs = raw.gather(1, chosen[:, None]).squeeze(1) - raw.logsumexp(-1)
        made: list[Token] = []
        numbers = cast("tuple[list[int], list[float]]", (chosen.tolist(), logs.tolist()))
        for (prompt, answer), text, number, log in zip(places, texts, *numbers, strict=True):
            text.ids.append(number)
            why: Why | None = None
            if number in ends:
                why = "end"
            elif stops is not None and stops(text):
                why = "stop"
            elif len(text.ids) >= text.most:
                why = "length"
            made.append(Token(prompt, answer, number, log, why))
        yield made
        going = [place for place, token in enumerate(made) if token.why is None]
        if not going:
            return
        if len(going) < len(texts):
            decoder.select(going)
            chosen = chosen[going]
            places, texts = [places[place] for place in going], [texts[place] for place in going]
            chances = [chances[place] for place in going] if chances else []
        scores = decoder.read_one(chosen)


def started(prompt: Prompt) -> Written:
    """The text of a prompt before anything is written."""
    return Written(list(prompt.ids), len(prompt.ids), len(prompt.ids) + prompt.most)


def begin(model: Model[VocabLogits], prompts: Sequence[Prompt], copies: int) -> tuple[Decoder, Tensor]:
    """A decoder that has read each prompt once and holds it ``copies`` times, and the scores that follow."""
    sources = [prompt.source for prompt in prompts if prompt.source is not None]
    room = max(len(prompt.ids) + min(prompt.most, 256) for prompt in prompts)
    decoder = Decoder(model, len(prompts), sources=sources or None, room=room)
    scores = decoder.read([prompt.ids for prompt in prompts])
    if copies > 1:
        decoder.select([number for number in range(len(prompts)) for _ in range(copies)])
        scores = scores.repeat_interleave(copies, 0)
    return decoder, scores


def generators(settings: GenerationSettings, count: int) -> list[torch.Generator]:
    """A source of chance for each text of one prompt, the same for the same seed whatever else is written beside.

    On the CPU, so that a seed means the same on every device.
    """
    first = torch.Generator()
    if settings.seed is None:
        # From torch's own state, so that torch.manual_seed repeats this too.
        first.manual_seed(int(torch.randint(1 << 62, ())))
    else:
        first.manual_seed(settings.seed)
    others = torch.Generator().manual_seed(first.initial_seed() ^ 0x5DEECE66D)
    seeds = cast("list[int]", torch.randint(1 << 62, (count - 1,), generator=others).tolist())
    return [first, *(torch.Generator().manual_seed(seed) for seed in seeds)]


def draw(scores: Tensor, chances: Sequence[torch.Generator]) -> Tensor:
    """One token of each row of scores [n, V], with the softmax as its distribution: [n].

    Each row takes one number from its own generator, and is the token whose stretch of the line holds it.
    """
    line = scores.double().softmax(-1).cumsum(-1)
    numbers = torch.stack([torch.rand((), generator=chance) for chance in chances]).to(line)
    places: Any = torch.searchsorted(line, (numbers * line[:, -1])[:, None], right=True)
    return places.squeeze(1).clamp(max=scores.shape[1] - 1)
