"""The server as an ASGI application, to be run by any ASGI server or mounted in another application."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import threading
import time
import traceback
from collections.abc import AsyncGenerator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route as PathRoute

from torso.architecture import Task
from torso.serve.batch_scheduler import Limits, Scheduler
from torso.serve.call import ServerState
from torso.serve.direct_application import DirectApplication
from torso.serve.endpoint import Endpoint, language_of
from torso.serve.engine_thread import Engine
from torso.serve.guard import Guard
from torso.serve.memory_limit import PREPARING, bound, fitted, memory_left
from torso.serve.page_mount import MountedPage
from torso.serve.request_errors import RequestError, error_answer
from torso.serve.request_log import RequestLog
from torso.serve.route import Route
from torso.serve.route_table import routes
from torso.serve.serve_settings import ServeSettings
from torso.serve.served_model import Catalogue, ServedModel, now
from torso.serve.served_source import ModelSource, load_ready
from torso.serve.server_metrics import Metrics
from torso.serve.turns import Turns
from torso.serve.warm_up import warm
from torso.tasks.argument_checks import no_effect
from torso.view.look_data import KEPT_BYTES

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from torso.serve.generation_thread import Generator

_SUCCESSORS = {"/v1/responses": "/v1/chat/completions"}
"""Routes of OpenAI's that are not served, and those that do the same."""

_TICK = 0.25  # seconds between two looks at the event loop's lateness and at the engines


def build(sources: Sequence[ModelSource], settings: ServeSettings, device: str | None = None) -> Starlette:
    """Load models and return the application that serves them; see `torso.serve.app`."""
    turns, metrics = Turns(), Metrics()
    models: list[ServedModel] = []
    for source in sources:
        models.append(_served(source, settings, turns, metrics, device))
    if not any(each.task is Task.CAUSAL_LM for each in models):
        no_effect("rerank_template", settings.rerank_template or None)
    settings = _within_memory(settings, models)
    state = ServerState(
        settings,
        Catalogue(models, dict(settings.aliases)),
        metrics,
        RequestLog(enabled=settings.log),
        ThreadPoolExecutor(PREPARING, "torso-prepare"),
    )
    metrics.bound.set(memory_bound(settings, models))
    metrics.running.set_function(lambda: state.active)
    guard = Guard(settings.hosts, settings.keys)
    table = routes(state)
    paths = [
        PathRoute(each.path, _asgi(Endpoint(each, state, guard)), methods=[each.method], name=each.path)
        for each in table
    ]
    page = MountedPage(state, guard, turns, settings.page_token) if settings.page else None
    if page is not None:
        paths.append(PathRoute("/", _asgi(page), methods=["GET"]))
        paths.append(PathRoute("/view/{rest:path}", _asgi(page), methods=["GET", "POST", "DELETE"]))
    middleware: list[Middleware] = []
    if settings.cors:
        middleware.append(
            Middleware(
                CORSMiddleware,
                allow_origins=list(settings.cors),
                allow_methods=["GET", "POST"],
                allow_headers=["authorization", "content-type", "x-api-key", "x-request-id"],
                expose_headers=["x-request-id", "x-torso-truncated", "retry-after"],
            )
        )

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncGenerator[None]:
        watching = asyncio.ensure_future(_watch(state, page))
        try:
            await _start(state)
            if page is not None:
                page.rows.ready()
            yield
        finally:
            state.status = "draining"
            watching.cancel()
            if page is not None:
                await asyncio.to_thread(page.stop)
            await asyncio.to_thread(_stop, state)

    made = DirectApplication(
        routes=paths,
        middleware=middleware,
        exception_handlers={HTTPException: _unrouted(table)},
        lifespan=lifespan,
    )
    if not middleware:
        made.direct = {(each.method, each.path): path.app for each, path in zip(table, paths, strict=False)}
    made.state.torso, made.state.reload_keys = state, guard.replace_keys
    return made


def memory_bound(settings: ServeSettings, models: Sequence[ServedModel]) -> int:
    """Return a bound on the bytes that requests take, beside the weights and the engines' own work space.

    Bodies, as they are read and as JSON values; texts while they are tokenized; the ids, spans and names of queued
    tokens; each key/value cache; and what the page keeps of the texts that were looked at.
    """
    queued = sum(model.engine.scheduler.limits.queue_tokens for model in models)
    caches = settings.cache_bytes * sum(model.generator is not None for model in models)
    return bound(settings, queued) + caches + (KEPT_BYTES if settings.page else 0)


def _within_memory(settings: ServeSettings, models: Sequence[ServedModel]) -> ServeSettings:
    """Lower what bodies and queues may hold to what is left once the models are loaded."""
    schedulers = [model.engine.scheduler for model in models]
    left = memory_left()
    if left is None or not schedulers:
        return settings
    left -= KEPT_BYTES if settings.page else 0
    settings, tokens = fitted(settings, schedulers[0].limits.queue_tokens, len(schedulers), left)
    for each in schedulers:
        each.limits = replace(each.limits, queue_tokens=tokens)
    return settings


def _asgi(endpoint: Endpoint | MountedPage) -> Any:
    """Pass an endpoint to Starlette, whose types want a function of a request; an object is run as ASGI."""
    return endpoint


def _served(
    source: ModelSource, settings: ServeSettings, turns: Turns, metrics: Metrics, device: str | None
) -> ServedModel:
    ready = load_ready(source, device=device)
    limits = Limits(settings.slice_seconds, settings.batch_tokens, settings.queue_seconds)

    def observe(sizes: Sequence[int], seconds: float) -> None:
        metrics.of(metrics.batches, source.name).observe(sum(sizes))
        metrics.phases.observe("batch", seconds)

    engine = Engine(source.name, Scheduler(limits), turns, observe)
    template = settings.rerank_template or None
    made = ServedModel(source.name, ready, engine, now(), template=template)
    if isinstance(source.source, (str, os.PathLike)):
        made.source = os.fspath(source.source)
    if ready.runner.task is Task.CAUSAL_LM:
        made.generator = _generator(made, settings, turns, metrics)
    return made


def _generator(model: ServedModel, settings: ServeSettings, turns: Turns, metrics: Metrics) -> Generator | None:
    """Return what writes texts of a model; None for a model that writes one text after another."""
    # Imported here: a server of encoders needs nothing of what writes.
    from torso.generation.compiled_slab import slab_of
    from torso.generation.sequence_decoder import reads_in_any_step
    from torso.serve.generation_thread import Generator

    generative_model = model.ready.generative_model
    if not reads_in_any_step(generative_model):
        return None
    decoder = slab_of(generative_model, settings.cache_bytes, settings.sequences)

    def stepped(tokens: int, seconds: float) -> None:
        metrics.phases.observe("step", seconds)
        metrics.cache_rows.labels(model.name, "free").set(decoder.free)
        metrics.cache_rows.labels(model.name, "all").set(decoder.rows)

    return Generator(model.name, decoder, settings.sequences, settings.queue_seconds, turns, stepped)


async def _start(state: ServerState) -> None:
    """Start the engines, run a batch on each, and open the server."""
    for model in state.models.models.values():
        model.engine.start()
        if model.generator is not None:
            model.generator.start()
    for model in state.models.models.values():
        await warm(model)
    state.status = "ok"


def _stop(state: ServerState) -> None:
    for model in state.models.models.values():
        if model.generator is not None:
            model.generator.stop()
        model.engine.stop()
    state.pool.shutdown(wait=False, cancel_futures=True)
    state.log.close()


async def drain(state: ServerState) -> bool:
    """Refuse new requests and wait for those accepted; return whether all were answered in time."""
    state.status = "draining"
    end = time.monotonic() + state.settings.drain
    while state.active and time.monotonic() < end:
        await asyncio.sleep(0.05)
    return not state.active


def stacks() -> dict[str, list[str]]:
    """Return where each thread of the process is."""
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    frames = sys._current_frames().items()  # pyright: ignore[reportPrivateUsage]
    return {names.get(ident, str(ident)): traceback.format_stack(frame)[-12:] for ident, frame in frames}


async def _watch(state: ServerState, page: MountedPage | None) -> None:
    """Measure how late the event loop is, and look for engines that are stuck."""
    reported: set[str] = set()
    while True:
        due = time.monotonic() + _TICK
        await asyncio.sleep(_TICK)
        state.metrics.late.observe(max(time.monotonic() - due, 0.0))
        if page is not None:
            page.rows.sample()
            if state.status == "draining":
                page.leave()
        for name, model in state.models.models.items():
            if model.stuck() and name not in reported:
                state.log.write({"stuck": name, "stacks": stacks()})
            reported = reported | {name} if model.stuck() else reported - {name}


def _unrouted(table: Sequence[Route]) -> Any:
    """Return the handler of paths and methods that there are none of."""

    async def handler(request: Request, error: Exception) -> Response:
        from torso.io.arguments import is_other_modality
        from torso.language import speaking

        assert isinstance(error, HTTPException)
        path = request.url.path
        if error.status_code == 405:
            methods = ", ".join(sorted({each.method for each in table if each.path == path} or {"GET"}))
            made = RequestError(
                405,
                "E_METHOD",
                "{path} does not take {method}.",
                cure="Send {methods}.",
                values=dict(path=path[:80], method=request.method, methods=methods),
                headers={"allow": methods},
            )
        else:
            other = is_other_modality(path)
            near = None if other else _near(path, [each.path for each in table])
            made = RequestError(
                404,
                "E_ROUTE",
                "There is no route {path}: images, video and sound are not served."
                if other
                else "There is no route {path}.",
                cure="Did you mean {nearest}? GET /openapi.json lists them all."
                if near
                else "GET /openapi.json lists them all.",
                values=dict(path=path[:80], nearest=near),
            )
        with speaking(language_of(request.headers.get("accept-language", ""))):
            answer = error_answer(made, "openai")
        return JSONResponse(answer.body, answer.status, answer.headers)

    return handler


def _near(path: str, paths: Sequence[str]) -> str | None:
    """Return the route that was plausibly meant: what does the same here, one a slip away, or one below the path."""
    from torso.io.arguments import nearest

    below = (each for each in paths if path != "/" and each.startswith(path.rstrip("/") + "/"))
    return _SUCCESSORS.get(path) or nearest(path, paths) or next(below, None)


def mounted(app: ASGIApp) -> ServerState:
    """Return the state of an application that `torso.serve.app` made."""
    state: ServerState = app.state.torso  # pyright: ignore[reportFunctionMemberAccess, reportUnknownVariableType, reportAttributeAccessIssue]
    return state
