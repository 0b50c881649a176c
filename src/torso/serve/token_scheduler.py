"""Continuous batching: which sequences read and write in each step. No thread, no clock of its own."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence

from torso.generation.decode_loop import draw, process_scores
from torso.generation.scores import Scores, operations
from torso.generation.sequence_decoder import Feed, SequenceDecoder
from torso.serve.fair_queue import FairQueue, Ticket
from torso.serve.token_sequence import TokenSequence

STEP_ROWS = 512
"""Tokens that one step reads: one of each text that is written, then pieces of prompts."""


class TokenScheduler:
    """Sequences that wait, read their prompts and are written, in steps of bounded length.

    Room is reserved for all that a sequence may grow to when it is admitted, in the order of a fair queue between
    clients: nothing is preempted.

    Args:
        decoder: holds and runs the sequences.
        sequences: at a time, at most.
        step_rows: tokens of one step.
        weight: share of a client relative to others.
    """

    def __init__(
        self,
        decoder: SequenceDecoder,
        sequences: int = 64,
        step_rows: int = STEP_ROWS,
        weight: Callable[[Hashable], float] = lambda client: 1.0,
    ) -> None:
        self.decoder, self.sequences, self.step_rows = decoder, sequences, step_rows
        self.waiting = FairQueue(weight)
        self.running: list[TokenSequence] = []
        self._next: TokenSequence | None = None
        self._tickets: dict[int, Ticket] = {}

    @property
    def idle(self) -> bool:
        """Whether there is nothing to do."""
        return not self.running and self._next is None and not self.waiting.texts

    def submit(self, sequence: TokenSequence) -> None:
        """Add a sequence, which the decoder must have room for when it is empty."""
        assert sequence.rows <= self.decoder.rows
        ticket = Ticket(sequence.client, 0, [sequence.rows], 0.0, sequence)
        self._tickets[id(sequence)] = ticket
        self.waiting.put(ticket)

    def cancel(self, sequence: TokenSequence) -> None:
        """End a sequence; its room is free at once. Ending one that is over does nothing."""
        if sequence.over:
            return
        sequence.over = True
        if sequence in self.running:
            self.running.remove(sequence)
        elif sequence is self._next:
            self._next = None
        ticket = self._tickets.pop(id(sequence), None)
        if ticket is not None:
            ticket.outcome = "cancelled"
            self.waiting.discard(ticket)
        self._release(sequence)

    def abandon(self, error: Exception) -> None:
        """End every sequence with an error."""
        every = [*self.running, *([] if self._next is None else [self._next])]
        every += [ticket.payload for ticket in self.waiting.waiting()]
        for sequence in every:
            self.cancel(sequence)
            sequence.failed(error)

    def plan(self) -> list[tuple[TokenSequence, Feed]]:
        """Return what the next step reads: a token of each text being written, then pieces of prompts, then guesses."""
        self._admit()
        budget = self.step_rows
        chosen: list[tuple[TokenSequence, Feed]] = []
        decoding = [each for each in self.running if len(each.unread) == 1]
        prefilling = [each for each in self.running if len(each.unread) > 1]
        for sequence in (*decoding, *prefilling):
            count = min(len(sequence.unread), budget)
            if not count:
                break
            assert sequence.slot is not None
            tokens = [sequence.unread[place] for place in range(count)]
            chosen.append((sequence, Feed(sequence.slot, tokens, count == len(sequence.unread))))
            budget -= count
        if self.decoder.verifies_drafts and budget:
            self._look_up(chosen, budget)
        return chosen

    def _look_up(self, chosen: list[tuple[TokenSequence, Feed]], budget: int) -> None:
        """Put guesses behind the tokens of texts that are written, in the room that a step has left."""
        for place, (sequence, feed) in enumerate(chosen):
            if feed.wanted and len(feed.tokens) == 1 and budget:
                drafted = sequence.draft(budget)
                if drafted:
                    chosen[place] = (sequence, Feed(feed.slot, [*feed.tokens, *drafted], True, len(drafted)))
                    budget -= len(drafted)

    def step(self) -> int:
        """Run one step and emit its tokens; return the number of tokens read, guesses among them.

        An error of a step ends the sequences that were in it, each alone in a second try, so that only the guilty end.
        """
        chosen = self.plan()
        if not chosen:
            return 0
        self._attempt(chosen, again=len(chosen) > 1)
        return sum(len(feed.tokens) for _, feed in chosen)

    def _attempt(self, chosen: Sequence[tuple[TokenSequence, Feed]], *, again: bool) -> None:
        try:
            scores = self.decoder.step([feed for _, feed in chosen])
            total, likeliest = operations(scores).log_sum_exp(scores), scores.argmax(-1)
        except Exception as error:
            if again:
                for each in chosen:
                    self._attempt([each], again=False)
                return
            self._fail(chosen[0][0], error)
            return
        row = 0
        for sequence, feed in chosen:
            for _ in range(len(feed.tokens) - feed.drafted):
                sequence.unread.popleft()
            if feed.wanted:
                try:
                    self._write(sequence, feed, scores[row:], total[row:], likeliest[row:])
                except Exception as error:
                    self._fail(sequence, error)
                row += 1 + feed.drafted

    def _fail(self, sequence: TokenSequence, error: Exception) -> None:
        self.cancel(sequence)
        sequence.failed(error)

    def _write(self, sequence: TokenSequence, feed: Feed, scores: Scores, total: Scores, likeliest: Scores) -> None:
        """Choose the next token of a sequence, and those after it as long as they are what was guessed.

        Args:
            sequence: which.
            feed: what was read of it.
            scores: [1 + guesses or more, V] behind its last token and each guess.
            total: their logarithms of the sum of exponentials.
            likeliest: their highest.
        """
        drafted = feed.tokens[len(feed.tokens) - feed.drafted :]
        for taken in range(1 + feed.drafted):
            self._choose(sequence, scores[taken : taken + 1], float(total[taken]), int(likeliest[taken]))
            if sequence.over:
                return
            if taken == feed.drafted or sequence.unread[-1] != drafted[taken]:
                if feed.drafted:
                    self.decoder.roll_back(feed.slot, feed.drafted - taken)
                    sequence.note(taken)
                return
            sequence.unread.pop()  # it was read already

    def _choose(self, sequence: TokenSequence, scores: Scores, total: float, likeliest: int) -> None:
        """Choose the next token of a sequence from its scores [1, V], and emit it."""
        chosen = likeliest
        if sequence.processors or sequence.random_source is not None:
            changed = process_scores(scores, [sequence.text], sequence.processors, sequence.filters)
            chosen = int(
                (changed.argmax(-1) if sequence.random_source is None else draw(changed, [sequence.random_source]))[0]
            )
        best: tuple[tuple[int, float], ...] = ()
        if sequence.best:
            [values], [ids] = operations(scores).top(scores, sequence.best)
            best = tuple((int(number), float(value) - total) for number, value in zip(ids, values, strict=True))
        event = sequence.accept(chosen, float(scores[0, chosen]) - total, best)
        if event.why is not None:
            self.cancel(sequence)
        sequence.emit(event)

    def _admit(self) -> None:
        """Admit waiting sequences in the order of the queue, as long as there is room."""
        while len(self.running) < self.sequences:
            if self._next is None:
                items = self.waiting.take(1)
                if not items:
                    return
                ticket = items[0].ticket
                self._next = ticket.payload
                self._tickets.pop(id(self._next), None)
                ticket.outcome = "answered"
            sequence = self._next
            assert sequence is not None
            sequence.slot = self.decoder.admit(sequence.rows)
            if sequence.slot is None:
                return
            self.running.append(sequence)
            self._next = None

    def _release(self, sequence: TokenSequence) -> None:
        if sequence.slot is not None:
            self.decoder.release(sequence.slot)
            sequence.slot = None
