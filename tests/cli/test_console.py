from __future__ import annotations

import io
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar, cast

import click
import pytest

from torso.cli import console
from torso.config.text_table import width

T = TypeVar("T")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def until_drawn(screen: Terminal) -> None:
    """Wait for the bar, as someone does whose model is loading."""
    end = time.monotonic() + 5
    while not screen.getvalue() and time.monotonic() < end:
        time.sleep(0.005)


def late(screen: Terminal, items: Iterable[T]) -> Iterator[T]:
    until_drawn(screen)
    yield from items


def screen_of(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Standard error on a terminal, whose bars are there at once; standard output in a file. Not a fixture: pytest
    puts its own streams back between setting up and calling.
    """
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    monkeypatch.setattr(console, "_PATIENCE", 0.0)
    monkeypatch.setenv("TERM", "xterm")
    return screen


def test_a_progress_bar_appears_before_the_first_result_and_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = screen_of(monkeypatch)
    assert list(console.watched(late(screen, range(7)), 7)) == list(range(7))
    assert "0/7" in screen.getvalue()
    assert "7/7" in screen.getvalue()


def test_results_in_a_file_stay_there_while_a_bar_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = screen_of(monkeypatch)
    for number in console.watched(late(screen, range(3)), None):
        click.echo(f"result {number}")
    assert cast("io.StringIO", sys.stdout).getvalue() == "result 0\nresult 1\nresult 2\n"
    assert "result" not in screen.getvalue()
    assert "3/?" in screen.getvalue()


def test_no_progress_bar_for_those_who_need_not_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = screen_of(monkeypatch)
    monkeypatch.setattr(console, "_PATIENCE", 60.0)
    assert list(console.watched(iter(range(7)), 7)) == list(range(7))
    with console.waited("searching"):
        pass
    assert screen.getvalue() == ""


@pytest.mark.parametrize("printed", [True, False])
def test_the_bar_leaves_a_terminal_to_results_that_are_printed_there(
    monkeypatch: pytest.MonkeyPatch, printed: bool
) -> None:
    screen = screen_of(monkeypatch)
    monkeypatch.setattr(sys, "stdout", screen)
    assert list(console.watched(late(screen, "abc"), 3, printed=printed)) == ["a", "b", "c"]
    assert ("3/3" in screen.getvalue()) == (not printed)


def test_what_is_one_call_shows_what_it_does_and_ends_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = screen_of(monkeypatch)
    before = threading.active_count()
    with console.waited("searching"):
        until_drawn(screen)
    assert "searching" in screen.getvalue()
    end = time.monotonic() + 5
    while threading.active_count() > before and time.monotonic() < end:
        time.sleep(0.005)
    assert threading.active_count() == before
    shown = screen.getvalue()
    time.sleep(0.3)
    assert screen.getvalue() == shown


def test_no_bar_where_nobody_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    before = threading.active_count()
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    for _ in console.watched(iter("abc"), None):
        assert threading.active_count() == before
    assert cast("io.StringIO", sys.stderr).getvalue() == ""


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
