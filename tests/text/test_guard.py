"""Damaged tokenizer files never make `tokenizers` panic, and other models than WordPiece pass the same guard."""

from __future__ import annotations

import copy
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from torso.errors import TorsoError
from torso.text import Tokenizer

from .conftest import MINILM
from .documents import bpe, unigram, wordpiece


def test_a_failure_while_tokenizing_is_an_error_of_the_tokenizer(tmp_path: Path):
    (tmp_path / "tokenizer.json").write_text(json.dumps(unigram(unk_id=None)), encoding="utf-8")
    tokenizer = Tokenizer.from_folder(tmp_path)
    assert tokenizer.tokenize("aa") == ["a", "a"]
    with pytest.raises(TorsoError) as caught:
        tokenizer.encoding("zz")
    assert caught.value.code == "E_TOKENIZER"
    assert str(tmp_path) in str(caught.value)


def test_other_models_work_through_the_same_guard(tmp_path: Path):
    for name, document, tokens in (
        ("bpe", bpe(), ["ab", "a"]),
        ("unigram", unigram(), ["a", "a"]),
        (
            "untyped",
            wordpiece() | dict(model={k: v for k, v in wordpiece()["model"].items() if k != "type"}),
            ["a", "##b"],
        ),
        (
            "wordlevel",
            wordpiece() | dict(model=dict(type="WordLevel", vocab={"[CLS]": 1, "aba": 0}, unk_token="aba")),
            ["aba"],
        ),
    ):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "tokenizer.json").write_text(json.dumps(document), encoding="utf-8")
        tokenizer = Tokenizer.from_folder(folder)
        assert tokenizer.tokenize({"bpe": "ab a", "unigram": "aa", "untyped": "ab"}.get(name, "zz")) == tokens
        tokenizer.save(folder / "out")
        assert Tokenizer.from_folder(folder / "out").encoding("ab a", "ab") == tokenizer.encoding("ab a", "ab")


PIECES: list[Any] = [
    None, True, 0, -1, 1.5, 2**33, "", "a", "[CLS]", "x" * 300, [], {}, [None], {"type": "Sequence"}, {"id": "A"},
    *[dict(type=kind) for kind in ("ByteLevel", "Metaspace", "Digits", "Strip", "Nmt", "CTC", "FixedLength")],
]  # fmt: skip


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *[place for key, item in items for place in places(item, (*path, key))]]


@settings(deadline=None, max_examples=250)
@given(data=st.data())
def test_a_mutated_file_fails_cleanly_or_works(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject):
    document = copy.deepcopy(data.draw(st.sampled_from([wordpiece(), bpe(), unigram()])))
    for _ in range(data.draw(st.integers(1, 3))):
        *path, last = data.draw(st.sampled_from(places(document)[1:]))
        holder: Any = document
        for key in path:
            holder = holder[key]
        if data.draw(st.booleans()):
            holder[last] = copy.deepcopy(data.draw(st.sampled_from(PIECES)))
        else:
            del holder[last]
        if not places(document)[1:]:
            break
    folder = tmp_path_factory.mktemp("mutated")
    (folder / "tokenizer.json").write_text(json.dumps(document), encoding="utf-8")
    try:
        tokenizer = Tokenizer.from_folder(folder)
    except TorsoError as error:
        assert error.code in ("E_TOKENIZER", "E_LIMIT")  # noqa: PT017
        return
    finally:
        shutil.rmtree(folder)
    for text in ("ab a b", "", "é 我 [CLS]"):
        try:
            ids = tokenizer.encoding(text, "ab").ids
            tokenizer.decode(ids)
        except TorsoError as error:
            assert error.code in ("E_TOKENIZER", "E_ID")  # noqa: PT017


def test_a_cut_file_at_every_hundredth_byte(tmp_path: Path):
    whole = json.dumps(wordpiece()).encode()
    for end in range(1, len(whole), 37):
        (tmp_path / "tokenizer.json").write_bytes(whole[:end])
        with pytest.raises(TorsoError):
            Tokenizer.from_folder(tmp_path)


def test_minilm_itself_passes():
    assert Tokenizer.from_folder(MINILM).largest_id == 30521


SETTINGS: dict[str, Any] = dict(
    do_lower_case=True,
    model_max_length=512,
    padding_side="left",
    model_input_names=["input_ids"],
    tokenizer_class="BertTokenizer",
    cls_token=dict(content="[CLS]", lstrip=False, special=True),
    mask_token="[CLS]",
    additional_special_tokens=["[CLS]", dict(content="a")],
    added_tokens_decoder={"1": dict(content="[CLS]", special=True, normalized=False)},
    extra_special_tokens={"image_token": "a"},
    clean_up_tokenization_spaces=False,
    never_split=["a"],
)


@settings(deadline=None, max_examples=150)
@given(data=st.data(), name=st.sampled_from(["tokenizer_config.json", "special_tokens_map.json", "added_tokens.json"]))
def test_mutated_settings_fail_cleanly_or_work(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, name: str
):
    table = copy.deepcopy(SETTINGS if name != "added_tokens.json" else {"[CLS]": 1, "new": 4})
    if name != "tokenizer_config.json" or data.draw(st.booleans()):
        table.pop("added_tokens_decoder", None)
    *path, last = data.draw(st.sampled_from(places(table)[1:]))
    holder: Any = table
    for key in path:
        holder = holder[key]
    holder[last] = copy.deepcopy(data.draw(st.sampled_from(PIECES)))
    folder = tmp_path_factory.mktemp("settings")
    (folder / "tokenizer.json").write_text(json.dumps(wordpiece()), encoding="utf-8")
    (folder / name).write_text(json.dumps(table), encoding="utf-8")
    try:
        tokenizer = Tokenizer.from_folder(folder)
        tokenizer(["ab", "a"], padding=tokenizer.pad_token is not None)
        assert all(tokenizer.notes)
        tokenizer.save(folder / "out")
        assert Tokenizer.from_folder(folder / "out").encode("ab [CLS]") == tokenizer.encode("ab [CLS]")
    except TorsoError as error:
        assert error.code == "E_TOKENIZER"  # noqa: PT017
    finally:
        shutil.rmtree(folder)
