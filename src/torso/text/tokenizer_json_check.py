"""Check of a tokenizer.json before `tokenizers` parses it.

Hugging Face's `tokenizers` panics on some malformed files, obeys a padding of a billion, and
gives an added token another id than the file says. So the parsed file is checked here first: known components only,
stated limits, every reference inside it resolved, and what would change a call's result unasked (padding, truncation,
dropout) reported.
"""

from __future__ import annotations

import base64
import binascii
import struct
from collections.abc import Iterator
from typing import cast

from torso.text.faults import Fault, TooMuch
from torso.text.patterns import check_pattern
from torso.text.vocabulary_models import ID_LIMIT, check_model

FILE_LIMIT = (
    64 * 2**20
)  # bytes; the largest in wide use (vocabularies of 250,000 to a million entries) are 15 to 60 MiB
ADDED_LIMIT = 100_000
GROWTH_LIMIT = 16  # how many characters a normalizer may make of one
_TEMPLATE_LIMIT = 1_000

Table = dict[str, object]

_COMPONENTS: dict[str, str] = {
    "normalizer": "BertNormalizer Strip StripAccents NFC NFD NFKC NFKD Sequence Lowercase Nmt Precompiled Replace "
    "Prepend ByteLevel",
    "pre_tokenizer": "BertPreTokenizer ByteLevel CharDelimiterSplit Metaspace Whitespace WhitespaceSplit Sequence "
    "Split Punctuation Digits UnicodeScripts FixedLength",
    "post_processor": "RobertaProcessing BertProcessing ByteLevel TemplateProcessing Sequence",
    "decoder": "BPEDecoder ByteLevel WordPiece Metaspace CTC Sequence Replace Fuse Strip ByteFallback",
}
_CHILDREN = {
    "normalizer": "normalizers",
    "pre_tokenizer": "pretokenizers",
    "post_processor": "processors",
    "decoder": "decoders",
}


def check(document: object) -> tuple[Table, tuple[str, ...]]:
    """Return the tokenizer that is safe for `tokenizers`, and the names of the settings removed from it.

    Args:
        document: a parsed tokenizer.json. It is not changed.

    Returns:
        The same table, or a copy without ``model.dropout``, which only the file can switch off; and which of
        ``padding``, ``truncation`` and ``dropout`` it fixes. The first two are disabled on the `tokenizers` object.

    Raises:
        Fault: where `tokenizers` would panic, use memory or time without bound, or the file contradicts itself.
    """
    table = as_table(document, "tokenizer.json")
    for slot in _COMPONENTS:
        growth = 1
        for component in _components(table.get(slot), slot):
            growth *= _check_component(component)
        if growth > GROWTH_LIMIT:
            raise TooMuch("its normalizer can make {growth} characters of one", growth=growth)
    model = as_table(table.get("model"), "model")
    check_model(model)
    _check_added(table.get("added_tokens", []))
    removed = [name for name in ("padding", "truncation") if table.get(name) is not None]
    for name in removed:
        as_table(table[name], name)
    if model.get("dropout"):  # it would make the ids of a text a matter of chance
        return table | {"model": model | {"dropout": None}}, (*removed, "dropout")
    return table, tuple(removed)


def as_table(value: object, name: str) -> Table:
    """Return ``value`` as a JSON object, or raise a Fault that calls it ``name``."""
    if not isinstance(value, dict):
        raise Fault("{name} must be an object, not {value}", name=name, value=value)
    return cast(Table, value)


def as_list(value: object, name: str) -> list[object]:
    """Return ``value`` as a JSON array, or raise a Fault that calls it ``name``."""
    if not isinstance(value, list):
        raise Fault("{name} must be a list, not {value}", name=name, value=value)
    return cast("list[object]", value)


def _components(value: object, slot: str) -> Iterator[Table]:
    """Yield every component of a slot, those inside a Sequence too; the JSON reader has bounded the depth."""
    if value is None:
        return
    component = as_table(value, slot)
    kind = component.get("type")
    if not isinstance(kind, str) or kind not in _COMPONENTS[slot].split():
        raise Fault("its {slot} is of an unknown type, {kind}", slot=slot, kind=kind)
    if kind == "Sequence":
        for child in as_list(component.get(_CHILDREN[slot]), _CHILDREN[slot]):
            yield from _components(child, slot)
    else:
        yield component


def _check_component(component: Table) -> int:
    """Return a component's maximum output per input character; raise if it would make `tokenizers` panic."""
    match component.get("type"):
        case "TemplateProcessing":
            _check_template(component)
        case "Precompiled":
            _check_charsmap(component.get("precompiled_charsmap"))
        case "FixedLength" if not _is_count(component.get("length"), least=1):
            raise Fault("its FixedLength pre-tokenizer has the length {length}", length=component.get("length"))
        case "Split" | "Replace":
            return _check_replacement(component)
        case "Prepend":
            return 1 + len(str(component.get("prepend", "")))
        case _:
            pass
    return 1


def _check_replacement(component: Table) -> int:
    pattern = as_table(component.get("pattern"), "pattern")
    made = len(str(component.get("content", "")))
    if "Regex" in pattern:
        check_pattern(str(pattern["Regex"]))
        return made + 1
    literal = len(str(pattern.get("String", "")))
    return 1 if made <= literal else made + 1 if literal == 0 else -(-made // literal)


def _check_charsmap(charsmap: object) -> None:
    """Raise on a Precompiled map whose parts do not fit: u32 size of the trie, the trie, replacements in UTF-8."""
    try:
        data = base64.b64decode(str(charsmap), validate=True)
        (size,) = struct.unpack_from("<I", data)
        data[4 + size :].decode("utf-8")
    except (binascii.Error, struct.error, ValueError):
        size = -1
    else:
        size = size if size % 4 == 0 and 1024 <= size <= len(data) - 4 else -1
    if size < 0:
        raise Fault("its precompiled character map is damaged")


def _check_template(component: Table) -> None:
    special = as_table(component.get("special_tokens", {}), "special_tokens")
    for name, entry in special.items():
        token = as_table(entry, name)
        ids, tokens = as_list(token.get("ids"), "ids"), as_list(token.get("tokens"), "tokens")
        if not 0 < len(ids) == len(tokens) <= _TEMPLATE_LIMIT:
            raise Fault("the special token {name} of its template has no ids, or other tokens than ids", name=name)
    for form, texts in (("single", ["A"]), ("pair", ["A", "B"])):
        pieces = _pieces(component.get(form), form)
        seen = [name for kind, name in pieces if kind == "Sequence"]
        if sorted(seen) != texts or len(pieces) > _TEMPLATE_LIMIT:
            raise Fault("its template for {form} must hold each text once; it holds {seen}", form=form, seen=seen)
        for kind, name in pieces:
            if kind == "SpecialToken" and name not in special:
                raise Fault("its template uses {name}, which its special tokens do not hold", name=name)


def _pieces(template: object, form: str) -> list[tuple[str, str]]:
    pieces: list[tuple[str, str]] = []
    for item in as_list(template, form):
        for kind, value in as_table(item, form).items():
            pieces.append((kind, str(as_table(value, kind).get("id"))))
    return pieces


def _check_added(value: object) -> None:
    added = as_list(value, "added_tokens")
    if len(added) > ADDED_LIMIT:
        raise TooMuch("it adds {count} tokens; at most {limit} are read", count=len(added), limit=ADDED_LIMIT)
    for entry in added:
        token = as_table(entry, "added_tokens")
        content, number = token.get("content"), token.get("id")
        if not isinstance(content, str) or not content or len(content) > 1_000:
            raise Fault("one of its added tokens is {content}", content=content)
        if not _is_count(number, least=0) or cast(int, number) >= ID_LIMIT:
            raise Fault("its added token {content} has the id {number}", content=content, number=number)


def _is_count(value: object, *, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least
