"""Vocabulary of a tokenizer and its special tokens, under transformers' names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast, overload

from torso.errors import InputError
from torso.text.backend_tokenizer import BackendTokenizer
from torso.text.return_tensors import listed


class Vocabulary:
    """Tokens, their ids, and which of them are special."""

    __slots__ = ("_backend", "_largest_id", "_named", "_rows", "_special_ids", "_special_tokens")

    def __init__(
        self, backend: BackendTokenizer, named: Mapping[str, str], extra: Sequence[str], largest_id: int, rows: int
    ) -> None:
        """Wrap a backend.

        Args:
            backend: the tokenizer.
            named: special tokens by name, in the order they are listed in.
            extra: special tokens without a name.
            largest_id: the largest id it can give.
            rows: how many ids the model's table has; those that no token has read as nothing.
        """
        self._backend = backend
        self._named = dict(named)
        self._largest_id = largest_id
        self._rows = max(rows, largest_id + 1)
        self._special_tokens = tuple(dict.fromkeys((*named.values(), *extra)))
        self._special_ids = tuple(self.convert_tokens_to_ids(self._special_tokens))

    def __len__(self) -> int:
        """Return the number of entries, added ones included."""
        return self._backend.size(added=True)

    def __bool__(self) -> bool:
        """Return True, whatever the length."""
        return True

    @property
    def vocab_size(self) -> int:
        """Number of entries, without added ones."""
        return self._backend.size(added=False)

    def get_vocab(self) -> dict[str, int]:
        """Return token to id, a new dict each time."""
        return self._backend.vocabulary()

    @property
    def vocab(self) -> dict[str, int]:
        """Token to id, a new dict each time."""
        return self.get_vocab()

    @property
    def continuing_mark(self) -> str:
        """How it marks a token that goes on a word: ``##`` in WordPiece; empty in vocabularies that mark none."""
        return self._backend.continuing_mark()

    @property
    def largest_id(self) -> int:
        """Largest id it can return; a model's embedding table must have more rows."""
        return self._largest_id

    @property
    def all_special_tokens(self) -> list[str]:
        """Special tokens, each once."""
        return list(self._special_tokens)

    @property
    def all_special_ids(self) -> list[int]:
        """Ids of the special tokens."""
        return list(self._special_ids)

    def get_special_tokens_mask(
        self,
        token_ids_0: Sequence[int],
        token_ids_1: Sequence[int] | None = None,
        already_has_special_tokens: bool = False,
    ) -> list[int]:
        """Return 1 for each special token of ids and 0 for any other, as collators of transformers ask.

        Args:
            token_ids_0: ids that hold their special tokens.
            token_ids_1: None: a pair is one list of ids here.
            already_has_special_tokens: whether the special tokens are there; only True is taken.

        Raises:
            InputError: ``E_ARGUMENT``, for ids without their special tokens: a call of the tokenizer adds them and
                gives the mask with ``return_special_tokens_mask=True``.
        """
        if token_ids_1 is not None or not already_has_special_tokens:
            raise InputError(
                "E_ARGUMENT",
                "get_special_tokens_mask() reads ids that hold their special tokens, all in one list.",
                cure="For texts: tokenizer(texts, return_special_tokens_mask=True). "
                "For ids: get_special_tokens_mask(ids, already_has_special_tokens=True).",
            )
        special = frozenset(self.all_special_ids)
        return [int(each in special) for each in self.checked_ids(token_ids_0)]

    @property
    def special_tokens_map(self) -> dict[str, str]:
        """Special tokens by name, such as ``cls_token``."""
        return dict(self._named)

    @overload
    def convert_tokens_to_ids(self, tokens: str) -> int: ...  # pyright: ignore[reportOverlappingOverload] - a str is one
    @overload
    def convert_tokens_to_ids(self, tokens: Sequence[str]) -> list[int]: ...
    def convert_tokens_to_ids(self, tokens: str | Sequence[str]) -> int | list[int]:
        """Return the id of a token, or of each; tokens outside the vocabulary get the unknown id.

        Raises:
            InputError: E_TOKEN for a token that is not in a vocabulary without an unknown token.
        """
        if not isinstance(tokens, str):
            return [self.convert_tokens_to_ids(token) for token in tokens]
        number = self._backend.number_of(tokens)
        if number is None and "unk_token" in self._named and tokens != self._named["unk_token"]:
            number = self._backend.number_of(self._named["unk_token"])
        if number is None:
            raise InputError(
                "E_TOKEN",
                "The token {token} is not in the vocabulary, which has no token for unknown ones.",
                cure="Tokenize text with tokenizer.tokenize(text), which gives tokens of the vocabulary.",
                values=dict(token=repr(tokens)),
            )
        return number

    @overload
    def convert_ids_to_tokens(self, ids: int, skip_special_tokens: bool = False) -> str | None: ...
    @overload
    def convert_ids_to_tokens(self, ids: Sequence[int], skip_special_tokens: bool = False) -> list[str | None]: ...
    def convert_ids_to_tokens(
        self, ids: int | Sequence[int], skip_special_tokens: bool = False
    ) -> str | list[str | None] | None:
        """Return the token of an id, or of each; None for an embedding row without a token.

        Args:
            ids: one id, or a list, a tensor or an array of one axis.
            skip_special_tokens: whether to leave out special tokens of a list.

        Raises:
            InputError: E_ID for an id outside the vocabulary and the model's table.
        """
        if isinstance(ids, int):
            return self._backend.token_of(self.checked_ids([ids])[0])
        skipped = frozenset(self._special_ids) if skip_special_tokens else ()
        return [self._backend.token_of(number) for number in self.checked_ids(ids) if number not in skipped]

    def checked_ids(self, ids: Sequence[int]) -> list[int]:
        """Return ``ids`` as a flat list of int.

        Raises:
            InputError: E_ID for anything but an id of the vocabulary or of the model's table.
        """
        listing: object = listed(ids)
        values: list[object] = (
            list(cast("Sequence[object]", listing)) if isinstance(listing, (list, tuple)) else [listing]
        )
        checked: list[int] = []
        for index, number in enumerate(values):
            if isinstance(number, bool) or not isinstance(number, int):
                raise InputError(
                    "E_ID",
                    "Id {index} is {kind}, not a whole number.",
                    cure="Pass the ids of one text; for several, use batch_decode.",
                    values=dict(index=index, kind=type(number).__name__),
                )
            if not 0 <= number < self._rows:
                raise InputError(
                    "E_ID",
                    "There is no id {number} in this vocabulary; its largest is {largest}.",
                    cure="Use the tokenizer that the ids came from; drop ids such as -100, which are not tokens.",
                    values=dict(number=number, largest=self._rows - 1),
                )
            checked.append(number)
        return checked

    def _id_of(self, name: str) -> int | None:
        return self._backend.number_of(self._named[name]) if name in self._named else None

    @property
    def cls_token(self) -> str | None:
        """Classification token at the beginning of a text, if there is one."""
        return self._named.get("cls_token")

    @property
    def cls_token_id(self) -> int | None:
        """Id of `cls_token`."""
        return self._id_of("cls_token")

    @property
    def sep_token(self) -> str | None:
        """Separator token at the end of a text, if there is one."""
        return self._named.get("sep_token")

    @property
    def sep_token_id(self) -> int | None:
        """Id of `sep_token`."""
        return self._id_of("sep_token")

    @property
    def pad_token(self) -> str | None:
        """Padding token, if there is one."""
        return self._named.get("pad_token")

    @property
    def pad_token_id(self) -> int | None:
        """Id of `pad_token`."""
        return self._id_of("pad_token")

    @property
    def unk_token(self) -> str | None:
        """Unknown token, for what is not in the vocabulary, if there is one."""
        return self._named.get("unk_token")

    @property
    def unk_token_id(self) -> int | None:
        """Id of `unk_token`."""
        return self._id_of("unk_token")

    @property
    def mask_token(self) -> str | None:
        """Mask token, at a position to be predicted, if there is one."""
        return self._named.get("mask_token")

    @property
    def mask_token_id(self) -> int | None:
        """Id of `mask_token`."""
        return self._id_of("mask_token")

    @property
    def bos_token(self) -> str | None:
        """Beginning-of-sequence token of a generated text, if there is one."""
        return self._named.get("bos_token")

    @property
    def bos_token_id(self) -> int | None:
        """Id of `bos_token`."""
        return self._id_of("bos_token")

    @property
    def eos_token(self) -> str | None:
        """End-of-sequence token of a generated text, if there is one."""
        return self._named.get("eos_token")

    @property
    def eos_token_id(self) -> int | None:
        """Id of `eos_token`."""
        return self._id_of("eos_token")
