"""One request while it is answered: its time, its texts, its client, and the headers of its answer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

from torso.serve.engine_thread import Work
from torso.serve.queue_errors import draining, refused
from torso.serve.request_errors import RequestError
from torso.serve.request_log import RequestLog
from torso.serve.serve_settings import ServeSettings
from torso.serve.served_model import Catalogue, ServedModel
from torso.serve.server_metrics import Metrics
from torso.tasks.windows import EncodedText

Value = TypeVar("Value")

SHORT = 2048
"""Characters that are tokenized on the event loop; more of them go to a thread."""


@dataclass(slots=True)
class ServerState:
    """What all requests of a server share.

    Attributes:
        settings: the server's.
        models: those it serves.
        metrics: counters.
        log: of requests.
        pool: threads for tokenizing and for large answers.
        status: ``loading``, ``ok`` or ``draining``.
        flight: bytes of the bodies being read or answered.
        active: requests that are not answered yet.
    """

    settings: ServeSettings
    models: Catalogue
    metrics: Metrics
    log: RequestLog
    pool: ThreadPoolExecutor
    status: str = "loading"
    flight: int = 0
    active: int = 0

    def refuse_unless_ready(self) -> None:
        """Refuse requests while the server loads or ends.

        Raises:
            RequestError: E_LOADING, E_DRAINING.
        """
        if self.status == "loading":
            raise RequestError(
                503, "E_LOADING", "The server is loading its models.", cure="Try again in a moment.", retry=2.0
            )
        if self.status == "draining":
            raise draining()

    def refuse_overload(self, client: str) -> None:
        """Refuse a client whose next request no model would admit, whatever it asks.

        Raises:
            RequestError: E_OVERLOADED, E_DRAINING, E_STUCK.
        """
        refusal = None
        for model in self.models.models.values():
            refusal = model.engine.refusal(client)
            if refusal is None:
                return
        if refusal is not None:
            raise refused(refusal)


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer with a status of its own.

    Attributes:
        status: HTTP status.
        value: its JSON.
        headers: headers beside the usual ones.
    """

    status: int
    value: Any
    headers: dict[str, str] = field(default_factory=dict[str, str])


@dataclass(slots=True)
class EventStream:
    """An answer in server-sent events.

    Attributes:
        events: data of each event; an error raised here becomes an error event.
        failed: makes the data of an event from an error.
    """

    events: AsyncIterator[bytes]
    failed: Callable[[Exception], bytes]


@dataclass(slots=True)
class Call:
    """One request.

    Attributes:
        state: what all requests share.
        client: whose share of the machine it uses.
        deadline: monotonic time by which it must be answered.
        values: the JSON object of its body.
        path: last part of the path, for routes that have one.
        model: name of the model that answers.
        texts: number of texts.
        tokens: tokens read.
        generated: tokens generated.
        truncated: texts that were read in part.
        seconds: of each phase.
        headers: headers of the answer, beside the usual ones.
    """

    state: ServerState
    client: str
    deadline: float
    values: Mapping[str, Any]
    path: str = ""
    model: str = ""
    texts: int = 0
    tokens: int = 0
    generated: int = 0
    truncated: int = 0
    seconds: dict[str, float] = field(default_factory=dict[str, float])
    headers: dict[str, str] = field(default_factory=dict[str, str])

    def find(self, name: str | None, *functions: str) -> ServedModel:
        """Return the model that the request names; see `Catalogue.find`."""
        model = self.state.models.find(name, *functions)
        self.model = model.name
        return model

    def check_texts(self, texts: Sequence[Any], characters: int, name: str = "input") -> None:
        """Hold a request to the number of texts and characters that one may have.

        Raises:
            RequestError: E_EMPTY, E_TOO_MUCH.
        """
        settings = self.state.settings
        self.texts = len(texts)
        if not texts:
            raise RequestError(
                400, "E_EMPTY", "{name} is empty.", cure="Send at least one text.", values=dict(name=name), param=name
            )
        for what, value, limit in (
            ("texts", len(texts), settings.texts),
            ("characters", characters, settings.characters),
        ):
            if value > limit:
                raise too_much(what, value, limit, name)

    async def prepare(self, work: Callable[[], Value], characters: int) -> Value:
        """Run what prepares a request, such as tokenizing: on the event loop if it is short, else in a thread."""
        begun = time.monotonic()
        if characters <= SHORT:
            made = work()
        else:
            made = await asyncio.get_running_loop().run_in_executor(self.state.pool, work)
        self.add("tokenization", time.monotonic() - begun)
        return made

    async def run(self, model: ServedModel, work: Work, sizes: Sequence[int]) -> list[Any]:
        """Run texts on a model's engine, and return the result of each.

        Raises:
            RequestError: E_TOO_MUCH, and as `Engine.answer`.
        """
        total = sum(sizes)
        if total > self.state.settings.tokens:
            raise too_much("tokens", total, self.state.settings.tokens, None)
        self.tokens += total
        begun = time.monotonic()
        ticket = await model.engine.answer(work, sizes, self.client, self.deadline)
        started = ticket.started or begun
        self.add("queue", max(started - begun, 0.0))
        self.add("inference", time.monotonic() - started)
        metrics = self.state.metrics
        metrics.of(metrics.tokens, model.name, "read").inc(total)
        return ticket.results

    def note(self, encoded: Sequence[EncodedText]) -> None:
        """Count the texts that were read in part."""
        for each in encoded:
            self.truncated += len(each) < each.size and each.last and not each.start

    def add(self, phase: str, seconds: float) -> None:
        """Add to the time of a phase."""
        self.seconds[phase] = self.seconds.get(phase, 0.0) + seconds


async def in_thread(call: Call, work: Callable[[], Value], long: bool) -> Value:
    """Run what takes more than a moment in a thread."""
    return await asyncio.get_running_loop().run_in_executor(call.state.pool, work) if long else work()


def too_much(what: str, value: int, limit: int, param: str | None) -> RequestError:
    """Return the error of a request that holds too much."""
    return RequestError(
        413,
        "E_TOO_MUCH",
        "The request holds {value:,} {what}; at most {limit:,} are taken at a time.",
        cure="Send it in several requests.",
        values=dict(value=value, what=what, limit=limit),
        param=param,
    )
