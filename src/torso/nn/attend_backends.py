"""Attention between two layouts, by the first backend that can compute it exactly."""

from __future__ import annotations

from torch import Tensor

from torso.batch import Layout
from torso.blocks import Rule
from torso.errors import UnsupportedError
from torso.nn.attention_interfaces import Backend, ScoreBias
from torso.nn.explicit_softmax import REFERENCE
from torso.nn.sdpa import SDPA
from torso.nn.trained_attention import TRAINED
from torso.nn.varlen import VARLEN

BACKENDS: tuple[Backend, ...] = (VARLEN, TRAINED, SDPA, REFERENCE)
"""Every backend, in the order in which `attend` asks them."""


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
    """Attend from each sequence's queries to its keys: q [Tq, H, d], k and v [Tk, G, d] -> [Tq, H, d].

    Args:
        q: query rows; H is a multiple of G.
        k: key rows.
        v: value rows.
        queries: layout of the query rows.
        keys: layout of the key rows; as many sequences as ``queries``.
        rule: which keys are seen, and how scores are formed.
        bias: added to the scores before the softmax.
        weights: a list that receives each sequence's attention weights [H, a, b]; asking for them takes the explicit
            softmax of the ``reference`` backend for this call.
        backend: the name of the one backend to use.

    Raises:
        UnsupportedError: ``E_ATTENTION``, if the backend asked for cannot compute this exactly.
    """
    if weights is not None:
        return REFERENCE(q, k, v, queries, keys, rule, bias, weights)
    reasons: list[str] = []
    for candidate in BACKENDS:
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
            reasons="; ".join(reasons) or str(backend), names=", ".join(candidate.name for candidate in BACKENDS)
        ),
    )
