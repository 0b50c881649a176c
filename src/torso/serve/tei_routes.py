"""Routes of text-embeddings-inference."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, cast

import numpy as np

from torso.serve.body_decoding import not_implemented
from torso.serve.call import Call, too_much
from torso.serve.openai_embeddings import embed as embedded
from torso.serve.openai_embeddings import not_finite
from torso.serve.other_types import (
    TeiDecode,
    TeiEmbed,
    TeiEmbedAll,
    TeiPredict,
    TeiSimilarity,
    TeiSimilarityOptions,
    TeiTokenize,
)
from torso.serve.predicting import characters, gathered, given, pairs, predict, strings, take
from torso.serve.request_errors import RequestError
from torso.serve.route_plans import RawScoresPlan, TokenVectorsPlan
from torso.serve.served_model import ServedModel, dimensions
from torso.tasks._classify import ClassifyPlan
from torso.tasks._embed import EmbedPlan
from torso.tasks._embed_multi_vector import EmbedMultiVectorPlan
from torso.tasks._embed_sparse import EmbedSparsePlan
from torso.tasks.comparing import Side, compared, comparison, stacked
from torso.tasks.embedding import MultiVectorEmbedding
from torso.tasks.windows import EncodedText

MOST_NUMBERS = 4_000_000
"""Numbers of an answer with a vector for each token."""


def length_options(truncate: bool | None, direction: str) -> dict[str, Any]:
    """Return the option ``long`` of TEI's fields; None leaves it to the server.

    Raises:
        RequestError: E_UNSUPPORTED, for cutting texts at their beginning.
    """
    long: Literal["truncate", "error"] | None = None if truncate is None else "truncate" if truncate else "error"
    if direction.lower() == "left" and long != "error":
        raise not_implemented("truncation_direction", direction)
    return given(dict(long=long))


async def embed(call: Call) -> Any:
    """POST /embed."""
    request = take(call, TeiEmbed)
    texts = strings(request.inputs, "inputs")
    call.check_texts(texts, characters(texts), "inputs")
    model = call.find(request.model, "embed")
    options = given(dict(normalize=request.normalize, prompt_name=request.prompt_name, dimensions=request.dimensions))
    options |= length_options(request.truncate, request.truncation_direction)
    return [each.vector for each in await embedded(call, model, texts, options)]


async def embed_all(call: Call) -> Any:
    """POST /embed_all: the last hidden state of every token; of a ColBERT the vectors that are compared.

    A ColBERT reads texts as queries where ``prompt_name`` is ``query``.
    """
    request = take(call, TeiEmbedAll)
    texts = strings(request.inputs, "inputs")
    call.check_texts(texts, characters(texts), "inputs")
    late = _is_late(call, request.model)
    model = call.find(request.model, "embed_multi_vector" if late else "embed")
    long = "truncate" if call.state.settings.long == "truncate" else "error"
    options: dict[str, Any] = {"long": long} | length_options(request.truncate, request.truncation_direction)

    def planned() -> TokenVectorsPlan | EmbedMultiVectorPlan:
        if late:
            query = _is_query(request.prompt_name)
            return model.plan(
                (EmbedMultiVectorPlan, query, *sorted(options.items())),
                lambda: EmbedMultiVectorPlan(model.ready, query=query, **options),
            )
        return TokenVectorsPlan(model.ready, **options, **given(dict(prompt_name=request.prompt_name)))

    plan, encoded, items = await gathered(call, model, planned, texts, _bounded)
    for index, rows in enumerate(items):
        if not np.isfinite(rows).all():
            raise not_finite(index)
    made = plan.finish(zip(encoded, items, strict=True))
    return [each.vectors if isinstance(each, MultiVectorEmbedding) else each for each in made]


def _is_late(call: Call, name: str | None) -> bool:
    """Return whether a request for the vectors of tokens is for a ColBERT."""
    models = call.state.models
    if name is not None and (found := models.models.get(models.aliases.get(name, name))):
        return "embed" not in found.functions and "embed_multi_vector" in found.functions
    every = [each.functions for each in models.models.values()]
    return not any("embed" in each for each in every) and any("embed_multi_vector" in each for each in every)


def _is_query(name: str | None) -> bool:
    if name not in (None, "query", "document"):
        raise RequestError(
            400,
            "E_PROMPT",
            "The model has no prompt named {name}.",
            cure="Use one of: {known}.",
            values=dict(name=repr(name)[:80], known="query, document"),
            param="prompt_name",
        )
    return name == "query"


def _bounded(model: ServedModel, encoded: Sequence[EncodedText]) -> None:
    """Refuse more numbers than an answer may hold, before anything is run."""
    numbers = sum(map(len, encoded)) * dimensions(model.ready)
    if numbers > MOST_NUMBERS:
        raise too_much("numbers", numbers, MOST_NUMBERS, "inputs")


async def embed_sparse(call: Call) -> Any:
    """POST /embed_sparse: the entries of the vocabulary that are not 0, of a SPLADE or a BGE-M3."""
    request = take(call, TeiEmbedAll)
    texts = strings(request.inputs, "inputs")
    call.check_texts(texts, characters(texts), "inputs")
    model = call.find(request.model, "embed_sparse")
    options: dict[str, Any] = given(dict(long=call.state.settings.long, prompt_name=request.prompt_name))
    options |= length_options(request.truncate, request.truncation_direction)
    key = (EmbedSparsePlan, *sorted(options.items()))
    made = await predict(call, model, lambda: model.plan(key, lambda: EmbedSparsePlan(model.ready, **options)), texts)
    for index, each in enumerate(made):
        if not np.isfinite(each.values).all():
            raise not_finite(index)
    return [
        [{"index": index, "value": value} for index, value in zip(each.indices.tolist(), each.values, strict=True)]
        for each in made
    ]


async def predictions(call: Call) -> Any:
    """POST /predict: of a string or a pair one list, of a list of lists one for each."""
    request = take(call, TeiPredict)
    inputs = request.inputs
    alone = isinstance(inputs, str) or all(isinstance(each, str) for each in inputs)
    if not alone and any(isinstance(each, str) for each in inputs):
        raise RequestError(
            400,
            "E_FIELD",
            "inputs mixes texts and lists of texts.",
            cure="Send [[first], [first, second]].",
            param="inputs",
        )
    asked = pairs(inputs if not alone or isinstance(inputs, str) else [cast("list[str]", inputs)], "inputs")
    call.check_texts(asked, characters(asked), "inputs")
    model = call.find(request.model, "classify")
    options: dict[str, Any] = {"long": call.state.settings.long}
    options |= length_options(request.truncate, request.truncation_direction)
    kind = RawScoresPlan if request.raw_scores else ClassifyPlan
    key = (kind, *sorted(options.items()))
    found = await predict(call, model, lambda: model.plan(key, lambda: kind(model.ready, **options)), asked)
    rows = [
        [{"score": score, "label": label} for label, score in sorted(each.scores.items(), key=lambda pair: -pair[1])]
        for each in found
    ]
    return rows[0] if alone else rows


async def similarity(call: Call) -> Any:
    """POST /similarity: cosines of a sentence with others, as `torso.similar` gives them."""
    request = take(call, TeiSimilarity)
    source, others = request.inputs.source_sentence, request.inputs.sentences
    call.check_texts(others, characters(source, others), "inputs")
    model = call.find(request.model, "similar")
    of_query, of_text, measure = comparison(model.ready, None)
    asked = request.parameters or TeiSimilarityOptions()
    options: dict[str, Any] = {"long": call.state.settings.long}
    options |= length_options(asked.truncate, asked.truncation_direction)

    def plan(side: Side) -> EmbedPlan:
        if asked.prompt_name is not None:
            return EmbedPlan(model.ready, prompt_name=asked.prompt_name, **options)
        return EmbedPlan(model.ready, **side, **options)

    query = await predict(call, model, lambda: plan(of_query), [source])
    texts = await predict(call, model, lambda: plan(of_text), others)
    return compared(stacked(query), stacked(texts), measure)[0]


async def tokenize(call: Call) -> Any:
    """POST /tokenize: ids with their characters in the text as it was sent."""
    request = take(call, TeiTokenize)
    texts = strings(request.inputs, "inputs")
    call.check_texts(texts, characters(texts), "inputs")
    model = _any(call, request.model)
    tokenizer = model.ready.tokenizer
    if request.prompt_name is not None:
        model.require("embed")
        prompt = EmbedPlan(model.ready, prompt_name=request.prompt_name).recipe.prompt
        texts = [prompt + each for each in texts]

    def work() -> list[list[dict[str, Any]]]:
        rows: list[list[dict[str, Any]]] = []
        for text in texts:
            encoding = tokenizer.encoding(text, special=request.add_special_tokens)
            names = tokenizer.convert_ids_to_tokens(list(encoding.ids))
            every = zip(encoding.ids, cast("list[str]", names), encoding.spans, encoding.special, strict=True)
            rows.append(
                [
                    {
                        "id": number,
                        "text": name if special else text[span[0] : span[1]],
                        "special": bool(special),
                        "start": None if special else span[0],
                        "stop": None if special else span[1],
                    }
                    for number, name, span, special in every
                ]
            )
        return rows

    return await call.prepare(work, characters(texts))


async def decode(call: Call) -> Any:
    """POST /decode: texts of ids."""
    request = take(call, TeiDecode)
    several = [each for each in request.ids if isinstance(each, list)]
    flat = [each for each in request.ids if isinstance(each, int)]
    call.check_texts(request.ids, 0, "ids")
    rows = several or [flat]
    model = _any(call, request.model)
    size, tokenizer = len(model.ready.tokenizer), model.ready.tokenizer
    for row in rows:
        for number in row:
            if not 0 <= number < size:
                raise RequestError(
                    400,
                    "E_IDS",
                    "The id {id} is not in the vocabulary of {size}.",
                    cure="Send ids that POST /tokenize gave.",
                    values=dict(id=str(number)[:20], size=size),
                    param="ids",
                )

    def work() -> list[str]:
        return [tokenizer.decode(row, skip_special_tokens=request.skip_special_tokens) for row in rows]

    return await call.prepare(work, 8 * sum(map(len, rows)))


def _any(call: Call, name: str | None) -> Any:
    """Return the model that is named, or the first: every model has a tokenizer."""
    models = call.state.models
    if name is None:
        model = next(iter(models.models.values()))
    else:
        model = models.models.get(models.aliases.get(name, name)) or models.find(name, "embed")
    call.model = model.name
    return model
