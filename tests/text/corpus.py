"""Texts that tokenizers get wrong, and a small vocabulary that knows some of them."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path

TEXTS = [
    "",
    " ",
    "hello world",
    "Hello, World! It's 3.14 -- isn't it?",
    "弱小的我也有大梦想！",
    "我爱北京天安门，天安门上太阳升。",
    "混合 mixed 文本 with English和数字123，全角ＡＢＣ１２３！？",
    "emoji 😀 then 👨‍👩‍👧‍👦 family, 🇨🇳 flag, 👍🏽 skin",
    "😀😀",
    "café CAFÉ naïve Ünïcödé Ångström ﬁne Straße İstanbul",
    "cafe\u0301 e\u0301\u0323 decomposed",
    "rare 𠮷野家 𪚥 龘 and 㐀 extension A 豈 compatibility",
    "control \x00 \x07 \x1b \x7f \x80 inside",
    "zero\u200bwidth\u200cjoin\u200der\u2060word\ufeffmark",
    "line\r\nfeed\rand\ttab\u2028sep\u2029par",
    "ideographic\u3000space　again\u00a0no-break",
    "ภาษาไทยไม่มีช่องว่าง",
    "اللغة العربية مُشَكَّلَة",
    "한국어 문장입니다 조사를",
    "日本語のテキスト、カタカナ ｶﾀｶﾅ",
    "हिन्दी में लिखा",
    "Русский текст Ёлка",
    "x" * 250,
    "word" * 60 + " end",
    "[CLS] in [SEP] the [MASK] text [PAD] and [UNK] !",
    "[cls] [Mask] [MASK]和[MASK].",
    "\ud7ff\ue000 private \uf8ff use \ufffd replacement \ufffe",
    "a  b   c    d",
    "  leading and trailing  ",
    "##ing ##s # hash @user http://a.b/c?d=e&f=g",
    "“quotes” ‘single’ — dash… ·dot· 「角」《书名》",
    "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 𝟙𝟚𝟛 math",
    "1,234,567.89 ¥100 €50 50％",
]
WORDS = [
    ["hello", "world"],
    ["我", "爱", "北京"],
    ["don't", "", "café", "😀"],
    ["[MASK]", "[SEP]x", "unbelievable"],
    [],
]


def small_vocabulary(*, lowercase: bool) -> list[str]:
    """Lines of a vocab.txt that knows about two thirds of the characters of `TEXTS`."""
    letters: set[str] = set()
    for text in TEXTS:
        form = unicodedata.normalize("NFD", text.lower()) if lowercase else text
        letters |= {c for c in form if not c.isspace() and unicodedata.category(c)[0] not in "CM"}
    known = sorted(c for c in letters if ord(c) % 3)
    words = ["hello", "Hello", "world", "un", "##believ", "##able", "cafe", "café", "##ing", "emoji", "大梦"]
    special = ["[PAD]", "[unused1]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    return [*special, *known, *[f"##{c}" for c in known if ord(c) % 5], *[w for w in words if w not in known]]


def write_vocabulary(folder: Path, lines: list[str], **config: object) -> Path:
    """A folder with a vocab.txt and, where settings are given, a tokenizer_config.json."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.txt").write_text("\n".join(lines) + "\n", encoding="utf-8", newline="")
    if config:
        (folder / "tokenizer_config.json").write_text(json.dumps(config), encoding="utf-8")
    return folder
