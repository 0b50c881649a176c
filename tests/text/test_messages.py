"""Every fault and note has its Chinese form."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import torso.text
from torso.errors import TokenizerError
from torso.locale import translations
from torso.text import Tokenizer

from .corpus import small_vocabulary, write_vocabulary

SOURCES = sorted(Path(torso.text.__file__).parent.glob("*.py"))


def templates() -> set[str]:
    found: set[str] = set()
    for source in SOURCES:
        for node in ast.walk(ast.parse(source.read_text("utf-8"))):
            name = node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""
            if isinstance(node, ast.Call) and name in ("Fault", "TooMuch", "Note"):
                found.add(ast.literal_eval(node.args[0]))
    return found


def test_every_fault_is_translated():
    assert len(templates()) > 30
    assert templates() <= translations("zh").keys()


def test_a_whole_message_is_chinese(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    folder = write_vocabulary(tmp_path, small_vocabulary(lowercase=True), never_split=["x"])
    assert "never_split" in Tokenizer.from_folder(folder).notes[0]
    monkeypatch.setenv("TORSO_LANG", "zh")
    assert "不采用" in Tokenizer.from_folder(folder).notes[0]
    (folder / "tokenizer_config.json").write_text('{"padding_side": "up"}')
    with pytest.raises(TokenizerError, match="应为 left 或 right"):
        Tokenizer.from_folder(folder)
