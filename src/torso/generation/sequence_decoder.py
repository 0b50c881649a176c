"""The protocol of continuous batching: a decoder whose sequences come and go. Loads no torch."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from torso.generation.generative_model import GenerativeModel
from torso.generation.regions import Region
from torso.generation.scores import Scores


@dataclass(eq=False, slots=True)
class Slot:
    """A sequence's place in a decoder, from `SequenceDecoder.admit` to its `release`.

    Attributes:
        rows: tokens that it may hold.
        region: where a slab keeps it; other decoders have their own.
    """

    rows: int
    region: Region | None = None


@dataclass(frozen=True, slots=True)
class Feed:
    """What a step reads of one sequence.

    Attributes:
        slot: the sequence.
        tokens: its next tokens, one or more.
        wanted: whether the scores of the token after them are needed: not behind a piece of a prompt.
        drafted: how many of the last tokens are guesses: the scores behind the token before them, and behind each of
            them, are needed. 0 for a decoder that reads none ahead.
    """

    slot: Slot
    tokens: Sequence[int]
    wanted: bool
    drafted: int = 0


class SequenceDecoder(Protocol):
    """What continuous batching asks of an engine: any sequences in any step, prompts in pieces."""

    @property
    def rows(self) -> int:
        """Tokens that all sequences may hold together."""
        ...

    @property
    def free(self) -> int:
        """Tokens that no sequence has reserved."""
        ...

    @property
    def verifies_drafts(self) -> bool:
        """Whether it reads guesses: whether a token's scores are the same whatever is read beside it."""
        ...

    def admit(self, rows: int) -> Slot | None:
        """Reserve room for a sequence of at most ``rows`` tokens; None if there is none now."""
        ...

    def step(self, feeds: Sequence[Feed]) -> Scores:
        """Read tokens of some sequences, each once; return the scores of the next token [wanted, V], in order.

        Of a sequence with guesses there is a row behind each of them, too.
        """
        ...

    def roll_back(self, slot: Slot, tokens: int) -> None:
        """Forget the last tokens that were read of a sequence."""
        ...

    def release(self, slot: Slot) -> None:
        """Give the room of a sequence back, at any time between two steps."""
        ...


def reads_in_any_step(model: GenerativeModel) -> bool:
    """Return whether cached keys stay valid as a text grows: some rotary scalings change them."""
    return model.config.reads_on(1, sys.maxsize)


def region_of(slot: Slot) -> Region:
    """Return the region of a sequence that was not released."""
    assert slot.region is not None, "a sequence that was released is not read"
    return slot.region


def slab_rows(cache_bytes: int, row_bytes: int, max_tokens: int | None, sequences: int) -> int:
    """Return the rows of a slab: what the bytes hold, and no more than that many of the longest texts need."""
    rows = max(cache_bytes // row_bytes, 1)
    return rows if max_tokens is None else min(rows, sequences * max_tokens)
