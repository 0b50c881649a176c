"""OpenAI's chat and completion routes, whole and as a stream."""

from __future__ import annotations

import secrets
import time
from collections.abc import AsyncGenerator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, cast

import orjson

from torso.language import language, speaking
from torso.serve.body_decoding import not_implemented
from torso.serve.call import Call, EventStream
from torso.serve.openai_types import (
    EXTENSIONS,
    SILENT,
    UNSUPPORTED,
    ChatRequest,
    CompletionRequest,
    Message,
    SamplingFields,
)
from torso.serve.predicting import characters, strings, take
from torso.serve.request_errors import RequestError, error_answer
from torso.serve.served_model import ServedModel
from torso.serve.text_requests import TextRequest, changes_of, most_tokens, text_generator_of, written
from torso.serve.token_sequence import Event
from torso.text import Tokenizer

_REASONS = {"end": "stop", "stop": "stop", "length": "length"}
_RESERVED = frozenset({"messages", "tools", "add_generation_prompt", "enable_thinking"})


@dataclass(slots=True)
class Text:
    """A text as far as it has come."""

    pieces: list[str] = field(default_factory=list[str])
    tokens: list[Event] = field(default_factory=list[Event])
    reason: str | None = None

    def add(self, event: Event) -> None:
        """Add a token."""
        self.pieces.append(event.text)
        self.tokens.append(event)
        self.reason = None if event.why is None else _REASONS[event.why]


@dataclass(frozen=True, slots=True)
class Form:
    """How a route writes its answers.

    Attributes:
        kind: ``object`` of a whole answer.
        chunk: ``object`` of a part.
        prefix: of the answer's id.
        chat: whether choices hold messages.
    """

    kind: str
    chunk: str
    prefix: str
    chat: bool


CHAT = Form("chat.completion", "chat.completion.chunk", "chatcmpl-", True)
COMPLETION = Form("text_completion", "text_completion", "cmpl-", False)


async def chat(call: Call) -> Any:
    """POST /v1/chat/completions."""
    request = take(call, ChatRequest, silent=SILENT, extensions=EXTENSIONS, unsupported=UNSUPPORTED)
    if not request.messages:
        raise RequestError(
            400,
            "E_EMPTY",
            "{name} is empty.",
            cure="Send at least one message.",
            values=dict(name="messages"),
            param="messages",
        )
    if isinstance(request.tool_choice, dict) or request.tool_choice == "required":
        raise not_implemented("tool_choice", request.tool_choice)
    if request.response_format is not None and request.response_format.get("type") != "text":
        raise not_implemented("response_format", request.response_format.get("type"))
    best = request.top_logprobs or 0
    if not 0 <= best <= 20:
        raise not_implemented("top_logprobs", best)
    messages = [_message(each, number) for number, each in enumerate(request.messages)]
    call.check_texts(messages, characters([each.get("content", "") for each in messages]), "messages")
    model = call.find(request.model, "chat")
    most, stated = most_tokens(call, request.max_completion_tokens, request.max_tokens)
    changes = changes_of(request, most)
    variables = {name: value for name, value in (request.chat_template_kwargs or {}).items() if name not in _RESERVED}
    thinking = request.enable_thinking
    if thinking is None:
        thinking = (request.chat_template_kwargs or {}).get("enable_thinking")

    def prepare() -> TextRequest:
        text_generator = text_generator_of(model, changes)
        tools = None if request.tool_choice == "none" else request.tools or None
        prompt = text_generator.ready.tokenizer.apply_chat_template(
            messages,
            tools=cast("Any", tools),
            add_generation_prompt=True,
            enable_thinking=thinking if isinstance(thinking, bool) else None,
            variables=variables,
            tokenize=False,
        )
        return TextRequest(
            text_generator, [cast("str", prompt)], False, request.n or 1, best if request.logprobs else 0
        )

    texts = await call.prepare(prepare, characters([each.get("content", "") for each in messages]))
    return await _answer(call, model, texts, request, CHAT, stated=stated, logs=bool(request.logprobs))


async def completions(call: Call) -> Any:
    """POST /v1/completions."""
    request = take(call, CompletionRequest, silent=SILENT, extensions=EXTENSIONS, unsupported=UNSUPPORTED)
    prompts = strings(request.prompt, "prompt")
    call.check_texts(prompts, characters(prompts), "prompt")
    if len(prompts) > 64:
        raise RequestError(
            413,
            "E_TOO_MUCH",
            "The request holds {value:,} {what}; at most {limit:,} are taken at a time.",
            cure="Send it in several requests.",
            values=dict(value=len(prompts), what="prompts", limit=64),
            param="prompt",
        )
    if request.best_of not in (None, 1, request.n or 1):
        raise not_implemented("best_of", request.best_of)
    best = request.logprobs or 0
    if not 0 <= best <= 20:
        raise not_implemented("logprobs", best)
    model = call.find(request.model, "generate")
    most, stated = most_tokens(call, request.max_tokens)
    changes = changes_of(request, most)
    texts = await call.prepare(
        lambda: TextRequest(text_generator_of(model, changes), prompts, True, request.n or 1, best), characters(prompts)
    )
    echo = list(prompts) if request.echo else None
    logs = request.logprobs is not None
    return await _answer(call, model, texts, request, COMPLETION, stated=stated, logs=logs, echo=echo)


def _message(message: Message, number: int) -> dict[str, Any]:
    """Return a message as templates read it: parts of text joined, and nothing else."""
    values = {name: value for name, value in asdict(message).items() if value is not None}
    if isinstance(message.content, list):
        texts: list[str] = []
        for part in message.content:
            if part.get("type") != "text" or not isinstance(part.get("text"), str):
                raise RequestError(
                    400,
                    "E_UNSUPPORTED",
                    "{field} holds a part of type {kind!r}: models here read text alone.",
                    cure="Send parts of type text.",
                    values=dict(field=f"messages[{number}].content", kind=str(part.get("type"))[:40]),
                    param=f"messages[{number}].content",
                )
            texts.append(part["text"])
        values["content"] = "".join(texts)
    values.setdefault("content", "")
    return values


async def _answer(
    call: Call,
    model: ServedModel,
    request: TextRequest,
    sampling: SamplingFields,
    form: Form,
    *,
    stated: bool,
    logs: bool,
    echo: Sequence[str] | None = None,
) -> Any:
    events = written(call, model, request, stated=stated)
    head = {
        "id": f"{form.prefix}{secrets.token_hex(12)}",
        "object": form.chunk if sampling.stream else form.kind,
        "created": int(time.time()),
        "model": model.name,
    }
    tokenizer = request.text_generator.ready.tokenizer
    count = request.count * len(request.texts)
    starts = [""] * count if echo is None else [echo[number // request.count] for number in range(count)]
    if sampling.stream:
        usage = sampling.stream_options is not None and bool(sampling.stream_options.include_usage)
        parts = _chunks(call, events, head, form, tokenizer, starts, usage=usage, logs=logs)
        spoken = language()

        def failed(error: Exception) -> bytes:
            with speaking(spoken):
                return orjson.dumps(error_answer(error, "openai").body)

        return EventStream(parts, failed)
    texts = [Text([start]) for start in starts]
    try:
        async for number, event in events:
            texts[number].add(event)
    finally:
        await events.aclose()
    choices = [_choice(number, text, form, tokenizer, logs) for number, text in enumerate(texts)]
    return {**head, "choices": choices, "usage": _usage(call)}


def _choice(number: int, text: Text, form: Form, tokenizer: Tokenizer, logs: bool) -> dict[str, Any]:
    content = "".join(text.pieces)
    said = _logs(text.tokens, form, tokenizer) if logs else None
    body: dict[str, Any] = {"message": {"role": "assistant", "content": content}} if form.chat else {"text": content}
    return {"index": number, **body, "logprobs": said, "finish_reason": text.reason}


def _usage(call: Call) -> dict[str, Any]:
    total = call.tokens + call.generated
    return {"prompt_tokens": call.tokens, "completion_tokens": call.generated, "total_tokens": total}


async def _chunks(
    call: Call,
    events: AsyncGenerator[tuple[int, Event]],
    head: dict[str, Any],
    form: Form,
    tokenizer: Tokenizer,
    starts: Sequence[str],
    *,
    usage: bool,
    logs: bool,
) -> AsyncGenerator[bytes]:
    """Yield the data of each event: deltas, finish reasons, usage if asked for, and ``[DONE]``."""
    begun: set[int] = set()

    def chunk(number: int, delta: dict[str, Any], said: Any, reason: str | None) -> bytes:
        body = {"delta": delta} if form.chat else {"text": delta.get("content", "")}
        choice = {"index": number, **body, "logprobs": said, "finish_reason": reason}
        return orjson.dumps({**head, "choices": [choice], **({"usage": None} if usage else {})})

    try:
        async for number, event in events:
            delta: dict[str, Any] = {}
            if number not in begun:
                begun.add(number)
                delta["role"] = "assistant"
                delta["content"] = ""
            text = (starts[number] if "role" in delta else "") + event.text
            if text:
                delta["content"] = text
            if delta or logs:
                yield chunk(number, delta, _logs([event], form, tokenizer) if logs else None, None)
            if event.why is not None:
                yield chunk(number, {}, None, _REASONS[event.why])
    finally:
        await events.aclose()
    if usage:
        yield orjson.dumps({**head, "choices": [], "usage": _usage(call)})
    yield b"[DONE]"


def _logs(tokens: Sequence[Event], form: Form, tokenizer: Tokenizer) -> dict[str, Any]:
    """Return log probabilities in the form of a route."""

    def said(number: int) -> str:
        return tokenizer.decode([number])

    if not form.chat:
        names = [said(each.id) for each in tokens]
        offsets = [sum(map(len, names[:place])) for place in range(len(names))] if len(names) < 2000 else []
        best = [{said(number): log for number, log in each.best} for each in tokens]
        logs = [each.log_probability for each in tokens]
        return {"tokens": names, "token_logprobs": logs, "top_logprobs": best, "text_offset": offsets}

    def entry(number: int, log: float) -> dict[str, Any]:
        name = said(number)
        return {"token": name, "logprob": log, "bytes": list(name.encode("utf-8", "replace"))}

    return {
        "content": [
            {**entry(each.id, each.log_probability), "top_logprobs": [entry(number, log) for number, log in each.best]}
            for each in tokens
        ]
    }
