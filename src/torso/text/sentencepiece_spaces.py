"""White space handling of SentencePiece, for any options a model was trained with.

The order is that of its normalizer: the character map, then ``remove_extra_whitespaces`` (none at the ends, and one
between words), ``add_dummy_prefix`` (one before the text), and then each space is written as `MARK`. Text is split at
spaces only where no piece crosses one, so that words can be tokenized one by one.
"""

from __future__ import annotations

import re

from tokenizers import normalizers

from torso.text.sentencepiece import USER_DEFINED, SentencePieceModel
from torso.text.tokenizer_json import MARK, Table, in_turn, metaspace, precompiled, replaced, replaced_regex


def squeezed() -> tuple[Table, ...]:
    """Return normalizers that collapse runs of spaces, and strip leading ones."""
    return replaced_regex(" {2,}", " "), replaced_regex(r"\A ", "")


def mapped(model: SentencePieceModel) -> tuple[Table, ...]:
    """Return the normalizers up to and including the character map.

    `tokenizers` looks a cluster of characters up as one, CR LF among them, which are two spaces where all are kept.
    """
    character_map = precompiled(model.character_map)
    if character_map is None:
        return ()
    is_split = not model.squeezed and normal_form(model, "\r") == normal_form(model, "\n") == " "
    return (*((replaced("\r\n", "\n\n"),) if is_split else ()), character_map)


def marked(model: SentencePieceModel, *, prefix: bool) -> tuple[Table, ...]:
    """Return the normalizers after the character map.

    Args:
        model: the file.
        prefix: whether a space is put before a text.
    """
    return (
        *(squeezed() if model.squeezed else ()),
        *(({"type": "Prepend", "prepend": MARK},) if prefix else ()),
        replaced(" ", MARK),
        # The trailing mark is stripped, and with it one that was in the text itself.
        *((replaced_regex(rf"(?<!{MARK}){MARK}+\z", ""),) if model.squeezed else ()),
    )


def cut_at_marks(model: SentencePieceModel) -> Table | None:
    """Return the pre-tokenizer that splits text into words; None if a piece crosses a space."""
    return metaspace("never") if is_of_words(model) else None


def is_of_words(model: SentencePieceModel) -> bool:
    """Return whether no piece contains a space except at its beginning."""
    return not any(MARK in piece.text[1:] for piece in model.pieces)


def normal_form(model: SentencePieceModel, text: str) -> str:
    """Return ``text`` after the character map of ``model``."""
    return normalizers.Precompiled(model.character_map).normalize_str(text) if model.character_map else text


def is_usual(model: SentencePieceModel) -> bool:
    """Return whether the options are the published tokenizers': split at white space, every word prefixed alike.

    A mark in the text itself has to be a space to the character map, as to the one that is the default.
    """
    return model.dummy_prefix and model.squeezed and is_of_words(model) and normal_form(model, MARK) in (" ", "")


def own_symbols(model: SentencePieceModel) -> list[str]:
    """Return the user-defined pieces, the longest first, since the first match is taken."""
    symbols = [piece.text for piece in model.pieces if piece.kind == USER_DEFINED]
    return sorted(symbols, key=lambda symbol: (-len(symbol), symbol))


def cut_at_symbols(model: SentencePieceModel) -> Table | None:
    """Return the pre-tokenizer that splits at user-defined pieces; None if there are none."""
    symbols = own_symbols(model)
    if not symbols:
        return None
    pattern = "|".join(re.escape(symbol) for symbol in symbols)
    return {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": False}


def exact(
    model: SentencePieceModel, *before: Table | None, prefix: bool, cut: Table | None = None
) -> tuple[Table | None, Table | None]:
    """Return the normalizer and the pre-tokenizer of a unigram model.

    Args:
        model: the file.
        before: normalizers of the family, before the character map.
        prefix: whether a space is put before a text.
        cut: a pre-tokenizer of the family.
    """
    normalizer = in_turn("normalizers", *before, *mapped(model), *marked(model, prefix=prefix))
    return normalizer, in_turn("pretokenizers", cut, cut_at_marks(model))


def text_of_bytes(*, prefix: bool) -> Table:
    """Return the decoder of pieces that include bytes."""
    parts = [replaced(MARK, " "), {"type": "ByteFallback"}, {"type": "Fuse"}]
    if prefix:
        parts.append({"type": "Strip", "content": " ", "start": 1, "stop": 0})
    return {"type": "Sequence", "decoders": parts}
