"""Conversion of SentencePiece unigram files: encoder families.

Pipelines and defaults are those of transformers' converters, whose output is the published tokenizer.json of these
families. A character map in the file is always followed: it is what the model was trained with, though some classes of
transformers 5 leave it out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from torso.text import special_tokens
from torso.text.sentencepiece import SentencePieceModel
from torso.text.sentencepiece_spaces import exact
from torso.text.tokenizer_json import (
    Draft,
    Numbers,
    Table,
    content,
    framed_as_bert,
    in_turn,
    metaspace,
    precompiled,
    replaced,
    replaced_regex,
    template,
    tokens,
)
from torso.text.tokenizer_settings import AddedToken, Settings
from torso.text.unigram import LOWEST, Entry, drafted, entries, fairseq_entries, scheme, spaced


def xlm_roberta(model: SentencePieceModel, settings: Settings) -> Draft:
    """Convert XLM-RoBERTa: fairseq's ids, and RoBERTa's tokens around the text."""
    named = tokens(settings, special_tokens.FAIRSEQ)
    normalizer, pre_tokenizer, prefix = spaced(model, settings)
    return drafted(
        model,
        [*fairseq_entries(model, named, "bos_token"), (content(named, "mask_token"), 0.0)],
        3,
        named,
        _framed_as_roberta(named),
        normalizer=normalizer,
        pre_tokenizer=pre_tokenizer,
        scheme=prefix,
    )


def _framed_as_roberta(named: Mapping[str, AddedToken]) -> Callable[[Numbers], Table]:
    begin, end = content(named, "bos_token"), content(named, "eos_token")
    return partial(template, [begin, "$A", end], [begin, "$A", end, end, "$B", end])


def camembert(model: SentencePieceModel, settings: Settings) -> Draft:
    """Convert CamemBERT: five fairseq entries before the pieces, two of them the beginning and the end of text."""
    named = tokens(settings, special_tokens.FAIRSEQ)
    normalizer, pre_tokenizer, prefix = spaced(model, settings)
    pad, unknown = content(named, "pad_token"), content(named, "unk_token")
    own: list[Entry] = [("<s>NOTUSED", 0.0), (pad, 0.0), ("</s>NOTUSED", 0.0), (unknown, 0.0), ("<unk>NOTUSED", LOWEST)]
    return drafted(
        model,
        [*own, *entries(model)[1:], (content(named, "mask_token"), 0.0)],
        3,
        named,
        _framed_as_roberta(named),
        normalizer=normalizer,
        pre_tokenizer=pre_tokenizer,
        scheme=prefix,
    )


def albert(model: SentencePieceModel, settings: Settings) -> Draft:
    """Convert ALBERT: BERT's template, and no piece that ends in a digit and a comma, as in its training."""
    named = tokens(settings, special_tokens.ALBERT)
    accents = not settings.flag("keep_accents", False)
    normalizer, pre_tokenizer, prefix = spaced(
        model,
        settings,
        replaced("``", '"'),
        replaced("''", '"'),
        {"type": "NFKD"} if accents else None,
        {"type": "StripAccents"} if accents else None,
        {"type": "Lowercase"} if settings.flag("do_lower_case", True) else None,
    )
    return drafted(
        model,
        [(text, score + LOWEST if _is_number(text) else score) for text, score in entries(model)],
        model.unknown,
        named,
        framed_as_bert(named),
        normalizer=normalizer,
        pre_tokenizer=pre_tokenizer,
        scheme=prefix,
    )


def rembert(model: SentencePieceModel, settings: Settings) -> Draft:
    """Convert RemBERT: as ALBERT, but accents and case are kept, and text is cut at spaces alone."""
    named = tokens(settings, special_tokens.ALBERT)
    accents = not settings.flag("keep_accents", True)
    before: tuple[Table | None, ...] = (
        replaced("``", '"'),
        replaced("''", '"'),
        {"type": "NFKD"} if accents else None,
        {"type": "StripAccents"} if accents else None,
        {"type": "Lowercase"} if settings.flag("do_lower_case", False) else None,
    )
    normalizer, pre_tokenizer = exact(model, *before, prefix=model.dummy_prefix)
    return drafted(
        model,
        entries(model),
        model.unknown,
        named,
        framed_as_bert(named),
        normalizer=normalizer,
        pre_tokenizer=pre_tokenizer,
        scheme="always" if model.dummy_prefix else "never",
    )


def _is_number(text: str) -> bool:
    return len(text) > 1 and text[-1] == "," and text[-2].isdigit()


def deberta_v2(model: SentencePieceModel, settings: Settings) -> Draft:
    """Convert DeBERTa v2 and later: BERT's template around SentencePiece's pieces."""
    named = tokens(settings, special_tokens.DEBERTA_V2)
    prefix = scheme(settings, "first")
    lowercase: Table | None = {"type": "Lowercase"} if settings.flag("do_lower_case", False) else None
    isolated: Table = {"type": "Punctuation", "behavior": "Isolated"}
    by_punctuation = isolated if settings.flag("split_by_punct", False) else None
    if model.dummy_prefix and model.squeezed:
        normalizer = in_turn(
            "normalizers",
            lowercase,
            precompiled(model.character_map),
            replaced_regex(r"\s{2,}|[\n\r\t]", " "),
            {"type": "NFC"},
            {"type": "Strip", "strip_left": False, "strip_right": True},
        )
        pre_tokenizer = in_turn("pretokenizers", by_punctuation, metaspace(prefix))
    else:
        normalizer, pre_tokenizer = exact(model, lowercase, prefix=model.dummy_prefix, cut=by_punctuation)
        prefix = "always" if model.dummy_prefix else "never"
    return drafted(
        model,
        entries(model),
        model.unknown,
        named,
        framed_as_bert(named),
        normalizer=normalizer,
        pre_tokenizer=pre_tokenizer,
        scheme=prefix,
    )
