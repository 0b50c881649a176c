"""SentencePiece files whose pieces are merged (BPE) as the tokenizers they stand for: Llama's, Mistral's and Gemma's.

Pipelines and defaults are those of transformers' converters. The models are those of
https://arxiv.org/abs/2307.09288, https://arxiv.org/abs/2310.06825 and https://arxiv.org/abs/2403.08295.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from torso.text import special_tokens
from torso.text.convert_byte_level import around
from torso.text.faults import Fault
from torso.text.sentencepiece import BPE, SentencePieceModel
from torso.text.tokenizer_json import (
    MARK,
    Draft,
    Table,
    bpe,
    in_turn,
    metaspace,
    precompiled,
    replaced,
    template,
    tokens,
)
from torso.text.tokenizer_settings import Settings
from torso.text.unigram import Entry, found_in_text


def merges_of(entries: Sequence[Entry]) -> list[tuple[str, str]]:
    """Every way of merging two pieces to a third, in the order in which SentencePiece merges: the highest score first.

    Pieces of one score follow their ids, and the ways to one piece the ids of its halves.
    """
    numbers = {text: number for number, (text, _) in enumerate(entries)}
    ways: list[tuple[float, int, int, int, int]] = []
    for number, (text, score) in enumerate(entries):
        for cut in range(1, len(text)):
            left = numbers.get(text[:cut])
            right = numbers.get(text[cut:]) if left is not None else None
            if left is not None and right is not None:
                ways.append((-score, number, cut, left, right))
    return [(entries[left][0], entries[right][0]) for *_, left, right in sorted(ways)]


def _merging(model: SentencePieceModel, entries: Sequence[Entry], unknown: str | None) -> Table:
    if model.algorithm != BPE:
        raise Fault("it chooses pieces by likelihood (unigram), and the tokenizers of this family merge them (bpe)")
    vocabulary = {text: number for number, (text, _) in enumerate(entries)}
    if len(vocabulary) != len(entries):
        raise Fault("one of its pieces stands twice in its vocabulary")
    return bpe(
        vocabulary,
        merges_of(entries),
        unknown=unknown,
        suffix=None,
        fuse=True,
        byte_fallback=model.byte_fallback,
    )


def _decoder(*, strip: bool) -> Table:
    parts = [replaced(MARK, " "), {"type": "ByteFallback"}, {"type": "Fuse"}]
    if strip:
        parts.append({"type": "Strip", "content": " ", "start": 1, "stop": 0})
    return {"type": "Sequence", "decoders": parts}


def llama(model: SentencePieceModel, settings: Settings) -> Draft:
    """Llama's and Mistral's: spaces are pieces too, the text begins with one, and unknown characters are bytes."""
    named = tokens(settings, special_tokens.LLAMA)
    entries = [(piece.text, piece.score) for piece in model.pieces]
    prefix = settings.flag("add_prefix_space", True)
    # Once every part between special tokens began with a space ("legacy"), since then the first part alone.
    scheme = ("always" if settings.flag("legacy", False) else "first") if prefix else "never"
    return Draft(
        _merging(model, entries, entries[model.unknown][0]),
        precompiled(model.character_map),
        metaspace(scheme, split=False),
        _decoder(strip=prefix),
        partial(template, *around(settings, named, begins=True)),
        named,
        found_in_text(model),
    )


def gemma(model: SentencePieceModel, settings: Settings) -> Draft:
    """Gemma's: as Llama's, but no space is put before the text, and none is taken from it."""
    named = tokens(settings, special_tokens.GEMMA)
    entries = [(piece.text, piece.score) for piece in model.pieces]
    if "\t" not in dict(entries):  # the tab is a piece of its own, in the place of its byte
        entries = [("\t", 0.0) if text == "<0x09>" else (text, score) for text, score in entries]
    cut: Table = {"type": "Split", "pattern": {"String": " "}, "behavior": "MergedWithPrevious", "invert": False}
    return Draft(
        _merging(model, entries, entries[model.unknown][0]),
        in_turn("normalizers", precompiled(model.character_map), replaced(" ", MARK)),
        cut,
        _decoder(strip=False),
        partial(template, *around(settings, named, begins=True)),
        named,
        found_in_text(model),
    )
