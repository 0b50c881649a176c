"""Streamers: show a text while ``generate`` writes it, on a terminal or to another thread."""

from __future__ import annotations

import sys
from queue import Queue
from typing import TYPE_CHECKING, Any, TypedDict, Unpack, cast

from torch import Tensor

from torso.errors import InputError
from torso.io.arguments import checked_calls, own_arguments, unknown_argument

if TYPE_CHECKING:
    from torso.text import Tokenizer

_BROKEN = "\ufffd"


class DecodeArguments(TypedDict, total=False):
    """What a streamer passes to the tokenizer's ``decode``."""

    skip_special_tokens: bool
    clean_up_tokenization_spaces: bool


@checked_calls
class TextStreamer:
    """Prints a text while it is written; never half a character.

    Args:
        tokenizer: decodes the tokens.
        skip_prompt: whether the prompt is left out.
        decode: see `DecodeArguments`.

    Raises:
        InputTypeError: ``E_ARGUMENT``, for another argument.
    """

    def __init__(self, tokenizer: Tokenizer, skip_prompt: bool = False, **decode: Unpack[DecodeArguments]) -> None:
        for name in decode:
            if name not in DecodeArguments.__annotations__:
                known = [*own_arguments(type(self).__init__), *DecodeArguments.__annotations__]
                raise unknown_argument(type(self).__name__, name, known)
        self.tokenizer = tokenizer
        self.skip_prompt = skip_prompt
        self.decode_kwargs: Any = decode
        self._begun, self._ids, self._shown = False, list[int](), ""

    def put(self, value: Tensor) -> None:
        """Take ids: first the prompt's [1, length], then each new token [1].

        Raises:
            InputError: ``E_ARGUMENT``, for several texts at once.
        """
        if value.ndim > 1 and value.shape[0] > 1:
            raise InputError(
                "E_ARGUMENT",
                "A streamer shows one text; {count} are written.",
                cure="Call generate with one row, or without the streamer.",
                values=dict(count=value.shape[0]),
            )
        is_prompt, self._begun = not self._begun, True
        if is_prompt and self.skip_prompt:
            return
        self._ids += cast("list[int]", value.flatten().tolist())
        text = self.tokenizer.decode(self._ids, **self.decode_kwargs)
        if not text.endswith(_BROKEN) and text.startswith(self._shown):
            self._show(text, stream_end=False)

    def end(self) -> None:
        """Show what is left, and end the line."""
        text = self.tokenizer.decode(self._ids, **self.decode_kwargs) if self._ids else ""
        self._show(text, stream_end=True)
        self._begun, self._ids, self._shown = False, [], ""

    def _show(self, text: str, *, stream_end: bool) -> None:
        piece, self._shown = text[len(self._shown) :], text
        if piece or stream_end:
            self.on_finalized_text(piece, stream_end=stream_end)

    def on_finalized_text(self, text: str, stream_end: bool = False) -> None:
        """Print a piece; a class of one's own does something else with it."""
        print(text, end="\n" if stream_end else "", flush=True, file=sys.stdout)


@checked_calls
class TextIteratorStreamer(TextStreamer):
    """Iterates over a text's pieces while another thread runs ``generate``.

    Args:
        tokenizer: decodes the tokens.
        skip_prompt: whether the prompt is left out.
        timeout: seconds to wait for a piece; None for ever.
        decode: see `DecodeArguments`.
    """

    def __init__(
        self,
        tokenizer: Tokenizer,
        skip_prompt: bool = False,
        timeout: float | None = None,
        **decode: Unpack[DecodeArguments],
    ) -> None:
        super().__init__(tokenizer, skip_prompt, **decode)
        self.text_queue: Queue[str | None] = Queue()
        self.timeout = timeout

    def on_finalized_text(self, text: str, stream_end: bool = False) -> None:
        """Hand a piece over."""
        self.text_queue.put(text)
        if stream_end:
            self.text_queue.put(None)

    def __iter__(self) -> TextIteratorStreamer:
        return self

    def __next__(self) -> str:
        piece = self.text_queue.get(timeout=self.timeout)
        if piece is None:
            raise StopIteration
        return piece
