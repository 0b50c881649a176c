"""SentencePiece files against SentencePiece itself, whatever the options that they were trained with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import sentencepiece
from hypothesis import given, settings
from hypothesis import strategies as st
from sentencepiece import sentencepiece_model_pb2

from torso.errors import TokenizerError, UnsupportedError
from torso.text import Tokenizer

from .corpus import TEXTS
from .vocabularies import GEMMA, KINDS, LLAMA, pieces

SPACES = [
    *("  two  spaces   lead  ", "\ttab\nline\r\n\n  end", "   ", "hello\u3000world", "hello world", "x ", " leading"),
    *("▁x", "▁", "▁▁ a", " ▁ b", "a▁", "a ▁b▁ c", "\r\n\r\n", "a\r\nb"),
    *("x<sep>y", "<sep>hello", " <sep> hello <sep>", 'a(b) (c) "d" -e.', "(x", "- y", "ＡＢ<sep>ＡＢ", "ab<sep><sep>c"),
]
# Where `tokenizers` differs: it looks a letter with its accents up as one, and of two equal cuts it takes the other.
KNOWN = ("cafe\u0301", "“quotes”")
SYMBOLS = dict(user_defined_symbols='<sep>,(,),",-,.')
OPTIONS: list[dict[str, Any]] = [
    dict(),
    dict(add_dummy_prefix=False),
    dict(remove_extra_whitespaces=False),
    dict(add_dummy_prefix=False, remove_extra_whitespaces=False),
    dict(byte_fallback=True),
    dict(byte_fallback=True, add_dummy_prefix=False),
    SYMBOLS,
    SYMBOLS | dict(add_dummy_prefix=False),
    SYMBOLS | dict(byte_fallback=True, remove_extra_whitespaces=False),
    dict(split_by_whitespace=False),
    dict(split_by_whitespace=False, remove_extra_whitespaces=False),
]
T5 = dict(pad_id=0, eos_id=1, unk_id=2, bos_id=-1)


def both(folder: Path, data: bytes, name: str, **config: Any) -> tuple[Tokenizer, Any]:
    (folder / name).write_bytes(data)
    (folder / "tokenizer_config.json").write_text(json.dumps(config))
    return Tokenizer.from_folder(folder), sentencepiece.SentencePieceProcessor(model_proto=data)


def differing(ours: Tokenizer, plain: Any, texts: list[str]) -> list[str]:
    return [text for text in texts if ours.encode(text, add_special_tokens=False) != plain.encode(text)]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("rule", ["nmt_nfkc", "identity", "nfkc", "nmt_nfkc_cf"])
def test_by_likelihood(tmp_path: Path, rule: str, options: dict[str, Any]):
    data = pieces(normalization_rule_name=rule, **T5, **options)
    ours, plain = both(tmp_path, data, "spiece.model", tokenizer_class="T5Tokenizer", extra_ids=0)
    assert [text for text in differing(ours, plain, TEXTS + SPACES) if not text.startswith(KNOWN)] == []


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("rule", ["nmt_nfkc", "identity", "nfkc"])
def test_merged(tmp_path: Path, rule: str, options: dict[str, Any]):
    data = pieces("bpe", normalization_rule_name=rule, **options)
    ours, plain = both(tmp_path, data, "tokenizer.model", tokenizer_class="LlamaTokenizer")
    assert [text for text in differing(ours, plain, TEXTS + SPACES) if not text.startswith(KNOWN)] == []


@pytest.mark.parametrize("options", [dict(add_dummy_prefix=False), dict(remove_extra_whitespaces=False), SYMBOLS])
@pytest.mark.parametrize("name", ["albert", "deberta-v2", "xlm-roberta", "camembert", "mbart", "mbart-50", "pegasus"])
def test_every_family_follows_the_options(tmp_path: Path, name: str, options: dict[str, Any]):
    """The tokens are those of SentencePiece; the ids are the family's own."""
    own = {
        "albert": dict(pad_id=0, unk_id=1, bos_id=-1, eos_id=-1, control_symbols="[CLS],[SEP],[MASK]"),
        "deberta-v2": dict(pad_id=0, bos_id=1, eos_id=2, unk_id=3, pad_piece="[PAD]", bos_piece="[CLS]")
        | dict(eos_piece="[SEP]", unk_piece="[UNK]"),
        "pegasus": T5,
    }.get(name, {})
    data = pieces(**own, **options)
    file = next(iter(KINDS[name].files()))
    config = dict(tokenizer_class=KINDS[name].name, do_lower_case=False, keep_accents=True)
    ours, plain = both(tmp_path, data, file, **config)
    texts = ["hello world", "a(b) (c) -e.", "(x", "hello 我爱北京", "- y"]
    assert [ours.tokenize(text) for text in texts] == [plain.encode(text, out_type=str) for text in texts]


@pytest.mark.parametrize("options", [{}, dict(add_dummy_prefix=False), dict(remove_extra_whitespaces=False), SYMBOLS])
def test_rembert_keeps_case_and_accents(tmp_path: Path, options: dict[str, Any]):
    """Held to SentencePiece: transformers 5 numbers unknown pieces as [CLS], and knows no tokens around a text."""
    own = dict(pad_id=0, unk_id=1, bos_id=-1, eos_id=-1, control_symbols="[CLS],[SEP],[MASK]")
    ours, plain = both(tmp_path, pieces(**own, **options), "sentencepiece.model", tokenizer_class="RemBertTokenizer")
    texts = ["Hello World", "a(b) (c) -e.", "(x", "hello 我爱北京", "- y", "naïve Élan"]
    assert [ours.tokenize(text) for text in texts] == [plain.encode(text, out_type=str) for text in texts]
    pair = ours("Hello", "World")
    assert [ours.convert_ids_to_tokens(pair.input_ids)[place] for place in (0, -1)] == ["[CLS]", "[SEP]"]
    assert sorted(set(pair["token_type_ids"])) == [0, 1]


# Of a text that spells a special token SentencePiece sees the letters; torso, as transformers, the token.
letters = st.text(st.sampled_from("ab ▁\t\n\u3000你(-.<sep>éＡ"), max_size=12).filter(lambda text: "<s>" not in text)


@settings(max_examples=60, deadline=None)
@given(text=letters)
def test_any_text(tmp_path_factory: pytest.TempPathFactory, text: str):
    for algorithm, name, own in (("unigram", "T5Tokenizer", T5), ("bpe", "LlamaTokenizer", {})):
        for options in (dict(remove_extra_whitespaces=False), SYMBOLS, dict(byte_fallback=True)):
            key = (algorithm, str(options))
            if key not in _kept:
                data = pieces(algorithm, normalization_rule_name="identity", **own, **options)
                folder = tmp_path_factory.mktemp("original")
                _kept[key] = both(folder, data, "spiece.model", tokenizer_class=name, extra_ids=0)
            ours, plain = _kept[key]
            assert ours.encode(text, add_special_tokens=False) == plain.encode(text), (key, text)


_kept: dict[tuple[str, str], tuple[Tokenizer, Any]] = {}


def test_bytes_come_back(tmp_path: Path):
    data = pieces(byte_fallback=True, **T5)
    ours, plain = both(tmp_path, data, "spiece.model", tokenizer_class="T5Tokenizer", extra_ids=0)
    for text in ("hello 龘", "😀", "a 𠮷b", "hello world"):
        ids = ours.encode(text, add_special_tokens=False)
        assert ours.decode(ids) == plain.decode(ids) == text
    assert ours.tokenize("🦖")[-4:] == ["<0xF0>", "<0x9F>", "<0xA6>", "<0x96>"]


@pytest.mark.parametrize("config", [{}, {"legacy": True}, {"legacy": None}])
def test_a_space_at_the_beginning_and_its_tokenizer_json(tmp_path: Path, config: dict[str, Any]):
    """One vocabulary, two files: the published tokenizer.json puts a space before every text."""
    folder = KINDS["llama"].write(tmp_path / "pieces", **config)
    settings = json.loads((folder / "tokenizer_config.json").read_text())
    if "legacy" not in config:
        settings.pop("legacy")
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    pieces_alone = Tokenizer.from_folder(folder)
    plain = sentencepiece.SentencePieceProcessor(model_file=str(folder / "tokenizer.model"))
    assert differing(pieces_alone, plain, TEXTS + SPACES) == []
    pieces_alone.save(tmp_path / "json")
    full = Tokenizer.from_folder(tmp_path / "json")
    assert full(TEXTS + SPACES).input_ids == pieces_alone(TEXTS + SPACES).input_ids
    assert [full.decode(row, True) for row in full(SPACES).input_ids] == [
        pieces_alone.decode(row, True) for row in full(SPACES).input_ids
    ]


@pytest.mark.parametrize("options", [LLAMA, dict(byte_fallback=True), dict()])
def test_pieces_of_likelihood_behind_llamas_class(tmp_path: Path, options: dict[str, Any]):
    data = pieces(**options)
    ours, plain = both(tmp_path, data, "tokenizer.model", tokenizer_class="LlamaTokenizer")
    assert [text for text in differing(ours, plain, TEXTS + SPACES) if not text.startswith(KNOWN)] == []
    assert ours.encode("hello")[0] == 1


def test_merges_behind_another_class_name_the_cure(tmp_path: Path):
    data = pieces("bpe", **LLAMA)
    with pytest.raises(TokenizerError, match='"tokenizer_class": "LlamaTokenizer"'):
        both(tmp_path, data, "spiece.model", tokenizer_class="T5Tokenizer")
    ours, plain = both(tmp_path, data, "spiece.model", tokenizer_class="LlamaTokenizer")
    assert differing(ours, plain, TEXTS) == []


def test_gemmas_own_symbols_stay(tmp_path: Path):
    ours, plain = both(tmp_path, pieces("bpe", **GEMMA), "tokenizer.model", tokenizer_class="GemmaTokenizer")
    texts = ["a\n\nb\t\tc", "<start_of_turn>user\nhi   there", " leading", "x<start_of_turn>y"]
    assert differing(ours, plain, texts) == []


@pytest.mark.parametrize(
    ("spec", "name"), [("trainer_spec", "treat_whitespace_as_suffix"), ("normalizer_spec", "escape_whitespaces")]
)
def test_what_is_refused_says_why(tmp_path: Path, spec: str, name: str):
    model = sentencepiece_model_pb2.ModelProto()
    model.ParseFromString(pieces())
    setattr(getattr(model, spec), name, name.startswith("treat"))
    with pytest.raises(UnsupportedError, match=name):
        both(tmp_path, model.SerializeToString(), "spiece.model", tokenizer_class="T5Tokenizer")
