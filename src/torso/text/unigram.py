"""What the families have in common whose SentencePiece files choose pieces by likelihood (Unigram)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from torso.text.faults import Fault, Misfit
from torso.text.sentencepiece import CONTROL, NORMAL, UNIGRAM, USER_DEFINED, SentencePieceModel
from torso.text.sentencepiece_spaces import exact, is_usual, normal_form, text_of_bytes
from torso.text.tokenizer_json import Draft, Numbers, Table, content, in_turn, metaspace, precompiled
from torso.text.tokenizer_settings import AddedToken, Settings

Entry = tuple[str, float]
_MOST = 10_000  # tokens that a family adds of its own
LOWEST = -100.0  # the score of what text must not be cut into


def entries(model: SentencePieceModel) -> list[Entry]:
    """Give each piece with its score; a user's own have one that no other cut of their text reaches.

    Raises:
        Misfit: the file is not of the kind unigram.
    """
    if model.algorithm != UNIGRAM:
        raise Misfit(
            "it merges pieces (bpe), and the tokenizers of this family choose them by likelihood (unigram)",
            tokenizer_class="LlamaTokenizer",
        )
    return likelihoods(model)


def likelihoods(model: SentencePieceModel) -> list[Entry]:
    """Give each piece with the score that SentencePiece gives it."""
    best = max((piece.score for piece in model.pieces if piece.kind == NORMAL), default=0.0)
    return [
        (piece.text, len(piece.text.encode()) * best - 0.1 if piece.kind == USER_DEFINED else piece.score)
        for piece in model.pieces
    ]


def unigram(vocabulary: Sequence[Entry], unknown: int, *, byte_fallback: bool = False) -> Table:
    """The likeliest cut into ``vocabulary``; ``unknown`` is the id for what is not in it."""
    return {"type": "Unigram", "unk_id": unknown, "byte_fallback": byte_fallback, "vocab": vocabulary}


def found_in_text(model: SentencePieceModel) -> tuple[AddedToken, ...]:
    """Give the pieces that are found in text before it is cut: control pieces, which are special.

    A user's own are cut like others, since they stand inside words; one that the character map would change is found
    before.
    """
    return tuple(
        AddedToken(piece.text, special=piece.kind == CONTROL)
        for piece in model.pieces
        if piece.kind == CONTROL or (piece.kind == USER_DEFINED and normal_form(model, piece.text) != piece.text)
    )


def words_and_spaces(scheme: str = "always") -> Table | None:
    """Text cut at white space, and every word begun by a space."""
    return in_turn("pretokenizers", {"type": "WhitespaceSplit"}, metaspace(scheme))


def spaced(
    model: SentencePieceModel, settings: Settings, *before: Table | None, without: str = "never"
) -> tuple[Table | None, Table | None, str]:
    """Give the normalizer, the pre-tokenizer and the scheme of a family that cuts at white space.

    Args:
        model: the file.
        settings: the files beside it.
        before: normalizers before the character map.
        without: the scheme where the files say ``add_prefix_space: false``.
    """
    if settings.config.get("add_prefix_space") is not None or is_usual(model):
        prefix = scheme(settings, without)
        normalizer = in_turn("normalizers", *before, precompiled(model.character_map))
        return normalizer, words_and_spaces(prefix), prefix
    normalizer, cut = exact(model, *before, prefix=model.dummy_prefix)
    return normalizer, cut, "always" if model.dummy_prefix else "never"


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
    table = unigram(vocabulary, unknown, byte_fallback=model.byte_fallback)
    decoder = text_of_bytes(prefix=scheme != "never") if model.byte_fallback else metaspace(scheme)
    return Draft(table, normalizer, pre_tokenizer, decoder, frame, named, everything)


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
