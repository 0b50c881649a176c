"""What comes from files is shown on terminals and in messages, and never obeyed by them."""

from __future__ import annotations

import io
import json
import re
import sys
from pathlib import Path

import pytest

from tasks import small
from torso.architecture import Task
from torso.cli import main
from torso.errors import InputError, TorsoError
from torso.terminal import Terminal, drawing, escaped, obeying, shielded
from torso.text import Tokenizer

HOSTILE = "\x1b]0;pwn\x07\x1b[2J\u202eabc\u2066\x9b31m\x7f\x08"
OBEYED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]|\r(?!\n)")


class Screen(io.StringIO):
    """A terminal that a test can read."""

    def isatty(self) -> bool:
        return True

    def fileno(self) -> int:
        raise io.UnsupportedOperation


def screened(monkeypatch: pytest.MonkeyPatch) -> Screen:
    """A terminal as both streams; called by a test itself, since pytest sets the streams before each."""
    made = Screen()
    monkeypatch.setattr(sys, "stdout", made)
    monkeypatch.setattr(sys, "stderr", made)
    return made


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model whose labels and config try to take the terminal."""
    folder = tmp_path_factory.mktemp("hostile")
    small.save(folder, Task.SEQUENCE_CLASSIFICATION, labels=["neg" + HOSTILE, "pos"])
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"odd" + HOSTILE: "value" + HOSTILE}))
    return folder


@pytest.mark.parametrize(
    "command",
    [
        ("classify", "好", "--model", "MODEL"),
        ("classify", "好", "--csv", "--model", "MODEL"),
        ("config", "MODEL"),
        ("config", "MODEL", "--set", f"hidden{HOSTILE}=1"),
        ("tokenize", "好" + HOSTILE, "--model", "MODEL"),
        ("classify", "好", "--model", "nowhere" + HOSTILE),
        ("nosuch" + HOSTILE,),
    ],
)
def test_no_command_passes_on_what_a_terminal_obeys(
    hostile: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
):
    screen = screened(monkeypatch)
    main([each.replace("MODEL", str(hostile)) for each in command])
    assert sys.stdout is sys.stderr is screen
    # Some values are shown as Python writes them, which escapes the same characters in its own way.
    assert re.search(r"\\u001b|\\x1b|UNK", screen.getvalue())
    assert not OBEYED.search(screen.getvalue()), ascii(screen.getvalue())


def test_what_is_piped_stays_as_it_is(hostile: Path, capsys: pytest.CaptureFixture[str]):
    main(["classify", "好", "--model", str(hostile), "--json"])
    assert repr("neg" + HOSTILE) in repr(json.loads(capsys.readouterr().out))


@pytest.mark.parametrize(
    "text",
    ["a\tb\r\nc\n", "👩‍👩‍👧‍👦", "می‌خواهم", "é", "弱小的我", "\u200f\u200e", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "\\u001b"],
)
def test_what_people_write_stays(text: str):
    assert escaped(text) == text
    screen = Screen()
    assert Terminal(screen).write(text) == len(text)
    assert screen.getvalue() == text


@pytest.mark.parametrize(
    "mark", [*map(chr, [0, 7, 8, 11, 12, 13, 27, 0x7F, 0x85, 0x9B, 0x202A, 0x202E, 0x2066, 0x2069])]
)
def test_what_a_terminal_obeys_is_an_escape(mark: str):
    assert escaped(f"a{mark}b") == f"a\\u{ord(mark):04x}b"
    error = InputError("E_TEXT", "It is {value}, {value!r} and {value:>3}.", values=dict(value=mark))
    assert not OBEYED.search(str(error))
    assert not OBEYED.search(json.dumps(error.as_dict(), ensure_ascii=False))


def test_streams_that_are_no_terminals_stay_themselves():
    pipe = io.StringIO()
    assert shielded(pipe) is pipe
    screen = Screen()
    shield = shielded(screen)
    assert obeying(shield) is screen
    assert obeying(pipe) is pipe
    assert shielded(shield) is shield
    assert not hasattr(shield, "buffer")
    shield.writelines(["a\x1b", "b"])
    assert screen.getvalue() == "a\\u001bb"


def test_rich_s_own_colours_stay(monkeypatch: pytest.MonkeyPatch):
    from rich.text import Text

    screen = screened(monkeypatch)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    drawing().print(Text("label" + HOSTILE, "bold red"))
    assert "\x1b[1;31m" in screen.getvalue()
    assert "\x1b]0;pwn" not in screen.getvalue()
    assert "\\u001b]0;pwn" in screen.getvalue()


def test_a_template_s_own_message_is_escaped(tmp_path: Path):
    small.save(tmp_path, Task.SEQUENCE_CLASSIFICATION, labels=["a", "b"])
    tokenizer = Tokenizer.from_folder(tmp_path)
    for template in (
        f"{{{{ raise_exception('{HOSTILE}') }}}}",
        f"{{{{ 1 + '{HOSTILE}' }}}}",
        f"{{{{ x['{HOSTILE}'].y }}}}",
    ):
        with pytest.raises(TorsoError) as caught:
            tokenizer.apply_chat_template([{"role": "user", "content": "a"}], chat_template=template, tokenize=False)
        assert not OBEYED.search(str(caught.value))
