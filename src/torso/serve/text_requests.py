"""Requests for texts: their settings, their prompts, and their limits."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from torso.errors import TooLongError
from torso.generation.generation_settings import GenerationSettings
from torso.generation.prompt_lookup import require_draft_verification
from torso.generation.prompts import Prompt
from torso.generation.random_source import RandomSource, random_sources
from torso.serve.body_decoding import not_implemented
from torso.serve.call import Call
from torso.serve.generation_thread import Generator, TextStream
from torso.serve.openai_types import SamplingFields
from torso.serve.predicting import given, whole
from torso.serve.request_errors import RequestError
from torso.serve.served_model import ServedModel
from torso.serve.token_sequence import Event, TokenSequence
from torso.tasks.text_generator import TextGenerator, make_text_generator

if TYPE_CHECKING:
    from torso.generation.completion import Completion

_MOST = {"n": 16, "stop": 16, "top_logprobs": 20}
_STOP_CHARACTERS = 1000


@dataclass(frozen=True, slots=True)
class TextRequest:
    """Texts that a request asks for: ``count`` of each prompt.

    Attributes:
        text_generator: the model with the request's settings.
        texts: the prompts.
        special: whether special tokens are put around them.
        count: texts of each prompt.
        best: likeliest tokens that are reported with each.
    """

    text_generator: TextGenerator
    texts: Sequence[str]
    special: bool
    count: int
    best: int


def changes_of(sampling: SamplingFields, most: int) -> dict[str, Any]:
    """Return the settings that a request changes, by torso's names.

    Raises:
        RequestError: E_FIELD for numbers out of range; E_UNSUPPORTED for penalties torso does not have.
    """
    for name in ("presence_penalty", "frequency_penalty"):
        if getattr(sampling, name):
            raise not_implemented(name, getattr(sampling, name))
    _within("temperature", sampling.temperature, 0, 100)
    _within("top_p", sampling.top_p, 0, 1)
    _within("top_k", sampling.top_k, -1, 1 << 31)
    _within("n", sampling.n, 1, _MOST["n"])
    _within("seed", sampling.seed, -(1 << 63), (1 << 63) - 1)
    _within("prompt_lookup_num_tokens", sampling.prompt_lookup_num_tokens, 1, 256)
    stops = [sampling.stop] if isinstance(sampling.stop, str) else list(sampling.stop or ())
    if len(stops) > _MOST["stop"] or any(len(each) > _STOP_CHARACTERS for each in stops):
        raise _out_of_range(
            "stop", f"{len(stops)} strings", f"at most {_MOST['stop']} of {_STOP_CHARACTERS} characters"
        )
    changes: dict[str, Any] = {"max_new_tokens": most}
    if sampling.prompt_lookup_num_tokens is not None:
        changes["prompt_lookup_num_tokens"] = sampling.prompt_lookup_num_tokens
    if stops:
        changes["stop_strings"] = stops
    drawing = given(
        dict(temperature=sampling.temperature, top_p=sampling.top_p or None, top_k=sampling.top_k, min_p=sampling.min_p)
    )
    if drawing.get("top_k", 0) < 0:
        drawing["top_k"] = 0  # what other servers write for all tokens
    if sampling.repetition_penalty is not None:
        changes["repetition_penalty"] = sampling.repetition_penalty
    if sampling.temperature == 0 or sampling.top_p == 0:
        changes["do_sample"] = False
    elif drawing:
        changes |= {"do_sample": True, **drawing}
    if sampling.seed is not None:
        changes["seed"] = abs(sampling.seed)
    return changes


def most_tokens(call: Call, *values: int | None) -> tuple[int, bool]:
    """Return how many tokens may be written, and whether the request says so."""
    stated = next((each for each in values if each is not None), None)
    if stated is None:
        return call.state.settings.new_tokens, False
    _within("max_tokens", stated, 1, 1 << 20)
    return stated, True


def text_generator_of(model: ServedModel, changes: Mapping[str, Any]) -> TextGenerator:
    """Return the model with settings; those of sampling are left out where nothing is drawn.

    Raises:
        TorsoError: as `make_text_generator`.
    """
    stated = dict(changes)
    seed = stated.pop("seed", None)
    text_generator = make_text_generator(model.ready, None, stated)
    if seed is not None and text_generator.settings.do_sample:
        text_generator = make_text_generator(model.ready, None, {**stated, "seed": seed})
    return text_generator


async def written(
    call: Call, model: ServedModel, request: TextRequest, *, stated: bool
) -> AsyncGenerator[tuple[int, Event]]:
    """Yield the tokens of every text asked for, each with its number: text k of prompt n is ``n * count + k``.

    Raises:
        TooLongError, RequestError: a prompt is too long, or leaves less room than ``stated`` tokens.
    """
    text_generator = request.text_generator
    size = sum(map(len, request.texts))
    prompts = await call.prepare(
        lambda: [text_generator.prompt(text, special=request.special) for text in request.texts], size
    )
    call.texts, call.tokens = len(prompts), sum(len(prompt.source or prompt.ids) for prompt in prompts)
    call.state.metrics.tokens.labels(model.name, "read").inc(call.tokens)
    generator: Generator | None = model.generator
    if generator is None or text_generator.settings.num_beams > 1:
        async for each in _together(call, model, request):
            yield each
        return
    if not generator.decoder.verifies_drafts:
        require_draft_verification(text_generator.settings)
    stream = TextStream(generator)
    sequences: list[TokenSequence] = []
    for number, prompt in enumerate(prompts):
        prompt = _limited(prompt, generator, text_generator.settings, number, stated=stated)
        drawn: Sequence[RandomSource | None] = [None] * request.count
        if text_generator.settings.do_sample:
            drawn = random_sources(text_generator.settings.seed, request.count)
        for random_source in drawn:
            emit = stream.emit(len(sequences))
            tokenizer, client = text_generator.ready.tokenizer, call.client
            sequences.append(
                TokenSequence(
                    prompt, text_generator.settings, tokenizer, client, random_source, request.best, emit, emit
                )
            )
    events = stream.events(sequences, call.deadline)
    try:
        async for number, event in events:
            call.generated += 1
            yield number, event
    finally:
        await events.aclose()
        call.state.metrics.tokens.labels(model.name, "generated").inc(call.generated)


async def _together(call: Call, model: ServedModel, request: TextRequest) -> AsyncGenerator[tuple[int, Event]]:
    """Write texts whose sequences enter and leave together: of encoder-decoders, and of beams."""
    text_generator = request.text_generator
    if request.count > 1:
        text_generator = TextGenerator(
            text_generator.ready,
            text_generator.settings.replace({"num_return_sequences": request.count}),
            text_generator.prefix,
        )
    found = await whole(
        call, model, lambda: list(text_generator.write(list(request.texts), special=request.special)), call.tokens
    )
    for number, generated in enumerate(found):
        for place, completion in enumerate(generated):
            for event in _events(completion):
                call.generated += 1
                yield number * request.count + place, event


def _events(completion: Completion) -> Iterator[Event]:
    """Yield the tokens of a text that is known already; its text comes with the last."""
    every = list(zip(completion.ids, completion.log_probabilities, strict=True))
    for (number, log), _ in pairwise(every):
        yield Event(number, "", log)
    number, log = every[-1]
    yield Event(number, completion.text, log, why=completion.why)


def _limited(
    prompt: Prompt, generator: Generator, settings: GenerationSettings, number: int, *, stated: bool
) -> Prompt:
    """Return a prompt that fits the model and the cache; its tokens are cut unless the request states them."""
    wanted = settings.max_new_tokens or prompt.most
    limit = min(prompt.most, generator.decoder.rows - len(prompt.ids))
    if limit < 1 or (stated and limit < wanted):
        raise TooLongError(
            "E_TOO_LONG",
            "Prompt {index} is {size} tokens and max_tokens is {wanted}; together there is room for {limit}.",
            cure="Shorten the prompt, or ask for fewer tokens.",
            values=dict(index=number, size=len(prompt.ids), wanted=wanted, limit=len(prompt.ids) + max(limit, 0)),
        )
    return Prompt(prompt.ids, prompt.source, limit)


def _within(name: str, value: float | None, least: float, most: float) -> None:
    if value is not None and not least <= value <= most:  # what is not a number is not within either
        raise _out_of_range(name, str(value)[:20], f"{least} to {most}")


def _out_of_range(name: str, value: str, limits: str) -> RequestError:
    return RequestError(
        400,
        "E_FIELD",
        "{name} is {value}; it must be {limits}.",
        cure="Leave {name} out for what the model's files say.",
        values=dict(name=name, value=value, limits=limits),
        param=name,
    )
