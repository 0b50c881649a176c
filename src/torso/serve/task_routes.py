"""Torso's own routes: every task, with the library's names of arguments."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

from torso.serve.call import Call
from torso.serve.other_types import (
    AnswerRequest,
    ChooseRequest,
    ClassifyRequest,
    FillRequest,
    ReadingRequest,
    SummariseRequest,
    TagRequest,
    TranslateRequest,
    ZeroShotRequest,
)
from torso.serve.predicting import characters, given, pairs, predict, row_of, strings, take, whole
from torso.serve.request_errors import RequestError
from torso.tasks._answer import AnswerPlan
from torso.tasks._choose import ChoosePlan
from torso.tasks._classify import ClassifyPlan
from torso.tasks._fill import FillPlan
from torso.tasks._tag import TagPlan
from torso.tasks._translate import summarise as summarise_texts
from torso.tasks._translate import translate as translate_texts
from torso.tasks._zero_shot import ZeroShotPlan


async def classify(call: Call) -> Any:
    """POST /v1/classify."""
    request = take(call, ClassifyRequest)
    return await _predicted(
        call, request, "classify", ClassifyPlan, pairs(request.input), top=request.top, merge=request.merge
    )


async def tag(call: Call) -> Any:
    """POST /v1/tag."""
    request = take(call, TagRequest)
    texts = strings(request.input)
    return await _predicted(call, request, "tag", TagPlan, texts, aggregation=request.aggregation, merge=request.merge)


async def fill(call: Call) -> Any:
    """POST /v1/fill."""
    request = take(call, FillRequest)
    options = given(dict(top=request.top, targets=request.targets, whole_words=request.whole_words))
    return await _predicted(call, request, "fill", FillPlan, strings(request.input), **options)


async def zero_shot(call: Call) -> Any:
    """POST /v1/zero_shot."""
    request = take(call, ZeroShotRequest)
    texts = strings(request.input)
    call.check_texts(texts, characters(texts) * max(len(request.labels), 1))
    return await _predicted(
        call,
        request,
        "zero_shot",
        ZeroShotPlan,
        texts,
        labels=request.labels,
        template=request.template,
        several=request.several,
        entailment=request.entailment,
        contradiction=request.contradiction,
        top=request.top,
        merge=request.merge,
    )


async def answer(call: Call) -> Any:
    """POST /v1/answer."""
    request = take(call, AnswerRequest)
    questions = strings(request.question, "question")
    texts = [request.text] * len(questions) if isinstance(request.text, str) else request.text
    _same(questions, texts, "question", "text")
    options = given(
        dict(top=request.top, impossible=request.impossible, longest=request.longest, whole_words=request.whole_words)
    )
    asked = list(zip(questions, texts, strict=True))
    return await _predicted(call, request, "answer", AnswerPlan, asked, own_long=True, **options)


async def choose(call: Call) -> Any:
    """POST /v1/choose."""
    request = take(call, ChooseRequest)
    questions = strings(request.input)
    nested = [each for each in request.choices if isinstance(each, list)]
    if nested and len(nested) < len(request.choices):
        raise _mixed()
    choices = nested or [cast("list[str]", request.choices)] * len(questions)
    _same(questions, choices, "input", "choices")
    asked = list(zip(questions, choices, strict=True))
    return await _predicted(call, request, "choose", ChoosePlan, asked, merge=request.merge)


async def summarise(call: Call) -> Any:
    """POST /v1/summarise."""
    request = take(call, SummariseRequest)
    return await _written(call, request, "summarise", summarise_texts, {})


async def translate(call: Call) -> Any:
    """POST /v1/translate."""
    request = take(call, TranslateRequest)
    options = given(dict(source=request.source, target=request.target))
    return await _written(call, request, "translate", translate_texts, options)


async def _predicted(
    call: Call,
    request: ReadingRequest,
    function: str,
    plan: Callable[..., Any],
    asked: Sequence[Any],
    *,
    own_long: bool = False,
    **options: Any,
) -> Any:
    """Answer with the predictions of a plan; ``own_long`` where the task's own default for long texts holds."""
    call.check_texts(asked, characters(asked))
    model = call.find(request.model, function)
    long = request.long or (None if own_long else call.state.settings.long)
    every = given(dict(long=long, stride=request.stride, **options))
    found = await predict(call, model, lambda: plan(model.ready, **every), asked)
    return {"model": model.name, "data": [row_of(each) for each in found]}


async def _written(
    call: Call, request: SummariseRequest, function: str, write: Callable[..., Any], options: dict[str, Any]
) -> Any:
    """Answer with texts that an encoder-decoder writes; they enter and leave together."""
    texts = strings(request.input)
    call.check_texts(texts, characters(texts))
    model = call.find(request.model, function)
    most = request.max_new_tokens
    if most is not None and not 1 <= most <= 1 << 16:
        raise RequestError(
            400,
            "E_FIELD",
            "max_new_tokens is {value}; it must be from 1 to {limit}.",
            cure="Leave it out for what the model's files say.",
            values=dict(value=str(most)[:20], limit=1 << 16),
            param="max_new_tokens",
        )
    options |= given(dict(max_new_tokens=most, num_beams=request.num_beams))
    long = request.long or call.state.settings.long
    tokenizer = model.ready.tokenizer
    tokens = await call.prepare(lambda: sum(len(tokenizer.encoding(text)) for text in texts), characters(texts))
    found = await whole(call, model, lambda: write(texts, model=model.ready, long=long, **options), tokens)
    rows = [
        {"text": each.text, "why": each[0].why, "completions": [{"text": one.text, "why": one.why} for one in each]}
        for each in found
    ]
    call.truncated += sum(each.truncated for each in found)
    call.generated += sum(len(one.ids) for each in found for one in each)
    return {"model": model.name, "data": rows}


def _same(one: Sequence[Any], other: Sequence[Any], name: str, other_name: str) -> None:
    if len(one) != len(other):
        raise RequestError(
            400,
            "E_FIELD",
            "{name} has {one} entries and {other_name} has {other}.",
            cure="Send as many of both.",
            values=dict(name=name, other_name=other_name, one=len(one), other=len(other)),
            param=other_name,
        )


def _mixed() -> RequestError:
    return RequestError(
        400,
        "E_FIELD",
        "choices mixes texts and lists of texts.",
        cure="Send one list for all questions, or a list for each.",
        param="choices",
    )
