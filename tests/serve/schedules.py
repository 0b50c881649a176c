"""Simulated schedules of the server's queue: random arrivals, batches, faults and departures, on a simulated clock."""

from __future__ import annotations

from collections import Counter
from random import Random

from torso.serve.batch_scheduler import Limits, Scheduler, TextBatch
from torso.serve.fair_queue import Ticket

BUDGET = 64


class World:
    """One schedule, and what must hold in every one of them."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.limits = Limits(slice_seconds=0.01, budget=BUDGET, queue_seconds=2.0, queue_tokens=2000, queue_tickets=40)
        self.scheduler = Scheduler(self.limits, weight=lambda client: 2.0 if client == "b" else 1.0)
        self.now = 0.0
        self.admitted: list[Ticket] = []
        self.ended: Counter[int] = Counter()
        self.runs: Counter[tuple[int, int]] = Counter()
        self.guilty: set[int] = set()
        self.batch: TextBatch | None = None

    def run(self, steps: int) -> None:
        choices = [self.submit, self.submit, self.take, self.finish, self.finish, self.cancel, self.expire, self.tick]
        for _ in range(steps):
            self.random.choice(choices)()
            self.check()
        self.drain()

    def submit(self) -> None:
        sizes = [
            self.random.choice((1, 3, BUDGET - 1, BUDGET, BUDGET + 1, 200)) for _ in range(self.random.randint(1, 5))
        ]
        ticket = Ticket(
            self.random.choice("abc"),
            self.random.choice((0, 0, 1)),
            sizes,
            self.now + self.random.choice((0.05, 1, 50)),
        )
        if self.random.random() < 0.1:
            self.guilty.add(id(ticket))
        before = self.scheduler.wait(10, "z")
        refused = self.scheduler.submit(ticket, self.now)
        if refused is None:
            self.admitted.append(ticket)
            assert self.scheduler.wait(10, "z") >= before
        else:
            assert ticket.outcome is None
            assert ticket.taken == 0
            assert refused.seconds > 0

    def take(self) -> None:
        if self.batch is not None:
            return
        self.expire()
        could = any(each.outcome is None for each in self.admitted)
        self.batch = self.scheduler.take(self.now)
        assert (self.batch is not None) == could, "an engine is idle only if nothing waits"
        if self.batch is None:
            return
        sizes = self.batch.sizes
        assert sum(sizes) <= BUDGET or len(sizes) == 1
        assert len({item.ticket.key for item in self.batch.items}) == 1
        assert all(item.ticket.outcome is None for item in self.batch.items)
        for item in self.batch.items:
            self.runs[id(item.ticket), item.index] += 1

    def finish(self) -> None:
        if self.batch is None:
            return
        batch, self.batch = self.batch, None
        seconds = self.random.random() * 0.1
        self.now += seconds
        if any(id(item.ticket) in self.guilty for item in batch.items):
            ended = self.scheduler.fail(batch, ValueError("no"))
            assert all(id(ticket) in self.guilty for ticket in ended), "only the guilty fail"
        else:
            results = [(id(item.ticket), item.index) for item in batch.items]
            ended = self.scheduler.complete(batch, results, seconds)
            for ticket in ended:
                assert ticket.results == [(id(ticket), index) for index in range(len(ticket.sizes))]
        self.count(ended)

    def cancel(self) -> None:
        if self.admitted:
            ticket = self.random.choice(self.admitted)
            if self.scheduler.cancel(ticket):
                self.count([ticket])

    def expire(self) -> None:
        expired = self.scheduler.expire(self.now)
        assert all(ticket.deadline <= self.now for ticket in expired)
        self.count(expired)

    def tick(self) -> None:
        self.now += self.random.choice((0.001, 0.1, 3))

    def count(self, ended: list[Ticket]) -> None:
        for ticket in ended:
            self.ended[id(ticket)] += 1

    def check(self) -> None:
        queue = self.scheduler.queue
        waiting = [each for each in self.admitted if each.outcome is None]
        assert queue.tokens == sum(sum(each.sizes[each.taken :]) for each in waiting)
        assert queue.texts == sum(len(each.sizes) - each.taken for each in waiting)
        assert queue.tickets == sum(each.taken < len(each.sizes) for each in waiting)
        assert queue.tokens <= self.limits.queue_tokens + 1000
        assert all(self.ended[id(each)] == (each.outcome is not None) for each in self.admitted)

    def drain(self) -> None:
        self.scheduler.refusing = "draining"
        assert self.scheduler.submit(Ticket("a", 0, [1], self.now + 9), self.now) is not None
        for _ in range(10_000):
            if self.scheduler.idle:
                break
            self.take()
            self.finish()
        assert self.scheduler.idle
        assert all(self.ended[id(each)] == 1 for each in self.admitted), "each is answered once, none is lost"
        assert all(count <= 2 for count in self.runs.values()), "a text runs again once at most"
        assert self.scheduler.queue.tokens == self.scheduler.queue.texts == self.scheduler.queue.tickets == 0
