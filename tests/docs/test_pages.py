"""Every block of README and docs/ is run, or says why not; what a page shows is what comes out."""

from __future__ import annotations

import contextlib
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from processor import has

from .commands import Shell, lines, words
from .marks import REASONS
from .pages import Block, blocks, pages
from .shown import differences

KINDS = {"python", "bash", "console", "text", "json", "csv"}


def without_comments(block: Block) -> tuple[str, ...]:
    text = "\n".join(lines(block.text)) if block.kind == "bash" else re.sub(r"\s*#.*", "", block.text)
    return (block.kind, block.extra, block.title, block.mark, text)


def proved(page: str) -> bool:
    """Whether a Chinese page's blocks are those of the English one, comments apart: running that proves this."""
    return ".zh." in page and [*map(without_comments, blocks(page))] == [
        *map(without_comments, blocks(page.replace(".zh.", ".")))
    ]


RUN = [page for page in pages() if not proved(page) and any(not each.mark for each in blocks(page))]


@pytest.mark.parametrize("page", pages())
def test_a_block_says_what_it_is_and_why_it_is_not_run(page: str) -> None:
    for block in blocks(page):
        assert block.kind in KINDS, f"{block}: say the language"
        assert block.mark in ("", *REASONS), f"{block}: no such reason"
        if block.mark:
            REASONS[block.mark](block)
        elif block.kind == "json" and not block.title:
            json.loads(block.text)
        elif block.kind == "text":
            assert block.follows or block.title, f"{block}: it follows nothing that prints it; mark it as an example"


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("trained")


@pytest.fixture
def shell(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, trained: Path) -> Iterator[Shell]:
    running = Shell(capsys, monkeypatch, trained)
    yield running
    running.end()


@pytest.mark.parametrize("page", RUN)
def test_a_page_runs_from_its_beginning(
    page: str, request: pytest.FixtureRequest, desk: Path, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    if page.startswith("docs/howto/get"):
        request.getfixturevalue("hub_with_models")
    monkeypatch.setenv("TORSO_LANG", "zh" if ".zh." in page else "en")
    space: dict[str, object] = {}
    printed = ""
    known = run_elsewhere(page)
    for block in blocks(page):
        if block.title:
            Path(block.title).write_text(block.text, encoding="utf-8")
        elif block.mark:
            printed = ""
        elif block.kind == "bash":
            printed = "".join(shell.run(line) for line in lines(block.text) if line not in known)
        elif block.kind == "python" and block.text.startswith(">>>"):
            _prompted(block, space)
        elif block.kind == "python":
            printed = _run(block, shell.local(block.text), space)
        elif block.kind == "console":
            _compared(block, shell)
        elif block.kind == "text":
            assert not (difference := differences(block.text, printed)), f"{block}: {difference}"


def run_elsewhere(page: str) -> set[str]:
    """Commands of a Chinese page that its English one runs too; not those that make what the page goes on with."""
    if ".zh." not in page:
        return set()
    english = {
        line for block in blocks(page.replace(".zh.", ".")) if block.kind == "bash" for line in lines(block.text)
    }
    return {line for line in english if not {"--out", "--output", "--to", ">"} & set(words(line))}


def _run(block: Block, text: str, space: dict[str, object]) -> str:
    """What a block of Python prints. A line that names a mode is for the processors that have it."""
    kept = "".join(line for line in text.splitlines(keepends=True) if '"bf16")' not in line or has("bf16"))
    code = compile("\n" * block.line + kept, block.page, "exec", dont_inherit=True)
    with contextlib.redirect_stdout(io.StringIO()) as out:
        exec(code, space)
    return out.getvalue()


def _prompted(block: Block, space: dict[str, object]) -> None:
    for source, wanted in re.findall(r">>> (.*)\n((?:(?!>>>).*\n)*)", block.text):
        try:
            code = compile(source, str(block), "eval")
        except SyntaxError:
            exec(source, space)
            continue
        with contextlib.redirect_stdout(io.StringIO()) as out:
            value = eval(code, space)
        told = out.getvalue() if value is None else repr(value)
        assert not (difference := differences(wanted, told)), f"{block}: {source}: {difference}"


def _compared(block: Block, shell: Shell) -> None:
    found = re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n?)*)", block.text, re.MULTILINE)
    assert found, block
    for line, wanted in found:
        difference = differences(wanted, shell.run(line))
        assert not difference, f"{block}: {line}\n{difference}"


def test_both_languages_show_the_same_commands_and_calls() -> None:
    """Comments, and what is printed, may be in Chinese; what is called may not differ."""
    for page in pages():
        if ".zh." in page:
            english, chinese = (
                [each if each[0] in ("bash", "python") else each[:4] for each in map(without_comments, blocks(name))]
                for name in (page.replace(".zh.", "."), page)
            )
            assert english == chinese, page


def test_a_page_is_there_in_both_languages() -> None:
    """But for those that are tables and records, which the site shows in English in both."""
    english = {page for page in pages() if ".zh." not in page and page.startswith("docs/")}
    assert {page for page in english if page.removesuffix(".md") + ".zh.md" not in pages()} == {"docs/course.md"}
