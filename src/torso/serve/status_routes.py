"""Routes about the server itself: liveness, readiness, metrics, models, documents."""

from __future__ import annotations

from typing import Any

import torso
from torso.architecture import Task
from torso.serve.call import Call, Reply
from torso.serve.served_model import ServedModel
from torso.tasks.ready import recipe_of


async def livez(call: Call) -> Any:
    """Answer 200 as long as no engine is stuck."""
    return _report(call, "ok")


async def readyz(call: Call) -> Any:
    """Answer 200 when every model has run a batch and none is stuck, and until the server ends."""
    return _report(call, call.state.status)


def _report(call: Call, status: str) -> Any:
    models = {name: "stuck" if model.stuck() else "ok" for name, model in call.state.models.models.items()}
    if "stuck" in models.values():
        status = "stuck"
    if status == "ok":
        return {"status": "ok"}
    return Reply(503, {"status": status, "models": models}, {"retry-after": "2"})


async def metrics(call: Call) -> Any:
    """Answer with Prometheus' text."""
    for name, model in call.state.models.models.items():
        call.state.metrics.queued.labels(name).set(model.engine.scheduler.queue.tokens)
    return call.state.metrics.text()


async def list_models(call: Call) -> Any:
    """Answer with OpenAI's list of models."""
    return {"object": "list", "data": [model.about() for model in call.state.models.models.values()]}


async def one_model(call: Call) -> Any:
    """Answer with one model of the list."""
    models = call.state.models
    name = models.aliases.get(call.path, call.path)
    if name not in models.models:
        models.find(call.path, "embed")
    return models.models[name].about()


def _kind(model: ServedModel) -> dict[str, Any]:
    """Return what TEI's clients tell models apart by: ``embedding``, ``classifier`` or ``reranker``."""
    if model.task is Task.FEATURES:
        recipe = recipe_of(model.ready)
        return {"embedding": {"pooling": "none" if recipe is None else recipe.name}}
    if model.task is not Task.SEQUENCE_CLASSIFICATION:
        return {model.task.name: {}}
    labels = model.ready.label_names()
    names = {"id2label": {str(number): name for number, name in enumerate(labels)}}
    names |= {"label2id": {name: number for number, name in enumerate(labels)}}
    return {"reranker" if len(labels) == 1 else "classifier": names}


async def info(call: Call) -> Any:
    """Answer with TEI's description of the first model."""
    model = next(iter(call.state.models.models.values()))
    about, settings = model.about()["torso"], call.state.settings
    return {
        "model_id": model.name,
        "model_sha": None,
        "model_dtype": about["precision"].partition(" ")[0],
        "model_type": _kind(model),
        "max_concurrent_requests": settings.texts,
        "max_input_length": about["max_tokens"] or settings.tokens,
        "max_batch_tokens": settings.batch_tokens,
        "max_batch_requests": None,
        "max_client_batch_size": settings.texts,
        "auto_truncate": settings.long == "truncate",
        "tokenization_workers": 2,
        "version": torso.__version__,
        "served_by": "torso",
    }
