"""Errors of requests that a model's queue does not take, or does not answer in time."""

from __future__ import annotations

from torso.serve.batch_scheduler import Refusal
from torso.serve.request_errors import RequestError


def refused(refusal: Refusal) -> RequestError:
    """Return the error of a request that is not admitted."""
    if refusal.reason == "never":
        return RequestError(
            413,
            "E_TOO_MUCH",
            "This request alone takes about {seconds:.0f} seconds here, longer than its deadline.",
            cure="Send fewer texts at a time.",
            values=dict(seconds=refusal.seconds),
        )
    if refusal.reason == "draining":
        return draining()
    if refusal.reason == "stuck":
        return stuck_error()
    return RequestError(
        429,
        "E_OVERLOADED",
        "The server has more work than it can do in time.",
        cure="Try again in {seconds:.0f} seconds, or send fewer requests at a time.",
        values=dict(seconds=max(1.0, float(round(refusal.seconds)))),
        kind="overloaded",
        retry=refusal.seconds,
    )


def draining() -> RequestError:
    """Return the error of a request that comes while the server ends."""
    return RequestError(
        503,
        "E_DRAINING",
        "The server is ending.",
        cure="Try again in a moment.",
        retry=1.0,
        headers={"connection": "close"},
    )


def stuck_error() -> RequestError:
    """Return the error of requests whose model hangs."""
    return RequestError(
        503, "E_STUCK", "The model does not answer.", cure="Start the server again; /livez says the same.", retry=10.0
    )


def late() -> RequestError:
    """Return the error of a request that was not answered by its deadline."""
    return RequestError(
        503,
        "E_DEADLINE",
        "The request was not answered by its deadline.",
        cure="Send fewer texts at a time, or allow more time: --deadline.",
        retry=5.0,
    )
