"""Which tokens may be proposed for a mask. Loads no torch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from torso.errors import InputError

if TYPE_CHECKING:
    from torso.text import Tokenizer

SPACES = ("Ġ", "▁")  # byte-level and SentencePiece vocabularies mark the tokens that begin a word


def candidates(tokenizer: Tokenizer, targets: Sequence[str] | None, *, whole_words: bool) -> list[int] | None:
    """Return ids of the tokens that may be proposed; None for all.

    Raises:
        InputError: E_TARGET for a target that is not one token of the vocabulary; E_ARGUMENT without one, or
            none is left.
    """
    if targets is None and not whole_words:
        return None
    vocabulary = tokenizer.vocab
    if targets is None:
        named = sorted(vocabulary.values())
    else:
        named = list(dict.fromkeys(_id_of(target, vocabulary, tokenizer) for target in _listed(targets)))
    if not whole_words:
        return named
    tokens = {number: token or "" for number, token in zip(named, tokenizer.convert_ids_to_tokens(named), strict=True)}
    special = set(tokenizer.all_special_ids)
    marked, continues = marks_spaces(tokenizer), tokenizer.continuing_mark
    whole = [
        number
        for number in named
        if number not in special and _is_word(tokens[number], marked=marked, continues=continues)
    ]
    if not whole:
        raise InputError(
            "E_ARGUMENT",
            "None of the targets is a whole word.",
            cure="Leave out whole_words, or name other targets.",
        )
    return whole


def marks_spaces(tokenizer: Tokenizer) -> bool:
    """Return whether the vocabulary marks tokens that begin a word, so that its tokens hold the spaces.

    One that marks those that go on a word does not, though it may hold these letters as letters: Ġ is one of Maltese.
    """
    return not tokenizer.continuing_mark and any(token.startswith(SPACES) for token in tokenizer.vocab)


def _listed(targets: Sequence[str]) -> Sequence[str]:
    if isinstance(targets, str) or not targets:
        raise InputError(
            "E_ARGUMENT",
            "targets is {targets!r}; it must be a list of tokens.",
            cure='Write targets=["good", "bad"].',
            values=dict(targets=targets),
        )
    return targets


def _id_of(target: str, vocabulary: dict[str, int], tokenizer: Tokenizer) -> int:
    if target in vocabulary:
        return vocabulary[target]
    pieces = tokenizer.encoding(target, special=False)
    if len(pieces.ids) == 1 and pieces.ids[0] != tokenizer.unk_token_id:
        return pieces.ids[0]
    raise InputError(
        "E_TARGET",
        "The target {target} is no single token of this vocabulary: it is read as {tokens}.",
        cure="Name another one, or write one mask for each of its tokens.",
        values=dict(target=repr(target), tokens=" ".join(pieces.tokens) or "nothing"),
    )


def _is_word(token: str, *, marked: bool, continues: str) -> bool:
    if marked:
        return token.startswith(SPACES)
    return bool(token) and not (continues and token.startswith(continues))
