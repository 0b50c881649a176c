"""Attention masks and score settings."""

from __future__ import annotations

from dataclasses import dataclass, replace

from torso.errors import InputError

MOST_KEYS = 2**31 - 1
"""Largest window on one side: rows are counted in 32 bits."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Attention mask (a window around each query) and how scores are formed.

    Attributes:
        left: how many earlier keys are visible, None for all.
        right: how many later keys are visible, None for all; 0 is causal, see `causal`.
        scale: factor on the scores; None is 1 / sqrt(d).
        softcap: scores become ``softcap * tanh(scores / softcap)`` before the mask; None for no cap.
        dropout: probability of dropping an attention weight; 0 outside training.

    The last query of a sequence is aligned with its last key, so the same rule serves a whole text and one new token.

    Raises:
        InputError: ``E_ARGUMENT`` for a negative number of keys, or more than `MOST_KEYS`.
    """

    left: int | None = None
    right: int | None = None
    scale: float | None = None
    softcap: float | None = None
    dropout: float = 0.0

    def __post_init__(self) -> None:
        """Check the window.

        Raises:
            InputError: ``E_ARGUMENT``.
        """
        for name, count in (("left", self.left), ("right", self.right)):
            if count is not None and not (type(count) is int and 0 <= count <= MOST_KEYS):
                raise InputError(
                    "E_ARGUMENT",
                    "A rule of attention has {name}={value}; it must be from 0 to {most}, or None for all keys.",
                    cure="Correct the window of the config, or of the call.",
                    values=dict(name=name, value=count, most=MOST_KEYS),
                )

    @classmethod
    def causal(
        cls,
        window: int | None = None,
        *,
        scale: float | None = None,
        softcap: float | None = None,
        dropout: float = 0.0,
    ) -> Rule:
        """Make the rule of a decoder: each query sees itself and the keys before it.

        Args:
            window: how many keys a query sees at most, itself among them (Mistral's sliding window); None for all.
            scale: see the attribute.
            softcap: see the attribute.
            dropout: see the attribute.
        """
        return cls(None if window is None else window - 1, 0, scale, softcap, dropout)

    @property
    def sees_all(self) -> bool:
        """Whether every query sees every key of its sequence."""
        return self.left is None and self.right is None

    @property
    def undropped(self) -> Rule:
        """The same rule outside training."""
        return replace(self, dropout=0.0) if self.dropout else self
