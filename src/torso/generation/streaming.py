"""Incremental detokenization for streaming: never half a character, never part of a stop string."""

from __future__ import annotations

import codecs
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from torso.errors import InputError
from torso.generation.logits_processors import GenerationState

if TYPE_CHECKING:
    from torso.text import Tokenizer

_CONTEXT = 8  # tokens of a prompt that decide how the first new token is decoded
_BROKEN = "\ufffd"
_BYTE = re.compile("<0x([0-9A-F]{2})>")
# GPT-2's byte alphabet: printable bytes map to themselves, the others to U+0100 and up.
_PRINTABLE = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
_OTHER = [byte for byte in range(0x100) if byte not in _PRINTABLE]
_BYTE_LEVEL = {chr(byte): byte for byte in _PRINTABLE} | {chr(0x100 + index): byte for index, byte in enumerate(_OTHER)}


class StreamedText:
    """Incremental detokenizer of one sequence: its pieces concatenated are the text.

    Args:
        tokenizer: the model's.
        prompt: the preceding tokens, which decide about a space at the boundary.
        stops: stop strings, before which the text is cut.
    """

    def __init__(self, tokenizer: Tokenizer, prompt: Sequence[int], stops: Sequence[str] = ()) -> None:
        self._tokenizer, self._stops = tokenizer, tuple(stops)
        self._ids = list(prompt[-_CONTEXT:])
        # Tokens from ``begin`` are decoded together; those before ``emitted`` are already in the output.
        self._begin, self._emitted = 0, len(self._ids)
        self._shown = self._decoded(self._ids)
        self._pending = ""
        self._over = False

    def push(self, number: int) -> str:
        """Add a token and return the text that can be shown; empty while a character is incomplete."""
        if not _is_known(self._tokenizer, number):
            return ""  # an id of the model's table without a token
        self._ids.append(number)
        text = self._decoded(self._ids[self._begin :])
        if len(text) <= len(self._shown) or text.endswith(_BROKEN):
            return ""
        piece = text[len(self._shown) :]
        self._begin, self._emitted = self._emitted, len(self._ids)
        self._shown = self._decoded(self._ids[self._begin : self._emitted])
        return self._cut(piece)

    def flush(self) -> str:
        """End the sequence and return the text held back, without an incomplete character."""
        text = self._decoded(self._ids[self._begin :])
        if text.endswith(_BROKEN) and self._is_unfinished():
            text = self._shown + text[len(self._shown) :].rstrip(_BROKEN)
        piece = self._cut(text[len(self._shown) :])
        pending, self._pending, self._shown = self._pending, "", text
        return piece if self._over else piece + pending

    def _cut(self, piece: str) -> str:
        """Return the text before a stop string, and hold back what may be the beginning of one."""
        if self._over:
            return ""
        text = self._pending + piece
        found = [index for index in (text.find(stop) for stop in self._stops) if index >= 0]
        if found:
            self._over, self._pending = True, ""
            return text[: min(found)]
        longest = max((len(stop) for stop in self._stops), default=0)
        for length in range(min(longest - 1, len(text)), 0, -1):
            if any(stop.startswith(text[-length:]) for stop in self._stops):
                self._pending = text[-length:]
                return text[:-length]
        self._pending = ""
        return text

    def _is_unfinished(self) -> bool:
        """Return whether the last tokens are an incomplete UTF-8 character, as opposed to invalid bytes."""
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        special = set(self._tokenizer.all_special_ids)
        for number in self._ids[self._emitted :]:
            if number not in special:
                decoder.decode(_bytes_of(self._tokenizer.convert_ids_to_tokens(number) or ""))
        return bool(decoder.getstate()[0])

    def _decoded(self, ids: Sequence[int]) -> str:
        return self._tokenizer.decode(ids, skip_special_tokens=True)


class StopStrings:
    """Checks whether the last token of a text completed a stop string.

    Args:
        tokenizer: the model's.
        stops: one or more strings.

    Raises:
        InputError: ``E_ARGUMENT``, for an empty string or one that no text can contain.
    """

    def __init__(self, tokenizer: Tokenizer, stops: Sequence[str]) -> None:
        for stop in stops:
            if not stop or any("\ud800" <= mark <= "\udfff" for mark in stop):
                raise InputError(
                    "E_ARGUMENT",
                    "A stop string is {stop!r}, which ends no text.",
                    cure="Give what the text shall end before, or leave it out.",
                    values=dict(stop=stop),
                )
        self._tokenizer, self._stops = tokenizer, tuple(stops)
        # A token is at least a byte, except for those without text.
        self._window = max(len(stop.encode()) for stop in stops) + _CONTEXT

    def __call__(self, text: GenerationState) -> bool:
        """Return whether the generated text contains a stop string."""
        written = [each for each in text.ids[text.prompt :][-self._window :] if _is_known(self._tokenizer, each)]
        decoded = self._tokenizer.decode(written, skip_special_tokens=True)
        return any(stop in decoded for stop in self._stops)


def _bytes_of(token: str) -> bytes:
    """Return the bytes of a token of a byte-level vocabulary, or of one with byte fallback."""
    byte = _BYTE.fullmatch(token)
    if byte:
        return bytes([int(byte[1], 16)])
    if all(mark in _BYTE_LEVEL for mark in token):
        return bytes(_BYTE_LEVEL[mark] for mark in token)
    return token.encode(errors="replace")


def _is_known(tokenizer: Tokenizer, number: int) -> bool:
    try:
        return tokenizer.convert_ids_to_tokens(number) is not None
    except InputError:
        return False
