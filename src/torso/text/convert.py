"""A vocab.txt as the tokenizer.json it stands for: BERT's WordPiece, with the switches of tokenizer_config.json.

The paper is https://arxiv.org/abs/1810.04805; the pipeline and every default are those of transformers' BertTokenizer.
"""

from __future__ import annotations

from torso.errors import UnsupportedError
from torso.text.faults import Fault
from torso.text.guard import Table
from torso.text.settings import BERT_TOKENS, AddedToken, Settings

VOCABULARY_LIMIT = 64 * 2**20  # bytes of a vocab.txt
# What Rust calls white space and the reference cuts off the end of a line; Python's own set holds four more.
_SPACE = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
# Their vocab.txt is a WordPiece list, but their text is split by a dictionary first: same file, other ids.
_SPLIT_BY_DICTIONARY = ("BertJapaneseTokenizer", "RoFormerTokenizer", "JiebaTokenizer", "CpmAntTokenizer")


def read_vocabulary(text: str) -> dict[str, int]:
    """Token to id: the number of its line from 0, or of the last such line where a token stands twice.

    White space at the end of a line is cut, so CR LF and LF read alike; a blank line keeps the numbering and is no
    token.
    """
    vocabulary = {line.rstrip(_SPACE): number for number, line in enumerate(text.split("\n"))}
    vocabulary.pop("", None)
    return vocabulary


def bert_tokens(settings: Settings, vocabulary: dict[str, int]) -> dict[str, AddedToken]:
    """BERT's special tokens by name: those the files name, else the usual ones where the vocabulary has them.

    Raises:
        Fault: without an unknown, a classification and a separator token there is no BERT tokenizer.
    """
    usual = {name: AddedToken(content) for name, content in BERT_TOKENS.items() if content in vocabulary}
    named = usual | dict(settings.named)
    for name in ("unk_token", "cls_token", "sep_token"):
        if name not in named:
            raise Fault("it holds no {token}, so it is no vocabulary of BERT's", token=BERT_TOKENS[name])
    if named["unk_token"].content not in vocabulary:
        raise Fault("its unknown token {token} is not in its vocabulary", token=named["unk_token"].content)
    return named


def bert_document(vocabulary: dict[str, int], settings: Settings, named: dict[str, AddedToken]) -> Table:
    """The tokenizer.json of BERT's WordPiece over ``vocabulary``; its added tokens are still to be filled in.

    Raises:
        Fault: a switch that is not true or false; no vocabulary.
        UnsupportedError: E_UNSUPPORTED for a tokenizer whose text is split by a dictionary before WordPiece.
    """
    if settings.tokenizer_class in _SPLIT_BY_DICTIONARY:
        raise UnsupportedError(
            "E_UNSUPPORTED",
            "{name} splits text with a dictionary before its vocabulary is used; torso does not.",
            cure="Use a model whose tokenizer is BertTokenizer, or one with a tokenizer.json.",
            values=dict(name=settings.tokenizer_class),
        )
    lowercase = settings.flag("do_lower_case", True)
    strip = settings.flag("strip_accents", lowercase)
    cls, sep = named["cls_token"].content, named["sep_token"].content
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [],
        "normalizer": {
            "type": "BertNormalizer",
            "clean_text": True,
            "handle_chinese_chars": settings.flag("tokenize_chinese_chars", True),
            # null means "as lowercase"; it is written back as the file had it
            "strip_accents": None if settings.config.get("strip_accents") is None else strip,
            "lowercase": lowercase,
        },
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": _template(cls, sep, vocabulary),
        "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": True},
        "model": {
            "type": "WordPiece",
            "unk_token": named["unk_token"].content,
            "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100,
            "vocab": vocabulary,
        },
    }


def _template(cls: str, sep: str, vocabulary: dict[str, int]) -> Table:
    def special(name: str, segment: int) -> Table:
        return {"SpecialToken": {"id": name, "type_id": segment}}

    def text(name: str, segment: int) -> Table:
        return {"Sequence": {"id": name, "type_id": segment}}

    def entry(name: str) -> Table:
        if name not in vocabulary:
            raise Fault("it holds no {token}, so it is no vocabulary of BERT's", token=name)
        return {"id": name, "ids": [vocabulary[name]], "tokens": [name]}

    single = [special(cls, 0), text("A", 0), special(sep, 0)]
    return {
        "type": "TemplateProcessing",
        "single": single,
        "pair": [*single, text("B", 1), special(sep, 1)],
        "special_tokens": {name: entry(name) for name in (cls, sep)},
    }


def vocabulary_text(vocabulary: dict[str, int]) -> str:
    """A vocab.txt that `read_vocabulary` reads as ``vocabulary``.

    A number that no token has, left by a duplicate or a blank line, gets the next token's line once more: the last one
    counts.
    """
    lines: list[str] = []
    for token, number in sorted(vocabulary.items(), key=lambda entry: entry[1]):
        lines.extend([token] * (number + 1 - len(lines)))
    return "".join(line + "\n" for line in lines)
