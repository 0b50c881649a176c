"""Cohere's embedding routes, and what several dialects call a text's part in a search."""

from __future__ import annotations

import uuid
from typing import Any

from torso.serve.body_decoding import not_implemented
from torso.serve.call import Call
from torso.serve.openai_embeddings import embed, encoded, side_of
from torso.serve.other_types import COHERE_EXTENSIONS, COHERE_SILENT, CohereEmbed
from torso.serve.predicting import characters, given, in_thread, strings, take

_UNSUPPORTED = frozenset({"images", "inputs"})


async def first(call: Call) -> Any:
    """POST /v1/embed: a list of vectors, or vectors by their types where those are asked for."""
    return await _embed(call, "1")


async def second(call: Call) -> Any:
    """POST /v2/embed: vectors by their types."""
    return await _embed(call, "2")


async def _embed(call: Call, version: str) -> Any:
    request = take(call, CohereEmbed, silent=COHERE_SILENT, extensions=COHERE_EXTENSIONS, unsupported=_UNSUPPORTED)
    texts = strings(request.texts, "texts")
    call.check_texts(texts, characters(texts), "texts")
    kinds = request.embedding_types
    for kind in kinds or []:
        if kind not in ("float", "base64"):
            raise not_implemented("embedding_types", kind)
    if request.truncate == "START":
        raise not_implemented("truncate", "START")
    model = call.find(request.model, "embed")
    long = {"NONE": "error", "END": "truncate", None: None}[request.truncate]
    side = side_of(model, request.input_type, "input_type")
    found = await embed(call, model, texts, given(dict(dimensions=request.output_dimension, long=long)) | side)

    def answer() -> dict[str, Any]:
        plain = kinds is None and version == "1"
        vectors = [each.vector for each in found]
        by_kind: dict[str, Any] = {kind: vectors for kind in kinds or ["float"] if kind == "float"}
        by_kind |= {"base64": [encoded(each) for each in vectors]} if "base64" in (kinds or []) else {}
        units = {"input_tokens": sum(each.extent.read for each in found)}
        return {
            "id": str(uuid.uuid4()),
            "response_type": "embeddings_floats" if plain else "embeddings_by_type",
            "embeddings": vectors if plain else by_kind,
            "texts": texts,
            "meta": {"api_version": {"version": version}, "billed_units": units},
        }

    return await in_thread(call, answer, len(found) > 64)
