"""Text in, typed predictions out: one function per task.

Each takes one text, a list of texts or an iterator, and gives one prediction, a list or an iterator. Names load when
they are first used: ``import torso.tasks`` loads no torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torso.tasks.classifying import classify
    from torso.tasks.encoding import encode
    from torso.tasks.filling import fill
    from torso.tasks.predictions import Embedding, Fill, Filled, Label, Span, Tagged
    from torso.tasks.ready import Ready, make_ready
    from torso.tasks.tagging import tag

__all__ = [
    "Embedding",
    "Fill",
    "Filled",
    "Label",
    "Ready",
    "Span",
    "Tagged",
    "classify",
    "encode",
    "fill",
    "make_ready",
    "tag",
]

_HOME = {
    **dict.fromkeys(("Embedding", "Fill", "Filled", "Label", "Span", "Tagged"), "torso.tasks.predictions"),
    **dict.fromkeys(("Ready", "make_ready"), "torso.tasks.ready"),
    "classify": "torso.tasks.classifying",
    "encode": "torso.tasks.encoding",
    "fill": "torso.tasks.filling",
    "tag": "torso.tasks.tagging",
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
