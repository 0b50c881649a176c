"""Language codes of translation models that mark languages with a token beside the text.

mBART: https://arxiv.org/abs/2001.08210; mBART-50: https://arxiv.org/abs/2008.00401; M2M-100 and NLLB: see
`torso.text.language_names`.
"""

from __future__ import annotations

import json
import re
from difflib import get_close_matches
from typing import NamedTuple, cast

from torso.errors import InputError
from torso.text.language_names import language_code
from torso.text.tokenizer_json_check import Table
from torso.text.tokenizer_settings import Settings

_FIRST = (
    "ar_AR cs_CZ de_DE en_XX es_XX et_EE fi_FI fr_XX gu_IN hi_IN it_IT ja_XX kk_KZ ko_KR lt_LT lv_LV my_MM ne_NP "
    "nl_XX ro_RO ru_RU si_LK tr_TR vi_VN zh_CN"
)
_LATER = (
    "af_ZA az_AZ bn_IN fa_IR he_IL hr_HR id_ID ka_GE km_KH mk_MK ml_IN mn_MN mr_IN pl_PL ps_AF pt_XX sv_SE sw_KE ta_IN "
    "te_IN th_TH tl_XX uk_UA ur_PK xh_ZA gl_ES sl_SI"
)
MBART = tuple(_FIRST.split())
MBART_50 = (*MBART, *_LATER.split())
_CODE = re.compile(r"[a-z]{2,3}_[A-Z][A-Za-z]{1,3}|__[a-z]{2,3}__")  # en_XX, eng_Latn, and __en__


class Spoken(NamedTuple):
    """Language of the input texts, and of the texts to generate."""

    source: str
    target: str


def languages(outline: Table, settings: Settings, source: str | None, target: str | None) -> Spoken | None:
    """Return the languages in force: the caller's, else the files', else the template's; None without language codes.

    A language is said by the model's own code, by that of another, or by its name: see `language_code`.

    Args:
        outline: a tokenizer.json without its vocabulary.
        settings: the files beside it.
        source: the language of texts that was asked for.
        target: the language of texts to be written that was asked for.

    Raises:
        InputError: E_LANGUAGE for a language that the tokenizer does not have.
    """
    own = _code_in(outline)
    if own is None:
        if source is None and target is None:
            return None
        raise InputError(
            "E_LANGUAGE",
            "This tokenizer marks no languages; {language} was asked for.",
            cure="Leave src_lang and tgt_lang out.",
            values=dict(language=source or target),
        )
    spoken = source or _said(settings, "src_lang") or own
    chosen = Spoken(spoken, target or _said(settings, "tgt_lang") or spoken)
    codes = [code for code in _added(outline) if _CODE.fullmatch(code)]
    found = [language_code(language, codes) for language in chosen]
    for language, code in zip(chosen, found, strict=True):
        if code is None:
            raise InputError(
                "E_LANGUAGE",
                "This tokenizer has no language {language}. Nearest: {nearest}.",
                cure="It has: {codes}.",
                values=dict(
                    language=repr(language),
                    nearest=", ".join(get_close_matches(language, codes, n=3, cutoff=0.3)) or "-",
                    codes=", ".join(codes),
                ),
            )
    return Spoken(*(code for code in found if code is not None))


def frame_in(outline: Table, language: str) -> Table:
    """Return the template of ``outline``, with its language code replaced by ``language``."""
    own = _code_in(outline)
    number = _added(outline)[language]
    frame = cast(Table, json.loads(json.dumps(outline["post_processor"])))
    for form in ("single", "pair"):
        for part in cast("list[dict[str, Table]]", frame[form]):
            if part.get("SpecialToken", {}).get("id") == own:
                part["SpecialToken"]["id"] = language
    special = cast(Table, frame["special_tokens"])
    special.pop(str(own))
    special[language] = {"id": language, "ids": [number], "tokens": [language]}
    return frame


def _code_in(outline: Table) -> str | None:
    """Return the language code in a template, of a tokenizer that has more than one."""
    frame = outline.get("post_processor")
    if not isinstance(frame, dict) or cast(Table, frame).get("type") != "TemplateProcessing":
        return None
    parts = cast("list[dict[str, Table]]", cast(Table, frame)["single"])
    names = [str(part["SpecialToken"]["id"]) for part in parts if "SpecialToken" in part]
    return next((name for name in names if _CODE.fullmatch(name) and name in _added(outline)), None)


def _added(outline: Table) -> dict[str, int]:
    tokens = cast("list[Table]", outline.get("added_tokens", []))
    return {cast(str, token["content"]): cast(int, token["id"]) for token in tokens}


def _said(settings: Settings, name: str) -> str | None:
    value = settings.config.get(name)
    return value if isinstance(value, str) else None
