"""The thread that runs a model's batches, and how requests wait for it."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Hashable, Sequence
from typing import Any, Protocol

from torso.serve.batch_scheduler import Refusal, Scheduler, TextBatch
from torso.serve.fair_queue import Outcome, Ticket
from torso.serve.queue_errors import draining, late, refused, stuck_error
from torso.serve.request_errors import RequestError
from torso.serve.turns import Turns

STUCK_SECONDS = 30.0
"""Seconds beyond ten times the prediction after which a batch counts as stuck."""

_ANSWERING = 0.002
"""Seconds in which an event loop answers requests, without competition by what is only learnt."""

_NEVER = float("inf")

_Waiter = tuple[asyncio.AbstractEventLoop, "asyncio.Future[Outcome]", float]
"""Who waits for a request: an event loop, what it waits for, and until when."""

_Ended = dict[asyncio.AbstractEventLoop, list[tuple["asyncio.Future[Outcome]", Outcome]]]


class Work(Protocol):
    """What a ticket carries: texts that a model runs."""

    @property
    def key(self) -> Hashable:
        """Works of equal keys may run in one batch."""
        ...

    def run(self, parts: Sequence[tuple[Work, int]]) -> Sequence[Any]:
        """Run texts of works of this key, each given by its work and its index; return their results in order."""
        ...


class Engine:
    """One model's thread: takes a batch, runs it, hands its results back.

    Args:
        name: of the thread.
        scheduler: what is run next.
        turns: shared with the other engines of the machine.
        observe: called after each batch in the engine's thread, with its tokens and seconds.
    """

    def __init__(
        self,
        name: str,
        scheduler: Scheduler,
        turns: Turns | None = None,
        observe: Callable[[Sequence[int], float], None] = lambda sizes, seconds: None,
    ) -> None:
        self.name, self.scheduler = name, scheduler
        self._turns, self._observe = turns or Turns(), observe
        self._changed = threading.Condition()
        self._waiters: dict[int, _Waiter] = {}
        self._looks: dict[asyncio.AbstractEventLoop, float] = {}
        self._began: tuple[float, float] | None = None
        self._last: float | None = None
        self._stopping = self._resting = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start the thread; once."""
        self._thread = threading.Thread(target=self._loop, name=f"torso-{self.name}", daemon=True)
        self._thread.start()

    def stop(self, seconds: float = 5.0) -> bool:
        """End the thread after the running batch; return whether it has ended within ``seconds``."""
        with self._changed:
            self._stopping = True
            self._fail_all(draining())
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join(seconds)
        return self._thread is None or not self._thread.is_alive()

    @property
    def idle(self) -> bool:
        """Whether nothing waits or runs."""
        with self._changed:
            return self.scheduler.idle

    def wait(self, tokens: int = 0, client: Hashable = None) -> float:
        """Predict the wait of a request; see `Scheduler.wait`."""
        with self._changed:
            return self.scheduler.wait(tokens, client)

    def admit(self, client: Hashable) -> None:
        """Refuse a client whose next request will be refused whatever it holds, before work is done for it.

        Raises:
            RequestError: E_OVERLOADED, E_DRAINING, E_STUCK.
        """
        refusal = self.refusal(client)
        if refusal is not None:
            raise refused(refusal)

    def refusal(self, client: Hashable) -> Refusal | None:
        """Return why a client's next request will be refused whatever it holds; None if it may be admitted."""
        if self.scheduler.refusing is None and not self.scheduler.queue.tickets:
            return None
        with self._changed:
            return self.scheduler.refusal(client)

    def check(self) -> bool:
        """Return whether the running batch is stuck; then every request fails at once, and none is admitted."""
        with self._changed:
            began = self._began
            stuck = began is not None and time.monotonic() > began[0] + 10 * began[1] + STUCK_SECONDS
            if stuck and self.scheduler.refusing is None:
                self.scheduler.refusing = "stuck"
                self._fail_all(stuck_error())
            return stuck

    async def answer(self, work: Work, sizes: Sequence[int], client: Hashable, deadline: float) -> Ticket:
        """Admit a request and wait until all its texts have run.

        Args:
            work: what is run.
            sizes: tokens of each text.
            client: whose share is used.
            deadline: monotonic time by which the answer must be there.

        Returns:
            The ticket, with its results.

        Raises:
            RequestError: E_OVERLOADED, E_DEADLINE, E_TOO_MUCH, E_DRAINING, E_STUCK.
            Exception: what the model raised for this request.
        """
        loop = asyncio.get_running_loop()
        ticket = Ticket(client, work.key, sizes, deadline, work)
        future: asyncio.Future[Outcome] = loop.create_future()
        with self._changed:
            refusal = self.scheduler.submit(ticket, time.monotonic())
            if refusal is not None:
                raise refused(refusal)
            self._waiters[id(ticket)] = (loop, future, deadline)
            if self._resting:
                self._changed.notify_all()
        if deadline < self._looks.get(loop, _NEVER):
            self._look_at(loop, deadline)
        outcome: Outcome = "cancelled"
        try:
            outcome = await future
        finally:
            if outcome in ("cancelled", "expired"):
                with self._changed:
                    self._waiters.pop(id(ticket), None)
                    self.scheduler.cancel(ticket, outcome)
        if outcome == "answered":
            return ticket
        if outcome == "failed" and ticket.error is not None:
            raise ticket.error
        raise late()

    def _look_at(self, loop: asyncio.AbstractEventLoop, deadline: float) -> None:
        """Look for requests that are late at the first of their deadlines: one timer serves them all."""
        self._looks = {each: when for each, when in self._looks.items() if not each.is_closed()} | {loop: deadline}
        loop.call_later(max(deadline - time.monotonic(), 0), self._expire, loop, deadline)

    def _expire(self, loop: asyncio.AbstractEventLoop, deadline: float) -> None:
        """Tell those of an event loop whose deadlines have passed; then look at the next one."""
        if self._looks.get(loop) != deadline:
            return  # an earlier one came later
        del self._looks[loop]
        with self._changed:
            mine = [(when, future) for other, future, when in self._waiters.values() if other is loop]
        now, following = time.monotonic(), _NEVER
        for when, future in mine:
            if when <= now:
                _set(future, "expired")
            else:
                following = min(following, when)
        if following < _NEVER:
            self._look_at(loop, following)

    def _fail_all(self, error: RequestError) -> None:
        self._tell(self.scheduler.abandon(error))

    def _tell(self, ended: Sequence[Ticket]) -> None:
        """Wake those who wait for requests that have ended. Called with the lock held."""
        _wake(self._ended(ended))

    def _ended(self, ended: Sequence[Ticket]) -> _Ended:
        """Return what each event loop is to hear of requests that have ended. Called with the lock held."""
        heard: _Ended = {}
        for ticket in ended:
            waiter = self._waiters.pop(id(ticket), None)
            if waiter is not None and ticket.outcome is not None:
                heard.setdefault(waiter[0], []).append((waiter[1], ticket.outcome))
        return heard

    def _loop(self) -> None:
        while True:
            with self._changed:
                batch = None
                while batch is None and not self._stopping:
                    now = time.monotonic()
                    self._tell(self.scheduler.expire(now))
                    self.scheduler.beside = self._turns.beside(self.name)
                    batch = self.scheduler.take(now)
                    if batch is None:
                        self._last = None
                        self._rest()
                if batch is None:
                    return
                # Cancelled meanwhile, a ticket may drop its work; the batch keeps it.
                works: list[tuple[Work, int]] = [(item.ticket.payload, item.index) for item in batch.items]
            self._run(batch, works)

    def _rest(self) -> None:
        """Wait until something has changed. Called with the lock held."""
        # What is learnt of the last batches can wait until those who were answered have their answers.
        self._resting = True
        if not self.scheduler.cost.pending:
            self._changed.wait()
        elif not self._changed.wait(_ANSWERING):
            self.scheduler.cost.refit()
        self._resting = False

    def _run(self, batch: TextBatch, works: list[tuple[Work, int]]) -> None:
        results: Sequence[Any] = ()
        failure: Exception | None = None
        with self._turns.turn(self.name, batch.expected):
            started = time.monotonic()
            with self._changed:
                self._began = (started, batch.expected)
            try:
                results = works[0][0].run(works)
            except Exception as error:
                failure = error
            ended = time.monotonic()
        with self._changed:
            self._began = None
            if self.scheduler.refusing == "stuck":
                self.scheduler.refusing = None
            gap = 0.0 if self._last is None else started - self._last
            if failure is None:
                heard = self._ended(self.scheduler.complete(batch, results, ended - started, gap))
            else:
                heard = self._ended(self.scheduler.fail(batch, failure))
        self._last = ended
        _wake(heard)  # those who wake would wait for the lock
        self._observe(batch.sizes, ended - started)


def _wake(heard: _Ended) -> None:
    """Tell each event loop of all its requests at once: to wake one costs as much as to answer a request."""
    for loop, outcomes in heard.items():
        if not loop.is_closed():
            loop.call_soon_threadsafe(_set_all, outcomes)


def _set_all(outcomes: list[tuple[asyncio.Future[Outcome], Outcome]]) -> None:
    for future, outcome in outcomes:
        _set(future, outcome)


def _set(future: asyncio.Future[Outcome], outcome: Outcome) -> None:
    if not future.done():
        future.set_result(outcome)
