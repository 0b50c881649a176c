"""Vocabularies of GGUF files as the Hub's own files: tokenizer.json, tokenizer.model or vocab.txt, and their settings.

Source: ``llama-vocab.cpp`` of llama.cpp for what a file means, and the published tokenizer.json of the models for how
text is split before it is merged.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from typing import Any

from torso.text.convert_byte_level import QWEN
from torso.text.sentencepiece import BPE, BYTE, CONTROL, UNKNOWN, USER_DEFINED
from torso.text.tokenizer_json import bpe, byte_level, in_turn, metaspace, precompiled, replaced_regex, template
from torso.text.tokenizer_json_check import Table
from torso.text.unigram import unigram
from torso.weights.gguf_metadata import GgufMetadata

_CLASSES = {"llama": "LlamaTokenizer", "bert": "BertTokenizer", "t5": "XLMRobertaTokenizer"}
_ROLES = {
    "bos": "bos",
    "eos": "eos",
    "unk": "unknown",
    "pad": "padding",
    "sep": "seperator",  # as the format spells it
    "cls": "cls",
    "mask": "mask",
}
_MAP = "tokenizer.ggml.precompiled_charsmap"
_DIGITS: Table = {"type": "Digits", "individual_digits": True}
_ENDINGS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
_UPPER, _LOWER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
_LEAD, _SPACES = r"[^\r\n\p{L}\p{N}]?", r"\s*[\r\n]+|\s+(?!\S)|\s+"
_LLAMA3 = QWEN.replace(r"|\p{N}|", r"|\p{N}{1,3}|")
_TEKKEN = rf"{_LEAD}{_UPPER}*{_LOWER}+|{_LEAD}{_UPPER}+{_LOWER}*|\p{{N}}| ?[^\s\p{{L}}\p{{N}}]+[\r\n/]*|{_SPACES}"
_GPT_4O = (
    rf"{_LEAD}{_UPPER}*{_LOWER}+{_ENDINGS}?|{_LEAD}{_UPPER}+{_LOWER}*{_ENDINGS}?|\p{{N}}{{1,3}}"
    rf"| ?[^\s\p{{L}}\p{{N}}]+[\r\n/]*|{_SPACES}"
)


def _cut_by(pattern: str) -> Table | None:
    cut: Table = {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": False}
    return in_turn("pretokenizers", cut, byte_level(regex=False))


_GPT2 = byte_level()
_BY_DIGITS = in_turn("pretokenizers", _DIGITS, byte_level())
SPLITS: Mapping[str, Table | None] = {
    **dict.fromkeys(("gpt-2", "phi-2", "olmo", "jais", "mpt", "modern-bert"), _GPT2),
    **dict.fromkeys(("smollm", "starcoder", "refact", "command-r", "codeshell"), _BY_DIGITS),
    **dict.fromkeys(("qwen2", "stablelm2", "deepseek-r1-qwen", "megrez", "hunyuan"), _cut_by(QWEN)),
    **dict.fromkeys(("llama-bpe", "llama3", "llama-v3", "falcon3", "dbrx", "smaug-bpe"), _cut_by(_LLAMA3)),
    "tekken": _cut_by(_TEKKEN),
    "gpt-4o": _cut_by(_GPT_4O),
}
"""How text is split before it is merged, by the name that a file gives it."""
_WHOLE = ("llama-bpe", "llama3", "llama-v3", "falcon3", "tekken")
"""Splits after which a part that is a token by itself is not merged, and before which a text begins with its mark."""
_COMPOSED = ("qwen2", "deepseek-r1-qwen")
"""Splits before which text is composed (NFC)."""
_UNSAID = {"gpt2": "gpt-2", "qwen2": "qwen2", "qwen3": "qwen2"}
"""Splits of files that were made before a file named them, by architecture."""


def tokenizer_files(said: GgufMetadata) -> dict[str, bytes]:
    """Return the tokenizer files of a GGUF file by name; none where it has no vocabulary.

    Raises:
        UnsupportedError: E_UNSUPPORTED, for a kind of vocabulary, or a way to split text, that torso does not have.
        FileFormatError: E_HEADER, for metadata that makes no tokenizer.
    """
    kind = said.get("tokenizer.ggml.model")
    if kind in (None, "none", "no_vocab"):
        return {}
    tokens = said.items("tokenizer.ggml.tokens", str)
    kinds = said.items("tokenizer.ggml.token_type", int) if said.get("tokenizer.ggml.token_type") else [1] * len(tokens)
    if len(kinds) != len(tokens) or len(set(tokens)) != len(tokens):
        raise said.unusable("tokenizer.ggml.tokens")
    settings = _settings(said, tokens)
    match kind:
        case "gpt2":
            whole = {"tokenizer.json": _text(_byte_level(said, tokens, kinds, settings))}
        case "llama":
            whole = {"tokenizer.model": _sentencepiece(said, tokens, kinds)}
            settings |= _of_pieces(said, tokens, kinds)
        case "bert":
            whole = {"vocab.txt": "".join(f"{_word(token)}\n" for token in tokens).encode()}
            # Files do not say it: a vocabulary with hardly any capitals is one of text in lowercase.
            words = [token for token in tokens if token.startswith("▁")]
            settings["do_lower_case"] = 100 * sum(word != word.lower() for word in words) <= len(words)
        case "t5":
            whole = {"tokenizer.json": _text(_by_likelihood(said, tokens, kinds, settings))}
        case _:
            raise said.unsupported("tokenizer.ggml.model", kind, "gpt2, llama, bert, t5")
    return {**whole, "tokenizer_config.json": _text(settings)}


def _text(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")


def _settings(said: GgufMetadata, tokens: list[str]) -> Table:
    kind = said.text("tokenizer.ggml.model")
    settings: Table = {
        "tokenizer_class": _CLASSES.get(kind, "PreTrainedTokenizerFast"),
        "clean_up_tokenization_spaces": False,
        "model_max_length": said.whole(".context_length"),
    }
    if said.architecture.startswith("gemma") and kind == "llama":
        settings["tokenizer_class"] = "GemmaTokenizer"
    for role, key in _ROLES.items():
        if (number := said.token(f"tokenizer.ggml.{key}_token_id")) is not None:
            settings[f"{role}_token"] = tokens[number]
    names = said.get("tokenizer.chat_templates")
    found = {"default": said.get("tokenizer.chat_template")}
    if isinstance(names, list):
        found |= {
            name: said.get(f"tokenizer.chat_template.{name}") for name in said.items("tokenizer.chat_templates", str)
        }
    listed = [{"name": name, "template": each} for name, each in found.items() if isinstance(each, str)]
    if listed:
        settings["chat_template"] = listed if len(listed) > 1 else listed[0]["template"]
    return settings


def _begins(said: GgufMetadata, settings: Mapping[str, Any], *, usually: bool) -> tuple[list[str], list[str]]:
    """Return the marks before and after each text."""
    before = [settings["bos_token"]] if "bos_token" in settings else []
    after = [settings["eos_token"]] if "eos_token" in settings else []
    return (
        before if said.flag("tokenizer.ggml.add_bos_token", usually) else [],
        after if said.flag("tokenizer.ggml.add_eos_token", False) else [],
    )


def _byte_level(said: GgufMetadata, tokens: list[str], kinds: list[int], settings: Mapping[str, Any]) -> Table:
    """Return the tokenizer.json of a byte-level BPE."""
    split = said.text("tokenizer.ggml.pre", "default")
    split = _UNSAID.get(said.architecture, split) if split == "default" else split
    if split not in SPLITS:
        raise said.unsupported("tokenizer.ggml.pre", split, ", ".join(SPLITS))
    merges = [each.split(" ") for each in said.items("tokenizer.ggml.merges", str)]
    if any(len(each) != 2 for each in merges):
        raise said.unusable("tokenizer.ggml.merges")
    numbers = {token: number for number, token in enumerate(tokens)}
    before, after = _begins(said, settings, usually=split in _WHOLE)
    frame = None
    if before or after:
        second = [f"{part}:1" for part in (*before, "$B", *after)]
        frame = template([*before, "$A", *after], [*before, "$A", *after, *second], numbers)
    return {
        **_headed(tokens, kinds),
        "normalizer": {"type": "NFC"} if split in _COMPOSED else None,
        "pre_tokenizer": SPLITS[split],
        "post_processor": frame,
        "decoder": byte_level(),
        "model": bpe(numbers, merges, suffix=None) | {"ignore_merges": split in _WHOLE},
    }


def _by_likelihood(said: GgufMetadata, tokens: list[str], kinds: list[int], settings: Mapping[str, Any]) -> Table:
    """Return the tokenizer.json of pieces chosen by likelihood, as XLM-RoBERTa has them."""
    scores = said.items("tokenizer.ggml.scores", float)
    unknown = said.token("tokenizer.ggml.unknown_token_id")
    unknown = kinds.index(UNKNOWN) if unknown is None and UNKNOWN in kinds else unknown
    if len(scores) != len(tokens) or unknown is None or not {"bos_token", "eos_token"} <= settings.keys():
        raise said.unusable("tokenizer.ggml.scores")
    numbers = {token: number for number, token in enumerate(tokens)}
    begin, end = settings["bos_token"], settings["eos_token"]
    mapped = said.items("tokenizer.ggml.precompiled_charsmap", int) if said.get(_MAP) else []
    words = metaspace("always" if said.flag("tokenizer.ggml.add_space_prefix", True) else "never")
    return {
        **_headed(tokens, kinds),
        "normalizer": in_turn("normalizers", precompiled(_bytes(said, mapped)), replaced_regex(" {2,}", " ")),
        "pre_tokenizer": in_turn("pretokenizers", {"type": "WhitespaceSplit"}, words),
        "post_processor": template([begin, "$A", end], [begin, "$A", end, end, "$B", end], numbers),
        "decoder": words,
        "model": unigram(list(zip(tokens, scores, strict=True)), unknown),
    }


def _bytes(said: GgufMetadata, numbers: list[int]) -> bytes:
    """Return bytes that a file may list with signs."""
    if not all(-128 <= each < 256 for each in numbers):
        raise said.unusable(_MAP)
    return bytes(each & 255 for each in numbers)


def _headed(tokens: list[str], kinds: list[int]) -> Table:
    """Return the head of a tokenizer.json: tokens that are matched in text before it is split."""
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False}
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [
            {"id": number, "content": token, **flags, "special": kind == CONTROL}
            for number, (token, kind) in enumerate(zip(tokens, kinds, strict=True))
            if kind in (CONTROL, USER_DEFINED) and token
        ],
    }


def _of_pieces(said: GgufMetadata, tokens: list[str], kinds: list[int]) -> Table:
    """Return the settings beside a SentencePiece file: marks around a text, and tokens that are matched in it."""
    flags = {"lstrip": False, "rstrip": False, "single_word": False, "normalized": False, "special": True}
    marks = [(number, token) for number, (token, kind) in enumerate(zip(tokens, kinds, strict=True)) if kind == CONTROL]
    return {
        "add_bos_token": said.flag("tokenizer.ggml.add_bos_token", True),
        "add_eos_token": said.flag("tokenizer.ggml.add_eos_token", False),
        "legacy": True,
        "added_tokens_decoder": {str(number): {"content": token, **flags} for number, token in marks if token},
    }


def _sentencepiece(said: GgufMetadata, tokens: list[str], kinds: list[int]) -> bytes:
    """Return the SentencePiece file of pieces that are merged by their scores."""
    scores = said.items("tokenizer.ggml.scores", float)
    if len(scores) != len(tokens):
        raise said.unusable("tokenizer.ggml.scores")
    unknown = said.token("tokenizer.ggml.unknown_token_id")
    if UNKNOWN not in kinds and unknown is not None:
        kinds = [UNKNOWN if number == unknown else kind for number, kind in enumerate(kinds)]
    pieces = b"".join(
        _field(1, _field(1, token.encode("utf-8", "replace")) + b"\x15" + struct.pack("<f", score) + _number(3, kind))
        for token, score, kind in zip(tokens, scores, kinds, strict=True)
    )
    trainer = _number(3, BPE) + _number(35, int(BYTE in kinds))
    prefix = said.flag("tokenizer.ggml.add_space_prefix", True)
    squeezed = said.flag("tokenizer.ggml.remove_extra_whitespaces", False)
    return pieces + _field(2, trainer) + _field(3, _number(3, int(prefix)) + _number(4, int(squeezed)))


def _word(token: str) -> str:
    """Return a word or part of a word as a vocab.txt has it: files mark the beginnings of words, that the others."""
    if token.startswith("▁"):
        return token[1:]
    return token if token.startswith("[") and token.endswith("]") else f"##{token}"


def _varint(value: int) -> bytes:
    data = b""
    while value > 127:
        data += bytes([value & 127 | 128])
        value >>= 7
    return data + bytes([value])


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value & (1 << 64) - 1)


def _field(field: int, data: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(data)) + data
