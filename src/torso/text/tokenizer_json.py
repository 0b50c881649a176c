"""Building blocks of a tokenizer.json, and the draft of one that a converter returns."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from torso.text.faults import Fault
from torso.text.tokenizer_json_check import Table
from torso.text.tokenizer_settings import NAMES, AddedToken, Settings

Numbers = Mapping[str, int]
MARK = "▁"  # what SentencePiece writes for a space


@dataclass(frozen=True, slots=True)
class Draft:
    """Tokenizer converted from another format, before its added tokens have ids.

    Attributes:
        model: the vocabulary's part.
        normalizer: the normalizer; None without one.
        pre_tokenizer: the pre-tokenizer; None without one.
        decoder: how tokens become text.
        frame: makes the post-processor from the ids of all tokens, added ones included.
        named: special tokens by name.
        extra: tokens without a role that are matched in text before it is split.
    """

    model: Table
    normalizer: Table | None
    pre_tokenizer: Table | None
    decoder: Table
    frame: Callable[[Numbers], Table]
    named: Mapping[str, AddedToken]
    extra: tuple[AddedToken, ...] = ()

    def document(self) -> Table:
        """Return its tokenizer.json, without added tokens and post-processor."""
        return {
            "version": "1.0",
            "truncation": None,
            "padding": None,
            "added_tokens": [],
            "normalizer": self.normalizer,
            "pre_tokenizer": self.pre_tokenizer,
            "post_processor": None,
            "decoder": self.decoder,
            "model": self.model,
        }


def special(contents: Mapping[str, str]) -> dict[str, AddedToken]:
    """Return special tokens by name, matched in text literally."""
    return {name: AddedToken(content) for name, content in contents.items()}


def tokens(settings: Settings, usual: Mapping[str, AddedToken]) -> dict[str, AddedToken]:
    """Return special tokens by name: the files', else the usual ones, unless the files disable them."""
    kept = {name: token for name, token in usual.items() if settings.config.get(name, token) is not None}
    return in_order(kept | dict(settings.named))


def in_order(named: Mapping[str, AddedToken]) -> dict[str, AddedToken]:
    """Return special tokens in the order in which they are listed."""
    order = {name: place for place, name in enumerate(NAMES)}
    return dict(sorted(named.items(), key=lambda item: order.get(item[0], len(order))))


def content(named: Mapping[str, AddedToken], name: str) -> str:
    """Return the text of the special token called ``name``.

    Raises:
        Fault: the files disable it.
    """
    if name not in named:
        raise Fault("its {name} is null, without which there is no tokenizer of this family", name=name)
    return named[name].content


def template(single: Sequence[str], pair: Sequence[str], numbers: Numbers) -> Table:
    """Return the special tokens around one text, or around a pair.

    Args:
        single: tokens in order, and ``$A`` for the text.
        pair: the same with ``$B`` for the second text; a part that ends in ``:1`` is of the second segment.
        numbers: the ids of the tokens.
    """
    pieces: list[list[Table]] = []
    names: dict[str, Table] = {}
    for parts in (single, pair):
        form: list[Table] = []
        for part in parts:
            name, segment = (part[:-2], 1) if part.endswith(":1") else (part, 0)
            if name in ("$A", "$B"):
                form.append({"Sequence": {"id": name[1], "type_id": segment}})
            else:
                form.append({"SpecialToken": {"id": name, "type_id": segment}})
                names[name] = {"id": name, "ids": [numbers[name]], "tokens": [name]}
        pieces.append(form)
    return {"type": "TemplateProcessing", "single": pieces[0], "pair": pieces[1], "special_tokens": names}


def framed_as_bert(named: Mapping[str, AddedToken]) -> Callable[[Numbers], Table]:
    """Return BERT's template: ``[CLS] A [SEP]``, and ``B [SEP]`` of the second segment after it."""
    cls, sep = content(named, "cls_token"), content(named, "sep_token")
    return partial(template, [cls, "$A", sep], [cls, "$A", sep, "$B:1", f"{sep}:1"])


def in_turn(slot: str, *parts: Table | None) -> Table | None:
    """Combine several components in sequence; the component itself if there is one, None if there are none.

    Args:
        slot: what a sequence of them is called: ``normalizers``, ``pretokenizers``, ``decoders``.
        parts: the components; None is skipped.
    """
    there = [part for part in parts if part is not None]
    if len(there) < 2:
        return there[0] if there else None
    return {"type": "Sequence", slot: there}


def replaced(pattern: str, content: str) -> Table:
    """Return a normalizer or decoder that replaces each literal ``pattern`` with ``content``."""
    return {"type": "Replace", "pattern": {"String": pattern}, "content": content}


def replaced_regex(pattern: str, content: str) -> Table:
    """Return a normalizer that replaces each match with ``content``."""
    return {"type": "Replace", "pattern": {"Regex": pattern}, "content": content}


def precompiled(character_map: bytes) -> Table | None:
    """Return the normalizer of a SentencePiece file's character map; None for an empty one."""
    if not character_map:
        return None
    return {"type": "Precompiled", "precompiled_charsmap": base64.b64encode(character_map).decode()}


def metaspace(scheme: str = "always", *, split: bool = True) -> Table:
    """Return the Metaspace component: prefix space ``always``, before the ``first`` part only, or ``never``."""
    return {"type": "Metaspace", "replacement": MARK, "prepend_scheme": scheme, "split": split}


def byte_level(*, prefix: bool = False, trim: bool = True, regex: bool = True) -> Table:
    """Return the ByteLevel component: one character per byte; ``regex`` splits as GPT-2 does first."""
    return {"type": "ByteLevel", "add_prefix_space": prefix, "trim_offsets": trim, "use_regex": regex}


def bpe(
    vocabulary: Mapping[str, int],
    merges: Sequence[Sequence[str]],
    *,
    unknown: str | None = None,
    suffix: str | None = "",
    fuse: bool = False,
    byte_fallback: bool = False,
) -> Table:
    """Return a BPE model over ``vocabulary`` with ``merges`` in order."""
    return {
        "type": "BPE",
        "dropout": None,
        "unk_token": unknown,
        "continuing_subword_prefix": None if suffix is None else "",
        "end_of_word_suffix": suffix,
        "fuse_unk": fuse,
        "byte_fallback": byte_fallback,
        "ignore_merges": False,
        "vocab": vocabulary,
        "merges": merges,
    }
