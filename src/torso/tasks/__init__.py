"""Text in, typed predictions out: one function per task.

Each takes one text, a list of texts or an iterator, and gives one prediction, a list or an iterator. Names load when
they are first used: ``import torso.tasks`` loads no torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torso.generation.completing import Completion, Piece
    from torso.generation.settings import GenerationSettings
    from torso.tasks.answering import answer
    from torso.tasks.chatting import chat, chat_stream
    from torso.tasks.choosing import choose
    from torso.tasks.classifying import classify
    from torso.tasks.comparing import similar
    from torso.tasks.encoding import embed, encode
    from torso.tasks.entailing import zero_shot
    from torso.tasks.extents import Extent
    from torso.tasks.filling import fill
    from torso.tasks.generating import generate, stream
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
    from torso.tasks.reranking import rerank
    from torso.tasks.searching import search
    from torso.tasks.tagging import tag
    from torso.tasks.translating import summarise, translate
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
    **dict.fromkeys(("Completion", "Piece"), "torso.generation.completing"),
    "GenerationSettings": "torso.generation.settings",
    "answer": "torso.tasks.answering",
    **dict.fromkeys(("chat", "chat_stream"), "torso.tasks.chatting"),
    "choose": "torso.tasks.choosing",
    "classify": "torso.tasks.classifying",
    "similar": "torso.tasks.comparing",
    **dict.fromkeys(("embed", "encode"), "torso.tasks.encoding"),
    "zero_shot": "torso.tasks.entailing",
    "Extent": "torso.tasks.extents",
    "fill": "torso.tasks.filling",
    **dict.fromkeys(("generate", "stream"), "torso.tasks.generating"),
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
    "rerank": "torso.tasks.reranking",
    "search": "torso.tasks.searching",
    "tag": "torso.tasks.tagging",
    **dict.fromkeys(("summarise", "translate"), "torso.tasks.translating"),
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
