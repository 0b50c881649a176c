"""Which files make which tokenizer, as transformers reads them where it reads them right."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from lazy import LazyName
from torso.errors import FileFormatError, FrozenConfigError, LimitError, TokenizerError, TorsoError, UnsupportedError
from torso.text import Tokenizer

from .conftest import MINILM, Both
from .corpus import TEXTS, small_vocabulary, write_vocabulary

AutoTokenizer = LazyName("transformers", "AutoTokenizer")
BertTokenizer = LazyName("transformers", "BertTokenizer")

LINES = small_vocabulary(lowercase=True)
BERT = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]


def equal(folder: Path, *, theirs=BertTokenizer) -> Tokenizer:
    ours, reference = Tokenizer.from_folder(folder), theirs.from_pretrained(folder)
    for text in TEXTS:
        assert ours.encode(text) == reference.encode(text), text
    assert ours.all_special_tokens == reference.all_special_tokens
    return ours


@pytest.mark.parametrize("lower", [True, False, None])
@pytest.mark.parametrize("accents", [True, False, None])
@pytest.mark.parametrize("chinese", [True, False])
def test_switches_of_tokenizer_config(tmp_path: Path, lower, accents, chinese):
    config = dict(strip_accents=accents, tokenize_chinese_chars=chinese, tokenizer_class="BertTokenizer")
    equal(write_vocabulary(tmp_path, LINES, **config, **({} if lower is None else dict(do_lower_case=lower))))


def test_special_tokens_as_text_as_object_and_by_id(tmp_path: Path):
    lines = ["<pad>", "<u>", "<s>", "</s>", "<m>", *LINES[6:]]
    names = dict(pad_token="<pad>", unk_token="<u>", cls_token="<s>", sep_token="</s>")
    mask = {"content": "<m>", "lstrip": True, "rstrip": False, "normalized": False, "single_word": False}
    equal(write_vocabulary(tmp_path / "a", lines, **names, mask_token=mask | {"__type": "AddedToken"}))
    folder = write_vocabulary(tmp_path / "b", lines, mask_token="<wrong>")
    (folder / "special_tokens_map.json").write_text(json.dumps(names | {"mask_token": mask}))
    ours = equal(folder)
    assert ours.mask_token == "<m>"
    assert ours.encode("hello   <m>") == BertTokenizer.from_pretrained(folder).encode("hello   <m>")
    decoder = {str(i): {"content": lines[i], "special": True, "normalized": False} for i in range(5)}
    equal(write_vocabulary(tmp_path / "c", lines, **names, mask_token="<m>", added_tokens_decoder=decoder))


def test_added_tokens(tmp_path: Path):
    folder = write_vocabulary(tmp_path / "a", LINES, additional_special_tokens=["<e1>", "<e2>"])
    (folder / "added_tokens.json").write_text(
        json.dumps({"<e1>": len(LINES), "<e2>": len(LINES) + 1, "NEWword": len(LINES) + 2})
    )
    ours = equal(folder)
    text = "x <e1> newWORD NEWword<e2>y"
    reference = BertTokenizer.from_pretrained(folder)
    assert ours.encode(text) == reference.encode(text)
    assert ours.decode(ours.encode(text), True) == reference.decode(reference.encode(text), skip_special_tokens=True)
    assert ours.largest_id == len(LINES) + 2
    equal(write_vocabulary(tmp_path / "b", LINES, extra_special_tokens=["<e1>"], image_token="<image>"))


def test_an_added_token_beside_tokenizer_json(tmp_path: Path, minilm: Both):
    for name in ("tokenizer.json", "config.json"):
        shutil.copy(MINILM / name, tmp_path)
    config = json.loads((MINILM / "tokenizer_config.json").read_text()) | {"additional_special_tokens": ["<ent>"]}
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(config))
    ours, theirs = Tokenizer.from_folder(tmp_path), AutoTokenizer.from_pretrained(tmp_path)
    assert ours.encode("a <ent> b") == theirs.encode("a <ent> b", padding=False)
    assert ours.largest_id == len(minilm.ours)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("crlf", "\r\n".join([*BERT, "hello", "##o", "我"]) + "\r\n"),
        ("no last newline", "\n".join([*BERT, "hello", "我"])),
        ("blank last lines", "\n".join([*BERT, "hello", "我"]) + "\n\n\n \n"),
        ("blank line inside", "\n".join([*BERT, "hello", "", "我"]) + "\n"),
        ("duplicates", "\n".join([*BERT, "hello", "我", "hello", "a"]) + "\n"),
        ("lines of white space", "\n".join([*BERT, "\u2028", "hello", "\u3000 \t", "我", "\x85", "\x1f"]) + "\n"),
        ("the same line thrice", "\n".join([*BERT, "a", "a", "b", "a", "", "", "c"])),
        ("odd separators", "\n".join([*BERT, "hello", "a\x85b", "c\u2028d", "我\u3000"]) + "\n"),
    ],
)
def test_odd_vocabularies(tmp_path: Path, name, data):
    (tmp_path / "vocab.txt").write_bytes(data.encode())
    reference = BertTokenizer.from_pretrained(tmp_path).get_vocab()
    reference.pop("[MASK]", None)  # the reference adds one that the vocabulary does not have
    assert Tokenizer.from_folder(tmp_path).get_vocab() == reference


def test_a_byte_order_mark_is_no_part_of_the_first_token(tmp_path: Path):
    (tmp_path / "vocab.txt").write_bytes(b"\xef\xbb\xbf" + "\n".join([*BERT, "我"]).encode())
    assert Tokenizer.from_folder(tmp_path).get_vocab()["[PAD]"] == 0
    shutil.copytree(MINILM, tmp_path / "m", ignore=shutil.ignore_patterns("*.safetensors"))
    full = tmp_path / "m" / "tokenizer.json"
    full.write_bytes(b"\xef\xbb\xbf" + full.read_bytes())
    assert Tokenizer.from_folder(tmp_path / "m").encode("hello") == [101, 7592, 102]


def test_tokenizer_json_is_the_truth_and_the_contradiction_is_noted(tmp_path: Path):
    shutil.copy(MINILM / "tokenizer.json", tmp_path)
    (tmp_path / "tokenizer_config.json").write_text(
        '{"do_lower_case": false, "never_split": ["x"], "auto_map": {"a": "b"}}'
    )
    tokenizer = Tokenizer.from_folder(tmp_path)
    assert tokenizer.tokenize("HELLO") == ["hello"]
    said = " ".join(tokenizer.notes)
    assert all(word in said for word in ("do_lower_case", "never_split", "auto_map", "padding, truncation"))
    assert len(tokenizer.notes) == 4


def test_nothing_to_note_of_a_plain_vocabulary(tmp_path: Path):
    assert Tokenizer.from_folder(write_vocabulary(tmp_path, LINES, do_lower_case=True)).notes == ()


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (dict(), None),
        (dict(model_max_length=512), 512),
        (dict(max_len=128), 128),
        (dict(model_max_length=1e30), None),
        (dict(model_max_length=10**30), None),
        (dict(model_max_length=512.0), 512),
        (dict(model_max_length=0), None),
        (dict(model_max_length="512"), None),
        (dict(model_max_length=True), None),
        (dict(model_max_length=10_485_760), 10_485_760),
    ],
)
def test_the_limit_is_never_a_sentinel(tmp_path: Path, config, expected):
    tokenizer = Tokenizer.from_folder(write_vocabulary(tmp_path, LINES, **config))
    assert tokenizer.max_tokens == tokenizer.model_max_length == expected
    assert tokenizer.limited(100).max_tokens == min(100, expected or 100)
    assert tokenizer.limited(None).max_tokens == expected


def test_segments_are_given_where_the_reference_gives_them(tmp_path: Path):
    for number, (config, expected) in enumerate(
        [
            (dict(), True),
            (dict(tokenizer_class="BertTokenizerFast"), True),
            (dict(tokenizer_class="DistilBertTokenizer"), False),
            (dict(tokenizer_class="PreTrainedTokenizerFast"), False),
            (dict(model_input_names=["input_ids", "attention_mask"]), False),
        ]
    ):
        tokenizer = Tokenizer.from_folder(write_vocabulary(tmp_path / str(number), LINES, **config))
        assert ("token_type_ids" in tokenizer("hello")) is expected
        assert "token_type_ids" in tokenizer("hello", return_token_type_ids=True)


def test_sides_come_from_the_files(tmp_path: Path):
    tokenizer = Tokenizer.from_folder(write_vocabulary(tmp_path, LINES, padding_side="left"))
    assert (tokenizer.padding_side, tokenizer.truncation_side) == ("left", "right")
    assert tokenizer(["hello world", "a"], padding=True).attention_mask[1][0] == 0


def fails(folder: Path, code: str, kind: type[TorsoError] = TokenizerError) -> str:
    with pytest.raises(kind) as caught:
        Tokenizer.from_folder(folder)
    assert caught.value.code == code
    return str(caught.value)


def test_missing_says_what_to_download(tmp_path: Path):
    assert "tokenizer_config.json" in fails(tmp_path, "E_TOKENIZER_MISSING")
    (tmp_path / "merges.txt").write_bytes(b"x")
    assert "merges.txt" in fails(tmp_path, "E_TOKENIZER_MISSING")


def test_what_stands_there_instead_of_a_tokenizer(tmp_path: Path):
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 466247\n"
    for name in ("tokenizer.json", "vocab.txt"):
        folder = tmp_path / name
        folder.mkdir()
        (folder / name).write_text(pointer)
        assert "466,247" in fails(folder, "E_LFS_POINTER", FileFormatError)
        (folder / name).write_text("<!DOCTYPE html><html></html>")
        fails(folder, "E_WEB_PAGE", FileFormatError)
        (folder / name).write_bytes(b"")
        fails(folder, "E_EMPTY", FileFormatError)


@pytest.mark.parametrize(
    "config",
    [
        dict(do_lower_case="yes"),
        dict(padding_side="middle"),
        dict(added_tokens_decoder={"x": "y"}),
        dict(added_tokens_decoder={"0": {"special": True}}),
        dict(added_tokens_decoder={str(2**24): "<far>"}),
        dict(added_tokens_decoder={"3": {"content": "[PAD]"}}),
        dict(additional_special_tokens="<e>"),
        dict(unk_token="<nothing>"),
        dict(cls_token={"content": ""}),
    ],
)
def test_settings_that_cannot_be(tmp_path: Path, config):
    fails(write_vocabulary(tmp_path, LINES, **config), "E_TOKENIZER")


def test_settings_that_are_no_table(tmp_path: Path):
    folder = write_vocabulary(tmp_path, LINES)
    for text in ("[]", "{", '"a"'):
        (folder / "tokenizer_config.json").write_text(text)
        fails(folder, "E_TOKENIZER", TorsoError)


def test_a_vocabulary_that_is_not_berts(tmp_path: Path):
    assert "[UNK]" in fails(write_vocabulary(tmp_path / "a", ["<s>", "</s>", "a"]), "E_TOKENIZER")
    fails(
        write_vocabulary(tmp_path / "b", LINES, tokenizer_class="BertJapaneseTokenizer"),
        "E_UNSUPPORTED",
        UnsupportedError,
    )


def test_a_vocabulary_without_mask_or_padding(tmp_path: Path):
    tokenizer = Tokenizer.from_folder(write_vocabulary(tmp_path, ["[UNK]", "[CLS]", "[SEP]", "a"]))
    assert (tokenizer.mask_token, tokenizer.pad_token_id, tokenizer.largest_id) == (None, None, 3)
    assert tokenizer("a", return_tensors="np").input_ids.tolist() == [[1, 3, 2]]


def test_too_large_is_refused_before_it_is_read(tmp_path: Path):
    with (tmp_path / "tokenizer.json").open("wb") as file:
        file.truncate(1 << 30)
    fails(tmp_path, "E_LIMIT", LimitError)


def test_what_is_in_its_files_cannot_be_assigned(cased: Both):
    with pytest.raises(FrozenConfigError, match="add_tokens"):
        cased.ours.vocab = {}


def test_it_shows_itself_without_a_sentinel(uncased: Both):
    assert repr(uncased.ours).endswith("tokens, max_tokens=None)")
    assert bool(uncased.ours)


def test_loading_imports_neither_torch_nor_numpy_and_takes_little_time():
    program = (
        "import sys, time; from pathlib import Path; from torso.text import Tokenizer\n"
        f"times = []\nfor _ in range(5):\n begin = time.process_time(); Tokenizer.from_folder(Path({str(MINILM)!r}))\n"
        " times.append(time.process_time() - begin)\n"
        "print(min(times), [m for m in ('torch', 'numpy', 'transformers') if m in sys.modules])"
    )
    seconds, _, modules = subprocess.check_output([sys.executable, "-c", program], text=True).partition(" ")
    assert modules.strip() == "[]"
    # The aim is 50 ms on a quiet machine; a machine shared with the rest of the suite gets three times that.
    assert float(seconds) < 0.15
