"""Inputs of a chat template: messages, tools and documents as plain data."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Mapping, Sequence
from typing import Any, cast

from torso.errors import InputError, InputTypeError

Message = Mapping[str, Any]
_REASONING = ("reasoning_content", "thinking", "reasoning")  # what it is called in one or another template
# Behind a message that is to be continued. The space shows whether the template trims its input.
_MARK = "\U0010fffdcontinued\U0010fffd "


class Inert:
    """Opaque object, such as an image: a template can test whether it is there, but not show it."""

    __slots__ = ("kind",)

    def __init__(self, kind: str) -> None:
        self.kind = kind


def plain(value: Any) -> Any:
    """Convert ``value`` to Python's own types, none of which has a method with outside effects.

    Dataclasses and pydantic models become dicts, NumPy's numbers become numbers; any other object becomes `Inert`.
    """
    if value is None or type(value) in (str, int, float, bool):
        return value
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int):
        return int.__int__(value)
    if isinstance(value, float):
        return float.__float__(value)
    if isinstance(value, Mapping):
        return {plain(key): plain(item) for key, item in cast("Mapping[Any, Any]", value).items()}
    if isinstance(value, list):
        return [plain(item) for item in cast("list[Any]", value)]
    if isinstance(value, tuple):
        return tuple(plain(item) for item in cast("tuple[Any, ...]", value))
    numpy = sys.modules.get("numpy")
    if numpy is not None and isinstance(value, numpy.generic):
        return plain(value.item())
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    dump = getattr(value, "model_dump", None)
    if callable(dump) and not isinstance(value, type):
        return plain(dump())
    return Inert(type(value).__name__)


def checked(messages: Sequence[Message]) -> list[dict[str, Any]]:
    """Return the messages as plain data, with their reasoning under each name that templates look for.

    Raises:
        InputTypeError, InputError: E_CHAT for invalid messages.
    """
    chat: list[dict[str, Any]] = []
    for index, given in enumerate(messages):
        message = plain(given)
        if not isinstance(message, dict):
            raise InputTypeError(
                "E_CHAT",
                "Message {index} is {kind}, not a dict with a role and content.",
                cure='Pass messages such as {{"role": "user", "content": "Hello"}}.',
                values=dict(index=index, kind=type(given).__name__),
            )
        known = cast("dict[str, Any]", message)
        reasoning = next((known[name] for name in _REASONING if known.get(name) is not None), None)
        if reasoning is not None:
            known = {"thinking": reasoning, **known, "reasoning_content": reasoning}
        chat.append(known)
    if not chat:
        raise InputError("E_CHAT", "There is no message in this chat.", cure="Pass at least one.")
    return chat


def without_none(chat: Sequence[Message], keys: frozenset[str]) -> list[dict[str, Any]]:
    """Return the messages without None values, except under ``keys``.

    Clients write None for what a message does not have, such as ``tool_calls``; most templates ask whether the key is
    there, and would show "None". Templates that test a key for none receive it.
    """
    return [{key: value for key, value in message.items() if value is not None or key in keys} for message in chat]


def marked(chat: list[dict[str, Any]], key: str, template: str) -> list[dict[str, Any]]:
    """Return the chat with a marker after the last message, so that what a template appends can be cut off.

    Raises:
        InputError: E_CHAT where there is no text under ``key`` to continue, or the template does not read it.
    """
    last = dict(chat[-1])
    content = last.get(key)
    keys = [key]
    if key in _REASONING:
        keys = [name for name in _REASONING if name in last and last[name] == content]
    if isinstance(content, str) and any(name in template for name in keys):
        last |= dict.fromkeys(keys, content + _MARK)
        return [*chat[:-1], last]
    if isinstance(content, (list, tuple)) and key in template:
        parts = list(cast("Sequence[Any]", content))
        for place in range(len(parts) - 1, -1, -1):
            part = parts[place]
            if isinstance(part, dict) and isinstance(part.get("text"), str):
                parts[place] = {**part, "text": part["text"] + _MARK}
                return [*chat[:-1], last | {key: parts}]
    raise InputError(
        "E_CHAT",
        "The last message has no text under {key} that this template could continue.",
        cure="End the chat with a message that has some, or leave continue_final_message out.",
        values=dict(key=repr(key)),
    )


def continued(text: str) -> str:
    """Return the text of a marked chat up to the end of its last message.

    Raises:
        InputError: E_CHAT where the template left that message out.
    """
    place = text.rfind(_MARK.strip())
    if place < 0:
        raise InputError(
            "E_CHAT",
            "The chat template changes the last message, or leaves it out, so it cannot be continued.",
            cure="Leave continue_final_message out, or pass another template: chat_template=...",
        )
    return text[:place] if text.startswith(_MARK, place) else text[:place].rstrip()
