"""Conversion of Marian's pair of SentencePiece files, whose pieces take their ids from one vocab.json.

A piece that vocab.json does not have is the unknown token, and unknown text that it does have is known. So `tokenizers`
cuts with the numbering of the SentencePiece file, and the ids are looked up by the text of each token.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from torso.errors import UnsupportedError
from torso.text.backend_tokenizer import BackendTokenizer, Pieces
from torso.text.encoding import Encoding
from torso.text.faults import Fault
from torso.text.tokenizer_json import MARK
from torso.text.tokenizer_settings import Settings


class Renumbered(BackendTokenizer):
    """Backend whose tokens take their ids from another vocabulary."""

    __slots__ = ("_added", "_cutter", "_numbers", "_special", "_tokens", "_unknown")

    def __init__(
        self,
        cutter: BackendTokenizer,
        numbers: Mapping[str, int],
        unknown: int,
        special: Collection[str],
        added: int = 0,
    ) -> None:
        """Wrap a backend that splits text.

        Args:
            cutter: `tokenizers`.
            numbers: the ids of its tokens.
            unknown: the id of those that have none.
            special: the special tokens.
            added: how many of ``numbers`` are no part of the vocabulary itself.
        """
        self.engine, self.template = cutter.engine, cutter.template
        self._cutter = cutter
        self._numbers = numbers
        self._tokens = {number: token for token, number in numbers.items()}
        self._unknown = unknown
        self._special = frozenset(special)
        self._added = added

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle by its parts."""
        return (Renumbered, (self._cutter, self._numbers, self._unknown, self._special, self._added))

    def framed(self, processor: dict[str, object] | None) -> Renumbered:
        """Return the same tokenizer with another post-processor, as tokenizer.json writes it; None for none."""
        cutter = self._cutter.framed(processor)
        return Renumbered(cutter, self._numbers, self._unknown, self._special, self._added)

    def size(self, *, added: bool) -> int:
        """Return the number of vocabulary entries, with what is added to them or without."""
        return len(self._numbers) - (0 if added else self._added)

    def vocabulary(self) -> dict[str, int]:
        """Return token to id, a new dict each time."""
        return dict(self._numbers)

    def number_of(self, token: str) -> int | None:
        """Return the id of a token; None if it is not in the vocabulary."""
        return self._numbers.get(token)

    def token_of(self, number: int) -> str | None:
        """Return the token of an id; None if no token has it."""
        return self._tokens.get(number)

    def join(self, first: Pieces, second: Pieces | None, *, special: bool) -> list[Encoding]:
        """Return the tokens with the ids of the vocabulary."""
        return [
            replace(each, ids=[self._numbers.get(token, self._unknown) for token in each.tokens])
            for each in super().join(first, second, special=special)
        ]

    def decode(self, ids: Sequence[int], *, skip_special_tokens: bool) -> str:
        """Decode ``ids``: runs of pieces between special tokens together, and a space after each special token."""
        tokens = [self._tokens[number] for number in ids]
        return self.text_of([token for token in tokens if not (skip_special_tokens and token in self._special)])

    def text_of(self, tokens: Sequence[str]) -> str:
        """Decode ``tokens``."""
        parts: list[str] = []
        pieces: list[str] = []
        for token in tokens:
            if token in self._special:
                parts += [_text(pieces), token, " "]
                pieces = []
            else:
                pieces.append(token)
        return "".join([*parts, _text(pieces)]).strip()


def _text(pieces: Sequence[str]) -> str:
    return "".join(pieces).replace(MARK, " ").removeprefix(" ")


def renumbered(
    cutter: BackendTokenizer,
    numbers: Mapping[str, int],
    named: Mapping[str, str],
    settings: Settings,
    *,
    added: int = 0,
) -> Renumbered:
    """Return a backend with the ids of ``numbers``; ``named`` are its special tokens by name.

    Raises:
        Fault: the unknown token or the end of a text has no id.
        UnsupportedError: E_UNSUPPORTED for a vocabulary of each language.
    """
    if settings.flag("separate_vocabs", False):
        raise UnsupportedError(
            "E_UNSUPPORTED",
            "This Marian tokenizer has a vocabulary for each language (separate_vocabs); torso reads one for both.",
            cure="Use a model with one vocab.json.",
        )
    for name in ("unk_token", "eos_token"):
        if named.get(name) not in numbers:
            raise Fault("its vocabulary does not hold {token}, its {name}", name=name, token=named.get(name))
    return Renumbered(cutter, numbers, numbers[named["unk_token"]], named.values(), added)
