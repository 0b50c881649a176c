"""Which characters of a chat are answers, and which tokens have a loss."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from torso.errors import InputError
from torso.losses import IGNORED
from torso.text import Encoding, Tokenizer
from torso.training.examples import Example

Spans = list[tuple[int, int]]
"""First and last character, exclusive, of what is learnt."""

_ROLES = {"human": "user", "gpt": "assistant", "bot": "assistant", "model": "assistant"}
_AROUND = 60  # characters that are shown of what lies between answers


def messages_of(cell: object) -> list[Mapping[str, Any]] | None:
    """Return the messages of a cell, ShareGPT's ``{"from", "value"}`` under the usual names; None for no chat."""
    if not isinstance(cell, (list, tuple)) or not cell:
        return None
    found: list[Mapping[str, Any]] = []
    for each in cast("Sequence[object]", cell):
        match each:
            case {"role": str()}:
                found.append(cast("Mapping[str, Any]", each))
            case {"from": str() as who, "value": str() as text}:
                found.append({"role": _ROLES.get(who, who), "content": text})
            case _:
                return None
    return found


def rendered_spans(
    tokenizer: Tokenizer, messages: Sequence[Mapping[str, Any]], row: int, file: str
) -> tuple[str, Spans]:
    """Return a chat as its template writes it, and where the assistant's answers are, with what ends them.

    The template is rendered up to the beginning and up to the end of each answer, and both must be the beginning of
    the whole chat: nothing is looked for in the text.

    Args:
        tokenizer: has a chat template.
        messages: at least one of them an answer.
        row: number of the row, for messages.
        file: its file.

    Raises:
        InputError: ``E_CHAT_TEMPLATE``, for a template that writes a turn in another way once others follow it, naming
            the turn; or as `Tokenizer.apply_chat_template`.
    """

    def rendered(count: int, *, asks: bool = False) -> str:
        return tokenizer.apply_chat_template(messages[:count], tokenize=False, add_generation_prompt=asks)

    whole = rendered(len(messages))
    spans: Spans = []
    for turn, message in enumerate(messages):
        if message["role"] != "assistant":
            continue
        before = rendered(turn, asks=True) if turn else ""
        after = rendered(turn + 1).rstrip()
        if not (after.startswith(before) and whole.startswith(after)):
            raise InputError(
                "E_CHAT_TEMPLATE",
                "The chat template writes turn {turn} otherwise when turns follow it: its tokens cannot be told apart.",
                where="Row {row} of {file}.",
                cure="Cut the chat behind that turn, or give the text as prompt and completion.",
                values=dict(turn=turn + 1, row=row, file=file),
            )
        spans.append((len(before), len(after)))
    return whole, spans


def span_labels(encoding: Encoding, spans: Spans) -> list[int]:
    """Return the id of each token that holds a character of the spans, -100 for the others."""
    labels = [IGNORED] * len(encoding)
    for begin, end in spans:
        for place, (first, last) in enumerate(encoding.spans):
            if first < end and begin < last and first < last:
                labels[place] = encoding.ids[place]
    return labels


def shown_labels(example: Example, tokenizer: Tokenizer) -> str:
    """Return the text of an example's tokens with what has a loss in ⟦ ⟧, the rest cut."""
    parts: list[str] = []
    run: list[int] = []
    learnt = False
    for token, label in [*zip(example.inputs[0].ids, example.label, strict=True), (None, None)]:
        now = label != IGNORED
        if run and (token is None or now != learnt):
            text = tokenizer.decode(run, skip_special_tokens=False).replace("\n", "⏎")
            parts.append(f"⟦{_cut(text)}⟧" if learnt else _cut(text))
            run = []
        learnt = now
        if token is not None:
            run.append(token)
    return "".join(parts)


def _cut(text: str) -> str:
    return text if len(text) <= 2 * _AROUND else f"{text[:_AROUND]}…{text[-_AROUND:]}"
