"""Conversion of vocab.json and merges.txt: byte-level BPE, and the lowercase BPE of the first GPT.

Pipelines and defaults are those of transformers' converters, whose output is the published tokenizer.json of these
families. The papers: GPT-2 https://openai.com/research/better-language-models, GPT
https://openai.com/research/language-unsupervised.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import cast

from torso.text import special_tokens
from torso.text.faults import Fault, TooMuch
from torso.text.tokenizer_json import (
    Draft,
    Numbers,
    Table,
    bpe,
    byte_level,
    content,
    framed_as_bert,
    in_turn,
    template,
    tokens,
)
from torso.text.tokenizer_settings import AddedToken, Settings
from torso.text.vocabulary_models import VOCABULARY_LIMIT

Merges = Sequence[Sequence[str]]

QWEN = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"


def read_merges(text: str) -> list[list[str]]:
    """Return the pairs of a merges.txt in merge order, one per line; blank lines and its version line are skipped.

    Raises:
        Fault: a line that is not two tokens.
        TooMuch: more lines than a vocabulary may have entries.
    """
    merges: list[list[str]] = []
    for number, line in enumerate(text.split("\n"), 1):
        line = line.removesuffix("\r")
        if not line or line.startswith("#version"):
            continue
        pair = line.split(" ")
        if len(pair) != 2 or not all(pair):
            raise Fault("line {number} of it is {line}, not two tokens", number=number, line=line)
        if len(merges) == VOCABULARY_LIMIT:
            raise TooMuch("it has more than {limit} merges", limit=VOCABULARY_LIMIT)
        merges.append(pair)
    return merges


def read_numbers(value: object) -> dict[str, int]:
    """Return token to id, of a parsed vocab.json; the ids are checked with the rest of the tokenizer.

    Raises:
        Fault: anything but an object of whole numbers.
    """
    if isinstance(value, dict):
        entries = cast("dict[str, object]", value)
        numbers = {token: number for token, number in entries.items() if type(number) is int}
        if numbers and len(numbers) == len(entries):
            return numbers
    raise Fault("it is not a vocabulary: an object from tokens to ids")


def around(settings: Settings, named: Mapping[str, AddedToken], *, begins: bool = False) -> tuple[list[str], list[str]]:
    """Return the template of generative models: the tokens for beginning and end of text, if the files ask for them.

    Args:
        settings: the files beside the vocabulary.
        named: special tokens by name.
        begins: whether a text begins with its token where the files do not say.
    """
    first = [content(named, "bos_token")] if _asked(settings, "add_bos_token", begins) and "bos_token" in named else []
    last = [content(named, "eos_token")] if _asked(settings, "add_eos_token", False) and "eos_token" in named else []
    single = [*first, "$A", *last]
    return single, [*single, *(f"{token}:1" for token in first), "$B:1", *(f"{token}:1" for token in last)]


def _asked(settings: Settings, name: str, default: bool) -> bool:
    # As the reference takes them: any number but 0 asks for the token, and a text does not.
    value = settings.config.get(name)
    return default if value is None else isinstance(value, int | float) and bool(value)


def gpt2(vocabulary: Mapping[str, int], merges: Merges, settings: Settings) -> Draft:
    """Convert GPT-2, OPT or Phi: byte-level BPE, no special tokens around the text unless the files ask for them."""
    named = tokens(settings, special_tokens.GPT2)
    return _written_on(vocabulary, merges, settings, named, normalizer=None)


def gpt_neox(vocabulary: Mapping[str, int], merges: Merges, settings: Settings) -> Draft:
    """Convert GPT-NeoX: GPT-2's after composing accents (NFC)."""
    named = tokens(settings, special_tokens.GPT_NEOX)
    return _written_on(vocabulary, merges, settings, named, normalizer={"type": "NFC"})


def qwen2(vocabulary: Mapping[str, int], merges: Merges, settings: Settings) -> Draft:
    """Convert Qwen: words, single digits and punctuation are split by its own pattern, then byte-level BPE."""
    named = tokens(settings, special_tokens.QWEN2)
    cut: Table = {"type": "Split", "pattern": {"Regex": QWEN}, "behavior": "Isolated", "invert": False}
    written = byte_level(prefix=settings.flag("add_prefix_space", False), regex=False)
    return _written_on(
        vocabulary,
        merges,
        settings,
        named,
        normalizer={"type": "NFC"},
        pre_tokenizer=in_turn("pretokenizers", cut, written),
    )


def _written_on(
    vocabulary: Mapping[str, int],
    merges: Merges,
    settings: Settings,
    named: Mapping[str, AddedToken],
    *,
    normalizer: Table | None,
    pre_tokenizer: Table | None = None,
) -> Draft:
    frame = partial(template, *around(settings, named))
    cut = pre_tokenizer or byte_level(prefix=settings.flag("add_prefix_space", False))
    return Draft(bpe(vocabulary, merges), normalizer, cut, byte_level(), frame, named)


def roberta(vocabulary: Mapping[str, int], merges: Merges, settings: Settings) -> Draft:
    """Convert RoBERTa or BART: ``<s> A </s>`` and ``<s> A </s></s> B </s>``; the mask absorbs the space before it."""
    named = tokens(settings, special_tokens.FAIRSEQ)
    prefix, trim = settings.flag("add_prefix_space", False), settings.flag("trim_offsets", True)
    frame = partial(roberta_frame, named, prefix=prefix, trim=trim)
    return Draft(bpe(vocabulary, merges), None, byte_level(prefix=prefix), byte_level(), frame, named)


def roberta_frame(named: Mapping[str, AddedToken], numbers: Numbers, *, prefix: bool, trim: bool) -> Table:
    """Return RoBERTa's template: two separators between texts; ``trim`` takes spaces off the ends of spans."""
    sep, cls = content(named, "sep_token"), content(named, "cls_token")
    return {
        "type": "RobertaProcessing",
        "sep": [sep, numbers[sep]],
        "cls": [cls, numbers[cls]],
        "trim_offsets": trim,
        "add_prefix_space": prefix,
    }


def deberta(vocabulary: Mapping[str, int], merges: Merges, settings: Settings) -> Draft:
    """Convert DeBERTa: GPT-2's byte-level BPE in BERT's ``[CLS] A [SEP] B [SEP]``."""
    named = tokens(settings, special_tokens.DEBERTA)
    cut = byte_level(prefix=settings.flag("add_prefix_space", False))
    return Draft(bpe(vocabulary, merges), None, cut, byte_level(), framed_as_bert(named), named)


def gpt(vocabulary: Mapping[str, int], merges: Merges, settings: Settings) -> Draft:
    """Convert the first GPT: BERT's words in lowercase, and ``</w>`` at the end of each."""
    named = tokens(settings, special_tokens.GPT)
    unknown = content(named, "unk_token") if "unk_token" in named else None
    return Draft(
        bpe(vocabulary, merges, unknown=unknown, suffix="</w>"),
        {
            "type": "BertNormalizer",
            "clean_text": True,
            "handle_chinese_chars": True,
            "strip_accents": None,
            "lowercase": True,
        },
        {"type": "BertPreTokenizer"},
        {"type": "BPEDecoder", "suffix": "</w>"},
        partial(template, *around(settings, named)),
        named,
    )
