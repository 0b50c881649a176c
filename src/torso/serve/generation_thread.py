"""The thread that writes texts by continuous batching, and how requests wait for its tokens."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import suppress
from functools import partial

from torso.generation.sequence_decoder import SequenceDecoder
from torso.serve.batch_scheduler import Refusal
from torso.serve.engine_thread import STUCK_SECONDS
from torso.serve.queue_errors import draining, late, refused, stuck_error
from torso.serve.request_errors import RequestError
from torso.serve.token_scheduler import TokenScheduler
from torso.serve.token_sequence import Event, TokenSequence
from torso.serve.turns import Turns

WEIGHT = 4.0
"""Share of decoding beside other models: a reader waits for every token."""

Numbered = tuple[int, Event | Exception]


class TextStream:
    """Tokens of the texts of one request, as they come.

    Args:
        generator: writes them.
    """

    def __init__(self, generator: Generator) -> None:
        self._generator = generator
        self._loop = asyncio.get_running_loop()
        # Bounded by the tokens that the texts may have.
        self._queue: asyncio.Queue[Numbered] = asyncio.Queue()
        self.sequences: list[TokenSequence] = []

    def emit(self, number: int) -> Callable[[Event | Exception], None]:
        """Return what receives the tokens of the text of that number, in the generator's thread."""
        return partial(self._emit, number)

    def _emit(self, number: int, event: Event | Exception) -> None:
        with suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(self._queue.put_nowait, (number, event))

    async def events(self, sequences: Sequence[TokenSequence], deadline: float) -> AsyncGenerator[tuple[int, Event]]:
        """Admit texts and yield their tokens, each with the number of its text, until all have ended.

        Left early, it ends the texts: their rows are free at the next step.

        Raises:
            RequestError: E_OVERLOADED, E_DRAINING, E_STUCK; E_DEADLINE, if the first token is not there in time.
            Exception: what the model raised.
        """
        self._generator.submit(sequences)
        open_texts = len(sequences)
        first = True
        try:
            while open_texts:
                seconds = max(deadline - time.monotonic(), 0) if first else None
                try:
                    number, event = await asyncio.wait_for(self._queue.get(), seconds)
                except TimeoutError:
                    raise late() from None
                first = False
                if isinstance(event, Exception):
                    raise event
                open_texts -= event.why is not None
                yield number, event
        finally:
            self._generator.cancel(sequences)


class Generator:
    """One model's thread that writes: it admits, steps, and ends sequences between steps.

    Args:
        name: of the thread.
        decoder: holds and runs the sequences.
        sequences: at a time, at most.
        queue_seconds: predicted wait above which a request is refused.
        turns: shared with the other engines of the machine.
        observe: called after each step in the thread, with the tokens read and its seconds.
    """

    def __init__(
        self,
        name: str,
        decoder: SequenceDecoder,
        sequences: int = 64,
        queue_seconds: float = 30.0,
        turns: Turns | None = None,
        observe: Callable[[int, float], None] = lambda tokens, seconds: None,
    ) -> None:
        self.name, self.decoder = name, decoder
        self.scheduler = TokenScheduler(decoder, sequences)
        self.refusing: RequestError | None = None
        self._queue_seconds, self._turns, self._observe = queue_seconds, turns or Turns(), observe
        self._changed = threading.Condition()
        self._arrived: deque[TokenSequence] = deque()
        self._left: deque[TokenSequence] = deque()
        self._began: float | None = None
        self._step_seconds, self._rate = 0.02, 200.0
        self._stopping = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start the thread; once."""
        self._thread = threading.Thread(target=self._loop, name=f"torso-{self.name}-writing", daemon=True)
        self._thread.start()

    def stop(self, seconds: float = 5.0) -> bool:
        """End the thread after the running step; return whether it has ended within ``seconds``."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join(seconds)
        return self._thread is None or not self._thread.is_alive()

    @property
    def idle(self) -> bool:
        """Whether nothing waits or is written."""
        with self._changed:
            return self.scheduler.idle and not self._arrived

    def check(self) -> bool:
        """Return whether the running step is stuck; then nothing more is admitted."""
        with self._changed:
            stuck = self._began is not None and time.monotonic() > (
                self._began + 10 * self._step_seconds + STUCK_SECONDS
            )
            if stuck and self.refusing is None:
                self.refusing = stuck_error()
                for each in (*self.scheduler.running, *self._arrived):
                    each.failed(stuck_error())
            return stuck

    def submit(self, sequences: Sequence[TokenSequence]) -> None:
        """Admit all texts of a request, or none.

        Raises:
            RequestError: E_OVERLOADED, E_DRAINING, E_STUCK.
        """
        with self._changed:
            if self._stopping:
                raise draining()
            if self.refusing is not None:
                raise self.refusing
            waiting = self.scheduler.waiting.tokens + sum(each.rows for each in self._arrived)
            if waiting / self._rate > self._queue_seconds:
                raise refused(Refusal("wait", waiting / 2 / self._rate))
            self._arrived += sequences
            self._changed.notify_all()

    def cancel(self, sequences: Sequence[TokenSequence]) -> None:
        """End texts before the next step."""
        with self._changed:
            self._left += [each for each in sequences if not each.over]
            self._changed.notify_all()

    def _loop(self) -> None:
        while True:
            with self._changed:
                self._update()
                while self.scheduler.idle and not self._stopping:
                    self._changed.wait()
                    self._update()
                if self._stopping:
                    self.scheduler.abandon(draining())
                    return
            self._step()

    def _update(self) -> None:
        """Hand what has arrived and what has left to the scheduler, between two steps."""
        while self._arrived:
            self.scheduler.submit(self._arrived.popleft())
        while self._left:
            self.scheduler.cancel(self._left.popleft())

    def _step(self) -> None:
        with self._turns.turn(f"{self.name} writing", self._step_seconds, WEIGHT):
            self._began = began = time.monotonic()
            tokens = self.scheduler.step()
            self._began = None
            seconds = time.monotonic() - began
        self.refusing = None
        self._step_seconds += 0.1 * (seconds - self._step_seconds)
        # Reserved tokens that a sequence never uses count as served when it ends: the rate errs on the slow side.
        self._rate += 0.05 * (tokens / max(seconds, 1e-6) - self._rate)
        self._observe(tokens, seconds)
