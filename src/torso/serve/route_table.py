"""Every route of the server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torso.serve import cohere_embed, rerank_routes, status_routes, task_routes, tei_routes
from torso.serve import other_types as types
from torso.serve.openai_embeddings import embeddings
from torso.serve.openai_types import ChatRequest, CompletionRequest, EmbeddingsRequest
from torso.serve.openapi_document import document
from torso.serve.route import Route

if TYPE_CHECKING:
    from torso.serve.call import Call, ServerState


def routes(state: ServerState) -> list[Route]:
    """Return the routes, each with its dialect, its request and its answer."""
    table = [
        Route("/v1/embeddings", embeddings, request=EmbeddingsRequest, answer="Embeddings"),
        Route("/v1/chat/completions", chat, request=ChatRequest, answer="Chat", field_name="messages"),
        Route("/v1/completions", completions, request=CompletionRequest, answer="Completion", field_name="prompt"),
        Route("/v1/models", status_routes.list_models, "GET", answer="Models"),
        Route("/v1/models/{name:path}", status_routes.one_model, "GET", answer="Model"),
        _tei("/embed", tei_routes.embed, types.TeiEmbed, "Vectors"),
        _tei("/embed_all", tei_routes.embed_all, types.TeiEmbedAll, "TokenVectors"),
        _tei("/embed_sparse", tei_routes.embed_sparse, types.TeiEmbedAll, "SparseVectors"),
        _tei("/predict", tei_routes.predictions, types.TeiPredict, "Predictions"),
        _tei("/similarity", tei_routes.similarity, types.TeiSimilarity, "Scores"),
        _tei("/tokenize", tei_routes.tokenize, types.TeiTokenize, "Tokens", queued=False),
        _tei("/decode", tei_routes.decode, types.TeiDecode, "Texts", queued=False),
        Route("/info", status_routes.info, "GET", "tei", answer="Info"),
        _tei("/rerank", rerank_routes.rerank, types.CohereRerank, "AnyRanking", "texts"),
        Route("/", tei_routes.embed, dialect="tei", request=types.TeiEmbed, answer="Vectors", field_name="inputs"),
    ]
    for path in ("/v1/rerank", "/v2/rerank", "/v1/score"):
        table.append(
            Route(
                path, rerank_routes.cohere, "POST", "cohere", types.CohereRerank, answer="Ranking",
                field_name="documents",
            )
        )  # fmt: skip
    for path, handler in (("/v1/embed", cohere_embed.first), ("/v2/embed", cohere_embed.second)):
        table.append(Route(path, handler, "POST", "cohere", types.CohereEmbed, "CohereVectors", "texts"))
    for name, request in (
        ("classify", types.ClassifyRequest),
        ("tag", types.TagRequest),
        ("answer", types.AnswerRequest),
        ("fill", types.FillRequest),
        ("zero_shot", types.ZeroShotRequest),
        ("choose", types.ChooseRequest),
        ("summarise", types.SummariseRequest),
        ("translate", types.TranslateRequest),
    ):
        table.append(Route(f"/v1/{name}", getattr(task_routes, name), request=request, answer="Data"))
    for path, handler in (
        ("/livez", status_routes.livez),
        ("/readyz", status_routes.readyz),
        ("/health", status_routes.readyz),
        ("/ping", status_routes.readyz),
    ):
        table.append(Route(path, handler, "GET", answer="Status", open=True))
    text = "text/plain; version=0.0.4; charset=utf-8"
    table.append(Route("/metrics", status_routes.metrics, "GET", open=True, media=text))

    async def openapi(call: Call) -> Any:
        return document(table)

    table.append(Route("/openapi.json", openapi, "GET", open=True))
    return table


async def chat(call: Call) -> Any:
    """POST /v1/chat/completions."""
    from torso.serve import openai_text  # with PyTorch, which a server of encoders may do without

    return await openai_text.chat(call)


async def completions(call: Call) -> Any:
    """POST /v1/completions."""
    from torso.serve import openai_text

    return await openai_text.completions(call)


def _tei(
    path: str, handler: Any, request: type[Any], answer: str, field_name: str = "inputs", *, queued: bool = True
) -> Route:
    return Route(path, handler, "POST", "tei", request, answer, field_name, queued=queued)
