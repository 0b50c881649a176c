"""Conversion of M2M-100: a SentencePiece file cuts, vocab.json numbers, and the languages have the ids behind it.

Source: transformers' ``tokenization_m2m_100.py``; the model is that of https://arxiv.org/abs/2010.11125.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from torso.text import special_tokens
from torso.text.convert_llama import merging
from torso.text.faults import BadSetting
from torso.text.sentencepiece import BPE, SentencePieceModel
from torso.text.sentencepiece_spaces import exact
from torso.text.tokenizer_json import Draft, content, metaspace, template, tokens
from torso.text.tokenizer_settings import AddedToken, Settings
from torso.text.unigram import entries, found_in_text, unigram

_M2M_100 = (
    "af am ar ast az ba be bg bn br bs ca ceb cs cy da de el en es et fa ff fi fr fy ga gd gl gu ha he hi hr ht hu hy "
    "id ig ilo is it ja jv ka kk km kn ko lb lg ln lo lt lv mg mk ml mn mr ms my ne nl no ns oc or pa pl ps pt ro ru "
    "sd si sk sl so sq sr ss su sv sw ta th tl tn tr uk ur uz vi wo xh yi yo zh zu"
)
LANGUAGES: Mapping[str, tuple[str, ...]] = {
    "m2m100": tuple(_M2M_100.split()),
    "wmt21": ("en", "ha", "is", "ja", "cs", "ru", "zh", "de"),
}
"""Codes in the order of their ids, by what ``language_codes`` of tokenizer_config.json says."""


def m2m_100(model: SentencePieceModel, numbers: Mapping[str, int], settings: Settings) -> Draft:
    """Convert the pieces of the file; their ids come later, from vocab.json. The language precedes the text."""
    named = tokens(settings, special_tokens.M2M_100)
    kind = settings.config.get("language_codes", "m2m100")
    if not isinstance(kind, str) or kind not in LANGUAGES:
        raise BadSetting(
            "{name} must be one of {known}, not {value}", name="language_codes", known=", ".join(LANGUAGES), value=kind
        )
    codes = [f"__{code}__" for code in LANGUAGES[kind]]
    normalizer, pre_tokenizer = exact(model, prefix=model.dummy_prefix)
    if model.algorithm == BPE:
        pieces = [(piece.text, piece.score) for piece in model.pieces]
        table = merging(model, pieces, pieces[model.unknown][0])
    else:
        table = unigram(entries(model), model.unknown)
    end, own = content(named, "eos_token"), "__en__"
    return Draft(
        table,
        normalizer,
        pre_tokenizer,
        metaspace("always" if model.dummy_prefix else "never"),
        partial(template, [own, "$A", end], [own, "$A", "$B", end]),
        named,
        (*found_in_text(model), *(AddedToken(code) for code in codes if code not in numbers)),
    )


def with_languages(numbers: Mapping[str, int], codes: Sequence[str]) -> dict[str, int]:
    """Return the ids of vocab.json, and behind them those of language marks that it does not have.

    Args:
        numbers: of vocab.json.
        codes: tokens that are matched in text; those of languages are between ``__`` and ``__``.
    """
    more = [code for code in codes if code.startswith("__") and code.endswith("__") and code not in numbers]
    return {**numbers, **{code: len(numbers) + place for place, code in enumerate(more)}}
