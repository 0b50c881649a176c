"""What prepares long lists stands aside for short requests, for a while, and changes nothing of their answers."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest

import torso
from serve.conftest import serving
from torso.architecture import Task
from torso.errors import TooLongError
from torso.serve.application import mounted
from torso.serve.batch_cost import CostModel
from torso.serve.batch_scheduler import Limits, Scheduler
from torso.serve.fair_queue import Ticket
from torso.serve.short_first import FEW, ShortFirst
from torso.tasks._embed import EmbedPlan
from torso.tasks.reading import Paced
from torso.tasks.ready import make_ready


def test_it_waits_for_short_requests_and_not_for_ever() -> None:
    short = ShortFirst()
    begun = time.monotonic()
    short.give_way()
    alone = time.monotonic() - begun
    short.count = 1
    begun = time.monotonic()
    short.give_way()
    assert time.monotonic() - begun > max(alone, 0.009)
    waiting = threading.Thread(target=short.give_way)
    waiting.start()
    waiting.join(30)
    assert not waiting.is_alive()


def test_paced_texts_are_read_as_others_are(folders) -> None:
    plan = EmbedPlan(make_ready(str(folders["embed"]), Task.FEATURES))
    texts = [f"the cat {number} sits" for number in range(3 * FEW + 5)]
    pauses: list[int] = []
    paced = Paced(texts, lambda: pauses.append(1), FEW)
    assert list(plan.read(paced)) == list(plan.read(texts))
    assert len(pauses) == 3
    long = [*texts, "cat " * 5000]
    with pytest.raises(TooLongError) as error:
        plan.read(Paced(long, lambda: None, FEW))
    assert error.value.values["index"] == len(texts)


def test_a_list_beside_short_requests_that_never_end_is_answered_and_equal(folders) -> None:
    model = str(folders["embed"])
    texts = [f"how old are you {number}" * (1 + number % 3) for number in range(200)]
    with serving({"it": model}) as client:
        state = mounted(client.app)
        state.short.count += 1
        found = client.post("/v1/embeddings", json={"input": texts})
        assert state.short.count == 1, "a list is no short request"
        state.short.count -= 1
    assert found.status_code == 200, found.text
    own = torso.encode(texts, model=model)
    rows = [np.array(each["embedding"], np.float32) for each in found.json()["data"]]
    assert [each.tobytes() for each in rows] == [each.vector.tobytes() for each in own]


def test_no_short_request_is_counted_once_it_is_answered(folders) -> None:
    with serving({"it": str(folders["embed"])}) as client:
        state = mounted(client.app)
        for body in ({"input": "a cat"}, {"input": ""}, {"input": ["cat " * 500]}, {"input": "a", "dimensions": -1}):
            client.post("/v1/embeddings", json=body)
            assert state.short.count == state.active == 0


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
