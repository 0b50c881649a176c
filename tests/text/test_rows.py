"""Ids that no token has, in a model's table: they read as nothing; and added tokens whose ids leave such gaps."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

import torso
from lazy import LazyModule, LazyName
from torso.errors import InputError
from torso.text import Tokenizer

from .test_families import HARD
from .test_parity import SHARED
from .vocabularies import KINDS

transformers = LazyModule("transformers")
AutoTokenizer = LazyName("transformers", "AutoTokenizer")
BertTokenizer = LazyName("transformers", "BertTokenizer")

LINES = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "\u2028", "a", "b", "", "你"]  # 5, 6 and 9 are lost


def words(folder: Path, rows: int | None, lines: list[str] = LINES, **config: Any) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "vocab.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "BertTokenizer"} | config))
    if rows is not None:
        (folder / "config.json").write_text(json.dumps({"model_type": "bert", "vocab_size": rows}))
    return folder


def test_lines_of_white_space_and_repeated_ones(tmp_path: Path):
    folder = words(tmp_path, 16)
    ours, theirs = Tokenizer.from_folder(folder), BertTokenizer.from_pretrained(folder)
    assert len(ours) == len(theirs)
    assert ours.get_vocab() == theirs.get_vocab()
    numbers = list(range(16))
    assert [ours.decode(number) for number in numbers] == [theirs.decode([number]) for number in numbers]
    assert ours.convert_ids_to_tokens(numbers) == theirs.convert_ids_to_tokens(numbers)
    assert ours.convert_ids_to_tokens(5) is None
    assert ours.batch_decode([[7, 5, 8], [15], []]) == ["a b", "", ""]
    assert ours.decode(numbers, skip_special_tokens=True) == theirs.decode(numbers, skip_special_tokens=True)
    for outside in (-1, 16, 10**9):
        with pytest.raises(InputError, match="its largest is 15"):
            ours.decode([outside])


def test_without_a_config_the_vocabulary_is_the_table(tmp_path: Path):
    tokenizer = Tokenizer.from_folder(words(tmp_path, None))
    assert tokenizer.decode([5, 10]) == "你"
    with pytest.raises(InputError, match="its largest is 10"):
        tokenizer.convert_ids_to_tokens(11)


@pytest.mark.parametrize("config", [{"text_config": {"vocab_size": 600}}, {"vocab_size": 600}])
def test_a_table_that_is_larger_than_the_vocabulary(tmp_path: Path, config: dict[str, Any]):
    folder = KINDS["gpt2"].write(tmp_path)
    (folder / "config.json").write_text(json.dumps(config))
    tokenizer = Tokenizer.from_folder(folder)
    assert tokenizer.decode([*tokenizer.encode("hello world"), 599]) == "hello world"
    assert tokenizer.convert_ids_to_tokens([599, 0]) == [None, tokenizer.convert_ids_to_tokens(0)]


def test_saved_ids_are_those_of_both_libraries(tmp_path: Path):
    ours = Tokenizer.from_folder(words(tmp_path / "in", 16))
    ours.save(tmp_path / "out")
    shutil.copy(tmp_path / "in" / "config.json", tmp_path / "out")
    for name in ("tokenizer.json", "vocab.txt"):
        again, theirs = Tokenizer.from_folder(tmp_path / "out"), BertTokenizer.from_pretrained(tmp_path / "out")
        assert again.get_vocab() == theirs.get_vocab() == ours.get_vocab(), name
        (tmp_path / "out" / "tokenizer.json").unlink(missing_ok=True)


def test_a_proposal_without_a_token(tmp_path: Path):
    folder = words(tmp_path, None)
    torch.manual_seed(0)
    config = transformers.BertConfig(
        vocab_size=16, hidden_size=32, num_hidden_layers=1, num_attention_heads=4, intermediate_size=64
    )
    model = transformers.BertForMaskedLM(config)
    with torch.no_grad():
        model.cls.predictions.bias.copy_(torch.tensor([100.0 * (number in (6, 14)) for number in range(16)]))
    model.save_pretrained(folder)
    filled = torso.fill("a [MASK] 你", model=str(folder))
    assert [each.token for each in filled.masks[0][:2]] == ["", ""]
    assert torso.fill("a [MASK] 你", model=str(folder), whole_words=True).masks[0][0].token != ""


@pytest.mark.skipif(not SHARED.exists(), reason="the vocabulary of Google's Chinese BERT is not here")
def test_the_line_separator_of_googles_chinese_vocabulary(tmp_path: Path):
    shutil.copy(SHARED, tmp_path / "vocab.txt")
    ours, theirs = Tokenizer.from_folder(tmp_path), BertTokenizer.from_pretrained(tmp_path)
    assert len(ours) == len(theirs) == 21128
    assert ours.decode([872, 343]) == theirs.decode([872, 343])
    assert ours.convert_ids_to_tokens([343, 344]) == theirs.convert_ids_to_tokens([343, 344])


def far(*numbers: int) -> dict[str, Any]:
    return {"added_tokens_decoder": {str(n): dict(content=f"<far{n}>", special=n % 2 == 0) for n in numbers}}


@pytest.mark.parametrize("numbers", [(500,), (12, 500, 501), (11, 13), (10_000, 20)])
def test_added_tokens_whose_ids_leave_gaps(tmp_path: Path, numbers: tuple[int, ...]):
    plain = Tokenizer.from_folder(words(tmp_path / "plain", None, [*LINES[:5], "a", "b", "##c", "x", "y", "z"]))
    folder = words(tmp_path / "far", None, [*LINES[:5], "a", "b", "##c", "x", "y", "z"], **far(*numbers))
    tokenizer = Tokenizer.from_folder(folder)
    for number in numbers:
        text = f"ac <far{number}>b z"
        before, after = plain.encode("ac", add_special_tokens=False), plain.encode("b z", add_special_tokens=False)
        assert tokenizer.encode(text, add_special_tokens=False) == [*before, number, *after]
        assert tokenizer.convert_tokens_to_ids(f"<far{number}>") == number
        assert (tokenizer.decode([number], skip_special_tokens=True) == "") is (number % 2 == 0)
    assert tokenizer.largest_id == max(numbers)
    gap = next(number for number in range(max(numbers)) if tokenizer.convert_ids_to_tokens(number) is None)
    assert tokenizer.decode([gap, 5, gap]) == "a"
    tokenizer.save(tmp_path / "out")
    again, theirs = Tokenizer.from_folder(tmp_path / "out"), AutoTokenizer.from_pretrained(tmp_path / "out")
    text = "a".join(f"<far{number}>" for number in numbers)
    assert again.encode(text) == theirs.encode(text) == tokenizer.encode(text)


@pytest.mark.parametrize("kind", ["gpt2", "roberta", "llama"])
def test_gaps_behind_merges(tmp_path: Path, kind: str):
    plain = Tokenizer.from_folder(KINDS[kind].write(tmp_path / "plain"))
    tokenizer = Tokenizer.from_folder(KINDS[kind].write(tmp_path / "far", **far(1200, 1300)))
    assert tokenizer(HARD).input_ids == plain(HARD).input_ids
    assert tokenizer.encode("<far1200>", add_special_tokens=False) == [1200]
    assert tokenizer.encode("<far1300>", add_special_tokens=False) == [1300]


def test_a_gap_in_tokenizer_json_itself(tmp_path: Path):
    Tokenizer.from_folder(KINDS["gpt2"].write(tmp_path)).save(tmp_path)
    document = json.loads((tmp_path / "tokenizer.json").read_text("utf-8"))
    flags = dict(single_word=False, lstrip=False, rstrip=False, normalized=False, special=True)
    document["added_tokens"].append(dict(id=900, content="<far>", **flags))
    (tmp_path / "tokenizer.json").write_text(json.dumps(document), encoding="utf-8")
    assert Tokenizer.from_folder(tmp_path).encode("a<far>")[-1] == 900


@pytest.mark.parametrize("kind", ["t5", "xlm-roberta", "albert", "pegasus"])
@pytest.mark.parametrize("numbers", [(2000,), (2001, 2400, 2401)])
def test_gaps_behind_a_list_of_pieces(tmp_path: Path, kind: str, numbers: tuple[int, ...]):
    plain = Tokenizer.from_folder(KINDS[kind].write(tmp_path / "plain"))
    tokenizer = Tokenizer.from_folder(KINDS[kind].write(tmp_path / "far", **far(*numbers)))
    strange = [*HARD, "\U0010ffff no token 0 b", "a\U0010ffff\U0010ffff"]
    assert tokenizer(strange).input_ids == plain(strange).input_ids
    for number in numbers:
        assert number in tokenizer.encode(f"a<far{number}>b")
    gap = numbers[0] - 1
    assert tokenizer.convert_ids_to_tokens([gap, numbers[-1]]) == [None, f"<far{numbers[-1]}>"]
    assert (tokenizer.decode([gap]), tokenizer.largest_id) == ("", numbers[-1])
    assert len(tokenizer) == len(tokenizer.get_vocab()) == len(plain) + len(numbers)
    tokenizer.save(tmp_path / "out")
    again, theirs = Tokenizer.from_folder(tmp_path / "out"), AutoTokenizer.from_pretrained(tmp_path / "out")
    text = "no " + "".join(f"a <far{number}> b" for number in numbers)
    assert again.encode(text) == theirs.encode(text) == tokenizer.encode(text)
    assert (len(again), again.convert_ids_to_tokens(gap)) == (len(tokenizer), None)
