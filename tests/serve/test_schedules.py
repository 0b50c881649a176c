"""The server's queue by simulated schedules: nothing is lost, nothing is answered twice, shares are fair."""

from __future__ import annotations

import os
import subprocess
import sys
from random import Random

import pytest

from conftest import seed
from serve.schedules import World
from torso.serve.batch_cost import CostModel
from torso.serve.batch_scheduler import Limits, Scheduler
from torso.serve.fair_queue import FairQueue, Ticket

SCHEDULES = int(os.environ.get("TORSO_SCHEDULES", "1500"))


def test_nothing_is_lost_and_nothing_answered_twice() -> None:
    """``TORSO_SCHEDULES=1000000`` for the long run, made by hand."""
    first = seed() * 1_000_003
    for number in range(first, first + SCHEDULES):
        try:
            World(number).run(30)
        except AssertionError as error:
            raise AssertionError(f"schedule {number}: {error}") from error


@pytest.mark.parametrize("weights", [(1.0, 1.0), (1.0, 3.0), (2.0, 0.5)])
@pytest.mark.parametrize("sizes", [(10, 10), (3, 97), (100, 1)])
def test_backlogged_clients_share_in_tokens_by_their_weights(weights, sizes) -> None:
    queue = FairQueue(lambda client: weights[client])
    for client in (0, 1):
        queue.put(Ticket(client, 0, [sizes[client]] * (40_000 // sizes[client]), 1e9))
    served = [0, 0]
    while all(queue.tokens_of(client) for client in (0, 1)):
        for item in queue.take(200):
            served[item.ticket.client] += item.tokens
        shares = [served[client] / weights[client] for client in (0, 1)]
        assert abs(shares[0] - shares[1]) <= (200 + 2 * max(sizes)) / min(weights)


def test_the_requests_of_one_client_share_as_clients_do() -> None:
    queue = FairQueue()
    long = Ticket("a", 0, [50] * 2048, 1e9)
    queue.put(long)
    queue.take(400)
    short = Ticket("a", 0, [12], 1e9)
    queue.put(short)
    assert short in [item.ticket for item in queue.take(400)]


def test_a_newcomer_is_in_the_next_batch_beside_many_lists() -> None:
    queue = FairQueue()
    for client in range(5):
        queue.put(Ticket(client, 0, [40] * 500, 1e9))
    for _ in range(20):
        queue.take(400)
    newcomer = Ticket("new", 0, [12], 1e9)
    queue.put(newcomer)
    assert newcomer in [item.ticket for item in queue.take(400)]


def test_an_idle_client_saves_up_nothing() -> None:
    queue = FairQueue()
    queue.put(Ticket("busy", 0, [10] * 1000, 1e9))
    for _ in range(50):
        queue.take(100)
    queue.put(Ticket("late", 0, [10] * 1000, 1e9))
    clients = [item.ticket.client for _ in range(10) for item in queue.take(100)]
    assert 45 <= clients.count("late") <= 55


def test_ten_thousand_clients_that_left_are_forgotten() -> None:
    queue = FairQueue()
    for client in range(10_000):
        queue.put(Ticket(client, 0, [5], 1e9))
        if client % 3:
            queue.take(5)
        assert len(queue._flows) <= queue.tickets + 2048 + 1
    while queue.take(1000):
        pass
    assert not queue._flows


def simulate(policy_slice: float) -> tuple[float, float]:
    """A client in a loop of 2,048 texts beside one with 8 short texts a second, at the costs measured on a CPU.

    Returns:
        The p99 wait of the short texts, and the tokens per second served.
    """
    scheduler = Scheduler(Limits(slice_seconds=policy_slice), cost=CostModel(0.0011, 8000))
    now, waits, served, next_short = 0.0, [], 0, 0.0
    born: dict[int, float] = {}
    while now < 120:
        if not scheduler.queue.tokens_of("long"):
            scheduler.submit(Ticket("long", 0, [100] * 2048, now + 1e6), now)
        while next_short <= now:
            ticket = Ticket("short", 0, [12], now + 100)
            born[id(ticket)] = next_short
            assert scheduler.submit(ticket, next_short) is None
            next_short += 0.125
        batch = scheduler.take(now)
        seconds = 0.0011 + sum(batch.sizes) / 8000
        now += seconds
        served += sum(batch.sizes)
        for ticket in scheduler.complete(batch, [0] * len(batch.items), seconds):
            if ticket.client == "short":
                waits.append(now - born[id(ticket)])
    return sorted(waits)[int(len(waits) * 0.99)], served / now


def test_short_texts_wait_for_a_slice_beside_a_long_list() -> None:
    wait, rate = simulate(0.05)
    assert wait <= 0.03  # an eighth of a slice that runs, and one of its own
    assert rate >= 0.9 * 8000


def beside_preparation(number: int, seconds: float = 60.0) -> tuple[list[float], list[float], float]:
    """As `simulate` on one core, where the tokenizing of each list makes the batches beside it late.

    Returns:
        The waits of the short texts, the seconds of all batches without what made them late, and the tokens a second.
    """
    random, scheduler = Random(number), Scheduler(Limits())
    now, due, ready, served = 0.0, 0.3, 0.15, 0
    waits, ran, born = list[float](), list[float](), dict[int, float]()
    listed: Ticket | None = None
    while now < seconds:
        if listed is None and now >= ready:
            listed = Ticket("a", 0, [random.randint(6, 22) for _ in range(2048)], 1e6)
            assert scheduler.submit(listed, now) is None
        while due <= now:
            short = Ticket("a", 0, [random.randint(6, 22)], 1e6)
            born[id(short)] = due
            assert scheduler.submit(short, due) is None
            due += random.expovariate(8)
        batch = scheduler.take(now)
        if batch is None:
            scheduler.cost.refit()
            now = min(due, ready) if listed is None else due
            continue
        own = (3e-4 + 9e-5 * sum(batch.sizes)) * random.uniform(0.97, 1.1)
        late = own * random.uniform(0.5, 2) + random.choice((0, 0, 0.003, 0.01)) if listed is None else 0.0
        now += own + late
        ran.append(own)
        served += sum(batch.sizes)
        for ticket in scheduler.complete(batch, [0] * len(batch.items), own + late):
            if ticket is listed:
                listed, ready = None, now + 0.15
            else:
                waits.append(now - born.pop(id(ticket)))
    return sorted(waits), ran, served / now


def test_batches_that_are_late_by_what_runs_beside_them_make_none_longer() -> None:
    """Fitted to such times a batch cost the same whatever its size: one of 4,096 tokens came of it, of 370 ms."""
    for number in range(seed(), seed() + 5):
        waits, ran, rate = beside_preparation(number)
        assert waits[int(len(waits) * 0.99)] <= 0.04
        assert max(ran) <= 0.1, "two slices"
        assert rate >= 0.8 / 9e-5


def test_lists_alone_run_in_whole_slices_and_short_texts_together() -> None:
    scheduler = Scheduler(Limits(slice_seconds=0.05), cost=CostModel(0.001, 8000))
    whole = scheduler.cost.tokens_within(0.05)
    for client in ("a", "b"):
        assert scheduler.submit(Ticket(client, 0, [10] * 2048, 1e6), 0.0) is None
    assert sum(_ran(scheduler, 0.0)) > 0.9 * whole
    # Short texts that wait run in one batch, however many: what is shortened is what lists add.
    for client in range(30):
        assert scheduler.submit(Ticket(client, 0, [10], 1e6), 0.0) is None
    first = _ran(scheduler, 0.0)
    assert 300 <= sum(first) <= 300 + whole / 4
    assert sum(_ran(scheduler, 0.0)) <= whole / 4
    assert sum(_ran(scheduler, 5.0)) > 0.9 * whole, "none has come for a while"


def _ran(scheduler: Scheduler, now: float) -> list[int]:
    batch = scheduler.take(now)
    assert batch is not None
    scheduler.complete(batch, [0] * len(batch.items), scheduler.cost.seconds(batch.sizes))
    return batch.sizes


def test_a_list_is_never_refused_for_its_own_length_and_a_hopeless_one_says_so() -> None:
    scheduler = Scheduler(Limits(queue_seconds=1.0), cost=CostModel(0.001, 8000))
    assert scheduler.submit(Ticket("a", 0, [100] * 2048, 120.0), 0.0) is None
    assert scheduler.submit(Ticket("b", 0, [100] * 2048, 120.0), 0.0) is None, "one list of each client is let in"
    refusal = scheduler.submit(Ticket("b", 0, [12], 120.0), 0.0)
    assert refusal is not None
    assert refusal.reason == "wait"
    hopeless = scheduler.submit(Ticket("c", 0, [100] * 100_000, 120.0), 0.0)
    assert hopeless is not None
    assert hopeless.reason == "never"
    assert hopeless.seconds == pytest.approx(1250, rel=0.2)


def test_waits_are_never_predicted_below_half_of_what_they_are() -> None:
    """A burst of equal texts of several clients, each with the wait it was predicted."""
    scheduler = Scheduler(Limits(queue_seconds=1e6), cost=CostModel(0.0011, 8000))
    predicted: list[tuple[Ticket, float]] = []
    for number in range(200):
        ticket = Ticket(number % 7, 0, [30 + number % 50], 1e6)
        wait = scheduler.wait(ticket.sizes[0], ticket.client) + (
            scheduler.queue.tokens_of(ticket.client) / scheduler.cost.rate
        )
        assert scheduler.submit(ticket, 0.0) is None
        predicted.append((ticket, wait))
    now, ends = 0.0, {}
    while (batch := scheduler.take(now)) is not None:
        seconds = 0.0011 + sum(batch.sizes) / 8000
        now += seconds
        ends.update(dict.fromkeys(map(id, scheduler.complete(batch, [0] * len(batch.items), seconds)), now))
    late = [(wait, ends[id(ticket)]) for ticket, wait in predicted if ends[id(ticket)] > 0.3]
    assert late
    assert all(wait >= true / 2 - 0.1 for wait, true in late)


def test_batches_are_no_longer_than_the_steps_of_what_writes_beside_them() -> None:
    """Between two tokens of a text that is written a batch runs: it may take about as long as the token."""
    sizes = {}
    for beside in (None, 1.0, 0.02, 1e-6):
        scheduler = Scheduler(Limits(slice_seconds=0.05), cost=CostModel(0.001, 8000))
        scheduler.submit(Ticket("a", "key", [10] * 1000, 100.0), 0.0)
        scheduler.beside = beside
        batch = scheduler.take(0.0)
        sizes[beside] = sum(batch.sizes)
    assert sizes[None] == sizes[1.0] == 390, "a slice, as long as steps are longer"
    assert sizes[0.02] == 110, "three quarters of a step"
    assert sizes[1e-6] == 20, "no batch of little but overhead"


def test_costs_are_learnt_from_batches() -> None:
    model = CostModel(0.001, 1000)
    for number in range(200):
        sizes = [20 + number % 30] * (1 + number % 16)
        model.observe(sizes, 0.002 + sum(sizes) / 8000 + 3e-7 * sum(size * size for size in sizes))
    model.refit()
    for sizes in ([10], [40] * 8, [45] * 14):
        wanted = 0.002 + sum(sizes) / 8000 + 3e-7 * sum(size * size for size in sizes)
        assert model.seconds(sizes) == pytest.approx(wanted, rel=0.15)
    assert 200 <= model.tokens_within(0.05) <= 500
    assert all(value >= 0 for value in model.coefficients)


@pytest.mark.parametrize("seconds", [0.0, 1e-9, 1e3])
def test_costs_stay_finite_for_strange_clocks(seconds) -> None:
    model = CostModel()
    for _ in range(300):
        model.observe([7], seconds)
    model.refit()
    assert model.tokens_within(0.05) >= 1
    assert model.seconds([100]) >= 0
    assert model.rate > 0


def test_the_queue_needs_neither_torch_nor_the_extra() -> None:
    heavy = ("torch", "numpy", "starlette", "msgspec", "uvicorn", "prometheus_client")
    code = f"import sys, torso.serve.batch_scheduler; print([name for name in {heavy} if name in sys.modules])"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert printed.strip() == "[]"


def test_a_server_of_encoders_is_imported_without_torch() -> None:
    code = "import sys, torso.serve.application; print('torch' in sys.modules)"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert printed.strip() == "False"


def test_a_short_request_shortens_the_next_list_though_it_met_none() -> None:
    """The first batch of a list that comes after it would be a whole slice, which the next short request waited for."""
    scheduler = Scheduler(Limits(slice_seconds=0.05), cost=CostModel(0.001, 8000))
    assert scheduler.submit(Ticket("a", 0, [10], 1e6), 0.0) is None
    batch = scheduler.take(0.0)
    assert batch is not None
    scheduler.complete(batch, [0], 0.002)
    assert scheduler.submit(Ticket("a", 0, [10] * 2048, 1e6), 0.5) is None
    first = scheduler.take(0.5)
    assert first is not None
    assert sum(first.sizes) <= scheduler.cost.tokens_within(0.05) / 4
