"""Switches of tokenizer_config.json that contradict the tokenizer.json beside it.

The class of a family in transformers builds its pipeline from such switches, whatever the tokenizer.json says. torso
changes the parts that a switch is about, and where there is no such part, says that it does not follow the switch.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from torso.text.tokenizer_json import MARK
from torso.text.tokenizer_json_check import Table
from torso.text.tokenizer_settings import Settings

_CHILDREN = {
    "normalizer": "normalizers",
    "pre_tokenizer": "pretokenizers",
    "post_processor": "processors",
    "decoder": "decoders",
}


@dataclass(frozen=True, slots=True)
class Switch:
    """Switch of tokenizer_config.json over the components of a tokenizer.json.

    Attributes:
        read: what the tokenizer.json does; None where it has no part that the switch is about.
        write: changes the parts.
    """

    read: Callable[[Table], bool | None]
    write: Callable[[Table, bool], None]


Switches = Mapping[str, Switch]


def follow(document: Table, settings: Settings, switches: Switches) -> Table:
    """Return ``document`` changed as the switches of its companion files say; unchanged if they agree.

    Args:
        document: a tokenizer.json that was checked. It is not changed.
        settings: the files beside it.
        switches: those that the class of its family follows, by name.

    Raises:
        Fault: one of them is neither true nor false.
    """
    changed = document
    for name, switch in switches.items():
        if settings.config.get(name) is None:
            continue
        said = settings.flag(name, False)
        if switch.read(changed) in (None, said):
            continue
        if changed is document:
            changed = document | {slot: copy.deepcopy(document.get(slot)) for slot in _CHILDREN}
        switch.write(changed, said)
    return changed


def differing(document: Table, config: Mapping[str, object], switches: Switches) -> Iterator[tuple[str, bool, bool]]:
    """Yield each switch that ``config`` sets and ``document`` does not follow: name, stated value, actual value."""
    for name, switch in {**_ALL, **switches}.items():
        said, done = config.get(name), switch.read(document)
        if isinstance(said, bool) and done is not None and said != done:
            yield name, said, done


# -- the parts of a tokenizer.json -------------------------------------------------------------------------------------


def _parts(document: Table, slot: str) -> list[Table]:
    """Return the components of a slot in the order in which they run."""
    return list(_flat(cast("Table | None", document.get(slot)), slot))


def _flat(part: Table | None, slot: str) -> Iterator[Table]:
    if part is None:
        return
    if part.get("type") == "Sequence":
        for child in cast("list[Table]", part[_CHILDREN[slot]]):
            yield from _flat(child, slot)
    else:
        yield part


def _set(document: Table, slot: str, parts: Sequence[Table]) -> None:
    one = parts[0] if len(parts) == 1 else {"type": "Sequence", _CHILDREN[slot]: list(parts)}
    document[slot] = one if parts else None


def _of_type(document: Table, slot: str, *types: str) -> list[Table]:
    return [part for part in _parts(document, slot) if part.get("type") in types]


def _without(document: Table, slot: str, *types: str) -> None:
    _set(document, slot, [part for part in _parts(document, slot) if part.get("type") not in types])


def _insert(document: Table, slot: str, added: Sequence[Table], *, before: Sequence[str]) -> None:
    parts = _parts(document, slot)
    place = next((place for place, part in enumerate(parts) if part.get("type") in before), 0)
    _set(document, slot, [*parts[:place], *added, *parts[place:]])


# -- the switches ------------------------------------------------------------------------------------------------------


def _bert(key: str) -> Switch:
    """Build a switch of BERT's normalizer."""

    def read(document: Table) -> bool | None:
        for part in _of_type(document, "normalizer", "BertNormalizer"):
            value = part.get(key)
            return bool(part.get("lowercase")) if value is None else bool(value)
        return None

    def write(document: Table, value: bool) -> None:
        for part in _of_type(document, "normalizer", "BertNormalizer"):
            part[key] = value

    return Switch(read, write)


_lowercase = _bert("lowercase")


def _reads_lowercase(document: Table) -> bool | None:
    done = _lowercase.read(document)
    return bool(_of_type(document, "normalizer", "Lowercase")) if done is None else done


def _write_lowercase(document: Table, value: bool) -> None:
    _lowercase.write(document, value)
    if not value:
        _without(document, "normalizer", "Lowercase")
    elif not _reads_lowercase(document):
        _insert(document, "normalizer", [{"type": "Lowercase"}], before=["Precompiled"])


def _keeps_accents(document: Table) -> bool | None:
    return not _of_type(document, "normalizer", "StripAccents")


def _write_accents(document: Table, value: bool) -> None:
    _without(document, "normalizer", "NFKD", "StripAccents")
    if not value:
        stripped: list[Table] = [{"type": "NFKD"}, {"type": "StripAccents"}]
        _insert(document, "normalizer", stripped, before=["Lowercase", "Precompiled"])


def _splits_punctuation(document: Table) -> bool | None:
    return bool(_of_type(document, "pre_tokenizer", "Punctuation"))


def _write_punctuation(document: Table, value: bool) -> None:
    _without(document, "pre_tokenizer", "Punctuation")
    if value:
        isolated: Table = {"type": "Punctuation", "behavior": "Isolated"}
        _insert(document, "pre_tokenizer", [isolated], before=[])


def _prefix(with_space: str, without: str) -> Switch:
    """Return whether a space is prefixed to a text.

    Args:
        with_space: the scheme of `parts.metaspace` that does so.
        without: the scheme where the switch is off: not even ``never`` in every family.
    """

    def read(document: Table) -> bool | None:
        for part in _of_type(document, "pre_tokenizer", "ByteLevel", "Metaspace"):
            scheme = part.get("prepend_scheme")
            return bool(part.get("add_prefix_space", True)) if scheme is None else scheme != without
        if not _replaces_spaces(document):
            return None
        return bool(_of_type(document, "normalizer", "Prepend"))

    def write(document: Table, value: bool) -> None:
        for part in (
            *_of_type(document, "pre_tokenizer", "ByteLevel"),
            *_of_type(document, "post_processor", "RobertaProcessing"),
        ):
            part["add_prefix_space"] = value
        for part in (
            *_of_type(document, "pre_tokenizer", "Metaspace"),
            *_of_type(document, "decoder", "Metaspace"),
        ):
            part.pop("add_prefix_space", None)
            part["prepend_scheme"] = with_space if value else without
        if _replaces_spaces(document):
            _without(document, "normalizer", "Prepend")
            if value:
                _insert(document, "normalizer", [{"type": "Prepend", "prepend": MARK}], before=["Replace"])
        if _of_type(document, "decoder", "Fuse"):  # of pieces, whose first loses the space that was put there
            _without(document, "decoder", "Strip")
            if value:
                parts = _parts(document, "decoder")
                _set(document, "decoder", [*parts, {"type": "Strip", "content": " ", "start": 1, "stop": 0}])

    return Switch(read, write)


def has_bytes(document: Table) -> bool:
    """Return whether text is split to bytes."""
    return bool(_of_type(document, "pre_tokenizer", "ByteLevel"))


def _replaces_spaces(document: Table) -> bool:
    return any(part.get("content") == MARK for part in _of_type(document, "normalizer", "Replace"))


def _trims(document: Table) -> bool | None:
    for part in _of_type(document, "post_processor", "RobertaProcessing"):
        return bool(part.get("trim_offsets", True))
    return None


def _write_trim(document: Table, value: bool) -> None:
    for part in _of_type(document, "post_processor", "RobertaProcessing"):
        part["trim_offsets"] = value


_BERT: Switches = {
    "do_lower_case": Switch(_reads_lowercase, _write_lowercase),
    "strip_accents": _bert("strip_accents"),
    "tokenize_chinese_chars": _bert("handle_chinese_chars"),
}
_SPACE: Switches = {"add_prefix_space": _prefix("always", "never")}
_TRIM: Switches = {"trim_offsets": Switch(_trims, _write_trim)}
_CASE: Switches = {"do_lower_case": _BERT["do_lower_case"]}
_ACCENTS: Switches = {"keep_accents": Switch(_keeps_accents, _write_accents)}
_PUNCTUATION: Switches = {"split_by_punct": Switch(_splits_punctuation, _write_punctuation)}
_ALL: Switches = _BERT | _SPACE | _TRIM

# What the class of a family builds its pipeline from, by the name of the class.
FOLLOWED: Mapping[str, Switches] = {
    "BertTokenizer": _BERT,
    "DistilBertTokenizer": _BERT,
    "MPNetTokenizer": _BERT,
    "GPT2Tokenizer": _SPACE,
    "GPTNeoXTokenizer": _SPACE,
    "Qwen2Tokenizer": _SPACE,
    "DebertaTokenizer": _SPACE,
    "RobertaTokenizer": _SPACE | _TRIM,
    "XLMRobertaTokenizer": _SPACE,
    "CamembertTokenizer": _SPACE,
    "AlbertTokenizer": _CASE | _ACCENTS | _SPACE,
    "DebertaV2Tokenizer": _CASE | _PUNCTUATION | {"add_prefix_space": _prefix("always", "first")},
    "LlamaTokenizer": {"add_prefix_space": _prefix("first", "never")},
}
