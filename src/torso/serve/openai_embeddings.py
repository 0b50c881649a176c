"""OpenAI's embeddings route."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np

from torso.serve.call import Call
from torso.serve.openai_types import EXTENSIONS, SILENT, EmbeddingsRequest
from torso.serve.predicting import characters, elsewhere, given, predict, strings, take
from torso.serve.request_errors import RequestError
from torso.serve.served_model import ServedModel
from torso.tasks._embed import EmbedPlan
from torso.tasks.predictions import Embedding


async def embeddings(call: Call) -> Any:
    """POST /v1/embeddings."""
    request = take(call, EmbeddingsRequest, silent=SILENT, extensions=EXTENSIONS)
    texts = strings(request.input)
    call.check_texts(texts, characters(texts))
    model = call.find(request.model, "embed")
    options = given(
        dict(
            dimensions=request.dimensions,
            prompt=request.prompt,
            prompt_name=request.prompt_name,
            normalize=request.normalize,
            long=request.long,
        )
    )
    found = await embed(call, model, texts, options)

    def answer() -> dict[str, Any]:
        coded = request.encoding_format == "base64"
        data = [
            {"object": "embedding", "index": index, "embedding": encoded(each.vector) if coded else each.vector}
            for index, each in enumerate(found)
        ]
        read = sum(each.extent.read for each in found)
        usage = {"prompt_tokens": read, "total_tokens": read}
        usage |= {"torso": {"read": read, "tokens": sum(each.extent.tokens for each in found)}}
        return {"object": "list", "data": data, "model": model.name, "usage": usage}

    return await elsewhere(call, answer, len(found) > 64)


async def embed(call: Call, model: ServedModel, texts: list[str], options: dict[str, Any]) -> list[Embedding]:
    """Return the embeddings of texts, as `torso.encode` gives them.

    Raises:
        RequestError: E_NOT_FINITE, for vectors that JSON cannot hold.
    """
    options = {"long": call.state.settings.long, **options}
    found = await predict(call, model, lambda: EmbedPlan(model.ready, **options), texts)
    for index, each in enumerate(found):
        if not np.isfinite(each.vector).all():
            raise not_finite(index)
    return found


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
