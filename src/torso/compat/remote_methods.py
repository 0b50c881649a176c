"""Methods that code of a checkpoint adds to its model elsewhere, and what does the same here. Loads no torch."""

from __future__ import annotations

from collections.abc import Mapping

from torso.errors import NotAvailableError

_EMBED = "torso.embed(texts, model=folder)"
_RERANK = "torso.rerank(query, texts, model=folder)"
_CHAT = "torso.chat([dict(role='user', content=question)], model=folder)"
INSTEAD: Mapping[str, str] = {
    "chat": _CHAT,
    "chat_stream": "torso.chat_stream([dict(role='user', content=question)], model=folder)",
    "compute_score": _RERANK,
    "encode": _EMBED,
    "encode_corpus": _EMBED,
    "encode_documents": _EMBED,
    "encode_queries": _EMBED,
    "encode_text": _EMBED,
    "rerank": _RERANK,
    "stream_chat": "torso.chat_stream([dict(role='user', content=question)], model=folder)",
}
"""By method of the model cards of jina, GTE and BGE-M3 (encode, rerank) and of ChatGLM, Qwen and InternLM (chat)."""


def refuse_remote_method(name: str) -> None:
    """Raise if a name is a method that only a checkpoint's own code has.

    Raises:
        NotAvailableError: ``E_REMOTE_METHOD``, an AttributeError too, so that ``hasattr`` says no.
    """
    if name in INSTEAD:
        raise NotAvailableError(
            "E_REMOTE_METHOD",
            "A model has no {name}(): elsewhere it comes from code in the checkpoint, which torso never runs.",
            cure="The same from texts: {call}.",
            values=dict(name=name, call=INSTEAD[name]),
        )
