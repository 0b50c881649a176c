"""The decoding loop: greedy decoding and sampling. Loads torch for a model of PyTorch alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Protocol, cast

import numpy as np

from torso.engines.compiled_decoder import CompiledDecoder
from torso.generation.compiled_texts import CompiledTexts
from torso.generation.completed_text import Why
from torso.generation.generation_settings import GenerationSettings
from torso.generation.generative_model import GenerativeModel
from torso.generation.logits_processors import GenerationState, Processor, processors
from torso.generation.prompt_lookup import LookedUpTexts, TokenLookup, require_draft_verification
from torso.generation.prompts import Prompt
from torso.generation.random_source import RandomSource, random_sources
from torso.generation.samplers import SamplingFilter, sampling_filters
from torso.generation.scores import Scores, operations

Stops = Callable[[GenerationState], bool]
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
    model: GenerativeModel,
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
    sources = [each for _ in prompts for each in random_sources(settings.seed, answers)] if settings.do_sample else []
    decoder, scores = begin(model, prompts, answers, settings)
    logits_processors = [*processors(settings), *further]
    filters, ends = sampling_filters(settings), frozenset(settings.ends)
    while True:
        changed = process_scores(scores, texts, logits_processors, filters)
        chosen = draw(changed, sources) if sources else changed.argmax(-1)
        do = operations(scores)
        logs = do.taken(scores, chosen[:, None])[:, 0] - do.log_sum_exp(scores)
        tokens: list[Token] = []
        late = is_late()
        numbers = cast("list[int]", chosen.tolist())
        for (prompt, answer), text, number, log in zip(active, texts, numbers, logs.tolist(), strict=True):
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
            numbers = [numbers[index] for index in unfinished]
            active, texts = [active[index] for index in unfinished], [texts[index] for index in unfinished]
            sources = [sources[index] for index in unfinished] if sources else []
        scores = decoder.read_one(numbers)


def deadline(settings: GenerationSettings) -> Callable[[], bool]:
    """Start the clock of ``max_time``; return what tells whether the time is up, for all texts of a batch alike."""
    if settings.max_time is None:
        return lambda: False
    end = monotonic() + settings.max_time
    return lambda: monotonic() > end


def started(prompt: Prompt) -> GenerationState:
    """Create the state of a text before its first token."""
    return GenerationState(list(prompt.ids), len(prompt.ids), len(prompt.ids) + prompt.most)


class TextsDecoder(Protocol):
    """What reads the texts of a batch: each step runs new tokens of all and gives the scores of the next ones."""

    def read(self, tokens: Sequence[Sequence[int]]) -> Scores:
        """Run the new tokens of each text, one or more; return the scores [n, V] of the next token."""
        ...

    def read_one(self, tokens: Sequence[int]) -> Scores:
        """Run one token of each text; return the scores [n, V] of the next token."""
        ...

    def select(self, texts: Sequence[int]) -> None:
        """Reorder the texts; one may be dropped or repeated."""
        ...


def begin(
    model: GenerativeModel, prompts: Sequence[Prompt], copies: int, settings: GenerationSettings
) -> tuple[TextsDecoder, Scores]:
    """Prefill: run each prompt once, hold it ``copies`` times; return the decoder and the next tokens' scores.

    Raises:
        UnsupportedError: ``E_NO_EFFECT``, where a call asks for guessed tokens of a model that reads none ahead.
    """
    capacity = max(len(prompt.ids) + min(prompt.most, 256) for prompt in prompts)
    sources = [prompt.source for prompt in prompts if prompt.source is not None]
    decoder: TextsDecoder
    if isinstance(model, CompiledDecoder):
        texts = CompiledTexts(model, len(prompts), capacity=capacity, sources=sources or None)
        lookup = TokenLookup.of(settings) if texts.can_verify_drafts else None
        decoder = texts if lookup is None else LookedUpTexts(texts, lookup, sources)
    else:
        require_draft_verification(settings)
        from torso.generation.decoder import Decoder

        decoder = Decoder(model, len(prompts), sources=sources or None, capacity=capacity)
    scores = decoder.read([prompt.ids for prompt in prompts])
    if copies > 1:
        decoder.select([number for number in range(len(prompts)) for _ in range(copies)])
        scores = operations(scores).repeated(scores, copies)
    return decoder, scores


def process_scores(
    scores: Scores, texts: Sequence[GenerationState], changes: Sequence[Processor], filters: Sequence[SamplingFilter]
) -> Scores:
    """Return the scores that tokens are chosen by: those of the model, processed, then filtered."""
    if not changes and not filters:
        return scores
    with np.errstate(all="ignore"):  # infinite scores are meant
        for process in changes:
            scores = process(scores, texts)
        for each in filters:
            scores = each(scores)
    return scores


def draw(scores: Scores, sources: Sequence[RandomSource]) -> Scores:
    """Sample one token [n] of each row of scores [n, V] from its softmax.

    Inverse transform sampling: each row takes one uniform number from its own source.
    """
    do = operations(scores)
    cumulative = do.cumulative(do.softmax(do.double(scores)))
    numbers = do.double(do.floats([each.uniform() for each in sources], scores))
    return do.places(cumulative, numbers * cumulative[:, -1]).clip(max=scores.shape[1] - 1)
