"""OpenAPI document of the routes, made from the types that decode their requests."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

import msgspec

import torso
from torso.serve.body_decoding import required
from torso.serve.route import Route

_NUMBER: dict[str, Any] = {"type": "number"}
_TEXT: dict[str, Any] = {"type": "string"}
_WHOLE: dict[str, Any] = {"type": "integer"}


def _object(needed: dict[str, Any], optional: dict[str, Any] | None = None, *, closed: bool = False) -> dict[str, Any]:
    made: dict[str, Any] = {"type": "object", "properties": needed | (optional or {}), "required": list(needed)}
    return made | ({"additionalProperties": False} if closed else {})


def _list(of: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": of}


_LOGS = {"type": ["object", "null"]}
_REASON = {"enum": ["stop", "length", None]}
_USAGE = _object({"prompt_tokens": _WHOLE, "total_tokens": _WHOLE}, {"completion_tokens": _WHOLE})
_HEAD = {"id": _TEXT, "object": _TEXT, "created": _WHOLE, "model": _TEXT}
_PLACE = {"type": ["integer", "null"]}
_MODEL = _object(
    {"id": _TEXT, "object": {"const": "model"}, "created": _WHOLE, "owned_by": _TEXT, "torso": {"type": "object"}}
)
_MESSAGE = _object({"role": {"const": "assistant"}, "content": _TEXT})
_RANK = _object({"index": _WHOLE, "score": _NUMBER}, {"text": _TEXT}, closed=True)
_RESULT = _object({"index": _WHOLE, "relevance_score": _NUMBER}, {"document": _object({"text": _TEXT})}, closed=True)
_RANKING = _object(
    {"id": _TEXT, "model": _TEXT, "results": _list(_RESULT), "meta": {"type": "object"}, "usage": _USAGE}
)
_PREDICTION = _list(_object({"score": _NUMBER, "label": _TEXT}, closed=True))
_TOKEN = _object(
    {"id": _WHOLE, "text": _TEXT, "special": {"type": "boolean"}, "start": _PLACE, "stop": _PLACE},
    closed=True,
)  # fmt: skip
_VECTOR = _list(_NUMBER)
_EMBEDDING = _object(
    {"object": {"const": "embedding"}, "index": _WHOLE, "embedding": {"anyOf": [_VECTOR, _TEXT]}}, closed=True
)
_CHAT_CHOICE = _object({"index": _WHOLE, "message": _MESSAGE, "logprobs": _LOGS, "finish_reason": _REASON})
_TEXT_CHOICE = _object({"index": _WHOLE, "text": _TEXT, "logprobs": _LOGS, "finish_reason": _REASON})

ANSWERS: dict[str, dict[str, Any]] = {
    "Embeddings": _object({"object": {"const": "list"}, "data": _list(_EMBEDDING), "model": _TEXT, "usage": _USAGE}),
    "Chat": _object({**_HEAD, "choices": _list(_CHAT_CHOICE), "usage": _USAGE}),
    "Completion": _object({**_HEAD, "choices": _list(_TEXT_CHOICE), "usage": _USAGE}),
    "Model": _MODEL,
    "Models": _object({"object": {"const": "list"}, "data": _list(_MODEL)}),
    "Vectors": _list(_VECTOR),
    "TokenVectors": _list(_list(_VECTOR)),
    "SparseVectors": _list(_list(_object({"index": _WHOLE, "value": _NUMBER}))),
    "CohereVectors": _object(
        {"id": _TEXT, "response_type": _TEXT, "embeddings": {}, "texts": _list(_TEXT), "meta": {"type": "object"}}
    ),
    "Predictions": {"anyOf": [_PREDICTION, _list(_PREDICTION)]},
    "Scores": _VECTOR,
    "Tokens": _list(_list(_TOKEN)),
    "Texts": _list(_TEXT),
    "Info": _object(
        {"model_id": _TEXT, "model_type": {"type": "object"}, "max_client_batch_size": _WHOLE, "version": _TEXT}
    ),
    "Ranking": _RANKING,
    "AnyRanking": {"anyOf": [_list(_RANK), _RANKING]},
    "Data": _object({"model": _TEXT, "data": _list({"type": "object"})}),
    "Status": _object({"status": _TEXT}),
}
"""Schema of each answer."""

ERRORS: dict[str, dict[str, Any]] = {
    "openai": _object(
        {
            "error": _object(
                {"message": _TEXT, "type": _TEXT, "param": {"type": ["string", "null"]}, "code": _TEXT}, closed=True
            )
        },
        closed=True,
    ),
    "tei": _object({"error": _TEXT, "error_type": _TEXT, "code": _TEXT}, closed=True),
    "cohere": _object({"message": _TEXT, "code": _TEXT}, closed=True),
}
"""Schema of the error bodies of each dialect."""

_STATUSES = ("400", "401", "403", "404", "413", "415", "429", "500", "503")


def document(table: Sequence[Route]) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of some routes."""
    kinds = sorted({each.request for each in table if each.request is not None}, key=lambda kind: kind.__name__)
    _, requests = msgspec.json.schema_components(kinds, ref_template="#/components/schemas/{name}")
    for kind in kinds:
        requests[kind.__name__]["required"] = required(kind)
    paths: dict[str, dict[str, Any]] = {}
    for route in table:
        paths.setdefault(route.path.replace(":path", ""), {})[route.method.lower()] = _operation(route)
    schemas = {**requests, **ANSWERS, **{f"Error_{name}": schema for name, schema in ERRORS.items()}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "torso", "version": torso.__version__},
        "paths": paths,
        "components": {"schemas": schemas},
    }


def _operation(route: Route) -> dict[str, Any]:
    kind = route.media.partition(";")[0]
    schema = {"$ref": f"#/components/schemas/{route.answer}"} if route.answer else {}
    error = {"application/json": {"schema": {"$ref": f"#/components/schemas/Error_{route.dialect}"}}}
    statuses = [*_STATUSES, *(["422", "424", "501"] if route.dialect == "tei" else [])]
    made: dict[str, Any] = {
        "summary": (inspect.getdoc(route.handler) or "").partition("\n")[0],
        "responses": {
            "200": {"description": "The answer.", "content": {kind: {"schema": schema}}},
            **{status: {"description": "An error.", "content": error} for status in statuses},
        },
    }
    if route.request is not None:
        reference = {"$ref": f"#/components/schemas/{route.request.__name__}"}
        made["requestBody"] = {"required": True, "content": {"application/json": {"schema": reference}}}
    if "{name" in route.path:
        made["parameters"] = [{"name": "name", "in": "path", "required": True, "schema": _TEXT}]
    return made
