"""The engine's thread: faults of models, deadlines, hangs, and what its clients are told."""

from __future__ import annotations

import asyncio
import threading
import time

import numpy as np
import pytest

from serve.conftest import serving
from torso.serve import engine_thread
from torso.serve.batch_scheduler import Scheduler
from torso.serve.engine_thread import Engine
from torso.serve.request_errors import RequestError
from torso.serve.turns import Turns
from torso.serve.works import WholeWork


class Texts:
    """Work that doubles numbers, or fails at one."""

    key = 0

    def __init__(self, numbers, bad=None, pause=0.0) -> None:
        self.numbers, self.bad, self.pause = numbers, bad, pause

    def run(self, parts):
        time.sleep(self.pause)
        made = []
        for work, index in parts:
            if work.numbers[index] == work.bad:
                raise ValueError("bad")
            made.append(2 * work.numbers[index])
        return made


@pytest.fixture
def engine():
    made = Engine("test", Scheduler())
    made.start()
    yield made
    assert made.stop(10)


def ask(engine, work, *, client="a", seconds=20.0):
    return engine.answer(work, [1] * len(work.numbers), client, time.monotonic() + seconds)


def test_many_requests_get_each_their_own(engine) -> None:
    async def run():
        works = [Texts(list(range(n, n + 7)), pause=0.0002) for n in range(200)]
        found = await asyncio.gather(*(ask(engine, work, client=n % 5) for n, work in enumerate(works)))
        return works, found

    works, found = asyncio.run(run())
    for work, ticket in zip(works, found, strict=True):
        assert ticket.results == [2 * number for number in work.numbers]


def test_one_bad_text_fails_its_own_request_alone(engine) -> None:
    async def run():
        works = [Texts([n], bad=3 if n == 3 else None, pause=0.001) for n in range(8)]
        return await asyncio.gather(*(ask(engine, work) for work in works), return_exceptions=True)

    found = asyncio.run(run())
    assert isinstance(found[3], ValueError)
    assert [each.results for n, each in enumerate(found) if n != 3] == [[2 * n] for n in range(8) if n != 3]


def test_a_deadline_passes_while_the_model_runs_and_while_it_waits(engine) -> None:
    async def run():
        slow = asyncio.ensure_future(ask(engine, Texts([1], pause=1.0), seconds=0.2))
        await asyncio.sleep(0.05)
        waiting = asyncio.ensure_future(ask(engine, Texts([2]), seconds=0.2))
        later = asyncio.ensure_future(ask(engine, Texts([4]), seconds=20))
        return await asyncio.gather(slow, waiting, later, return_exceptions=True)

    slow, waiting, later = asyncio.run(run())
    assert [each.code for each in (slow, waiting)] == ["E_DEADLINE"] * 2
    assert later.results == [8]
    assert engine.idle


def test_each_deadline_is_kept_whichever_comes_first(engine) -> None:
    async def run():
        blocker = asyncio.ensure_future(ask(engine, Texts([1], pause=1.5)))
        await asyncio.sleep(0.05)
        begun = time.monotonic()
        ends = {}

        async def late(seconds):
            with pytest.raises(RequestError, match="deadline"):
                await ask(engine, Texts([2]), seconds=seconds)
            ends[seconds] = time.monotonic() - begun

        await asyncio.gather(*(late(seconds) for seconds in (0.6, 0.2, 0.4, 0.2)))
        await blocker
        return ends

    ends = asyncio.run(run())
    assert all(seconds <= ends[seconds] < 1.4 for seconds in (0.2, 0.4, 0.6))
    assert ends[0.2] < ends[0.4] < ends[0.6]


def test_cancelled_requests_never_run(engine) -> None:
    ran = []

    async def run():
        blocker = asyncio.ensure_future(ask(engine, Texts([1], pause=0.3)))
        await asyncio.sleep(0.05)
        tasks = [
            asyncio.ensure_future(engine.answer(WholeWork(lambda n=n: ran.append(n)), [1], n, time.monotonic() + 9))
            for n in range(50)
        ]
        await asyncio.sleep(0.05)
        for task in tasks[1:]:
            task.cancel()
        await asyncio.gather(blocker, *tasks, return_exceptions=True)

    asyncio.run(run())
    assert ran == [0]
    assert engine.idle


def test_a_small_request_is_not_kept_waiting_by_a_large_one(engine) -> None:
    """Counted in batches: those of a list of 50,000 that run between the arrival of a single text and its answer."""
    batches: list[set[object]] = []
    running, arrived = threading.Event(), threading.Event()

    class Counted(Texts):
        def run(self, parts):
            batches.append({work for work, _ in parts})
            running.set()
            assert arrived.wait(20)
            return super().run(parts)

    large, small = Counted(list(range(50_000))), Counted([1])

    async def run():
        first = asyncio.ensure_future(ask(engine, large, client="large"))
        await asyncio.to_thread(running.wait, 20)
        second = asyncio.ensure_future(ask(engine, small, client="small"))
        while not engine.scheduler.queue.tokens_of("small"):
            await asyncio.sleep(0)
        arrived.set()
        return await asyncio.gather(first, second)

    first, second = asyncio.run(run())
    assert second.results == [2]
    assert first.results == [2 * number for number in range(50_000)]
    assert len(batches) >= 12
    assert [index for index, works in enumerate(batches) if small in works] == [1], "the next one"
    assert large not in batches[1], "which is not filled up with the list's: the small request would wait for them"


def test_a_hang_fails_every_request_and_is_reported_until_it_ends(monkeypatch, folders) -> None:
    monkeypatch.setattr(engine_thread, "STUCK_SECONDS", 0.3)
    release = threading.Event()
    with serving({"embed": str(folders["embed"])}) as client:
        model = client.app.state.torso.models.models["embed"]
        runner = model.ready.runner
        run = type(runner).run
        hanging = True

        def hang(self, *arguments):
            if hanging:
                release.wait(30)
            return run(self, *arguments)

        monkeypatch.setattr(type(runner), "run", hang)
        answer = client.post("/v1/embeddings", json={"input": "a"})
        assert answer.status_code == 503
        assert answer.json()["error"]["code"] == "E_STUCK"
        assert client.get("/livez").json() == {"status": "stuck", "models": {"embed": "stuck"}}
        assert client.get("/livez").status_code == client.get("/readyz").status_code == 503
        assert client.post("/v1/embeddings", json={"input": "a"}).status_code == 503
        hanging = False
        release.set()
        end = time.monotonic() + 20
        while client.get("/livez").status_code != 200:
            assert time.monotonic() < end
            time.sleep(0.02)
        assert client.post("/v1/embeddings", json={"input": "a"}).status_code == 200


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [(RuntimeError("secret /path"), 500, "E_FAULT"), (MemoryError(), 500, "E_MEMORY")],
)
def test_faults_of_a_model_are_answered_without_their_words(monkeypatch, folders, error, status, code) -> None:
    with serving({"embed": str(folders["embed"])}) as client:
        runner = client.app.state.torso.models.models["embed"].ready.runner
        run = type(runner).run

        def failing(self, batch, *arguments):
            if 16 in batch.sizes:
                raise error
            return run(self, batch, *arguments)

        monkeypatch.setattr(type(runner), "run", failing)
        answer = client.post("/v1/embeddings", json={"input": "好" * 14})
        assert answer.status_code == status
        assert answer.json()["error"]["code"] == code
        assert answer.headers["x-should-retry"] == "false"
        assert "secret" not in answer.text
        assert client.post("/embed", json={"inputs": "好" * 14}).status_code == 424
        assert client.post("/v1/embeddings", json={"input": "好"}).status_code == 200


def test_numbers_that_are_not_finite_are_an_error(monkeypatch, folders) -> None:
    with serving({"embed": str(folders["embed"])}) as client:
        from torso.tasks._embed import EmbedPlan

        split = EmbedPlan.split
        monkeypatch.setattr(EmbedPlan, "split", lambda self, *some: [each * np.nan for each in split(self, *some)])
        answer = client.post("/v1/embeddings", json={"input": ["a", "b"]})
        assert answer.status_code == 500
        assert answer.json()["error"]["code"] == "E_NOT_FINITE"


def test_overload_is_refused_whole_with_a_time(folders) -> None:
    with serving({"embed": str(folders["embed"])}, queue_seconds=0.001) as client:
        engine = client.app.state.torso.models.models["embed"].engine
        blocked = threading.Event()

        async def block():
            await engine.answer(WholeWork(lambda: blocked.wait(20)), [1], "other", time.monotonic() + 30)

        thread = threading.Thread(target=lambda: asyncio.run(block()))
        thread.start()
        answers = []

        def post(n):
            answers.append(client.post("/v1/embeddings", json={"input": ["hello"] * 50}))

        while engine.scheduler.running is None:
            time.sleep(0.005)
        posting = [threading.Thread(target=post, args=(n,)) for n in range(4)]
        for each in posting:
            each.start()
        end = time.monotonic() + 20
        while len(answers) < 3 and time.monotonic() < end:
            time.sleep(0.01)
        blocked.set()
        for each in (*posting, thread):
            each.join(30)
    assert sorted(each.status_code for each in answers) == [200, 429, 429, 429]
    for each in answers:
        if each.status_code == 429:
            assert each.json()["error"]["code"] == "overloaded"
            assert int(each.headers["retry-after"]) >= 1
            assert float(each.headers["retry-after-ms"]) > 0


def test_turns_of_engines_are_one_at_a_time_and_by_weight() -> None:
    turns, held, count = Turns(), [], {"light": 0, "heavy": 0}
    end = time.monotonic() + 0.5

    def run(name: str, weight: float) -> None:
        while time.monotonic() < end:
            with turns.turn(name, 0.002, weight):
                held.append(1)
                assert len(held) == 1
                time.sleep(0.002)
                held.pop()
                count[name] += 1

    threads = [threading.Thread(target=run, args=each) for each in (("light", 1.0), ("heavy", 4.0))]
    for each in threads:
        each.start()
    for each in threads:
        each.join(20)
    assert min(count.values()) > 0


def test_errors_cross_processes_whole() -> None:
    import pickle

    error = RequestError(429, "E_OVERLOADED", "{n} wait.", values={"n": 3}, param="x", retry=2.0, headers={"a": "b"})
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.status, again.param, again.retry, again.headers) == (
        str(error), 429, "x", 2.0, {"a": "b"},
    )  # fmt: skip


@pytest.mark.parametrize("tokens", [0, 1, 4])
def test_a_stream_that_fails_ends_with_an_error_and_never_cleanly(monkeypatch, folders, tokens) -> None:
    with serving({"llama": str(folders["llama"])}) as client:
        decoder = client.app.state.torso.models.models["llama"].generator.decoder
        step, steps = decoder.step, []

        def failing(feeds):
            if len(steps) >= tokens:
                raise RuntimeError("secret")
            steps.append(1)
            return step(feeds)

        monkeypatch.setattr(decoder, "step", failing)
        asked = {"prompt": "the cat", "max_tokens": 9, "temperature": 0, "stream": True}
        answer = client.post("/v1/completions", json=asked)
        assert answer.status_code == (200 if tokens else 500), "before the first token an error is a plain answer"
        assert "[DONE]" not in answer.text
        assert "E_FAULT" in answer.text
        assert "secret" not in answer.text
        assert '"finish_reason":"' not in answer.text
        assert decoder.free == decoder.rows
        monkeypatch.setattr(decoder, "step", step)
        assert client.post("/v1/completions", json=asked).text.rstrip().endswith("data: [DONE]")


def test_an_engine_hears_of_what_writes_beside_it_as_long_as_it_does(monkeypatch) -> None:
    turns, now = Turns(), [100.0]
    monkeypatch.setattr("torso.serve.turns.time.monotonic", lambda: now[0])
    with turns.turn("m", 0.5):
        assert turns.beside("n") is None, "another engine that reads is nobody's text"
    with turns.turn("w writing", 0.03, 4.0):
        pass
    assert turns.beside("m") == 0.03
    assert turns.beside("w writing") is None
    now[0] += 1.5
    assert turns.beside("m") is None
