"""Scheduler of one engine: admission by predicted wait, batches, deadlines, cancellation, drain. Pure.

It holds no clock and no thread: every method takes the time, so that properties are tested by the million.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from torso.serve.batch_cost import CostModel
from torso.serve.fair_queue import FairQueue, Item, Outcome, Ticket

_MEMORY = 1.0  # seconds for which a short request shortens the batches of lists: another may follow
_BRIEF = 1 / 12  # of a slice, for the texts of lists while short requests come
_OVERHEADS = 4.0  # of a batch that such a slice must be worth: lists lose a fifth at most
_BESIDE = 0.75  # of a step of what writes at the same time, for a batch: who reads its text waits for both
_REFIT_BATCHES = 4  # after so many the costs are fitted again while work waits
_SURE = 0.95  # of the longest wait up to which a request is admitted: a prediction errs by a few percent

Reason = Literal["wait", "full", "never", "draining", "stuck"]
"""Why a request is refused: its predicted wait, a full queue, too large for its deadline even alone, or the server."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of a queue.

    Attributes:
        slice_seconds: predicted length of a batch; of one of the texts of long lists, a twelfth, while short requests
            come. It holds for a list that is alone too: nobody knows who comes next.
        budget: tokens of a batch at most.
        queue_seconds: predicted wait behind others, above which a request is refused.
        queue_tokens: tokens in the queue at most.
        queue_tickets: requests in the queue at most.
    """

    slice_seconds: float = 0.05
    budget: int = 4096
    queue_seconds: float = 30.0
    queue_tokens: int = 4_000_000
    queue_tickets: int = 32_768


@dataclass(frozen=True, slots=True)
class Refusal:
    """A request that is not admitted.

    Attributes:
        reason: why.
        seconds: when a retry makes sense; for ``never`` the predicted seconds of the request alone.
    """

    reason: Reason
    seconds: float


@dataclass(frozen=True, slots=True)
class TextBatch:
    """Texts that run together.

    Attributes:
        items: one or more, of one key.
        started: when it was taken.
        expected: predicted seconds.
        again: whether it runs alone after its batch failed.
    """

    items: list[Item]
    started: float
    expected: float
    again: bool = False

    @property
    def sizes(self) -> list[int]:
        """Tokens of each text."""
        return [each.tokens for each in self.items]


class Scheduler:
    """What one engine runs next, and for whom.

    Args:
        limits: bounds of the queue.
        weight: share of a client relative to others.
        cost: cost model of batches.
    """

    def __init__(
        self,
        limits: Limits | None = None,
        weight: Callable[[Hashable], float] = lambda client: 1.0,
        cost: CostModel | None = None,
    ) -> None:
        self.limits = limits or Limits()
        self.cost = cost or CostModel()
        self.queue = FairQueue(weight)
        self.running: TextBatch | None = None
        self.refusing: Reason | None = None
        self.beside: float | None = None
        """Seconds of a step of what writes on the same cores; None while nothing does."""
        self._again: deque[Item] = deque()
        self._brief_until = float("-inf")
        self._next_expiry = float("inf")

    @property
    def idle(self) -> bool:
        """Whether nothing waits or runs."""
        return not self.queue.texts and not self._again and self.running is None

    def wait(self, tokens: int = 0, client: Hashable = None) -> float:
        """Predict the seconds until the others' texts that come before ``tokens`` more of a client have run."""
        ahead = self.queue.tokens_ahead(client, tokens) + self._again_tokens()
        running = 0.0 if self.running is None else self.running.expected
        return ahead / self.cost.rate + running

    def drained(self) -> float:
        """Predict the seconds until the queue is half as long."""
        return self.queue.tokens / 2 / self.cost.rate

    def submit(self, ticket: Ticket, now: float) -> Refusal | None:
        """Admit a whole request, or refuse all of it.

        A client without waiting texts is always admitted if its deadline can be kept: a long list is slow, but never
        refused for its length.
        """
        own, left = ticket.waiting_tokens, ticket.deadline - now
        if self.refusing is None and own > self.limits.budget and own / self.cost.rate > left:
            return Refusal("never", own / self.cost.rate)
        refusal = self.refusal(ticket.client, own)
        if refusal is not None:
            return refusal
        if self.queue.tokens and self._all(own) > left:
            queued = self.wait(own, ticket.client) + (self.queue.tokens_of(ticket.client) + own) / self.cost.rate
            if queued > left:
                return Refusal("wait", self._retry())
        ticket.long = own > self._slice()
        if not ticket.long:
            self._brief_until = now + _MEMORY
        self.queue.put(ticket)
        self._next_expiry = min(self._next_expiry, ticket.deadline)
        return None

    def refusal(self, client: Hashable, tokens: int = 0) -> Refusal | None:
        """Return why a request of a client is refused, whatever its deadline; None if it is not.

        Args:
            client: whose request.
            tokens: that it holds; with none, what is refused would be with any.
        """
        if self.refusing is not None:
            return Refusal(self.refusing, 1.0)
        most = self.limits.queue_tokens
        if self.queue.tickets >= self.limits.queue_tickets or (self.queue.tokens and self.queue.tokens + tokens > most):
            return Refusal("full", self._retry())
        mine = self.queue.tokens_of(client)
        if not mine or self._all(tokens) <= _SURE * self.limits.queue_seconds:
            return None
        if self.wait(tokens, client) + mine / self.cost.rate > _SURE * self.limits.queue_seconds:
            return Refusal("wait", self._retry())
        return None

    def cancel(self, ticket: Ticket, outcome: Outcome = "cancelled") -> bool:
        """End a request before it is answered; return whether it had not ended. A running batch is not stopped."""
        if ticket.outcome is not None:
            return False
        self._close(ticket, outcome)
        return True

    def expire(self, now: float) -> list[Ticket]:
        """End the waiting requests whose deadlines have passed, and return them."""
        if now < self._next_expiry:
            return []
        waiting = list(self.queue.waiting())
        expired = [ticket for ticket in waiting if ticket.deadline <= now]
        for ticket in expired:
            self._close(ticket, "expired")
        self._next_expiry = min((each.deadline for each in waiting if each.outcome is None), default=float("inf"))
        return expired

    def take(self, now: float) -> TextBatch | None:
        """Take the next batch; None only if nothing waits. Call `expire` first, and `complete` or `fail` after it."""
        assert self.running is None, "one batch at a time"
        if self.cost.pending >= _REFIT_BATCHES:
            self.cost.refit()
        while self._again:
            item = self._again.popleft()
            if item.ticket.outcome is None:
                return self._begin([item], now, again=True)
        items = self.queue.take(self._budget(now))
        return self._begin(items, now) if items else None

    def complete(self, batch: TextBatch, results: Sequence[Any], seconds: float, gap: float = 0.0) -> list[Ticket]:
        """Record the results of a batch; return the requests answered now, each once.

        Args:
            batch: that has run.
            results: of each of its texts.
            seconds: for which it ran.
            gap: seconds between it and the batch before, while its texts waited.
        """
        self._end(batch)
        self.cost.observe(batch.sizes, seconds, gap)
        answered: list[Ticket] = []
        for item, result in zip(batch.items, results, strict=True):
            ticket = item.ticket
            if ticket.outcome is not None:
                continue
            ticket.results[item.index] = result
            ticket.missing -= 1
            if not ticket.missing:
                self._close(ticket, "answered")
                answered.append(ticket)
        return answered

    def fail(self, batch: TextBatch, error: Exception) -> list[Ticket]:
        """Record that a batch failed: its texts run once more, alone; a text that fails alone fails its request."""
        self._end(batch)
        if len(batch.items) > 1:
            self._again += batch.items
            return []
        ticket = batch.items[0].ticket
        if ticket.outcome is not None:
            return []
        ticket.error = error
        self._close(ticket, "failed")
        return [ticket]

    def abandon(self, error: Exception) -> list[Ticket]:
        """Fail every request that has not ended, as when the engine is stuck or must stop; return them."""
        running = [] if self.running is None else self.running.items
        tickets = [*self.queue.waiting(), *(each.ticket for each in (*self._again, *running))]
        failed: list[Ticket] = []
        for ticket in tickets:
            if ticket.outcome is None:
                ticket.error = error
                self._close(ticket, "failed")
                failed.append(ticket)
        self._again.clear()
        return failed

    def _budget(self, now: float) -> int:
        if now >= self._brief_until or not self.queue.long_tokens:
            return self._slice()
        # A short request that comes now waits for this batch. Where short ones wait they are not held up by the texts
        # of lists, whose turn is the next; those alone make a batch no longer than it must be.
        overhead = _OVERHEADS * self.cost.coefficients[0]
        brief = self.cost.tokens_within(max(self.limits.slice_seconds * _BRIEF, overhead))
        return min(self._slice(), self.queue.tokens - self.queue.long_tokens or brief)

    def _slice(self) -> int:
        """Return the tokens of a batch."""
        seconds = self.limits.slice_seconds
        if self.beside is not None:
            seconds = min(seconds, max(_BESIDE * self.beside, _OVERHEADS * self.cost.coefficients[0]))
        return min(self.limits.budget, self.cost.tokens_within(seconds))

    def _all(self, tokens: int) -> float:
        """Predict the seconds of all that waits and ``tokens`` more: no wait is longer, and most need no other."""
        running = 0.0 if self.running is None else self.running.expected
        return (self.queue.tokens + self._again_tokens() + tokens) / self.cost.rate + running

    def _again_tokens(self) -> int:
        return sum(each.tokens for each in self._again) if self._again else 0

    def _retry(self) -> float:
        return max(self.drained(), 0.1)

    def _begin(self, items: list[Item], now: float, *, again: bool = False) -> TextBatch:
        for item in items:
            if item.ticket.started is None:
                item.ticket.started = now
        self.running = TextBatch(items, now, self.cost.seconds([each.tokens for each in items]), again)
        return self.running

    def _end(self, batch: TextBatch) -> None:
        assert self.running is batch, "a batch ends once"
        self.running = None

    def _close(self, ticket: Ticket, outcome: Outcome) -> None:
        assert ticket.outcome is None, "a request ends once"
        ticket.outcome = outcome
        self.queue.discard(ticket)
