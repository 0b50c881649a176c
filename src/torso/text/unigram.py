"""Shared parts of the families whose SentencePiece files are unigram models."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from torso.text.faults import BadSetting, Fault, Misfit
from torso.text.sentencepiece import CONTROL, NORMAL, UNIGRAM, USER_DEFINED, SentencePieceModel
from torso.text.sentencepiece_spaces import exact, is_usual, normal_form, text_of_bytes
from torso.text.tokenizer_json import Draft, Numbers, Table, content, in_turn, metaspace, precompiled
from torso.text.tokenizer_settings import AddedToken, Settings

Entry = tuple[str, float]
_MOST = 10_000  # tokens that a family adds of its own
LOWEST = -100.0  # the score of tokens that segmentation must not choose


def entries(model: SentencePieceModel) -> list[Entry]:
    """Return each piece with its score; user-defined ones score above any other segmentation of their text.

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
    """Return each piece with its score in SentencePiece."""
    best = max((piece.score for piece in model.pieces if piece.kind == NORMAL), default=0.0)
    return [
        (piece.text, len(piece.text.encode()) * best - 0.1 if piece.kind == USER_DEFINED else piece.score)
        for piece in model.pieces
    ]


def unigram(vocabulary: Sequence[Entry], unknown: int, *, byte_fallback: bool = False) -> Table:
    """Return a Unigram model over ``vocabulary``; ``unknown`` is the id of the unknown token."""
    return {"type": "Unigram", "unk_id": unknown, "byte_fallback": byte_fallback, "vocab": vocabulary}


def found_in_text(model: SentencePieceModel) -> tuple[AddedToken, ...]:
    """Return the pieces matched before segmentation: control pieces, which are special.

    User-defined pieces are segmented like others, since they occur inside words; one that the character map would
    change is matched before.
    """
    return tuple(
        AddedToken(piece.text, special=piece.kind == CONTROL)
        for piece in model.pieces
        if piece.kind == CONTROL or (piece.kind == USER_DEFINED and normal_form(model, piece.text) != piece.text)
    )


def words_and_spaces(scheme: str = "always") -> Table | None:
    """Return pre-tokenizers that split at white space and prefix every word with a space."""
    return in_turn("pretokenizers", {"type": "WhitespaceSplit"}, metaspace(scheme))


def spaced(
    model: SentencePieceModel, settings: Settings, *before: Table | None, without: str = "never"
) -> tuple[Table | None, Table | None, str]:
    """Return normalizer, pre-tokenizer and prefix scheme of a family that splits at white space.

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
    """Return the draft of a family; ``extra`` tokens are matched in text beside the file's own."""
    everything = (*found_in_text(model), *extra)
    table = unigram(vocabulary, unknown, byte_fallback=model.byte_fallback)
    decoder = text_of_bytes(prefix=scheme != "never") if model.byte_fallback else metaspace(scheme)
    return Draft(table, normalizer, pre_tokenizer, decoder, frame, named, everything)


def scheme(settings: Settings, without: str) -> str:
    """Return where a space is prefixed to text; ``without`` if the files say ``add_prefix_space: false``."""
    return "always" if settings.flag("add_prefix_space", True) else without


def count(settings: Settings, name: str, usual: int) -> int:
    """Return the number ``name`` of tokenizer_config.json."""
    value = settings.config.get(name, usual)
    if isinstance(value, bool) or not isinstance(value, int) or value > _MOST:
        raise BadSetting(
            "{name} must be a whole number from 0 to {most}, not {value}", name=name, most=_MOST, value=value
        )
    return max(value, 0)  # a range up to a negative number is empty


def fairseq_entries(model: SentencePieceModel, named: Mapping[str, AddedToken], first: str) -> list[Entry]:
    """Return the vocabulary of a fairseq model, which replaces the first three pieces with four tokens of its own.

    Raises:
        Fault: the file does not begin with the three: unknown, beginning and end.
    """
    if {model.unknown, model.beginning, model.ending} != {0, 1, 2}:
        raise Fault("its first three pieces are not those for the unknown, the beginning and the end of a text")
    own = (content(named, name) for name in (first, "pad_token", "eos_token", "unk_token"))
    return [*((token, 0.0) for token in own), *entries(model)[3:]]
