"""Text in, typed predictions out: one function per task.

Each takes one text, a list of texts or an iterator, and gives one prediction, a list or an iterator. Names load when
they are first used: ``import torso.tasks`` loads no torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torso.generation.completion import Completion, Piece
    from torso.generation.generation_settings import GenerationSettings
    from torso.tasks._answer import answer
    from torso.tasks._chat import chat, chat_stream
    from torso.tasks._choose import choose
    from torso.tasks._classify import classify
    from torso.tasks._embed import embed, encode
    from torso.tasks._fill import fill
    from torso.tasks._generate import generate, stream
    from torso.tasks._rerank import rerank
    from torso.tasks._search import search
    from torso.tasks._similar import similar
    from torso.tasks._tag import tag
    from torso.tasks._translate import summarise, translate
    from torso.tasks._zero_shot import zero_shot
    from torso.tasks.extents import Extent
    from torso.tasks.predictions import (
        Answer,
        Answered,
        Chosen,
        Embedding,
        Fill,
        Filled,
        Hit,
        Label,
        Match,
        Ranked,
        Span,
        Tagged,
    )
    from torso.tasks.ready import Ready, make_ready
    from torso.tasks.writers import Generated

__all__ = [
    "Answer",
    "Answered",
    "Chosen",
    "Completion",
    "Embedding",
    "Extent",
    "Fill",
    "Filled",
    "Generated",
    "GenerationSettings",
    "Hit",
    "Label",
    "Match",
    "Piece",
    "Ranked",
    "Ready",
    "Span",
    "Tagged",
    "answer",
    "chat",
    "chat_stream",
    "choose",
    "classify",
    "embed",
    "encode",
    "fill",
    "generate",
    "make_ready",
    "rerank",
    "search",
    "similar",
    "stream",
    "summarise",
    "tag",
    "translate",
    "zero_shot",
]

_HOME = {
    **dict.fromkeys(("Completion", "Piece"), "torso.generation.completion"),
    "GenerationSettings": "torso.generation.generation_settings",
    "answer": "torso.tasks._answer",
    **dict.fromkeys(("chat", "chat_stream"), "torso.tasks._chat"),
    "choose": "torso.tasks._choose",
    "classify": "torso.tasks._classify",
    "similar": "torso.tasks._similar",
    **dict.fromkeys(("embed", "encode"), "torso.tasks._embed"),
    "zero_shot": "torso.tasks._zero_shot",
    "Extent": "torso.tasks.extents",
    "fill": "torso.tasks._fill",
    **dict.fromkeys(("generate", "stream"), "torso.tasks._generate"),
    **dict.fromkeys(
        (
            "Answer",
            "Answered",
            "Chosen",
            "Embedding",
            "Fill",
            "Filled",
            "Hit",
            "Label",
            "Match",
            "Ranked",
            "Span",
            "Tagged",
        ),
        "torso.tasks.predictions",
    ),
    **dict.fromkeys(("Ready", "make_ready"), "torso.tasks.ready"),
    "rerank": "torso.tasks._rerank",
    "search": "torso.tasks._search",
    "tag": "torso.tasks._tag",
    **dict.fromkeys(("summarise", "translate"), "torso.tasks._translate"),
    "Generated": "torso.tasks.writers",
}


def __getattr__(name: str) -> object:
    # The imports above, not this table, are what a type checker sees; tests hold the two equal.
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
