"""``config`` and ``tokenize``."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import torso

from .conftest import Result

TEXT = "弱小的我也有大梦想！"


def test_every_parameter_is_shown(call: Callable[..., Result], models: Path) -> None:
    done = call("config", models / "sequence", "--json")
    rows = {row["name"]: row for row in done.json["parameters"]}
    assert rows.keys() >= {each.name for each in torso.BertConfig.declared()}
    assert rows["hidden_size"]["value"] == 32
    assert rows["hidden_size"]["source"] == "file"
    assert rows["problem_type"]["source"] == "default"
    assert all(row["meaning"] for row in rows.values())
    table = call("config", models / "sequence").out
    assert all(name in table for name in rows)


def test_a_change_is_shown_and_not_made(call: Callable[..., Result], models: Path) -> None:
    before = (models / "sequence" / "config.json").read_bytes()
    done = call("config", models / "sequence", "--set", "hidden_dropout_prob=0", "--set", "hidden_act=relu", "--json")
    assert {row["name"]: (row["old"], row["new"], row["acts"]) for row in done.json["changes"]} == {
        "hidden_dropout_prob": (0.1, 0, "train"),
        "hidden_act": ("gelu", "relu", "run"),
    }
    assert done.json["weights_checked"] is True
    text = call("config", models / "sequence", "--set", "hidden_act=relu").out
    assert "hidden_act" in text
    assert "Nothing was written" in text
    assert (models / "sequence" / "config.json").read_bytes() == before
    assert "Nothing changes" in call("config", models / "sequence", "--set", "hidden_act=gelu").out


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        ("hidden_size=64", "E_CONFIG_WEIGHTS", "the weights hold 32"),
        ("num_hidden_layers=3", "E_CONFIG_WEIGHTS", "the weights hold 2"),
        ("vocab_size=7", "E_CONFIG_WEIGHTS", "vocab_size = 7"),
        ("num_labels=5", "E_CONFIG_WEIGHTS", "the head in the weights has 2"),
        ("hiden_size=64", "E_UNKNOWN_PARAMETER", "hiden_size"),
        ("hidden_dropout_prob=2", "E_CONFIG", "between 0 and 1"),
        ("position_embedding_type=relative_key", "E_UNSUPPORTED", "relative_key"),
    ],
)
def test_a_change_the_weights_cannot_follow(
    call: Callable[..., Result], models: Path, change: str, code: str, words: str
) -> None:
    done = call("config", models / "sequence", "--set", change)
    assert (done.status, done.out) == (3, "")
    assert code in done.err
    assert words in done.err
    assert call("config", models / "sequence", "--set", change, "--json").json["error"]["code"] == code


def test_without_weights_the_change_is_shown_and_says_so(
    call: Callable[..., Result], models: Path, tmp_path: Path
) -> None:
    shutil.copy(models / "sequence" / "config.json", tmp_path)
    done = call("config", tmp_path, "--set", "hidden_size=64")
    assert done.status == 0
    assert "not on this machine" in done.err + done.out


def test_what_differs_from_another_model(call: Callable[..., Result], models: Path) -> None:
    rows = call("config", models / "sequence", "--diff", models / "token", "--json").json["differences"]
    assert {row["name"] for row in rows} == {"architectures", "num_labels", "id2label", "label2id"}
    assert "num_labels" in call("config", models / "sequence", "--diff", models / "token").out
    assert "No parameter differs" in call("config", models / "token", "--diff", models / "token").out
    assert call("config", models / "token", "--diff", models / "token", "--set", "a=1").status == 2


def test_one_text_as_a_table_and_several_as_lines(call: Callable[..., Result], models: Path) -> None:
    table = call("tokenize", TEXT, "--model", models / "sequence").out.splitlines()
    assert table[2].split() == ["0", "[CLS]", "2"]
    assert table[3].split() == ["1", "弱", "5", "0-1", "弱"]
    assert "12 tokens" in table[-1]
    lines = call("tokenize", "我有", "梦", "--model", models / "sequence").out
    assert lines == "[CLS] 我 有 [SEP]\n[CLS] 梦 [SEP]\n"


def test_tokens_as_json(call: Callable[..., Result], models: Path) -> None:
    row = call("tokenize", "How old", "--pair", "我", "--model", models / "sequence", "--json").json
    assert row["tokens"] == ["[CLS]", "how", "old", "[SEP]", "我", "[SEP]"]
    assert row["spans"] == [[0, 0], [0, 3], [4, 7], [0, 0], [0, 1], [0, 0]]
    assert row["segments"] == [0, 0, 0, 0, 1, 1]
    assert row["pair"] == "我"
    assert row["max_tokens"] == 64


def test_neither_loads_torch(models: Path) -> None:
    code = (
        "import sys\nfrom torso.cli import main\n"
        f"folder = {str(models / 'sequence')!r}\n"
        "assert main(['config', folder, '--set', 'hidden_act=relu']) == 0\n"
        "assert main(['tokenize', '我有', '--model', folder]) == 0\n"
        "assert not {'torch', 'numpy', 'rich'} & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)


def test_json_holds_to_ascii_where_the_output_must(models: Path) -> None:
    from .conftest import finish

    folder = models / "sequence"
    done = finish("tokenize", TEXT + "😀", "--model", folder, "--json", env={"PYTHONIOENCODING": "ascii"})
    assert done.out.isascii()
    assert json.loads(done.out)["text"] == TEXT + "😀"
    plain = finish("tokenize", TEXT + "😀", "--model", folder, env={"PYTHONIOENCODING": "gbk"})
    assert (plain.status, plain.err) == (0, "")
    assert "\\U0001f600" in plain.out
