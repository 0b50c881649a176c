"""Completion of prompts: whole texts, or streamed pieces. Loads torch for a model of PyTorch alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING

from torso.engines.runner import if_memory_holds
from torso.errors import ConfigError, InputError, LimitError
from torso.generation.beam_search import search
from torso.generation.completed_text import BATCH, Completion, Piece, Why
from torso.generation.decode_loop import Stops, write
from torso.generation.generation_settings import GenerationSettings
from torso.generation.generative_model import GenerativeModel
from torso.generation.logits_processors import GenerationState, Processor
from torso.generation.prompts import Prompt
from torso.generation.settings_files import require_known
from torso.generation.streaming import StopStrings, StreamedText

if TYPE_CHECKING:
    from torso.text import Tokenizer

_WINDOW = 16  # batches whose prompts are sorted by length together


def complete(
    model: GenerativeModel,
    prompts: Iterable[Prompt],
    settings: GenerationSettings,
    tokenizer: Tokenizer | None = None,
    *,
    batch: int = BATCH,
    further: Sequence[Processor] = (),
    stops: Stops | None = None,
) -> Iterator[list[Completion]]:
    """Yield the ``num_return_sequences`` completions of each prompt, in the prompts' order.

    Args:
        model: of causal-lm or seq2seq-lm.
        prompts: read a bounded number ahead of the results.
        settings: generation settings.
        tokenizer: decodes the texts; None for ids alone.
        batch: batch size in texts, beams included.
        further: logits processors that run after those of the settings.
        stops: says whether the last token of a text ends it, beside end tokens and stop strings.

    Raises:
        InputError: ``E_ARGUMENT``, for a batch below 1, or stop strings without a tokenizer.
        UnsupportedError: ``E_UNSUPPORTED``, for an option of the checkpoint that torso does not implement.
        LimitError: ``E_MEMORY``, for a single prompt that runs out of memory.
    """
    require_known(settings)
    if batch < 1:
        raise InputError(
            "E_ARGUMENT",
            "{name} is {value}; it must be at least {least}.",
            cure="Leave it out.",
            values=dict(name="batch", value=batch, least=1),
        )
    size = max(1, batch // max(settings.num_beams, settings.num_return_sequences))
    remaining = iter(prompts)
    while window := list(islice(remaining, size * _WINDOW)):
        results: dict[int, list[Completion]] = {}
        order = sorted(range(len(window)), key=lambda n: (len(window[n].source or ()), len(window[n].ids)))
        while order:
            chosen = order[:size]
            together = [window[n] for n in chosen]
            made = if_memory_holds(
                model.device, partial(_completed, model, together, settings, tokenizer, further, stops)
            )
            if made is None:
                size = _halved(model, together)
                continue
            results.update(zip(chosen, made, strict=True))
            order = order[size:]
        yield from (results[n] for n in range(len(window)))


def _halved(model: GenerativeModel, prompts: Sequence[Prompt]) -> int:
    """Halve the number of prompts in a batch after these ran out of memory.

    Raises:
        LimitError: E_MEMORY, for a single prompt.
    """
    if len(prompts) == 1:
        raise LimitError(
            "E_MEMORY",
            "Writing behind a prompt of {size} tokens does not fit the memory of {device}, even by itself.",
            cure="Shorten it, write less (max_new_tokens=), with fewer beams (num_beams=), or elsewhere (device=).",
            values=dict(size=len(prompts[0].source or prompts[0].ids), device=model.device),
        )
    return len(prompts) // 2


def _completed(
    model: GenerativeModel,
    prompts: Sequence[Prompt],
    settings: GenerationSettings,
    tokenizer: Tokenizer | None,
    further: Sequence[Processor],
    asked: Stops | None,
) -> list[list[Completion]]:
    strings = _stops(settings, tokenizer)
    stops: Stops | None = strings if asked is None else asked
    if strings is not None and asked is not None:
        # Both are asked each time: the caller's may count its calls.
        stops = _Either(strings, asked)
    if settings.num_beams > 1:
        found = search(model, prompts, settings, stops, further)
        return [
            [
                _completion(
                    prompt,
                    each.ids[len(prompt.ids) :],
                    each.logs,
                    each.why or "length",
                    each.score,
                    settings,
                    tokenizer,
                )
                for each in best
            ]
            for prompt, best in zip(prompts, found, strict=True)
        ]
    answers = range(settings.num_return_sequences)
    ids = [[list[int]() for _ in answers] for _ in prompts]
    logs = [[list[float]() for _ in answers] for _ in prompts]
    why: dict[tuple[int, int], Why] = {}
    for step in write(model, prompts, settings, stops, further):
        for token in step:
            ids[token.prompt][token.answer].append(token.id)
            logs[token.prompt][token.answer].append(token.log_probability)
            if token.why is not None:
                why[token.prompt, token.answer] = token.why
    return [
        [
            _completion(prompt, tuple(ids[n][k]), tuple(logs[n][k]), why[n, k], None, settings, tokenizer)
            for k in answers
        ]
        for n, prompt in enumerate(prompts)
    ]


@dataclass(frozen=True, slots=True)
class _Either:
    first: Stops
    second: Stops

    def __call__(self, text: GenerationState) -> bool:
        found = [self.first(text), self.second(text)]
        return any(found)


def _completion(
    prompt: Prompt,
    ids: tuple[int, ...],
    logs: tuple[float, ...],
    why: Why,
    score: float | None,
    settings: GenerationSettings,
    tokenizer: Tokenizer | None,
) -> Completion:
    text = ""
    if tokenizer is not None:
        stream = StreamedText(tokenizer, prompt.ids, settings.stop_strings or ())
        text = "".join([stream.push(number) for number in ids]) + stream.flush()
    return Completion(text, ids, logs, why, score)


def pieces(
    model: GenerativeModel, prompts: Sequence[Prompt], settings: GenerationSettings, tokenizer: Tokenizer
) -> Iterator[Piece]:
    """Stream the texts of some prompts, one piece per token; the pieces of a text concatenate to it.

    Raises:
        ConfigError: ``E_NO_STREAM``, for a beam search, whose text is known only at its end.
    """
    require_known(settings)
    if settings.num_beams > 1:
        raise ConfigError(
            "E_NO_STREAM",
            "A beam search knows its text when it is over, so there is nothing to show before.",
            cure="Leave out the stream, or write without beams: num_beams=1 (--num-beams 1).",
        )
    return _pieces(model, prompts, settings, tokenizer)


def _pieces(
    model: GenerativeModel, prompts: Sequence[Prompt], settings: GenerationSettings, tokenizer: Tokenizer
) -> Iterator[Piece]:
    streams: dict[tuple[int, int], StreamedText] = {}
    for step in write(model, prompts, settings, _stops(settings, tokenizer)):
        for token in step:
            key = (token.prompt, token.answer)
            if key not in streams:
                streams[key] = StreamedText(tokenizer, prompts[token.prompt].ids, settings.stop_strings or ())
            text = streams[key].push(token.id)
            if token.why is not None:
                text += streams[key].flush()
            yield Piece(token.prompt, token.answer, token.id, text, token.log_probability, token.why)


def _stops(settings: GenerationSettings, tokenizer: Tokenizer | None) -> StopStrings | None:
    if not settings.stop_strings:
        return None
    if tokenizer is None:
        raise InputError(
            "E_NO_TOKENIZER",
            "Stop strings need a tokenizer, and none was given.",
            cure="Pass it: tokenizer=AutoTokenizer.from_pretrained(...).",
        )
    return StopStrings(tokenizer, settings.stop_strings)
