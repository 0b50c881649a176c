from __future__ import annotations

import io
import sys

import pytest

from torso.cli import console
from torso.config.text_table import width


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("patience", [-1.0, 60.0])
def test_a_progress_bar_changes_nothing_and_appears_only_for_those_who_wait(
    monkeypatch: pytest.MonkeyPatch, patience: float
) -> None:
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    monkeypatch.setattr(console, "_PATIENCE", patience)
    assert list(console.watched(iter(range(7)), 7)) == list(range(7))
    assert ("7/7" in screen.getvalue()) == (patience < 0)


def test_no_progress_bar_where_results_appear(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setattr(sys, "stdout", screen)
    monkeypatch.setattr(console, "_PATIENCE", -1.0)
    assert list(console.watched(iter("abc"), None)) == ["a", "b", "c"]
    assert screen.getvalue() == ""


def test_bars_are_exact_to_an_eighth(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding="utf-8"))
    assert [console.bar(share, 2) for share in (0, 1 / 16, 0.5, 1, 7, -1)] == ["", "▏", "█", "██", "██", ""]
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding="ascii"))
    assert console.bar(0.5, 10) == "#####"


@pytest.mark.parametrize("text", ["", "弱小的我", "a\nb\u202e", "很长" * 50, "x" * 100])
def test_texts_stay_on_one_line(text: str) -> None:
    line = console.one_line(text, 20)
    assert width(line) <= 20
    assert line.isprintable()
