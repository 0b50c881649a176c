"""Conversion of SentencePiece files: sequence-to-sequence families.

As in `torso.text.convert_sentencepiece`, pipelines and defaults are those of transformers' converters.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from torso.text import special_tokens
from torso.text.languages import MBART, MBART_50
from torso.text.sentencepiece import SentencePieceModel
from torso.text.sentencepiece_spaces import exact
from torso.text.tokenizer_json import (
    Draft,
    content,
    in_turn,
    metaspace,
    precompiled,
    replaced_regex,
    template,
    tokens,
)
from torso.text.tokenizer_json_check import Table
from torso.text.tokenizer_settings import AddedToken, Settings
from torso.text.unigram import LOWEST, count, drafted, entries, fairseq_entries, spaced

_SPACES = replaced_regex(" {2,}", " ")


def t5(model: SentencePieceModel, settings: Settings) -> Draft:
    """Convert T5 or mT5: its pieces, then the sentinels from the last to the first; ``A </s>``."""
    named = tokens(settings, special_tokens.T5)
    normalizer, pre_tokenizer, prefix = spaced(model, settings)
    number_of = count(settings, "extra_ids", 100)
    sentinels = [f"<extra_id_{number}>" for number in range(number_of)]
    end = content(named, "eos_token")
    return drafted(
        model,
        [*entries(model), *((sentinel, 0.0) for sentinel in reversed(sentinels))],
        model.unknown,
        named,
        partial(template, ["$A", end], ["$A", end, "$B", end]),
        normalizer=normalizer,
        pre_tokenizer=pre_tokenizer,
        scheme=prefix,
        extra=[AddedToken(sentinel) for sentinel in sentinels],
    )


def mbart(model: SentencePieceModel, settings: Settings) -> Draft:
    """Convert mBART: XLM-RoBERTa's pieces and 25 languages; the end token and the language code follow the text."""
    named = tokens(settings, special_tokens.FAIRSEQ)
    normalizer, pre_tokenizer, prefix = spaced(model, settings)
    own = [*((each, 0.0) for each in MBART), (content(named, "mask_token"), 0.0)]
    end, code = content(named, "eos_token"), "en_XX"
    return drafted(
        model,
        [*fairseq_entries(model, named, "bos_token"), *own],
        3,
        named,
        partial(template, ["$A", end, code], ["$A", "$B", end, code]),
        normalizer=normalizer,
        pre_tokenizer=pre_tokenizer,
        scheme=prefix,
        extra=[AddedToken(each) for each in MBART],
    )


def _in_one(model: SentencePieceModel, mapped: Table | None) -> tuple[Table | None, Table | None, str]:
    """Return normalizer, pre-tokenizer and prefix scheme of a family that splits at no white space but the space."""
    if model.dummy_prefix and model.squeezed:
        return in_turn("normalizers", mapped, _SPACES), metaspace(), "always"
    return *exact(model, prefix=model.dummy_prefix), "always" if model.dummy_prefix else "never"


def mbart_50(model: SentencePieceModel, settings: Settings) -> Draft:
    """Convert mBART-50: 52 languages; the language code precedes the text and the end token follows it."""
    named = tokens(settings, special_tokens.MBART_50)
    normalizer, pre_tokenizer, prefix = _in_one(model, precompiled(model.character_map))
    own = [*((each, 0.0) for each in MBART_50), (content(named, "mask_token"), 0.0)]
    end, code = content(named, "eos_token"), "en_XX"
    return drafted(
        model,
        [*fairseq_entries(model, named, "cls_token"), *own],
        3,
        named,
        partial(template, [code, "$A", end], [code, "$A", "$B", end]),
        normalizer=normalizer,
        pre_tokenizer=pre_tokenizer,
        scheme=prefix,
        extra=[AddedToken(each) for each in MBART_50],
    )


def pegasus(model: SentencePieceModel, settings: Settings) -> Draft:
    """Convert Pegasus: padding, end, two masks and 101 entries that text never contains precede the pieces."""
    named = tokens(settings, special_tokens.PEGASUS)
    lines = precompiled(model.character_map) or replaced_regex(r"\n", " ")
    normalizer, pre_tokenizer, prefix = _in_one(model, lines)
    sentence = settings.config.get("mask_token_sent", "<mask_1>")
    masks = [str(sentence)] if isinstance(sentence, str) else []
    unused = [f"<unk_{number}>" for number in range(2, count(settings, "offset", 103))]
    pad, end = content(named, "pad_token"), content(named, "eos_token")
    own = [pad, end, *masks, *([content(named, "mask_token")] if "mask_token" in named else [])]
    return drafted(
        model,
        [*((token, 0.0) for token in own), *((token, LOWEST) for token in unused), *entries(model)[2:]],
        model.unknown - 2 + len(own) + len(unused),
        named,
        partial(template, ["$A", end], ["$A", "$B", end]),
        normalizer=normalizer,
        pre_tokenizer=pre_tokenizer,
        scheme=prefix,
        extra=[AddedToken(token) for token in (*masks, *unused)],
    )


def marian(model: SentencePieceModel, numbers: Mapping[str, int], settings: Settings) -> Draft:
    """Convert one language side of Marian: the pieces of the file; their ids come later, from vocab.json."""
    named = tokens(settings, special_tokens.T5)
    codes = [token for token in numbers if token.startswith(">>") and token.endswith("<<")]
    end = content(named, "eos_token")
    ends: Table = {"type": "Strip", "strip_left": True, "strip_right": True}
    squeezed = (ends, _SPACES) if model.squeezed else ()
    return drafted(
        model,
        entries(model),
        model.unknown,
        named,
        partial(template, ["$A", end], ["$A", "$B", end]),
        normalizer=in_turn("normalizers", precompiled(model.character_map), *squeezed),
        pre_tokenizer=metaspace("always" if model.dummy_prefix else "never"),
        extra=[AddedToken(code, special=False) for code in codes],
    )
