"""The page as an ASGI application, to be served alone or mounted in another."""

from __future__ import annotations

import secrets
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, nullcontext
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, cast

from torso.errors import MissingPackageError, NotFoundError, TorsoError
from torso.io.host_names import LOOPBACK
from torso.language import speaking
from torso.view.asked import Answer, Asked, json_answer, wrong_type
from torso.view.assets import Asset, assets
from torso.view.handlers import ROUTES, Handler, Page
from torso.view.page_guard import MOST_BYTES, Application, Guard, Receive, Scope, Send
from torso.view.shown_models import ShownModels, Turn

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response


def app(
    models: Mapping[str, Any] | Sequence[str] = (),
    *,
    admin: bool = False,
    text: str = "",
    token: str | None = None,
    hosts: Collection[str] | None = LOOPBACK,
    server: Callable[[], Sequence[Mapping[str, Any]]] | None = None,
    served: Callable[[], Sequence[Mapping[str, Any]]] | None = None,
    turn: Turn = nullcontext,
    sources: Mapping[str, str] = MappingProxyType({}),
) -> PageApplication:
    """Return the page as an ASGI application.

    Args:
        models: names that are shown; or names with what each is: a folder, a loaded model, or one made `Ready`.
        admin: whether models of this machine may be fetched, checked, repaired and removed from the page.
        text: that is shown first.
        token: that every request of data must carry, as the page does that was opened with it in its address: the page
            of one user, who may also see the other models of this machine. None for a page that whoever reaches the
            server may read; its own changes then carry a token that the page holds.
        hosts: names under which it may be asked for, without ports; None leaves that to the application around it.
        server: gives rows ``{"name", "model", "value", "unit", "of"}`` of the server around it.
        served: gives what the server around it says of each of its models.
        turn: what is waited for before a model runs, where others run models in this process too.
        sources: what the page's lines of Python name the models by whose names here are other ones.

    Raises:
        MissingPackageError: ``E_EXTRA``, without the extra ``serve``.
    """
    require_extra()
    from starlette.applications import Starlette
    from starlette.routing import Route

    given = dict(models) if isinstance(models, Mapping) else {name: name for name in models}
    local = token is not None
    first = {"model": next(iter(given), "torso:sentiment"), "text": text}
    page = Page(ShownModels(given, of_machine=local, turn=turn, sources=sources), admin, first, server, served, local)
    own_token = token or secrets.token_urlsafe(24)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncGenerator[None]:
        yield
        page.jobs.stop_all()

    routes = [Route(f"/view/api{path}", _endpoint(page, handler), methods=[method]) for method, path, handler in ROUTES]
    routes += [
        Route("/view/{name}", _asset(None)),
        Route("/", _asset(_index("" if local else own_token))),
    ]
    inner = cast("Application", Starlette(routes=routes, lifespan=lifespan))
    return PageApplication(page, Guard(inner, token=own_token, hosts=hosts, reading_needs_token=local))


class PageApplication:
    """The page, as ASGI; mounted in another application, that one stops it, since its own lifespan is not run.

    Args:
        page: what its handlers share.
        guarded: the application behind its guard.
    """

    def __init__(self, page: Page, guarded: Guard) -> None:
        self._page, self._guarded = page, guarded

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        await self._guarded(scope, receive, send)

    def leave(self) -> None:
        """End what only waits for something to happen: the server is about to end."""
        self._page.jobs.leave()

    def stop(self) -> None:
        """End its jobs; what has arrived of a download is kept."""
        self._page.jobs.stop_all()


def require_extra() -> None:
    """Refuse to go on without the packages of the extra ``serve``.

    Raises:
        MissingPackageError: ``E_EXTRA``, with the one command that installs them.
    """
    from importlib.util import find_spec

    lacking = [name for name in ("starlette", "orjson", "uvicorn") if find_spec(name) is None]
    if lacking:
        raise MissingPackageError(
            "E_EXTRA",
            "The page needs packages that are not installed: {names}.",
            cure='Install them: pip install "torso[serve]"',
            values=dict(names=", ".join(lacking)),
        )


def _index(token: str) -> Asset:
    page = assets()["index.html"]
    if not token:
        return page
    from dataclasses import replace

    body = page.body.replace(b'name="torso-token" content=""', f'name="torso-token" content="{token}"'.encode())
    return replace(page, body=body, packed=b"", etag="")


def _asset(only: Asset | None) -> Callable[[Request], Any]:
    async def give(request: Request) -> Response:
        from starlette.responses import Response

        asset = only or assets().get(request.path_params["name"])
        if asset is None or (only is None and asset.name.endswith(".html")):
            return Response(status_code=404)
        headers = {"cache-control": "no-cache", "vary": "accept-encoding", "content-type": asset.kind}
        if asset.etag:
            headers["etag"] = asset.etag
            if request.headers.get("if-none-match") == asset.etag:
                return Response(status_code=304, headers=headers)
        if asset.packed and "gzip" in request.headers.get("accept-encoding", ""):
            return Response(asset.packed, headers={**headers, "content-encoding": "gzip"})
        return Response(asset.body, headers=headers)

    return give


def _endpoint(page: Page, handler: Handler) -> Callable[[Request], Any]:
    async def give(request: Request) -> Response:
        from starlette.concurrency import run_in_threadpool
        from starlette.responses import Response, StreamingResponse

        chosen = request.query_params.get("lang")
        chosen = chosen if chosen in ("en", "zh") else None
        try:
            asked = Asked(request.path_params, dict(request.query_params), await _body(request))
            answer = await run_in_threadpool(_in_language, chosen, page, handler, asked)
        except TorsoError as error:
            answer = _refused(page, error, chosen)
        headers = {"cache-control": "no-store", "content-type": answer.kind, **answer.headers}
        if isinstance(answer.body, bytes):
            return Response(answer.body, answer.status, headers)
        return StreamingResponse(_closing(answer.body), answer.status, headers)

    return give


def _in_language(chosen: str | None, page: Page, handler: Handler, asked: Asked) -> Answer:
    with speaking(chosen):
        return handler(page, asked)


async def _closing(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    """Yield pieces; end what makes them when nobody reads on."""
    from starlette.concurrency import iterate_in_threadpool

    try:
        async for piece in iterate_in_threadpool(pieces):
            yield piece
    finally:
        close = getattr(pieces, "close", None)
        if close is not None:
            close()


async def _body(request: Request) -> dict[str, Any]:
    if request.method != "POST":
        return {}
    import orjson

    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            raise wrong_type("body", "at most 1 MiB of JSON")
    try:
        value: object = orjson.loads(bytes(body))
    except ValueError:
        raise wrong_type("body", "valid JSON") from None
    if not isinstance(value, dict):
        raise wrong_type("body", "a JSON object")
    return cast("dict[str, Any]", value)


def _refused(page: Page, error: TorsoError, chosen: str | None) -> Answer:
    with speaking(chosen):
        parts = error.as_dict()
    if not page.local:
        parts = {name: page.models.hide_folders(text) for name, text in parts.items()}
    status = 404 if isinstance(error, NotFoundError) else 403 if error.code == "E_PAGE_ADMIN" else 400
    return json_answer({"error": parts}, status)
