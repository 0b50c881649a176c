"""Native tokenizer interface: texts to encodings without padding or truncation, and ids to text."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast, overload

from torso.errors import TokenizerError
from torso.io.paths import shown
from torso.language import say
from torso.text.backend_tokenizer import BackendTokenizer, Pieces
from torso.text.batch_output import finish
from torso.text.encoding import Encoding
from torso.text.faults import Fault
from torso.text.input_checks import checked_mixture, checked_text, checked_words, surrogate_fault
from torso.text.request import Request
from torso.text.return_tensors import listed
from torso.text.vocabulary import Vocabulary

_AS_THEY_ARE = Request(None, None, 0, None, 1)
# Clean-up of decoded text removes spaces before these, as transformers 5 lists them.
_CLEANED = (" .", " ?", " !", " ,", " ' ", " n't", " 'm", " 's", " 've", " 're")


class Reader(Vocabulary):
    """Tokenizer over a backend. `Tokenizer` is the public class."""

    __slots__ = ("_clean_up", "_cut_side", "_folder")

    _clean_up: bool
    _cut_side: str
    _folder: Path

    def encoding(self, text: str, pair: str | None = None, *, special: bool = True) -> Encoding:
        """Tokenize one text, or a pair: ids, segments and character spans in the original text.

        Args:
            text: any string, of at most 10 million characters.
            pair: a second text.
            special: whether to put the special tokens around.

        Raises:
            InputTypeError, InputError: E_TEXT for what is no text.
            LimitError: E_LIMIT for a text that is too long.
        """
        checked = checked_text(text), None if pair is None else checked_text(pair)
        return self._encodings([checked], special)[0]

    def encodings(self, texts: Sequence[str | tuple[str, str]], *, special: bool = True) -> list[Encoding]:
        """Tokenize each text, or each pair, on all cores.

        Raises:
            InputTypeError, InputError, LimitError: as `encoding`, naming the text by its index.
        """
        return self._encodings(checked_mixture(texts), special)

    def encoding_of_words(self, words: Sequence[str], *, special: bool = True) -> Encoding:
        """Tokenize a text already split into words; each token has its word index and its span within it."""
        first, second = self._split_words([checked_words(words)], None)
        return self._finish(first, second, special, _AS_THEY_ARE)[0][0]

    def _encodings(self, texts: Sequence[tuple[str, str | None]], special: bool) -> list[Encoding]:
        ones, others = self._split([one for one, _ in texts], [other for _, other in texts if other is not None])
        left = iter(others or ())
        seconds = [None if other is None else next(left) for _, other in texts]
        return [pieces[0] for pieces in self._finish(ones, seconds, special, _AS_THEY_ARE)]

    def _finish(
        self,
        first: Sequence[Pieces],
        second: Sequence[Pieces | None] | None,
        special: bool,
        request: Request,
        backend: BackendTokenizer | None = None,
    ) -> list[list[Encoding]]:
        with self._blamed():
            return finish(
                backend or self._backend, first, second, special=special, request=request, side=self._cut_side
            )

    def _split(
        self, first: Sequence[str], second: Sequence[str] | None, backend: BackendTokenizer | None = None
    ) -> tuple[list[Pieces], list[Pieces] | None]:
        backend = backend or self._backend
        with self._blamed(first, second or ()):
            return backend.split(first), None if second is None else backend.split(second)

    def _split_words(
        self,
        first: Sequence[Sequence[str]],
        second: Sequence[Sequence[str]] | None,
        backend: BackendTokenizer | None = None,
    ) -> tuple[list[Pieces], list[Pieces] | None]:
        backend = backend or self._backend
        with self._blamed(*first, *(second or ())):
            return backend.split_words(first), None if second is None else backend.split_words(second)

    @contextmanager
    def _blamed(self, *texts: Sequence[str]) -> Generator[None]:
        """Convert a failure of `tokenizers` inside to an error about the text, or else about the tokenizer."""
        try:
            yield
        except Fault as fault:
            for part in texts:
                if error := surrogate_fault(part):
                    raise error from None
            raise TokenizerError(
                "E_TOKENIZER",
                "The tokenizer of {folder} cannot do this: {fault}.",
                cure="Check its files: torso check {folder}",
                values=dict(folder=shown(self._folder), fault=say(fault.template, fault.values)),
            ) from None

    @overload
    def decode(
        self,
        ids: int | Sequence[int],
        skip_special_tokens: bool = False,
        clean_up_tokenization_spaces: bool | None = None,
    ) -> str: ...
    @overload
    def decode(
        self,
        ids: Sequence[Sequence[int]],
        skip_special_tokens: bool = False,
        clean_up_tokenization_spaces: bool | None = None,
    ) -> list[str]: ...
    def decode(
        self,
        ids: int | Sequence[int] | Sequence[Sequence[int]],
        skip_special_tokens: bool = False,
        clean_up_tokenization_spaces: bool | None = None,
    ) -> str | list[str]:
        """Decode the ids of one text: a list, a tensor or an array of one axis; of two axes, as `batch_decode`.

        An id of the model's table that has no token reads as nothing.

        Args:
            ids: ids of the vocabulary, or of the model's table.
            skip_special_tokens: whether to leave out special tokens.
            clean_up_tokenization_spaces: whether to take out spaces before punctuation; None as the files say. The
                decoder of BERT's tokenizers does so by itself.

        Raises:
            InputError: E_ID for an id outside the vocabulary and the model's table.
        """
        given: Any = listed(ids)
        if _several(given):
            return self.batch_decode(given, skip_special_tokens, clean_up_tokenization_spaces)
        return self._text_of(given, skip_special_tokens, clean_up_tokenization_spaces)

    def _text_of(self, ids: Any, skip_special_tokens: bool, clean_up_tokenization_spaces: bool | None) -> str:
        checked = self.checked_ids([ids] if isinstance(ids, int) else ids)
        numbers = [number for number in checked if self._backend.token_of(number) is not None]
        with self._blamed():
            text = self._backend.decode(numbers, skip_special_tokens=skip_special_tokens)
        if self._clean_up if clean_up_tokenization_spaces is None else clean_up_tokenization_spaces:
            for part in _CLEANED:
                text = text.replace(part, part.strip())
        return text

    def batch_decode(
        self,
        sequences: Sequence[Sequence[int]],
        skip_special_tokens: bool = False,
        clean_up_tokenization_spaces: bool | None = None,
    ) -> list[str]:
        """Decode each row of ids: lists, or a tensor or an array of two axes.

        Raises:
            InputError: E_ID, as `decode`.
        """
        rows = cast("Sequence[Sequence[int]]", listed(sequences))
        return [self._text_of(row, skip_special_tokens, clean_up_tokenization_spaces) for row in rows]

    def convert_tokens_to_string(self, tokens: Sequence[str]) -> str:
        """Decode tokens of the vocabulary to text."""
        with self._blamed(list(tokens)):
            return self._backend.text_of(tokens)


def _several(ids: object) -> bool:
    rows = cast("Sequence[object]", ids) if isinstance(ids, list | tuple) else ()
    return bool(rows) and isinstance(rows[0], list | tuple)
