"""OpenAI's embeddings route."""

from __future__ import annotations

import base64
from collections.abc import Callable, Hashable, Sequence
from math import isfinite
from typing import Any

import numpy as np

from torso.serve.body_decoding import not_implemented
from torso.serve.call import Call
from torso.serve.openai_types import EMBEDDING_UNSUPPORTED, EXTENSIONS, SILENT, EmbeddingsRequest, TextInput
from torso.serve.predicting import characters, given, in_thread, predict, strings, take
from torso.serve.request_errors import RequestError
from torso.serve.served_model import ServedModel
from torso.tasks._embed import EmbedPlan
from torso.tasks.chosen_adapter import PASSAGE, QUERY, instructions_of
from torso.tasks.comparing import Side, comparison
from torso.tasks.embedding import Embedding
from torso.tasks.ready import recipe_of


async def embeddings(call: Call) -> Any:
    """POST /v1/embeddings."""
    request = take(call, EmbeddingsRequest, silent=SILENT, extensions=EXTENSIONS, unsupported=EMBEDDING_UNSUPPORTED)
    asked = request.input
    texts = strings(asked if isinstance(asked, str) else [_text(each) for each in asked])
    call.check_texts(texts, characters(texts))
    model = call.find(request.model, "embed")
    coded = _one(encoding_format=request.encoding_format, embedding_type=request.embedding_type) == "base64"
    # What the options mean is found once for all requests that state the same.
    stated = (request.dimensions, request.prompt, request.prompt_name, request.normalize, request.normalized)
    stated += (request.long, request.truncate, request.task, request.input_type)

    def plan() -> EmbedPlan:
        options: dict[str, Any] = {"long": call.state.settings.long, **_options(request, model)}
        return EmbedPlan(model.ready, **options)

    found = await vectors(call, model, (embeddings, *stated), plan, texts)

    def answer() -> dict[str, Any]:
        data = [
            {"object": "embedding", "index": index, "embedding": encoded(each.vector) if coded else each.vector}
            for index, each in enumerate(found)
        ]
        read = sum(each.extent.read for each in found)
        usage = {"prompt_tokens": read, "total_tokens": read}
        usage |= {"torso": {"read": read, "tokens": sum(each.extent.tokens for each in found)}}
        return {"object": "list", "data": data, "model": model.name, "usage": usage}

    return await in_thread(call, answer, len(found) > 64)


def _options(request: EmbeddingsRequest, model: ServedModel) -> dict[str, Any]:
    """Return the options of `torso.encode` that a request states.

    Raises:
        RequestError: E_FIELD, E_UNSUPPORTED.
    """
    options = given(
        dict(
            dimensions=request.dimensions,
            prompt=request.prompt,
            prompt_name=request.prompt_name,
            normalize=_one(normalize=request.normalize, normalized=request.normalized),
            long=_one(long=request.long, truncate=_long(request.truncate)),
        )
    )
    kind = _one(task=request.task, input_type=request.input_type)
    if kind is not None:
        name = "task" if request.task is not None else "input_type"
        side = side_of(model, kind, name)
        if "task" not in side:
            options |= given({"prompt": _one(prompt=request.prompt, **{name: side.get("prompt")})})
        else:
            options |= side
    return options


def _text(value: Any) -> Any:
    return value.text if isinstance(value, TextInput) else value


def _one(**named: Any) -> Any:
    """Return what the one of several names for the same thing says; None where none does.

    Raises:
        RequestError: E_FIELD, if several do.
    """
    stated = {name: value for name, value in named.items() if value is not None}
    if len(stated) > 1:
        first, second, *_ = stated
        raise RequestError(
            400,
            "E_FIELD",
            "{first} and {second} say the same thing.",
            cure="Leave one of them out.",
            values=dict(first=first, second=second),
            param=second,
        )
    return next(iter(stated.values()), None)


def _long(truncate: bool | str | None) -> str | None:
    """Return the option ``long`` of Jina's and NVIDIA's ``truncate``.

    Raises:
        RequestError: E_UNSUPPORTED, for cutting texts at their beginning.
    """
    if truncate == "START":
        raise not_implemented("truncate", truncate)
    return None if truncate is None else "truncate" if truncate in (True, "END") else "error"


_QUERIES = ("search_query", "query", "retrieval.query")
_DOCUMENTS = ("search_document", "document", "passage", "retrieval.passage")
_ADAPTERS = {**dict.fromkeys(_QUERIES, QUERY), **dict.fromkeys(_DOCUMENTS, PASSAGE), "clustering": "separation"}
"""What clients say to the task of an adapter, where the model has it."""
_PLAIN = ("classification", "clustering", "separation", "text-matching")


def side_of(model: ServedModel, kind: str | None, field: str) -> Side:
    """Return how a text's part in a search is embedded, as `torso.similar` embeds its texts: a prompt, or an adapter.

    Args:
        model: whose prompts.
        kind: as clients of Cohere, Jina, NVIDIA and Voyage say it; or the name of one of the model's prompts, or of one
            of its adapters.
        field: that says it.

    Raises:
        RequestError: E_FIELD, for a kind that is neither.
    """
    if kind is None:
        return {}
    adapters = instructions_of(model.ready)
    task = kind if kind in adapters else _ADAPTERS.get(kind, "")
    if task in adapters:
        return {"task": task}
    recipe = recipe_of(model.ready)
    prompts = {} if recipe is None else dict(recipe.prompts)
    if kind in prompts:
        return {"prompt": prompts[kind]}
    query, document, _ = comparison(model.ready, None)
    if kind in _QUERIES:
        return {"prompt": query.get("prompt") or ""}
    if kind in _DOCUMENTS:
        return {"prompt": document.get("prompt") or ""}
    if kind in _PLAIN:
        return {}
    raise RequestError(
        400,
        "E_FIELD",
        "{field} is {value!r}, which {name} does not know.",
        cure="Use one of: {known}.",
        values=dict(
            field=field,
            value=kind[:60],
            name=model.name,
            known=", ".join(dict.fromkeys((*adapters, *prompts, *_QUERIES, *_DOCUMENTS))),
        ),
        param=field,
    )


async def embed(call: Call, model: ServedModel, texts: list[str], options: dict[str, Any]) -> list[Embedding]:
    """Return the embeddings of texts, as `torso.encode` gives them.

    Raises:
        RequestError: E_NOT_FINITE, for vectors that JSON cannot hold.
    """
    options = {"long": call.state.settings.long, **options}
    key = (EmbedPlan, *sorted(options.items()))
    return await vectors(call, model, key, lambda: EmbedPlan(model.ready, **options), texts)


async def vectors(
    call: Call, model: ServedModel, key: Hashable, make: Callable[[], EmbedPlan], texts: list[str]
) -> list[Embedding]:
    """Return the embeddings of texts by a plan that ``make`` makes, at the first request of this key.

    Raises:
        RequestError: E_NOT_FINITE, for vectors that JSON cannot hold.
    """
    return await predict(call, model, lambda: model.plan(key, make), texts, _require_finite)


def _require_finite(found: Sequence[Embedding]) -> None:
    for index, each in enumerate(found):
        # The sum of squares is not finite where a number is not; it may also overflow.
        if not isfinite(each.vector.dot(each.vector)) and not np.isfinite(each.vector).all():
            raise not_finite(index)


def not_finite(index: int) -> RequestError:
    """Return the error for numbers that JSON cannot hold."""
    return RequestError(
        500,
        "E_NOT_FINITE",
        "The model gives numbers that are not finite for text {index}.",
        cure="Check its files: torso check MODEL",
        values=dict(index=index),
    )


def encoded(vector: np.ndarray[Any, np.dtype[np.float32]]) -> str:
    """Return the little-endian float32 of a vector in base64."""
    return base64.b64encode(vector.astype("<f4", copy=False).tobytes()).decode("ascii")
