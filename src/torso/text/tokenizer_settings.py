"""Tokenizer settings beside a vocabulary: tokenizer_config.json, special_tokens_map.json and added_tokens.json as one.

The order of precedence is that of transformers 5: where tokenizer_config.json has ``added_tokens_decoder`` it says
everything; else special_tokens_map.json overrides its special tokens, and added_tokens.json lists what was added.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

from torso.io.files import is_there, read_json
from torso.text.faults import BadSetting, Fault, TooMuch, blaming
from torso.text.tokenizer_json_check import ADDED_LIMIT, Table, as_list, as_table

CONFIG = "tokenizer_config.json"
SPECIAL = "special_tokens_map.json"
ADDED = "added_tokens.json"
NAMES = ("bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token")
BERT_TOKENS = {
    "unk_token": "[UNK]",
    "sep_token": "[SEP]",
    "pad_token": "[PAD]",
    "cls_token": "[CLS]",
    "mask_token": "[MASK]",
}
_SWITCHES = ("add_bos_token", "add_eos_token")  # named like tokens
SANE_LENGTH = 2**24  # a model_max_length above it means "unknown": transformers writes 1e30
_SIDE_FILE_LIMIT = 16 * 2**20


@dataclass(frozen=True, slots=True)
class AddedToken:
    """Token matched in the text before the vocabulary's model runs; the flags are those of tokenizer.json."""

    content: str
    single_word: bool = False
    lstrip: bool = False
    rstrip: bool = False
    normalized: bool = False
    special: bool = True

    def as_table(self, number: int) -> Table:
        """Return its entry in tokenizer.json, with the id ``number``."""
        return {
            "id": number,
            "content": self.content,
            "single_word": self.single_word,
            "lstrip": self.lstrip,
            "rstrip": self.rstrip,
            "normalized": self.normalized,
            "special": self.special,
        }


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings files beside a vocabulary, merged.

    Attributes:
        config: tokenizer_config.json unchanged, kept for writing it back.
        named: special tokens by name: ``cls_token`` and the like, those a model invents too.
        extra: special tokens without a name.
        added: tokens the files give with their id.
    """

    config: Mapping[str, object]
    named: Mapping[str, AddedToken]
    extra: tuple[AddedToken, ...]
    added: Mapping[int, AddedToken]

    @property
    def tokenizer_class(self) -> str:
        """Class that the file names, without ``Fast``; empty if it names none."""
        name = self.config.get("tokenizer_class")
        return name.removesuffix("Fast") if isinstance(name, str) else ""

    def flag(self, name: str, default: bool) -> bool:
        """Return a switch of tokenizer_config.json; null counts as absent."""
        value = self.config.get(name)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise BadSetting("{name} must be true or false, not {value}", name=name, value=value)
        return value

    def length(self) -> int | None:
        """Return the maximum text length in tokens; None if the file has none or a sentinel."""
        value = self.config.get("model_max_length", self.config.get("max_len"))
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return None
        return int(value) if 0 < value <= SANE_LENGTH and value == int(value) else None

    def side(self, name: str, default: str) -> str:
        """Return ``left`` or ``right``, for ``padding_side`` and ``truncation_side``."""
        value = self.config.get(name)
        if value is None:
            return default
        if value not in ("left", "right"):
            raise BadSetting("{name} must be left or right, not {value}", name=name, value=value)
        return cast(str, value)


def read_settings(folder: Path) -> Settings:
    """Read the settings in ``folder``; missing files count as empty.

    Raises:
        TokenizerError: E_TOKENIZER, naming the file and what is wrong in it.
        TorsoError: as `torso.io.files.read_json`.
    """
    config = _table(folder / CONFIG)
    with blaming(folder / CONFIG):
        added = _added_by_id(config)
    merged = config
    if "added_tokens_decoder" not in config:
        merged = config | {key: _as_special(value) for key, value in _table(folder / SPECIAL).items()}
    with blaming(folder / (CONFIG if merged is config else SPECIAL)):
        named, extra = _named(merged), _extra(merged)
    if "added_tokens_decoder" not in config:
        special = {token.content for token in (*named.values(), *extra)}
        with blaming(folder / ADDED):
            added = _added_by_content(_table(folder / ADDED), special)
    flags = {token.content: token for token in added.values()}
    known = {name: replace(flags.get(token.content, token), special=True) for name, token in named.items()}
    return Settings(config, known, tuple(flags.get(token.content, token) for token in extra), added)


def _table(path: Path) -> Table:
    if not is_there(path) and not path.is_symlink():
        return {}
    value = read_json(path, limit=_SIDE_FILE_LIMIT, code="E_TOKENIZER")
    with blaming(path):
        return as_table(value, path.name)


def _as_special(value: object) -> object:
    return cast(Table, value) | {"special": True} if isinstance(value, dict) else value


def _token(value: object, *, special: bool = True) -> AddedToken:
    """Parse a token written as text, or as an object with flags; missing flags take `tokenizers`'s defaults."""
    if isinstance(value, str):
        return AddedToken(value, special=special, normalized=not special)
    table = as_table(value, "a token")
    content = table.get("content")
    if not isinstance(content, str) or not content:
        raise Fault("one of its added tokens is {content}", content=content)
    special = bool(table.get("special", special))
    flags = {name: bool(table.get(name, False)) for name in ("single_word", "lstrip", "rstrip")}
    return AddedToken(content, normalized=bool(table.get("normalized", not special)), special=special, **flags)


def _named(config: Table) -> dict[str, AddedToken]:
    # An empty text names no token: `tokenizers` passes it over, as the reference does.
    named = {name: _token(config[name]) for name in NAMES if config.get(name) not in (None, "")}
    for name, value in config.items():
        if name.endswith("_token") and name not in (*NAMES, *_SWITCHES) and _names_token(value):
            named[name] = _token(value)
    extra = config.get("extra_special_tokens")
    if isinstance(extra, dict):
        named |= {str(name): _token(value) for name, value in cast(Table, extra).items()}
    return named


def _names_token(value: object) -> bool:
    """Return whether the value of a key that torso does not know is a token: a text, or a table with one."""
    content = cast(Table, value).get("content") if isinstance(value, dict) else value
    return isinstance(content, str) and bool(content)


def _extra(config: Table) -> tuple[AddedToken, ...]:
    value = config.get("extra_special_tokens") or config.get("additional_special_tokens")
    if not value or isinstance(value, dict):
        return ()
    return tuple(_token(item) for item in as_list(value, "additional_special_tokens"))


def _added_by_id(config: Table) -> dict[int, AddedToken]:
    table = as_table(config.get("added_tokens_decoder", {}), "added_tokens_decoder")
    if len(table) > ADDED_LIMIT:
        raise TooMuch("it adds {count} tokens; at most {limit} are read", count=len(table), limit=ADDED_LIMIT)
    added: dict[int, AddedToken] = {}
    for number, value in table.items():
        if not (number.isascii() and number.isdigit() and len(number) < 10):
            raise Fault("its added token {content} has the id {number}", content=value, number=number)
        added[int(number)] = _token(value, special=False)
    return dict(sorted(added.items()))


def _added_by_content(table: Table, special: set[str]) -> dict[int, AddedToken]:
    if len(table) > ADDED_LIMIT:
        raise TooMuch("it adds {count} tokens; at most {limit} are read", count=len(table), limit=ADDED_LIMIT)
    added: dict[int, AddedToken] = {}
    for content, number in table.items():
        if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number < 10**9 or number in added:
            raise Fault("its added token {content} has the id {number}", content=content, number=number)
        added[number] = _token(content, special=content in special)
    return dict(sorted(added.items()))
