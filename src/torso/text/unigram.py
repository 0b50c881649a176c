"""What the families have in common whose SentencePiece files choose pieces by likelihood (Unigram)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from torso.text.faults import Fault
from torso.text.sentencepiece import CONTROL, UNIGRAM, USER_DEFINED, SentencePieceModel
from torso.text.tokenizer_json import Draft, Numbers, Table, content, in_turn, metaspace
from torso.text.tokenizer_settings import AddedToken, Settings

Entry = tuple[str, float]
_MOST = 10_000  # tokens that a family adds of its own
LOWEST = -100.0  # the score of what text must not be cut into


def entries(model: SentencePieceModel) -> list[Entry]:
    """Each piece with its score.

    Raises:
        Fault: the file is not of the kind unigram.
    """
    if model.algorithm != UNIGRAM:
        raise Fault("it merges pieces (bpe), and the tokenizers of this family choose them by likelihood (unigram)")
    return [(piece.text, piece.score) for piece in model.pieces]


def unigram(vocabulary: Sequence[Entry], unknown: int, *, byte_fallback: bool = False) -> Table:
    """The likeliest cut into ``vocabulary``; ``unknown`` is the id for what is not in it."""
    return {"type": "Unigram", "unk_id": unknown, "byte_fallback": byte_fallback, "vocab": vocabulary}


def found_in_text(model: SentencePieceModel) -> tuple[AddedToken, ...]:
    """The pieces that are found in text before it is cut: control pieces, which are special, and a user's own."""
    return tuple(
        AddedToken(piece.text, special=piece.kind == CONTROL)
        for piece in model.pieces
        if piece.kind in (CONTROL, USER_DEFINED)
    )


def words_and_spaces(scheme: str = "always") -> Table | None:
    """Text cut at white space, and every word begun by a space."""
    return in_turn("pretokenizers", {"type": "WhitespaceSplit"}, metaspace(scheme))


def drafted(
    model: SentencePieceModel,
    vocabulary: Sequence[Entry],
    unknown: int,
    named: Mapping[str, AddedToken],
    frame: Callable[[Numbers], Table],
    *,
    normalizer: Table | None,
    pre_tokenizer: Table | None,
    extra: Sequence[AddedToken] = (),
    scheme: str = "always",
) -> Draft:
    """The draft of a family; ``extra`` are found in text beside the pieces of the file that are."""
    everything = (*found_in_text(model), *extra)
    return Draft(unigram(vocabulary, unknown), normalizer, pre_tokenizer, metaspace(scheme), frame, named, everything)


def scheme(settings: Settings, without: str) -> str:
    """Where a space is put before text; ``without`` if the files say ``add_prefix_space: false``."""
    return "always" if settings.flag("add_prefix_space", True) else without


def count(settings: Settings, name: str, usual: int) -> int:
    """The number ``name`` of tokenizer_config.json."""
    value = settings.config.get(name, usual)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _MOST:
        raise Fault("{name} must be a whole number from 0 to {most}, not {value}", name=name, most=_MOST, value=value)
    return value


def fairseq_entries(model: SentencePieceModel, named: Mapping[str, AddedToken], first: str) -> list[Entry]:
    """The vocabulary of a model trained with fairseq, which puts four tokens of its own in the place of three pieces.

    Raises:
        Fault: the file does not begin with the three: unknown, beginning and end.
    """
    if {model.unknown, model.beginning, model.ending} != {0, 1, 2}:
        raise Fault("its first three pieces are not those for the unknown, the beginning and the end of a text")
    own = (content(named, name) for name in (first, "pad_token", "eos_token", "unk_token"))
    return [*((token, 0.0) for token in own), *entries(model)[3:]]
