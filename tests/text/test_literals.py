"""Odd values in tokenizer_config.json: what the reference reads, and means one thing, is read alike."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as some

import torso
from lazy import LazyModule
from torso.errors import TokenizerError

from .vocabularies import KINDS, folder_of

transformers = LazyModule("transformers")

TEXTS = ["Hello 你好, hello world", "hello a b", ""]
FREE = (
    *("clean_up_tokenization_spaces", "name_or_path", "never_split", "do_basic_tokenize", "chat_template", "legacy"),
    *("foo_token", "add_bos_token", "add_eos_token", "use_fast", "special_tokens_map_file", "tokenizer_file"),
    *("model_max_length", "max_len", "processor_class", "errors", "init_inputs", "verbose", "is_local", "backend"),
    *("padding_side", "truncation_side", "split_special_tokens", "do_lower_case", "trim_offsets", "extra_ids"),
    *("bos_token", "pad_token", "mask_token", "eos_token", "tokenize_chinese_chars", "strip_accents", "keep_accents"),
)
"""Keys of tokenizer_config.json, of which each kind of tokenizer reads some; the rest act on nothing."""
ODD = some.recursive(
    some.sampled_from(["true", "x", "", 0, 1, 3.5, -1, float("nan")]) | some.none() | some.booleans(),
    lambda inner: some.lists(inner, max_size=2) | some.dictionaries(some.sampled_from(["a", "content"]), inner),
    max_leaves=3,
)
PAIRS = some.lists(some.tuples(some.sampled_from(FREE) | some.text(max_size=8), ODD), max_size=6)


def members(pairs: Sequence[tuple[str, Any]]) -> str:
    """A JSON table whose keys may be repeated."""
    return "{" + ", ".join(f"{json.dumps(name)}: {json.dumps(value)}" for name, value in pairs) + "}"


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    home = tmp_path_factory.mktemp("kinds")
    made = {kind: folder_of(kind, home / kind) for kind in ("bert", "gpt2", "roberta", "t5")}
    torso.Tokenizer.from_folder(made["bert"]).save(home / "full")
    return {**made, "full": home / "full"}


@pytest.mark.parametrize("kind", ["bert", "full", "gpt2", "roberta", "t5"])
@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pairs=PAIRS)
def test_what_the_reference_reads_is_read(
    folders: dict[str, Path], tmp_path: Path, kind: str, pairs: list[tuple[str, Any]]
) -> None:
    folder = tmp_path / "odd"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(folders[kind], folder)
    config = folder / "tokenizer_config.json"
    own = json.loads(config.read_text()) if config.exists() else {}
    # Whether a list asks for a token depends on which library reads it last.
    assume(not any(name in ("add_bos_token", "add_eos_token") and isinstance(odd, list | dict) for name, odd in pairs))
    config.write_text(members([*own.items(), *((name, value) for name, value in pairs if name not in own)]))
    try:
        theirs = transformers.AutoTokenizer.from_pretrained(folder)
        wanted = [theirs(text)["input_ids"] for text in TEXTS]
    except Exception:  # what the reference refuses, in whatever words
        return
    tokenizer = torso.Tokenizer.from_folder(folder)
    assert [tokenizer(text)["input_ids"] for text in TEXTS] == wanted
    assert tokenizer.decode(wanted[0]) == theirs.decode(wanted[0])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("do_lower_case", "true"),
        ("strip_accents", 1),
        ("tokenize_chinese_chars", []),
        ("padding_side", "LEFT"),
        ("truncation_side", 1),
        ("split_special_tokens", "no"),
    ],
)
def test_a_wrong_switch_blames_its_own_file(tmp_path: Path, name: str, value: object) -> None:
    folder = folder_of("bert", tmp_path)
    path = folder / "tokenizer_config.json"
    own = json.loads(path.read_text()) if path.exists() else {}
    path.write_text(json.dumps({**own, name: value}))
    with pytest.raises(TokenizerError, match=f"{name} must be") as caught:
        torso.Tokenizer.from_folder(folder)
    assert "tokenizer_config.json" in caught.value.templates[0].format(**caught.value.values)
    assert "remove the key" in str(caught.value)
    assert "vocab.txt" not in str(caught.value)
    path.write_text(json.dumps(own))
    assert torso.Tokenizer.from_folder(folder).encode("hello")


@pytest.mark.parametrize(
    ("kind", "name", "value"), [("t5", "extra_ids", "3"), ("pegasus", "offset", "x"), ("t5", "extra_ids", 10**6)]
)
def test_a_wrong_count_blames_its_own_file(tmp_path: Path, kind: str, name: str, value: object) -> None:
    folder = KINDS[kind].write(tmp_path, **{name: value})
    with pytest.raises(TokenizerError, match=rf"tokenizer_config\.json .*{name} must be"):
        torso.Tokenizer.from_folder(folder)


@pytest.mark.parametrize("template", [3, True, {"a": 1}, {"a": None, "b": 2.5}])
def test_a_template_that_is_none_is_noted(tmp_path: Path, template: object) -> None:
    folder = KINDS["gpt2"].write(tmp_path, chat_template=template)
    tokenizer = torso.Tokenizer.from_folder(folder)
    assert any("chat_template" in str(note) for note in tokenizer.notes)
    with pytest.raises(torso.TorsoError, match="template"):
        tokenizer.apply_chat_template([{"role": "user", "content": "x"}], tokenize=False)
