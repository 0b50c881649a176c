from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import click
import pytest

import torso.cli
from torso.cli.group import TABLE
from torso.cli.help import wrap
from torso.config.text_table import width
from torso.locale import translations

from .conftest import Result

NAMES = sorted(TABLE)


def command(name: str) -> click.Command:
    module, _, attribute = TABLE[name][1].partition(":")
    return getattr(import_module(module), attribute)


@pytest.mark.parametrize("arguments", [[], ["--help"], ["-h"]])
def test_the_group_lists_every_command(call: Callable[..., Result], arguments: list[str]) -> None:
    done = call(*arguments)
    assert done.status == 0
    assert all(re.search(rf"^  {name}\b", done.out, re.M) for name in NAMES)


def test_version(call: Callable[..., Result]) -> None:
    assert call("--version").out == f"torso {torso.__version__}\n"


@pytest.mark.parametrize("name", NAMES)
def test_every_help_teaches(call: Callable[..., Result], name: str) -> None:
    done = call(name, "--help")
    assert done.status == 0
    assert "Examples:" in done.out
    assert done.out.count(f"  torso {name}") >= 2
    assert all(width(line) <= 100 for line in done.out.splitlines())
    for option in command(name).params:
        assert not isinstance(option, click.Option) or option.help, option.name


@pytest.mark.parametrize("name", NAMES)
def test_every_help_is_translated(call: Callable[..., Result], name: str) -> None:
    done = call("--lang", "zh", name, "--help")
    assert "用法：" in done.out
    assert "示例：" in done.out
    for option in command(name).params:
        if isinstance(option, click.Option) and option.help:
            assert option.help in translations("zh"), option.help
    for line in done.out.splitlines():
        assert width(line) <= 100
        # Every line of prose has Chinese in it; what has none is an example, a name or a value.
        if line.startswith("  ") and not line.startswith("   ") and not re.match(r"  (-|torso )", line):
            assert re.search(r"[\u4e00-\u9fff]", line), line
    assert TABLE[name][2] in translations("zh")


def test_the_language_is_of_this_call_alone(call: Callable[..., Result]) -> None:
    assert "选项" in call("--lang", "zh", "--help").out
    assert "Options" in call("--help").out


def test_an_unknown_command_names_the_nearest(call: Callable[..., Result]) -> None:
    done = call("tokenise")
    assert (done.status, done.out) == (2, "")
    assert "Did you mean tokenize?" in done.err
    assert call("--json", "qqqq").status == 2


def test_an_unknown_option_names_the_nearest(call: Callable[..., Result]) -> None:
    done = call("tokenize", "--modle", "x", "y")
    assert done.status == 2
    assert "There is no option --modle. Did you mean --model?" in done.err
    done = call("tokenize", "--modle", "x", "--json")
    assert done.json["error"]["code"] == "E_USAGE"


@pytest.mark.parametrize(
    ("command", "keyword", "option"),
    [("translate", "--source", "--from"), ("translate", "--target", "--to"), ("generate", "--do-sample", "--sample")],
)
def test_the_keyword_of_python_names_the_option_that_is_written_for_it(
    call: Callable[..., Result], command: str, keyword: str, option: str
) -> None:
    done = call(command, "x", keyword, "y")
    assert done.status == 2
    assert f"There is no option {keyword}. Did you mean {option}?" in done.err


@pytest.mark.parametrize(("word", "option"), [("--learning-rate", "--rate"), ("--batch-size", "--batch")])
def test_the_word_of_another_script_names_the_option(call: Callable[..., Result], word: str, option: str) -> None:
    done = call("train", "--data", "x.csv", "--out", "y", word, "1")
    assert f"There is no option {word}. Did you mean {option}?" in done.err


def test_an_option_that_is_far_from_all_names_none(call: Callable[..., Result]) -> None:
    done = call("train", "--data", "x.csv", "--out", "y", "--baseline")
    assert "There is no option --baseline." in done.err
    assert "Did you mean" not in done.err


def test_what_is_missing_is_named(call: Callable[..., Result]) -> None:
    done = call("config")
    assert done.status == 2
    assert "MODEL is missing" in done.err


@pytest.mark.parametrize("language", ["en", "zh"])
def test_headings_have_the_language_s_colon_and_the_first_commands_one_column(call, monkeypatch, language) -> None:
    monkeypatch.setenv("TORSO_LANG", language)
    shown = call("--help").out.splitlines()
    heads = [line for line in shown if line.endswith((":", "："))]
    assert len(heads) >= 6
    assert {line[-1] for line in heads} == {"：" if language == "zh" else ":"}
    start = next(at for at, line in enumerate(shown) if line.startswith(("Begin here", "从这里开始")))
    parts = [re.fullmatch(r"(  torso .*?  +)(\S.*)", line) for line in shown[start + 1 : start + 5]]
    assert len({width(part[1]) for part in parts if part}) == 1
    assert all(parts)


def test_lines_break_between_wide_characters() -> None:
    lines = wrap("这是一段很长的中文，它没有空格。English words stay whole here.", 20)
    assert all(width(line) <= 20 for line in lines)
    assert not any(line[0] in "，。" for line in lines)
    assert "".join(lines).replace(" ", "") == "这是一段很长的中文，它没有空格。Englishwordsstaywholehere."


def test_every_word_of_the_command_line_has_a_translation() -> None:
    folder = Path(torso.cli.__file__).parent
    said: set[str] = set()
    for path in folder.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "say" and node.args:
                first = node.args[0]
                parts = [first.body, first.orelse] if isinstance(first, ast.IfExp) else [first]
                said |= {part.value for part in parts if isinstance(part, ast.Constant)}
    assert said
    assert sorted(said - translations("zh").keys()) == []


def test_the_list_of_commands_imports_nothing_heavy() -> None:
    code = (
        "import sys\nfrom torso.cli import main\nassert main(['--help']) == 0\n"
        "heavy = {'torch', 'numpy', 'rich', 'tokenizers', 'torso.hub', 'torso.cli.tour'} & sys.modules.keys()\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)


STARTS = [("import torso", 40), ("from torso.cli import main; main(['--help'])", 150)]


@pytest.mark.parametrize(("code", "most"), STARTS)
def test_start_is_fast(code: str, most: int) -> None:
    """What a start costs is what it imports; how many milliseconds that is on a machine is for bench/ to measure."""
    counted = f"import sys; before = len(sys.modules); {code}; print(len(sys.modules) - before, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", counted], capture_output=True, text=True, check=True)
    assert 0 < int(done.stderr) <= most
