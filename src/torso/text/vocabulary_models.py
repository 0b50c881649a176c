"""Model part of a tokenizer.json, checked before `tokenizers` parses it: WordPiece, BPE, Unigram, WordLevel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from torso.text.faults import Fault, TooMuch

VOCABULARY_LIMIT = 4_000_000  # entries
ID_LIMIT = 2**24  # ids are below; four times the largest vocabulary
_KINDS = ("WordPiece", "BPE", "Unigram", "WordLevel")


_FILLER = "\U0010ffff no token "  # a noncharacter and spaces, which no normalized text has side by side


def filler(place: int) -> str:
    """Return the piece that fills the gap ``place``, from 0, of a list of pieces; it counts as no token."""
    return f"{_FILLER}{place}"


def is_filler(token: str) -> bool:
    """Return whether a piece only fills a gap."""
    return token.startswith(_FILLER)


def kind_of(model: Mapping[str, object]) -> str:
    """Return the kind of model; files before 2021 do not state it and are recognised by their keys."""
    kind = model.get("type")
    if kind is None:
        if "merges" in model:
            return "BPE"
        if isinstance(model.get("vocab"), list):
            return "Unigram"
        return "WordPiece" if "continuing_subword_prefix" in model else "WordLevel"
    if kind not in _KINDS:
        raise Fault("its model is of an unknown type, {kind}", kind=kind)
    return cast(str, kind)


def vocabulary_of(model: Mapping[str, object]) -> dict[str, int]:
    """Return token to id, for all kinds alike."""
    vocabulary = model.get("vocab")
    if isinstance(vocabulary, list):
        return {str(entry[0]): number for number, entry in enumerate(cast("list[list[object]]", vocabulary))}
    return cast("dict[str, int]", vocabulary)


def vocabulary_size(model: Mapping[str, object]) -> int:
    """Return the largest id plus one, of a model already checked."""
    vocabulary = model.get("vocab")
    if isinstance(vocabulary, list):
        return len(cast("list[object]", vocabulary))
    return max(cast("dict[str, int]", vocabulary).values(), default=-1) + 1


def check_model(model: Mapping[str, object]) -> None:
    """Raise on a model on which `tokenizers` would panic, or with impossible ids.

    Raises:
        Fault: an unknown kind; no vocabulary, or more than `VOCABULARY_LIMIT` entries; ids that are not whole numbers
            below `ID_LIMIT`, or that two tokens share; an unknown token or a merge outside the vocabulary.
    """
    kind = kind_of(model)
    vocabulary = model.get("vocab")
    if not isinstance(vocabulary, list if kind == "Unigram" else dict) or not vocabulary:
        raise Fault("its model {kind} has no vocabulary", kind=kind)
    if len(cast("list[object]", vocabulary)) > VOCABULARY_LIMIT:
        raise TooMuch("its vocabulary has more than {limit} entries", limit=VOCABULARY_LIMIT)
    if kind == "Unigram":
        _check_unigram(model, cast("list[object]", vocabulary))
        return
    entries = cast("dict[str, object]", vocabulary)
    check_ids(entries)
    unknown = model.get("unk_token")
    if unknown is None and kind != "BPE":
        unknown = "[UNK]" if kind == "WordPiece" else "<unk>"  # `tokenizers`' own defaults
    if unknown is not None and (not isinstance(unknown, str) or unknown not in entries):
        raise Fault("its unknown token {token} is not in its vocabulary", token=unknown)
    if kind == "BPE":
        _check_merges(model, entries)


def check_ids(vocabulary: Mapping[str, object]) -> None:
    """Raise on ids that are not integers below `ID_LIMIT`, or that two tokens share."""
    ids = vocabulary.values()
    if set(map(type, ids)) != {int}:
        raise Fault("its vocabulary has ids that are not whole numbers")
    numbers = cast("list[int]", list(ids))
    if min(numbers) < 0 or max(numbers) >= ID_LIMIT:
        raise Fault("its vocabulary has ids from {least} to {most}", least=min(numbers), most=max(numbers))
    if len(set(numbers)) != len(numbers):
        raise Fault("two tokens of its vocabulary share an id")


def _check_unigram(model: Mapping[str, object], vocabulary: list[object]) -> None:
    for entry in vocabulary:
        match entry:
            case [str(), float() | int()]:
                pass
            case _:
                raise Fault("its vocabulary has the entry {entry}, not a token with a score", entry=entry)
    unknown = model.get("unk_id")
    if unknown is not None and (not isinstance(unknown, int) or not 0 <= unknown < len(vocabulary)):
        raise Fault("its unknown token {token} is not in its vocabulary", token=unknown)


def _check_merges(model: Mapping[str, object], vocabulary: Mapping[str, object]) -> None:
    """Check that every merge joins two entries to a third; `tokenizers` cuts the prefix off the second unchecked."""
    prefix = model.get("continuing_subword_prefix") or ""
    merges = model.get("merges")
    if not isinstance(prefix, str) or not isinstance(merges, list):
        raise Fault("its BPE model has no list of merges")
    for merge in cast("list[object]", merges):
        parts = merge.split(" ") if isinstance(merge, str) else merge
        match parts:
            case [str(left), str(right)] if left in vocabulary and right in vocabulary and right.startswith(prefix):
                joined = left + right[len(prefix) :]
            case _:
                joined = None
        if joined is None or joined not in vocabulary:
            raise Fault("its merge {merge} does not join two entries of its vocabulary to a third", merge=merge)
