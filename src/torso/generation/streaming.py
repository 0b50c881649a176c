"""Text as it comes: what of a token can be shown at once, never half a character, never part of a stop string."""

from __future__ import annotations

import codecs
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from torso.errors import InputError
from torso.generation.logits_processors import Written

if TYPE_CHECKING:
    from torso.text import Tokenizer

_CONTEXT = 8  # tokens of a prompt that tell how the first token behind it is spelled
_BROKEN = "\ufffd"
_BYTE = re.compile("<0x([0-9A-F]{2})>")
# GPT-2's alphabet of bytes: those that can be seen stand for themselves, the others follow from U+0100 on.
_SEEN = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
_HIDDEN = [byte for byte in range(0x100) if byte not in _SEEN]
_BYTE_LEVEL = {chr(byte): byte for byte in _SEEN} | {chr(0x100 + place): byte for place, byte in enumerate(_HIDDEN)}


class StreamedText:
    """The text of one sequence of tokens, piece by piece. The pieces together are the text.

    Args:
        tokenizer: the model's.
        prompt: the tokens before; spaces at the seam are theirs to tell.
        stops: strings before which the text is cut.
    """

    def __init__(self, tokenizer: Tokenizer, prompt: Sequence[int], stops: Sequence[str] = ()) -> None:
        self._tokenizer, self._stops = tokenizer, tuple(stops)
        self._ids = list(prompt[-_CONTEXT:])
        # Decoded together: the tokens from ``begin``; those before ``told`` are shown already.
        self._begin, self._told = 0, len(self._ids)
        self._shown = self._decoded(self._ids)
        self._held = ""
        self._over = False

    def tell(self, number: int) -> str:
        """What can be shown now that this token is there; empty where it is but a part of a character."""
        if not _is_known(self._tokenizer, number):
            return ""  # a row of the model's table that no token belongs to
        self._ids.append(number)
        text = self._decoded(self._ids[self._begin :])
        if len(text) <= len(self._shown) or text.endswith(_BROKEN):
            return ""
        piece = text[len(self._shown) :]
        self._begin, self._told = self._told, len(self._ids)
        self._shown = self._decoded(self._ids[self._begin : self._told])
        return self._cut(piece)

    def rest(self) -> str:
        """What was held back, now that no token follows; a character that is not complete is left out."""
        text = self._decoded(self._ids[self._begin :])
        if text.endswith(_BROKEN) and self._is_unfinished():
            text = self._shown + text[len(self._shown) :].rstrip(_BROKEN)
        piece = self._cut(text[len(self._shown) :])
        held, self._held, self._shown = self._held, "", text
        return piece if self._over else piece + held

    def _cut(self, piece: str) -> str:
        """What of the text so far is no stop string, nor the beginning of one."""
        if self._over:
            return ""
        text = self._held + piece
        found = [place for place in (text.find(stop) for stop in self._stops) if place >= 0]
        if found:
            self._over, self._held = True, ""
            return text[: min(found)]
        longest = max((len(stop) for stop in self._stops), default=0)
        for length in range(min(longest - 1, len(text)), 0, -1):
            if any(stop.startswith(text[-length:]) for stop in self._stops):
                self._held = text[-length:]
                return text[:-length]
        self._held = ""
        return text

    def _is_unfinished(self) -> bool:
        """Whether the last tokens are the first bytes of a character, and not bytes that no character has."""
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        special = set(self._tokenizer.all_special_ids)
        for number in self._ids[self._told :]:
            if number not in special:
                decoder.decode(_bytes_of(self._tokenizer.convert_ids_to_tokens(number) or ""))
        return bool(decoder.getstate()[0])

    def _decoded(self, ids: Sequence[int]) -> str:
        return self._tokenizer.decode(ids, skip_special_tokens=True)


class StopStrings:
    """Tells whether the last token of a text completed one of some strings.

    Args:
        tokenizer: the model's.
        stops: one or more strings.

    Raises:
        InputError: ``E_ARGUMENT``, for a string that no text can hold, or that every one does.
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
        # A token is a byte or more, but for those that are no text at all.
        self._reach = max(len(stop.encode()) for stop in stops) + _CONTEXT

    def __call__(self, text: Written) -> bool:
        """Whether it did."""
        written = [each for each in text.ids[text.prompt :][-self._reach :] if _is_known(self._tokenizer, each)]
        decoded = self._tokenizer.decode(written, skip_special_tokens=True)
        return any(stop in decoded for stop in self._stops)


def _bytes_of(token: str) -> bytes:
    """The bytes of a token, as byte-level vocabularies and those with a fallback to bytes write them."""
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
