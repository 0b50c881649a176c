"""Conversion of SentencePiece BPE files: Llama, Mistral and Gemma.

Pipelines and defaults are those of transformers' converters. The models are those of
https://arxiv.org/abs/2307.09288, https://arxiv.org/abs/2310.06825 and https://arxiv.org/abs/2403.08295.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from torso.text import special_tokens
from torso.text.convert_byte_level import around
from torso.text.faults import Fault, Misfit
from torso.text.sentencepiece import BPE, UNIGRAM, SentencePieceModel
from torso.text.sentencepiece_spaces import (
    cut_at_marks,
    cut_at_symbols,
    mapped,
    marked,
    own_symbols,
    squeezed,
    text_of_bytes,
)
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
from torso.text.tokenizer_settings import AddedToken, Settings
from torso.text.unigram import Entry, found_in_text, likelihoods, unigram


def merges_of(entries: Sequence[Entry]) -> list[tuple[str, str]]:
    """Return every merge of two pieces to a third, in the order SentencePiece merges: the highest score first.

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


def merging(model: SentencePieceModel, entries: Sequence[Entry], unknown: str | None, *, whole: bool = False) -> Table:
    """Return the BPE model; with ``whole``, a part of the text that is a piece by itself is not merged."""
    if model.algorithm != BPE:
        raise Misfit(
            "it chooses pieces by likelihood (unigram), and the tokenizers of this family merge them (bpe)",
            tokenizer_class="LlamaTokenizer",
        )
    vocabulary = {text: number for number, (text, _) in enumerate(entries)}
    if len(vocabulary) != len(entries):
        raise Fault("its vocabulary holds a piece twice")
    merges = merges_of(entries)
    table = bpe(vocabulary, merges, unknown=unknown, suffix=None, fuse=True, byte_fallback=model.byte_fallback)
    return table | {"ignore_merges": whole}


def llama(model: SentencePieceModel, settings: Settings) -> Draft:
    """Convert Llama or Mistral: spaces are pieces too, a text begins with one, and unknown characters become bytes.

    A file whose pieces are chosen by likelihood is read too, as the families that only borrow the class have them.
    """
    named = tokens(settings, special_tokens.LLAMA)
    prefix = settings.flag("add_prefix_space", model.dummy_prefix)
    symbols = cut_at_symbols(model)
    if settings.flag("legacy", True):
        normalizer: Table | None = in_turn("normalizers", *mapped(model), *marked(model, prefix=prefix))
        pre_tokenizer = symbols
    else:  # where the files say so, a space is put before the text alone, and not before one that has it
        spaces = squeezed() if model.squeezed else ()
        normalizer = in_turn("normalizers", *mapped(model), *spaces)
        pre_tokenizer = in_turn("pretokenizers", metaspace("first" if prefix else "never", split=False), symbols)
    if model.algorithm == UNIGRAM:
        table = unigram(likelihoods(model), model.unknown, byte_fallback=model.byte_fallback)
        pre_tokenizer = in_turn("pretokenizers", pre_tokenizer, cut_at_marks(model))
    else:
        entries = [(piece.text, piece.score) for piece in model.pieces]
        table = merging(model, entries, entries[model.unknown][0], whole=symbols is not None)
    return Draft(
        table,
        normalizer,
        pre_tokenizer,
        text_of_bytes(prefix=prefix),
        partial(template, *around(settings, named, begins=True)),
        named,
        found_in_text(model),
    )


def gemma(model: SentencePieceModel, settings: Settings) -> Draft:
    """Convert Gemma: as Llama, but the text gets no leading space and loses none."""
    named = tokens(settings, special_tokens.GEMMA)
    entries = [(piece.text, piece.score) for piece in model.pieces]
    if "\t" not in dict(entries):  # the tab is a piece of its own, in the place of its byte
        entries = [("\t", 0.0) if text == "<0x09>" else (text, score) for text, score in entries]
    cut: Table = {"type": "Split", "pattern": {"String": " "}, "behavior": "MergedWithPrevious", "invert": False}
    return Draft(
        merging(model, entries, entries[model.unknown][0]),
        in_turn("normalizers", precompiled(model.character_map), replaced(" ", MARK)),
        cut,
        text_of_bytes(prefix=False),
        partial(template, *around(settings, named, begins=True)),
        named,
        (*found_in_text(model), *(AddedToken(symbol, special=False) for symbol in own_symbols(model))),
    )
