"""One text that is written by continuous batching, and its tokens."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from torso.generation.completed_text import Why
from torso.generation.decode_loop import started
from torso.generation.generation_settings import GenerationSettings
from torso.generation.logits_processors import GenerationState, Processor, processors
from torso.generation.prompt_lookup import TokenLookup
from torso.generation.prompts import Prompt
from torso.generation.random_source import RandomSource
from torso.generation.samplers import SamplingFilter, sampling_filters
from torso.generation.sequence_decoder import Slot
from torso.generation.streaming import StopStrings, StreamedText

if TYPE_CHECKING:
    from torso.text import Tokenizer


@dataclass(frozen=True, slots=True)
class Event:
    """One token of a text.

    Attributes:
        id: the token.
        text: text that can be shown; empty while a character or a stop string may be incomplete.
        log_probability: the model's own, before logits processors.
        best: the likeliest tokens with their log probabilities, where they were asked for.
        why: finish reason, if the text ends with it.
    """

    id: int
    text: str
    log_probability: float
    best: tuple[tuple[int, float], ...] = ()
    why: Why | None = None


@dataclass(eq=False)
class TokenSequence:
    """One text that is written.

    Args:
        prompt: its prompt.
        settings: how it is written.
        tokenizer: decodes it.
        client: whose share of the machine it uses.
        random_source: draws its tokens; None for greedy decoding.
        best: number of likeliest tokens that are reported with each.
        emit: receives its tokens, in the thread that steps.
        failed: receives the error that ends it.
    """

    prompt: Prompt
    settings: GenerationSettings
    tokenizer: Tokenizer
    client: Hashable
    random_source: RandomSource | None
    best: int
    emit: Callable[[Event], None]
    failed: Callable[[Exception], None]
    slot: Slot | None = None
    unread: deque[int] = field(default_factory=deque[int])
    over: bool = False

    def __post_init__(self) -> None:
        self.text: GenerationState = started(self.prompt)
        self.unread = deque(self.prompt.ids)
        self.processors: list[Processor] = processors(self.settings)
        self.filters: list[SamplingFilter] = sampling_filters(self.settings)
        self.ends = frozenset(self.settings.ends)
        stops = self.settings.stop_strings or ()
        self.stops = StopStrings(self.tokenizer, stops) if stops else None
        self.stream = StreamedText(self.tokenizer, self.prompt.ids, stops)

        self._lookup: TokenLookup | None = None

    @property
    def rows(self) -> int:
        """Tokens that it may hold."""
        return len(self.prompt.ids) + self.prompt.most

    def draft(self, limit: int) -> list[int]:
        """Return tokens that may follow its last one, at most ``limit``; empty where its settings ask for none."""
        if self._lookup is None:
            self._lookup = TokenLookup.of(self.settings)  # here, in the thread that steps: prompts may be long
            if self._lookup is None:
                return []
            self._lookup.add(self.text.ids)
        return self._lookup.draft(min(limit, self.text.most - len(self.text.ids) - 1))

    def note(self, taken: int) -> None:
        """Record how many tokens of the last guess were chosen."""
        if self._lookup is not None:
            self._lookup.note(taken)

    def accept(self, number: int, log: float, best: tuple[tuple[int, float], ...]) -> Event:
        """Add a token and return its event."""
        self.text.ids.append(number)
        self.unread.append(number)
        if self._lookup is not None:
            self._lookup.add([number])
        why: Why | None = None
        if number in self.ends:
            why = "end"
        elif self.stops is not None and self.stops(self.text):
            why = "stop"
        elif len(self.text.ids) >= self.text.most:
            why = "length"
        shown = self.stream.push(number)
        if why is not None:
            shown += self.stream.flush()
        return Event(number, shown, log, best, why)
