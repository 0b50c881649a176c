"""The decoding loop: greedy decoding and sampling."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any, cast

import torch
from torch import Tensor

from torso.engines.compiled_decoder import CompiledDecoder
from torso.generation.compiled_texts import CompiledTexts
from torso.generation.completed_text import Why
from torso.generation.decoder import Decoder
from torso.generation.generation_settings import GenerationSettings
from torso.generation.logits_processors import Processor, Written, processors
from torso.generation.prompts import Prompt
from torso.generation.samplers import sampling_filters
from torso.generation.writing_model import WritingModel

Stops = Callable[[Written], bool]
"""Returns whether the last token of a text completed a stop string."""


@dataclass(frozen=True, slots=True)
class Token:
    """One generated token.

    Attributes:
        prompt: index of the prompt that it continues.
        answer: index of the text among those of that prompt.
        id: the token.
        log_probability: the model's own, before logits processors.
        why: finish reason, if the text ends with it; None otherwise.
    """

    prompt: int
    answer: int
    id: int
    log_probability: float
    why: Why | None


def write(
    model: WritingModel,
    prompts: Sequence[Prompt],
    settings: GenerationSettings,
    stops: Stops | None = None,
    further: Sequence[Processor] = (),
) -> Iterator[list[Token]]:
    """Generate step by step: yield one token of each unfinished text. Finished texts leave the batch.

    Args:
        model: of causal-lm or seq2seq-lm.
        prompts: one or more, of any lengths.
        settings: without beams.
        stops: checks for stop strings; None for none.
        further: logits processors that run after those of the settings.
    """
    answers = settings.num_return_sequences
    is_late = deadline(settings)
    active = [(number, answer) for number in range(len(prompts)) for answer in range(answers)]
    texts = [started(prompts[number]) for number, _ in active]
    random_sources = [source for _ in prompts for source in generators(settings, answers)] if settings.do_sample else []
    decoder, scores = begin(model, prompts, answers)
    logits_processors = [*processors(settings), *further]
    filters, ends = sampling_filters(settings), frozenset(settings.ends)
    while True:
        raw = scores
        for process in logits_processors:
            scores = process(scores, texts)
        for each in filters:
            scores = each(scores)
        chosen = draw(scores, random_sources) if random_sources else scores.argmax(-1)
        logs = raw.gather(1, chosen[:, None]).squeeze(1) - raw.logsumexp(-1)
        tokens: list[Token] = []
        late = is_late()
        numbers = cast("tuple[list[int], list[float]]", (chosen.tolist(), logs.tolist()))
        for (prompt, answer), text, number, log in zip(active, texts, *numbers, strict=True):
            text.ids.append(number)
            why: Why | None = None
            if number in ends:
                why = "end"
            elif stops is not None and stops(text):
                why = "stop"
            elif len(text.ids) >= text.most:
                why = "length"
            elif late:
                why = "time"
            tokens.append(Token(prompt, answer, number, log, why))
        yield tokens
        unfinished = [index for index, token in enumerate(tokens) if token.why is None]
        if not unfinished:
            return
        if len(unfinished) < len(texts):
            decoder.select(unfinished)
            chosen = chosen[unfinished]
            active, texts = [active[index] for index in unfinished], [texts[index] for index in unfinished]
            random_sources = [random_sources[index] for index in unfinished] if random_sources else []
        scores = decoder.read_one(chosen)


def deadline(settings: GenerationSettings) -> Callable[[], bool]:
    """Start the clock of ``max_time``; return what tells whether the time is up, for all texts of a batch alike."""
    if settings.max_time is None:
        return lambda: False
    end = monotonic() + settings.max_time
    return lambda: monotonic() > end


def started(prompt: Prompt) -> Written:
    """Create the state of a text before its first token."""
    return Written(list(prompt.ids), len(prompt.ids), len(prompt.ids) + prompt.most)


def begin(model: WritingModel, prompts: Sequence[Prompt], copies: int) -> tuple[Decoder | CompiledTexts, Tensor]:
    """Prefill: run each prompt once, hold it ``copies`` times; return the decoder and the next tokens' scores."""
    sources = [prompt.source for prompt in prompts if prompt.source is not None]
    room = max(len(prompt.ids) + min(prompt.most, 256) for prompt in prompts)
    if isinstance(model, CompiledDecoder):
        decoder = CompiledTexts(model, len(prompts), room=room, sources=sources or None)
    else:
        decoder = Decoder(model, len(prompts), sources=sources or None, room=room)
    scores = decoder.read([prompt.ids for prompt in prompts])
    if copies > 1:
        decoder.select([number for number in range(len(prompts)) for _ in range(copies)])
        scores = scores.repeat_interleave(copies, 0)
    return decoder, scores


def generators(settings: GenerationSettings, count: int) -> list[torch.Generator]:
    """Create a random generator for each text of one prompt; results depend on the seed and not on the batch.

    They are on the CPU, so that a seed gives the same numbers on every device.
    """
    first = torch.Generator()
    if settings.seed is None:
        # From torch's own state, so that torch.manual_seed makes this repeatable too.
        first.manual_seed(int(torch.randint(1 << 62, ())))
    else:
        first.manual_seed(settings.seed)
    others = torch.Generator().manual_seed(first.initial_seed() ^ 0x5DEECE66D)
    seeds = cast("list[int]", torch.randint(1 << 62, (count - 1,), generator=others).tolist())
    return [first, *(torch.Generator().manual_seed(seed) for seed in seeds)]


def draw(scores: Tensor, random_sources: Sequence[torch.Generator]) -> Tensor:
    """Sample one token [n] of each row of scores [n, V] from its softmax.

    Inverse transform sampling: each row takes one uniform number from its own generator.
    """
    cumulative = scores.double().softmax(-1).cumsum(-1)
    numbers = torch.stack([torch.rand((), generator=source) for source in random_sources]).to(cumulative)
    indices: Any = torch.searchsorted(cumulative, (numbers * cumulative[:, -1])[:, None], right=True)
    return indices.squeeze(1).clamp(max=scores.shape[1] - 1)
