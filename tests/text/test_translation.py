"""Tokenizers of translation models: languages that are marked, and a vocabulary cut by two files."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import pytest

from lazy import LazyName
from torso.errors import InputError, InputTypeError, TokenizerError, UnsupportedError
from torso.text import Tokenizer
from torso.text.convert_m2m_100 import LANGUAGES
from torso.text.language_names import language_code, rows, short_code
from torso.text.languages import MBART_50
from torso.text.sentencepiece import read_sentencepiece

from .corpus import TEXTS
from .vocabularies import KINDS, pieces, with_character_map

MarianTokenizer = LazyName("transformers", "MarianTokenizer")
M2M100Tokenizer = LazyName("transformers", "M2M100Tokenizer")
MBart50Tokenizer = LazyName("transformers", "MBart50Tokenizer")
MBartTokenizer = LazyName("transformers", "MBartTokenizer")
NllbTokenizer = LazyName("transformers", "NllbTokenizer")

pytestmark = pytest.mark.filterwarnings("ignore:Recommended. pip install sacremoses")
# A language code is found anywhere in our text, and only at its beginning by the reference.
TEXT = [*TEXTS, ">>fra<< hello world", ">>fra<<你好", "a</s>b <unk> c<pad>", "ΓΔ unknown Γ ΔΓ"]


def write_marian(folder: Path, **config: Any) -> Path:
    """Two SentencePiece files; vocab.json lacks some pieces of each, and knows text that the first does not."""
    source, target = pieces(vocab_size=400), pieces(unk_id=1, bos_id=-1, eos_id=0, max_sentencepiece_length=2)
    vocabulary = {"</s>": 0, "<unk>": 1}
    for data in (source, target):
        for piece in read_sentencepiece(data).pieces[:-20]:
            vocabulary.setdefault(piece.text, len(vocabulary))
    for token in (">>fra<<", ">>deu<<", "ΓΔ", "Γ", "<pad>"):
        vocabulary.setdefault(token, len(vocabulary))
    settings = dict(source_lang="en", target_lang="fr", tokenizer_class="MarianTokenizer", model_max_length=512)
    folder.mkdir(exist_ok=True)
    (folder / "source.spm").write_bytes(source)
    (folder / "target.spm").write_bytes(target)
    (folder / "vocab.json").write_text(json.dumps(vocabulary), encoding="utf-8")
    (folder / "tokenizer_config.json").write_text(json.dumps(settings | config), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def marian(tmp_path_factory: pytest.TempPathFactory) -> tuple[Tokenizer, Any]:
    folder = write_marian(tmp_path_factory.mktemp("marian"))
    return Tokenizer.from_folder(folder), MarianTokenizer.from_pretrained(folder)


# `tokenizers` normalizes a letter with its accents as one, and of two equal cuts takes the other.
KNOWN = ("cafe\u0301", "“quotes”")


def test_marian_cuts_by_the_first_file_and_numbers_by_vocab_json(marian: tuple[Tokenizer, Any]):
    ours, theirs = marian
    for text in [text for text in TEXT if not text.startswith(KNOWN)]:
        mine, other = ours(text), theirs(text)
        assert dict(mine) == dict(other), text
        assert ours.decode(mine.input_ids) == theirs.decode(mine.input_ids), text
        assert ours.decode(mine.input_ids, True) == theirs.decode(mine.input_ids, skip_special_tokens=True), text
        assert ours(text, "hello 我").input_ids == theirs(text, "hello 我").input_ids, text
    assert ours.special_tokens_map == theirs.special_tokens_map
    assert ours.all_special_ids == theirs.all_special_ids
    assert ours.get_vocab() == theirs.get_vocab()
    assert (len(ours), ours.vocab_size, ours.max_tokens) == (len(theirs), theirs.vocab_size, 512)
    assert ours.convert_ids_to_tokens([0, 5, 9]) == theirs.convert_ids_to_tokens([0, 5, 9])
    assert ours.convert_tokens_to_ids(["</s>", "?no?"]) == theirs.convert_tokens_to_ids(["</s>", "?no?"])


def test_marian_cuts_what_is_to_be_written_by_the_second_file(marian: tuple[Tokenizer, Any]):
    ours, theirs = marian
    texts = [text for text in TEXT if not text.startswith((*KNOWN, ">>"))]
    assert dict(ours(text_target=texts)) == dict(theirs(text_target=texts))
    assert dict(ours(texts, text_target=texts[::-1])) == dict(theirs(texts, text_target=texts[::-1]))
    assert ours(text_target=texts).input_ids != ours(texts).input_ids
    options = dict(padding=True, truncation=True, max_length=8, return_tensors="np")
    mine, other = ours(texts, text_target=texts[::-1], **options), theirs(texts, text_target=texts[::-1], **options)
    assert {name: value.tolist() for name, value in mine.items()} == {
        name: value.tolist() for name, value in other.items()
    }


def test_marian_knows_where_its_tokens_come_from(marian: tuple[Tokenizer, Any]):
    text = ">>fra<< hello  ΓΔ!"
    encoding = marian[0].encoding(text)
    assert [text[start:end] for start, end in encoding.spans][-3:] == ["ΓΔ", "!", ""]
    assert pickle.loads(pickle.dumps(marian[0])).encoding(text) == encoding


def test_marian_saved(marian: tuple[Tokenizer, Any], tmp_path: Path):
    marian[0].save(tmp_path)
    again, theirs = Tokenizer.from_folder(tmp_path), MarianTokenizer.from_pretrained(tmp_path)
    assert again(TEXT).input_ids == marian[0](TEXT).input_ids
    assert theirs(TEXT).input_ids == marian[1](TEXT).input_ids
    assert again(text_target=TEXT).input_ids == marian[0](text_target=TEXT).input_ids
    assert not (tmp_path / "tokenizer.json").exists()


def test_what_of_marian_cannot_be(tmp_path: Path):
    folder = write_marian(tmp_path / "a", separate_vocabs=True)
    with pytest.raises(UnsupportedError):
        Tokenizer.from_folder(folder)
    folder = write_marian(tmp_path / "b")
    for text, word in (("[]", "vocabulary"), ('{"</s>": 0}', "unk"), ('{"a": 1, "b": 1}', "share"), ("{", "JSON")):
        (folder / "vocab.json").write_text(text)
        with pytest.raises(Exception, match=word) as caught:
            Tokenizer.from_folder(folder)
        assert getattr(caught.value, "code", "") == "E_TOKENIZER"
    (folder / "vocab.json").unlink()
    with pytest.raises(TokenizerError, match=r"source\.spm"):
        Tokenizer.from_folder(folder)


@pytest.mark.parametrize(("name", "kind"), [("mbart", MBartTokenizer), ("mbart-50", MBart50Tokenizer)])
def test_languages(tmp_path: Path, name: str, kind: Any):
    folder = KINDS[name].write(tmp_path / "in")
    theirs = kind.from_pretrained(folder, src_lang="zh_CN", tgt_lang="fr_XX")
    if name == "mbart":
        with_character_map(theirs, folder)
    ours = Tokenizer.from_folder(folder, src_lang="zh_CN", tgt_lang="fr_XX")
    assert dict(ours(TEXTS, TEXTS[::-1])) == dict(theirs(TEXTS, TEXTS[::-1]))
    assert dict(ours(TEXTS, text_target=TEXTS[::-1])) == dict(theirs(TEXTS, text_target=TEXTS[::-1]))
    assert (ours.src_lang, ours.tgt_lang) == ("zh_CN", "fr_XX")
    assert ours.convert_tokens_to_ids("fr_XX") == theirs.lang_code_to_id["fr_XX"]
    default = Tokenizer.from_folder(folder)
    assert (default.src_lang, default.tgt_lang) == ("en_XX", "en_XX")
    assert default(TEXTS).input_ids != ours(TEXTS).input_ids
    assert Tokenizer.from_folder(folder, src_lang="fr_XX")(text_target="a") == default.from_folder(
        folder, tgt_lang="fr_XX"
    )(text_target="a")
    ours.save(tmp_path / "out")
    again = Tokenizer.from_folder(tmp_path / "out")
    assert (again.src_lang, again.tgt_lang) == ("zh_CN", "fr_XX")
    assert dict(again(TEXTS, text_target=TEXTS)) == dict(ours(TEXTS, text_target=TEXTS))


def write_m2m_100(folder: Path, algorithm: str = "unigram", **config: Any) -> Path:
    """A SentencePiece file, and a vocab.json in another order, which lacks some of its pieces."""
    data = pieces(algorithm, vocab_size=400)
    vocabulary = {"<s>": 0, "<pad>": 1, "</s>": 2, "<unk>": 3}
    for piece in reversed(read_sentencepiece(data).pieces[:-20]):
        vocabulary.setdefault(piece.text, len(vocabulary))
    folder.mkdir(exist_ok=True)
    (folder / "sentencepiece.bpe.model").write_bytes(data)
    (folder / "vocab.json").write_text(json.dumps(vocabulary), encoding="utf-8")
    # As published: to the reference a language is found in text, and special, where it is listed.
    marks = [f"__{code}__" for code in LANGUAGES.get(config.get("language_codes", "m2m100"), ())]
    own = {"tokenizer_class": "M2M100Tokenizer", "model_max_length": 1024, "additional_special_tokens": marks}
    settings = {**own, **config}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")
    return folder


@pytest.mark.parametrize("algorithm", ["unigram", "bpe"])
def test_m2m_100_numbers_by_vocab_json_and_its_languages_behind_it(tmp_path: Path, algorithm: str):
    folder = write_m2m_100(tmp_path / "in", algorithm)
    theirs = M2M100Tokenizer.from_pretrained(folder, src_lang="zh", tgt_lang="fr")
    ours = Tokenizer.from_folder(folder, src_lang="Chinese", tgt_lang="French")
    assert (ours.src_lang, ours.tgt_lang) == ("__zh__", "__fr__")
    texts = [text for text in TEXTS if not text.startswith(KNOWN)]
    for text in (*texts, "a</s>b", "__de__ hello"):
        mine, other = ours(text), theirs(text)
        assert mine.input_ids == other.input_ids, text
        assert ours.decode(mine.input_ids, True) == theirs.decode(mine.input_ids, skip_special_tokens=True), text
    for text in texts:
        assert ours(text_target=text).input_ids == theirs(text_target=text).input_ids, text
        assert ours(text, "hello").input_ids == theirs(text, "hello").input_ids, text
    assert [ours.convert_tokens_to_ids(f"__{code}__") for code in ("af", "fr", "zu")] == [
        theirs.get_lang_id(code) for code in ("af", "fr", "zu")
    ]
    assert (ours.vocab_size, len(ours), ours.max_tokens) == (theirs.vocab_size, len(theirs), 1024)
    spans = ours.encoding("hello").spans
    assert "".join("hello"[start:end] for start, end in spans) == "hello"
    ours.save(tmp_path / "out")
    again = Tokenizer.from_folder(tmp_path / "out")
    assert (again.src_lang, again.tgt_lang) == ("__zh__", "__fr__")
    assert again(texts, text_target=texts).input_ids == ours(texts).input_ids
    assert pickle.loads(pickle.dumps(ours))(texts).input_ids == ours(texts).input_ids


def test_what_of_m2m_100_cannot_be(tmp_path: Path):
    folder = write_m2m_100(tmp_path / "a", language_codes="none", additional_special_tokens=[])
    with pytest.raises(TokenizerError, match="wmt21"):
        Tokenizer.from_folder(folder)
    other = Tokenizer.from_folder(write_m2m_100(tmp_path / "b", language_codes="wmt21"), src_lang="de")
    assert other.convert_tokens_to_ids("__de__") == other.vocab_size + 7
    with pytest.raises(InputError, match="no language"):
        Tokenizer.from_folder(tmp_path / "b", src_lang="French")
    (tmp_path / "b" / "vocab.json").unlink()
    with pytest.raises(TokenizerError, match=r"vocab\.json"):
        Tokenizer.from_folder(tmp_path / "b")


def test_nllb_marks_languages_by_name_or_code(tmp_path: Path):
    words = ["<s>", "<pad>", "</s>", "<unk>", "▁", *"helowrd我们"]
    theirs = NllbTokenizer(vocab={word: number for number, word in enumerate(words)}, merges=[])
    theirs.src_lang, theirs.tgt_lang = "eng_Latn", "zho_Hans"
    theirs.save_pretrained(tmp_path)
    for source, target in (("eng_Latn", "zho_Hans"), ("English", "Chinese"), ("英文", "中文"), ("en_XX", "zh_CN")):
        ours = Tokenizer.from_folder(tmp_path, src_lang=source, tgt_lang=target)
        assert (ours.src_lang, ours.tgt_lang) == ("eng_Latn", "zho_Hans")
        for text in ("hello world", "我们"):
            assert ours(text).input_ids == theirs(text).input_ids
            assert ours(text_target=text).input_ids == theirs(text_target=text).input_ids
    with pytest.raises(InputError, match="Nearest"):
        Tokenizer.from_folder(tmp_path, src_lang="Englisch")


@pytest.mark.parametrize(
    "language", ["zho_Hans", "zh_CN", "zh", "ZH", "chinese", " Chinese", "中文", "简体中文", "zh-CN"]
)
@pytest.mark.parametrize("code", ["zho_Hans", "zh_CN", "__zh__"])
def test_a_language_is_known_by_any_of_its_names(language: str, code: str):
    assert language_code(language, ["eng_Latn", "en_XX", "__en__", code]) == code


def test_names_of_languages_that_the_reference_has_stand_for_one_each():
    from transformers.models.m2m_100.tokenization_m2m_100 import FAIRSEQ_LANGUAGE_CODES as SHORT
    from transformers.models.nllb.tokenization_nllb import FAIRSEQ_LANGUAGE_CODES as LONG

    m2m, nllb = [f"__{code}__" for code in SHORT["m2m100"]], [*LONG]
    for code in SHORT["m2m100"]:
        assert language_code(code, m2m) == f"__{code}__"
    for code in LONG:
        assert language_code(code, nllb) == code
    mbart = [language_code(code, MBART_50) for code in MBART_50]
    assert mbart == [*MBART_50]
    names = [name.casefold() for row in rows() for name in row if name != "-"]
    assert [name for name in names if names.count(name) > 1 and name not in SHORT["m2m100"]] == []
    for row in rows():
        assert row[0] in {"-", *SHORT["m2m100"], *(code[:2] for code in MBART_50)}, row
        assert row[1] == "-" or row[1] in LONG, row
        found = {language_code(name, nllb) for name in row if name != "-"}
        assert found == {row[1] if row[1] != "-" else None}, row
    # The same language in each: NLLB's code, but for Chinese in two scripts, is told from mBART's.
    assert language_code("繁体中文", nllb) == language_code("Traditional Chinese", nllb) == "zho_Hant"
    for given in (3, None, ["zh"]):
        with pytest.raises(InputTypeError, match="not a string"):
            language_code(given, nllb)  # pyright: ignore[reportArgumentType]
    assert language_code("zh_TW", nllb) is not None
    assert language_code("zho_Hant", MBART_50) is None
    assert (short_code("German"), short_code("deu_Latn"), short_code("xx")) == ("de", "de", "xx")


def test_languages_that_are_not(tmp_path: Path):
    folder = KINDS["mbart"].write(tmp_path / "mbart")
    with pytest.raises(InputError, match="zh_CN") as caught:
        Tokenizer.from_folder(folder, src_lang="zh_Cn")
    assert caught.value.code == "E_LANGUAGE"
    with pytest.raises(InputError, match="marks no languages"):
        Tokenizer.from_folder(KINDS["t5"].write(tmp_path / "t5"), tgt_lang="zh_CN")


def test_a_tokenizer_without_languages_reads_both_texts_alike(tmp_path: Path):
    tokenizer = Tokenizer.from_folder(KINDS["t5"].write(tmp_path))
    both = tokenizer("hello", text_target="world")
    assert both["labels"] == tokenizer("world").input_ids == tokenizer(text_target="world").input_ids
    with pytest.raises(InputTypeError, match="None"):
        tokenizer()
