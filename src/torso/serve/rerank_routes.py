"""Reranking in the dialects of TEI, Cohere and Jina."""

from __future__ import annotations

from typing import Any

import numpy as np

from torso.architecture import Task
from torso.serve.call import Call
from torso.serve.openai_embeddings import not_finite
from torso.serve.other_types import COHERE_EXTENSIONS, COHERE_SILENT, CohereRerank, Long, TeiRerank
from torso.serve.predicting import characters, gathered, in_thread, predict, strings, take
from torso.serve.request_errors import RequestError
from torso.serve.served_model import ServedModel
from torso.serve.tei_routes import length_options
from torso.tasks._decoder_rerank import DecoderRerankPlan
from torso.tasks._embed_multi_vector import EmbedMultiVectorPlan, late_recipe_of
from torso.tasks._rerank import RerankPlan
from torso.tasks._similar import in_order
from torso.tasks.argument_checks import no_effect
from torso.tasks.comparing import max_similarities
from torso.tasks.predictions import Ranked
from torso.tasks.windows import by_text


async def rerank(call: Call) -> Any:
    """POST /rerank: TEI's form where the body has ``texts``, else Cohere's and Jina's."""
    return await (tei(call) if "texts" in call.values else cohere(call))


async def tei(call: Call) -> Any:
    """Answer a list of ``{index, score, text}``."""
    request = take(call, TeiRerank)
    long = length_options(request.truncate, request.truncation_direction).get("long")
    order = await _ordered(call, request, request.texts, None, long)
    return [
        {"index": index, "score": score} | ({"text": request.texts[index]} if request.return_text else {})
        for index, score in order
    ]


async def cohere(call: Call) -> Any:
    """Answer ``{id, results: [{index, relevance_score, document}], meta, usage}``."""
    request = take(call, CohereRerank, silent=COHERE_SILENT, extensions=COHERE_EXTENSIONS)
    texts = [each if isinstance(each, str) else each.text for each in request.documents]
    long: Long | None = request.long or ("truncate" if request.truncation else None)
    order = await _ordered(call, request, texts, request.top_n, long)
    results = [
        {"index": index, "relevance_score": score}
        | ({"document": {"text": texts[index]}} if request.return_documents in (True, "true") else {})
        for index, score in order
    ]
    import uuid

    meta = {"api_version": {"version": "2"}, "billed_units": {"search_units": 1}}
    usage = {"total_tokens": call.tokens, "prompt_tokens": call.tokens}
    return {"id": str(uuid.uuid4()), "model": call.model, "results": results, "meta": meta, "usage": usage}


async def _ordered(
    call: Call, request: TeiRerank | CohereRerank, texts: list[str], top: int | None, long: Long | None
) -> list[tuple[int, float]]:
    """Return the places of the best texts with their scores, those of `torso.rerank`, or their logits."""
    query, texts = request.query, strings(texts, "documents")
    call.check_texts(texts, characters(query, texts), "documents")
    if top is not None and top < 1:
        raise RequestError(
            400,
            "E_FIELD",
            "top_n is {value}; it must be at least 1.",
            cure="Leave it out for all documents.",
            values=dict(value=str(top)[:20]),
            param="top_n",
        )
    # A decoder that writes ranks where it is asked to: by a template that the request names, or its chat template.
    model = call.find(request.model, "rerank", "chat")
    long_rule = long or call.state.settings.long
    decodes = model.task is Task.CAUSAL_LM
    if not decodes:
        no_effect("template", request.template)
        no_effect("prompt", request.prompt)
    if model.task is Task.FEATURES:
        return (await _late(call, model, query, texts, long_rule))[:top]
    template, prompt = request.template or model.template, request.prompt

    def planned() -> RerankPlan | DecoderRerankPlan:
        if decodes:
            return model.plan(
                (DecoderRerankPlan, long_rule, template, prompt),
                lambda: DecoderRerankPlan(model.ready, long=long_rule, template=template, prompt=prompt),
            )
        return model.plan((RerankPlan, long_rule), lambda: RerankPlan(model.ready, long=long_rule))

    plan, encoded, items = await gathered(call, model, planned, [(query, texts)])

    def finish() -> list[tuple[int, float]]:
        ranked: Ranked = next(plan.finish(zip(encoded, items, strict=True)))
        order = [(match.index, match.score) for match in ranked]
        if request.raw_scores:
            logits = [float(np.stack(rows)[:, 1].max()) for _, rows in by_text(zip(encoded, items, strict=True))]
            order = [(index, logits[index]) for index, _ in order]
        for index, score in order:
            if not np.isfinite(score):
                raise not_finite(index)
        return order[:top]

    return await in_thread(call, finish, len(items) > 64)


async def _late(
    call: Call, model: ServedModel, query: str, texts: list[str], long_rule: Long
) -> list[tuple[int, float]]:
    """Return the places of all texts with the scores of a ColBERT, the best first."""

    def plan(query: bool) -> EmbedMultiVectorPlan:
        key = (EmbedMultiVectorPlan, query, long_rule)
        return model.plan(key, lambda: EmbedMultiVectorPlan(model.ready, query=query, long=long_rule))

    (asked,) = await predict(call, model, lambda: plan(True), [query])
    found = await predict(call, model, lambda: plan(False), texts)

    def scored() -> list[tuple[int, float]]:
        measure = late_recipe_of(model.ready).measure
        scores = max_similarities([asked.vectors], [each.vectors for each in found], measure)[0]
        wrong = np.flatnonzero(~np.isfinite(scores))
        if len(wrong):
            raise not_finite(int(wrong[0]))
        ranked = in_order(query, texts, scores, None, measure)
        return [(match.index, match.score) for match in ranked]

    return await in_thread(call, scored, len(texts) > 64)
