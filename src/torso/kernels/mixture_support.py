"""Which feed-forwards of a decoder's blocks the kernels support, judged by their descriptions. Loads no torch."""

from __future__ import annotations

from torso import blocks
from torso.kernels.support import ACTIVATIONS
from torso.language import say

Dense = blocks.FeedForward | blocks.GatedFeedForward
AnyMixture = blocks.Mixture | blocks.StackedMixture
AnyFeedForward = Dense | AnyMixture

_DENSE = (blocks.FeedForward, blocks.GatedFeedForward)
_ROUTERS = (blocks.Router, blocks.CorrectedRouter, blocks.GroupedRouter, blocks.SigmoidRouter)


def unsupported_feed_forward(ffn: blocks.Part) -> str | None:
    """Return why the kernels do not run a feed-forward or a mixture of them, in the current language; None if so."""
    if type(ffn) in (blocks.Mixture, blocks.StackedMixture):
        assert isinstance(ffn, AnyMixture)
        return _unsupported_mixture(ffn)
    if type(ffn) not in _DENSE:
        return say("its feed-forward is a {name}", dict(name=type(ffn).__name__))
    assert isinstance(ffn, Dense)
    return None if ffn.act in ACTIVATIONS else say("another activation")


def _unsupported_mixture(ffn: AnyMixture) -> str | None:
    if type(ffn.router) not in _ROUTERS:
        return say("its router is a {name}", dict(name=type(ffn.router).__name__))
    if isinstance(ffn, blocks.StackedMixture):
        known = type(ffn.experts) is blocks.ClampedExperts
        return None if known else say("its experts are a {name}", dict(name=type(ffn.experts).__name__))
    for expert in ffn.experts:
        if type(expert) not in _DENSE:
            return say("its experts are a {name}", dict(name=type(expert).__name__))
    if len({_kind(expert) for expert in ffn.experts}) != 1:
        return say("experts of unlike sizes")
    shared = shared_branch(ffn)
    return unsupported_feed_forward(ffn.experts[0]) or (None if shared is None else _unsupported_shared_expert(shared))


def _unsupported_shared_expert(shared: blocks.Part) -> str | None:
    if type(shared) not in _DENSE:  # a mixture in a mixture
        return say("its feed-forward is a {name}", dict(name=type(shared).__name__))
    return unsupported_feed_forward(shared)


def _kind(expert: blocks.Part) -> tuple[object, ...]:
    assert isinstance(expert, Dense)
    behind = isinstance(expert, blocks.GatedFeedForward) and expert.gate_behind
    return type(expert), expert.width, expert.inner, expert.act, behind


def shared_branch(ffn: AnyMixture) -> blocks.Part | None:
    """Return what all rows go through beside a mixture's experts, without its gate; None for nothing."""
    shared = ffn.shared if isinstance(ffn, blocks.Mixture) else None
    return shared.branch if isinstance(shared, blocks.GatedBranch) else shared


def feed_forward_widths(ffn: AnyFeedForward) -> set[int]:
    """Return every width of the rows that the parts of a supported feed-forward read: one of a sound description."""
    if isinstance(ffn, Dense):
        return {ffn.width}
    if isinstance(ffn, blocks.StackedMixture):
        return {ffn.router.width, ffn.experts.width}
    shared = shared_branch(ffn)
    parts = [*ffn.experts, *([] if shared is None else [shared])]
    return {ffn.router.width, *(each.width for each in parts if isinstance(each, Dense))}
