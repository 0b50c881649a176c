"""examples/: each script and the notebook run, offline, and give what they show."""

from __future__ import annotations

import csv
import json
import os
import re
import runpy
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from .pages import HOME
from .shown import differences

EXAMPLES = HOME / "examples"
NOTEBOOKS = ("first_steps.ipynb", "first_steps.zh.ipynb")


def ran(name: str, *arguments: str, folder: Path) -> str:
    """What a script prints."""
    command = [sys.executable, "-X", "utf8", str(EXAMPLES / name), *arguments]
    environment = os.environ | {"HF_HUB_OFFLINE": "1"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_example_is_described_and_tested() -> None:
    described = set(re.findall(r"\]\(([\w.]+\.(?:py|ipynb))\)", (EXAMPLES / "README.md").read_text("utf-8")))
    assert described == {path.name for path in EXAMPLES.iterdir()} - {"README.md"}
    tested = Path(__file__).read_text("utf-8")
    assert [name for name in described if f'"{name}"' not in tested] == []


def test_search_puts_what_is_alike_first(tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "a.md").write_text("明天天气很好。\n", encoding="utf-8")
    lines = ran("search.py", "今天天气不错", "notes", folder=tmp_path).splitlines()
    assert lines[0].endswith("天气真好")
    assert "a.md: 明天天气很好。" in lines[-1]


def test_a_table_gets_labels_and_keeps_its_rows(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text('id,review\n1,"很好吃,下次还来"\n2,等了两个小时\n', encoding="utf-8")
    ran("label_table.py", "in.csv", "out.csv", "review", folder=tmp_path)
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["id"], row["label"]) for row in rows] == [("1", "positive"), ("2", "negative")]
    assert rows[0]["review"] == "很好吃,下次还来"


def test_24_lines_make_a_classifier(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """In this process, where PyTorch is loaded already."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["fine_tune.py", "made"])
    runpy.run_path(str(EXAMPLES / "fine_tune.py"), run_name="__main__")
    assert capsys.readouterr().out.splitlines()[-3:] == [
        "味道 包子皮薄馅大",
        "服务 服务员迟迟不来",
        "价格 才十五块一份",
    ]


def test_a_server_is_asked(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    lines = ran("ask_server.py", str(port), folder=tmp_path).splitlines()
    assert [line.split()[0] for line in lines] == ["positive", "negative"]


def told(cell: Any) -> str:
    """What a cell prints and is worth, as text; pictures are left out."""
    found = [
        output.get("text") or output.get("data", {}).get("text/plain", "")
        for output in cell["outputs"]
        if "image/png" not in output.get("data", {})
    ]
    return "".join("".join(each) for each in found)


@pytest.mark.filterwarnings("ignore")
def test_the_notebook_runs_and_gives_what_it_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import nbformat
    from nbclient import NotebookClient

    monkeypatch.setenv("TORSO_LANG", "en")
    monkeypatch.setenv("COLUMNS", "120")  # a kernel of a test that has a terminal would take its width
    kept = json.loads((EXAMPLES / "first_steps.ipynb").read_text("utf-8"))
    notebook = nbformat.read(EXAMPLES / "first_steps.ipynb", as_version=4)
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(tmp_path)}}).execute()
    for before, after in zip(kept["cells"], notebook.cells, strict=True):
        if before["cell_type"] == "code":
            assert not (difference := differences(told(before), told(after))), difference


def test_the_chinese_notebook_has_the_same_cells() -> None:
    english, chinese = (json.loads((EXAMPLES / name).read_text("utf-8"))["cells"] for name in NOTEBOOKS)
    for one, other in zip(english, chinese, strict=True):
        assert one["cell_type"] == other["cell_type"]
        if one["cell_type"] == "code":
            assert one["source"] == other["source"]
            assert other["outputs"]
            if not any("text/html" in output.get("data", {}) for output in one["outputs"]):
                assert told(one) == told(other)
        else:
            assert re.search(r"[一-鿿]", "".join(other["source"]))
