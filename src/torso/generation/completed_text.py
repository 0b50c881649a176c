"""What generation gives: completions, and the pieces of a streamed one. Loads no torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from torso.io.shown import Shown

BATCH = 8
"""Default batch size, in texts."""

Why = Literal["end", "stop", "length", "time"]
"""Why a text ended: an end token, a stop string, the maximum length, or the maximum time."""


@dataclass(frozen=True, slots=True, repr=False)
class Completion(Shown):
    """One generated text.

    Attributes:
        text: the generated text, without special tokens, and cut before a stop string; empty without a tokenizer.
        ids: the generated tokens, with the one that ended the text.
        log_probabilities: the model's own of each token, before logits processors.
        why: ``end`` (an end token), ``stop`` (a stop string), ``length`` (the maximum length) or ``time`` (max_time).
        score: beam score, by which the texts are ordered; None without beams, and for a text joined from several.
    """

    text: str
    ids: tuple[int, ...]
    log_probabilities: tuple[float, ...]
    why: Why
    score: float | None = None


@dataclass(frozen=True, slots=True)
class Piece:
    """Text that one token adds.

    Attributes:
        prompt: index of the prompt.
        answer: index of the text among those of that prompt.
        id: the token.
        text: text that can be shown; empty while a character or a stop string may be incomplete.
        log_probability: the model's own, before logits processors.
        why: finish reason, if the text ends with it; None otherwise.
    """

    prompt: int
    answer: int
    id: int
    text: str
    log_probability: float
    why: Why | None
