"""Start-time fair queueing in tokens: between clients, then between the requests of a client. Pure."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count
from typing import Any, Literal

Outcome = Literal["answered", "failed", "cancelled", "expired"]
"""How an admitted request ends: each ends exactly once."""

_IDLE_FLOWS = 1024  # clients without work that are remembered


@dataclass(eq=False, slots=True)
class Ticket:
    """One admitted request: texts that run in any batches, answered together.

    Attributes:
        client: whose share of the machine it uses.
        key: requests of equal keys may share a batch.
        sizes: tokens of each text, at least 1.
        deadline: time after which its answer is worth nothing.
        payload: what the engine runs; the queue never looks at it.
        results: of each text, as far as there are any.
        error: why it failed.
        outcome: how it ended; None while it has not.
        taken: texts that have left the queue.
        missing: texts without a result.
        waiting_tokens: tokens of the texts in the queue.
        started: when its first text was taken; None before.
        long: whether it is a list that takes more than one batch.
    """

    client: Hashable
    key: Hashable
    sizes: Sequence[int]
    deadline: float
    payload: Any = None
    results: list[Any] = field(default_factory=list[Any])
    error: Exception | None = None
    outcome: Outcome | None = None
    taken: int = 0
    missing: int = 0
    waiting_tokens: int = 0
    started: float | None = None
    long: bool = False

    def __post_init__(self) -> None:
        self.results = [None] * len(self.sizes)
        self.missing = len(self.sizes)
        self.waiting_tokens = sum(self.sizes)


@dataclass(frozen=True, slots=True)
class Item:
    """One text of a request."""

    ticket: Ticket
    index: int

    @property
    def tokens(self) -> int:
        """Its tokens."""
        return self.ticket.sizes[self.index]


class _Flow:
    """The waiting requests of one client, with the client's tag."""

    __slots__ = ("client", "tag", "tickets", "tokens", "virtual", "weight")

    def __init__(self, client: Hashable, weight: float) -> None:
        self.client, self.weight = client, weight
        self.tag = self.virtual = 0.0
        self.tickets: list[tuple[float, int, Ticket]] = []
        self.tokens = 0

    def pop(self) -> tuple[float, int, Ticket] | None:
        """Take out the request with the smallest tag; None if all of them have ended."""
        while self.tickets:
            entry = heappop(self.tickets)
            if entry[2].outcome is None:
                return entry
        return None


class FairQueue:
    """Waiting texts, taken in the order of their start tags (SFQ, Goyal et al. 1996), at two levels.

    The tag of a flow's next text is the virtual time at which the flow's last one ends, or the present virtual time if
    the flow was idle. So a single text goes into the next batch beside a list of thousands, and lists share evenly.

    Args:
        weight: share of a client relative to others, above 0.
    """

    def __init__(self, weight: Callable[[Hashable], float] = lambda client: 1.0) -> None:
        self._weight = weight
        self._flows: dict[Hashable, _Flow] = {}
        self._heap: list[tuple[float, int, _Flow]] = []
        self._active: set[Hashable] = set()
        self._virtual = 0.0
        self._order = count()
        self.tokens = self.texts = self.tickets = self.long_tokens = 0

    def put(self, ticket: Ticket) -> None:
        """Add a request."""
        flow = self._flows.get(ticket.client)
        if flow is None:
            self._forget_idle()
            flow = self._flows[ticket.client] = _Flow(ticket.client, self._weight(ticket.client))
        heappush(flow.tickets, (flow.virtual, next(self._order), ticket))
        flow.tokens += ticket.waiting_tokens
        self.tokens += ticket.waiting_tokens
        self.long_tokens += ticket.waiting_tokens * ticket.long
        self.texts += len(ticket.sizes) - ticket.taken
        self.tickets += 1
        if ticket.client not in self._active:
            flow.tag = max(self._virtual, flow.tag)
            self._activate(flow)

    def discard(self, ticket: Ticket) -> None:
        """Forget the waiting texts of a request whose outcome is set."""
        assert ticket.outcome is not None
        if ticket.taken == len(ticket.sizes):
            return
        self._flows[ticket.client].tokens -= ticket.waiting_tokens
        self.tokens -= ticket.waiting_tokens
        self.long_tokens -= ticket.waiting_tokens * ticket.long
        self.texts -= len(ticket.sizes) - ticket.taken
        self.tickets -= 1
        ticket.waiting_tokens, ticket.taken, ticket.payload = 0, len(ticket.sizes), None

    def waiting(self) -> Iterator[Ticket]:
        """Yield every waiting request, in no order."""
        for flow in self._flows.values():
            for _, _, ticket in flow.tickets:
                if ticket.outcome is None:
                    yield ticket

    def tokens_of(self, client: Hashable) -> int:
        """Return the waiting tokens of a client."""
        flow = self._flows.get(client)
        return 0 if flow is None else flow.tokens

    def tokens_ahead(self, client: Hashable, tokens: int) -> int:
        """Return the tokens of others that are served before ``tokens`` more of a client, in the worst case.

        Each other client is served at most its backlog, and at most its share while this client is served.
        """
        own = self.tokens_of(client)
        if own == self.tokens:
            return 0
        own += tokens
        weight = self._weight(client)
        others = (flow for flow in self._flows.values() if flow.client != client and flow.tokens)
        return sum(min(flow.tokens, int(own * flow.weight / weight) + 1) for flow in others)

    def take(self, budget: int) -> list[Item]:
        """Take the texts of the next batch: those of the smallest tags that share a key and fit the budget.

        A text above the budget is a batch by itself. Empty if and only if nothing waits.
        """
        items: list[Item] = []
        used = 0
        aside: list[_Flow] = []
        passed: list[tuple[_Flow, tuple[float, int, Ticket]]] = []
        while self._heap:
            _, _, flow = heappop(self._heap)
            self._active.discard(flow.client)
            entry = flow.pop()
            if entry is None:
                continue
            tag, order, ticket = entry
            size = ticket.sizes[ticket.taken]
            if items and ticket.key != items[0].ticket.key:
                passed.append((flow, entry))
                if flow.tickets:
                    self._activate(flow)
                if len(passed) > 64:  # requests of other keys: their turn comes in the next batch
                    break
                continue
            if items and used + size > budget:
                heappush(flow.tickets, entry)
                aside.append(flow)
                break
            self._virtual = max(self._virtual, flow.tag)
            flow.virtual = max(flow.virtual, tag)
            items.append(Item(ticket, ticket.taken))
            used += size
            self._charge(flow, ticket, size)
            if ticket.taken < len(ticket.sizes):
                heappush(flow.tickets, (tag + size, order, ticket))
            else:
                self.tickets -= 1
            if flow.tickets:
                self._activate(flow)
        for flow, entry in passed:
            heappush(flow.tickets, entry)
            aside.append(flow)
        for flow in aside:
            if flow.client not in self._active:
                self._activate(flow)
        if not self._heap:
            self._reset()
        return items

    def _charge(self, flow: _Flow, ticket: Ticket, size: int) -> None:
        flow.tag += size / flow.weight
        flow.tokens -= size
        ticket.waiting_tokens -= size
        ticket.taken += 1
        self.tokens -= size
        self.long_tokens -= size * ticket.long
        self.texts -= 1

    def _activate(self, flow: _Flow) -> None:
        self._active.add(flow.client)
        heappush(self._heap, (flow.tag, next(self._order), flow))

    def _reset(self) -> None:
        """Begin a new busy period: tags of the last one decide nothing, and floats stay small."""
        self._flows.clear()
        self._virtual = 0.0

    def _forget_idle(self) -> None:
        """Drop clients without work, except those whose last service reaches furthest ahead of the virtual time."""
        if len(self._flows) < len(self._active) + 2 * _IDLE_FLOWS:
            return
        idle = [flow for name, flow in self._flows.items() if name not in self._active]
        idle = sorted((flow for flow in idle if flow.tag > self._virtual), key=lambda flow: -flow.tag)[:_IDLE_FLOWS]
        self._flows = {name: flow for name, flow in self._flows.items() if name in self._active}
        self._flows |= {flow.client: flow for flow in idle}
