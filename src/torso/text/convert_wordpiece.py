"""Conversion of a vocab.txt: BERT's WordPiece, with the switches of tokenizer_config.json.

The paper is https://arxiv.org/abs/1810.04805; the pipeline and every default are those of transformers' BertTokenizer.
"""

from __future__ import annotations

from functools import partial

from torso.errors import UnsupportedError
from torso.text import special_tokens
from torso.text.convert_byte_level import roberta_frame
from torso.text.faults import Fault
from torso.text.tokenizer_json import Draft, Table, framed_as_bert, tokens
from torso.text.tokenizer_settings import BERT_TOKENS, AddedToken, Settings

VOCABULARY_LIMIT = 64 * 2**20  # bytes of a vocab.txt
# What Rust calls white space and the reference cuts off the end of a line; Python's own set holds four more.
_SPACE = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
# Their vocab.txt is a WordPiece list, but their text is split by a dictionary first: same file, other ids.
_SPLIT_BY_DICTIONARY = ("BertJapaneseTokenizer", "RoFormerTokenizer", "JiebaTokenizer", "CpmAntTokenizer")


def read_vocabulary(text: str) -> dict[str, int]:
    """Read token to id: the line number from 0, of a token's last line if it is repeated.

    White space at the end of a line is cut, so CR LF and LF read alike. What is left of a line of white space, such as
    the U+2028 of Google's Chinese vocabulary, is the empty token, which no text is split into.
    """
    lines = text.removesuffix("\n").split("\n") if text else []
    return {line.rstrip(_SPACE): number for number, line in enumerate(lines)}


def bert_tokens(settings: Settings, vocabulary: dict[str, int]) -> dict[str, AddedToken]:
    """Return BERT's special tokens by name: those the files name, else the usual ones if the vocabulary has them.

    Raises:
        Fault: without an unknown, a classification and a separator token there is no BERT tokenizer.
    """
    known = {name: token for name, token in special_tokens.BERT.items() if token.content in vocabulary}
    named = known | dict(settings.named)
    for name in ("unk_token", "cls_token", "sep_token"):
        if name not in named:
            raise Fault("it holds no {token}, so it is no vocabulary of BERT's", token=BERT_TOKENS[name])
    if named["unk_token"].content not in vocabulary:
        raise Fault("its unknown token {token} is not in its vocabulary", token=named["unk_token"].content)
    return named


def bert(vocabulary: dict[str, int], settings: Settings) -> Draft:
    """Convert BERT: WordPiece over ``vocabulary``.

    Raises:
        Fault: a switch that is not true or false; no vocabulary of BERT's.
        UnsupportedError: E_UNSUPPORTED for a tokenizer whose text is split by a dictionary before WordPiece.
    """
    if settings.tokenizer_class in _SPLIT_BY_DICTIONARY:
        raise UnsupportedError(
            "E_UNSUPPORTED",
            "{name} splits text with a dictionary before its vocabulary is used; torso does not.",
            cure="Use a model whose tokenizer is BertTokenizer, or one with a tokenizer.json.",
            values=dict(name=settings.tokenizer_class),
        )
    named = bert_tokens(settings, vocabulary)
    for name in ("cls_token", "sep_token"):
        if named[name].content not in vocabulary:
            raise Fault("it holds no {token}, so it is no vocabulary of BERT's", token=named[name].content)
    return Draft(
        _word_pieces(vocabulary, named["unk_token"].content),
        _words(settings),
        {"type": "BertPreTokenizer"},
        {"type": "WordPiece", "prefix": "##", "cleanup": True},
        framed_as_bert(named),
        named,
    )


def mpnet(vocabulary: dict[str, int], settings: Settings) -> Draft:
    """Convert MPNet: BERT's WordPiece with RoBERTa's tokens around the text; the mask absorbs the space before it.

    Raises:
        Fault: as `bert`.
    """
    named = tokens(settings, special_tokens.MPNET)
    unknown = named["unk_token"].content if "unk_token" in named else ""
    return Draft(
        _word_pieces(vocabulary, unknown),
        _words(settings),
        {"type": "BertPreTokenizer"},
        {"type": "WordPiece", "prefix": "##", "cleanup": True},
        partial(roberta_frame, named, prefix=False, trim=True),
        named,
    )


def _words(settings: Settings) -> Table:
    lowercase = settings.flag("do_lower_case", True)
    strip = settings.flag("strip_accents", lowercase)
    return {
        "type": "BertNormalizer",
        "clean_text": True,
        "handle_chinese_chars": settings.flag("tokenize_chinese_chars", True),
        # null means "as lowercase"; it is written back as the file had it
        "strip_accents": None if settings.config.get("strip_accents") is None else strip,
        "lowercase": lowercase,
    }


def _word_pieces(vocabulary: dict[str, int], unknown: str) -> Table:
    return {
        "type": "WordPiece",
        "unk_token": unknown,
        "continuing_subword_prefix": "##",
        "max_input_chars_per_word": 100,
        "vocab": vocabulary,
    }


def vocabulary_text(vocabulary: dict[str, int]) -> str:
    """Return the vocab.txt that `read_vocabulary` reads as ``vocabulary``.

    A number that no token has, left by a duplicate, gets the next token's line once more: the last one counts.
    """
    lines: list[str] = []
    for token, number in sorted(vocabulary.items(), key=lambda entry: entry[1]):
        lines.extend([token] * (number + 1 - len(lines)))
    return "".join(line + "\n" for line in lines)
