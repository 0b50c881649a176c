"""Starlette's application with a shorter way to its routes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send


class DirectApplication(Starlette):
    """Finds most routes by their paths, instead of by each pattern in turn behind two middlewares.

    Whatever is not found so takes Starlette's way.

    Attributes:
        direct: routes by method and path; empty where requests must pass through a middleware.
    """

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.direct: dict[tuple[str, str], ASGIApp] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or run the lifespan."""
        direct = self.direct.get((scope["method"], scope["path"])) if scope["type"] == "http" else None
        if direct is None or scope.get("root_path"):
            await super().__call__(scope, receive, send)
        else:
            await direct(scope, receive, send)
