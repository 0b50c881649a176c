"""What a model writes for the page, token by token, as lines of JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from torso.architecture import Task
from torso.errors import InputError, TorsoError
from torso.view.asked import Asked, json_answer, wrong_type
from torso.view.shown_models import Running, ShownModels

MOST_NEW_TOKENS = 2048


def pieces(models: ShownModels, asked: Asked) -> Iterator[bytes]:
    """Yield each token as a line ``{"text", "id", "log_probability", "why"}``; an error is the last line.

    Args:
        models: those of the page.
        asked: ``model``; ``messages`` for a chat, or ``prompt``; ``max_new_tokens``, ``temperature``, ``seed``.

    Raises:
        TorsoError: before the first line, where nothing was written yet.
    """
    name = asked.text("model")
    ready, _ = models.ready(name)
    if ready.runner.task not in (Task.CAUSAL_LM, Task.SEQ2SEQ_LM):
        raise InputError(
            "E_TASK",
            "{name} does not write: its head is for {task}.",
            cure="Choose a model whose checkpoint has a head for causal-lm or seq2seq-lm.",
            values=dict(name=name, task=ready.runner.task.name),
        )
    temperature = asked.number("temperature", 0, 0, 5)
    options: dict[str, Any] = {
        "max_new_tokens": int(asked.number("max_new_tokens", 128, 1, MOST_NEW_TOKENS)),
        "do_sample": temperature > 0,
        "temperature": temperature if temperature > 0 else None,
        "seed": int(asked.number("seed", 0, 0, 2**31)) if temperature > 0 else None,
    }
    from torso.tasks import chat_stream, stream

    messages = asked.body.get("messages")
    if messages is None:
        found = stream(asked.text("prompt"), model=ready, **options)
    elif isinstance(messages, list):
        found = chat_stream(messages, model=ready, **options)  # pyright: ignore[reportUnknownArgumentType]
    else:
        raise wrong_type("messages", "a list")
    first = next(found, None)
    return _lines(first, found, models.running)


def _lines(first: Any, rest: Iterator[Any], running: Running) -> Iterator[bytes]:
    piece = first
    try:
        while piece is not None:
            line = {
                "text": piece.text,
                "id": piece.id,
                "log_probability": piece.log_probability,
                "why": piece.why,
            }
            yield _line(line)
            # One token at a time: a look is not kept waiting until a text is written.
            with running:
                piece = next(rest, None)
    except TorsoError as error:
        yield _line({"error": error.as_dict()})


def _line(value: object) -> bytes:
    body = json_answer(value).body
    assert isinstance(body, bytes)
    return body + b"\n"
