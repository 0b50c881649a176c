"""Attention between two layouts, by the first backend that can compute it exactly."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

from torch import Tensor

from torso.batch import Layout
from torso.errors import InputError, UnsupportedError

MOST_KEYS = 2**31 - 1
"""The most keys to one side that a rule can name: rows are counted in 32 bits."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Which keys a query sees and how scores are formed.

    Attributes:
        left: how many earlier keys are visible, None for all. Mistral's window of W is ``left=W - 1, right=0``.
        right: how many later keys are visible, None for all; 0 is causal.
        scale: factor on the scores; None is 1 / sqrt(d).
        softcap: scores become ``softcap * tanh(scores / softcap)`` before the mask; None for no cap.
        dropout: probability of dropping an attention weight; 0 outside training.

    The last query of a sequence stands at its last key, so the same rule serves a whole text and one new token.

    Raises:
        InputError: ``E_ARGUMENT`` for a negative number of keys, or more than `MOST_KEYS`.
    """

    left: int | None = None
    right: int | None = None
    scale: float | None = None
    softcap: float | None = None
    dropout: float = 0.0

    def __post_init__(self) -> None:
        """Holds the numbers of keys to what can be.

        Raises:
            InputError: ``E_ARGUMENT``.
        """
        for name, count in (("left", self.left), ("right", self.right)):
            if count is not None and not 0 <= count <= MOST_KEYS:
                raise InputError(
                    "E_ARGUMENT",
                    "A rule of attention has {name}={value}; it must be from 0 to {most}, or None for all keys.",
                    cure="Correct the window of the config, or of the call.",
                    values=dict(name=name, value=count, most=MOST_KEYS),
                )

    @property
    def sees_all(self) -> bool:
        """Whether every query sees every key of its sequence."""
        return self.left is None and self.right is None

    @property
    def undropped(self) -> Rule:
        """The same rule outside training."""
        return replace(self, dropout=0.0) if self.dropout else self


class ScoreBias(Protocol):
    """Something added to attention scores before the softmax: bucketed distances, slopes, disentangled terms."""

    def scores(self, q: Tensor, k: Tensor, q_positions: Tensor, k_positions: Tensor) -> Tensor:
        """q [n, H, a, d], k [n, H, b, d], positions [n, a] and [n, b] -> added to the scores, [n or 1, H, a, b]."""
        ...


class Backend(Protocol):
    """One way to compute attention."""

    @property
    def name(self) -> str:
        """What `attend` and messages call it."""
        ...

    def refuses(self, q: Tensor, rule: Rule, bias: ScoreBias | None) -> str | None:
        """Why this backend cannot compute it exactly, or None."""
        ...

    def __call__(
        self, q: Tensor, k: Tensor, v: Tensor, queries: Layout, keys: Layout, rule: Rule, bias: ScoreBias | None
    ) -> Tensor:
        """q [Tq, H, d], k and v [Tk, G, d] -> [Tq, H, d]."""
        ...


def backends() -> tuple[Backend, ...]:
    """Every backend, in the order in which `attend` asks them."""
    from torso.nn.dense import DENSE
    from torso.nn.reference import REFERENCE
    from torso.nn.varlen import VARLEN

    return (VARLEN, DENSE, REFERENCE)


def attend(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    queries: Layout,
    keys: Layout,
    rule: Rule,
    bias: ScoreBias | None = None,
    *,
    weights: list[Tensor] | None = None,
    backend: str | None = None,
) -> Tensor:
    """Attention of each sequence's queries to its keys: q [Tq, H, d], k and v [Tk, G, d] -> [Tq, H, d].

    Args:
        q: query rows; H is a multiple of G.
        k: key rows.
        v: value rows.
        queries: where the sequences lie among the query rows.
        keys: where they lie among the key rows; as many sequences as ``queries``.
        rule: which keys are seen, and how scores are formed.
        bias: what is added to the scores.
        weights: a list that receives each sequence's attention weights [H, a, b]; asking for them takes the explicit
            softmax of the ``reference`` backend for this call.
        backend: the name of the one backend to use.

    Raises:
        UnsupportedError: ``E_ATTENTION``, if the backend asked for cannot compute this exactly.
    """
    from torso.nn.reference import REFERENCE

    if weights is not None:
        return REFERENCE(q, k, v, queries, keys, rule, bias, weights)
    reasons: list[str] = []
    for candidate in backends():
        if backend is not None and candidate.name != backend:
            continue
        reason = candidate.refuses(q, rule, bias)
        if reason is None:
            return candidate(q, k, v, queries, keys, rule, bias)
        reasons.append(f"{candidate.name}: {reason}")
    raise UnsupportedError(
        "E_ATTENTION",
        "No attention backend computes this exactly ({reasons}).",
        cure="Leave out backend=, or name one of: {names}.",
        values=dict(
            reasons="; ".join(reasons) or str(backend), names=", ".join(candidate.name for candidate in backends())
        ),
    )
