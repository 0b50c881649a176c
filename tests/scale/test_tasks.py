"""Every task as a batch job: what its function gives, as columns, from Parquet and JSON lines, faulty rows apart."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import torso
from tasks.small import save
from torso.architecture import Task
from torso.errors import InputError, InputTypeError
from torso.scale import check_job, run
from torso.scale.job import TASKS, Job
from torso.scale.result_columns import RESULTS

from .conftest import json_lines, result

TEXTS = ["今天天气很好。", "书不好看，[MASK]好。", "how old are you?", "我也有大梦想！"]
QUESTION = "how old?"


@pytest.fixture(scope="module")
def models(tmp_path_factory) -> Callable[[str], str]:
    """The folder of a small model of a task, made when it is first asked for."""
    home: Path = tmp_path_factory.mktemp("models")
    heads: dict[str, tuple[Task[Any], dict[str, Any]]] = {
        "embed": (Task.FEATURES, {}),
        "classify": (Task.SEQUENCE_CLASSIFICATION, dict(labels=["负面", "正面"])),
        "zero_shot": (Task.SEQUENCE_CLASSIFICATION, dict(labels=["contradiction", "entailment"])),
        "tag": (Task.TOKEN_CLASSIFICATION, dict(labels=["O", "B-n", "I-n"])),
        "answer": (Task.QUESTION_ANSWERING, {}),
        "fill": (Task.MASKED_LM, {}),
    }

    def folder(task: str) -> str:
        if not (home / task).exists():
            head, changes = heads[task]
            save(home / task, head, **changes)
        return str(home / task)

    return folder


OPTIONS: dict[str, dict[str, Any]] = {
    "embed": {"pooling": "mean"},
    "zero_shot": {"labels": ["weather", "books"]},
    "fill": {"top": 2},
    "answer": {"top": 2},
}


def plain(task: str, each: Any) -> dict[str, Any]:
    """A result of a task's function as the row that a batch job writes."""
    if task == "embed":
        return {"vector": [float(value) for value in each.vector]}
    if task in ("classify", "zero_shot"):
        scores = [{"label": name, "score": score} for name, score in each.scores.items()]
        return {"label": each.label, "score": each.score, "scores": scores}
    if task in ("tag", "answer"):
        name, fields = ("spans", ("label",)) if task == "tag" else ("answers", ())
        names = ("text", "start", "end", *fields, "score")
        return {name: [{key: getattr(part, key) for key in names} for part in getattr(each, name)]}
    return {"masks": [[{"token": fill.token, "score": fill.score} for fill in mask] for mask in each.masks]}


@pytest.mark.parametrize("form", ["parquet", "jsonl"])
@pytest.mark.parametrize("task", ["embed", "classify", "zero_shot", "tag", "answer", "fill"])
def test_a_row_is_what_the_function_gives(tmp_path, models, task, form) -> None:
    texts = [TEXTS[1], "[MASK]。"] if task == "fill" else TEXTS
    rows = [{"text": text, "asked": QUESTION, "id": number} for number, text in enumerate([*texts, None, "好" * 100])]
    if form == "parquet":
        pq.write_table(pa.Table.from_pylist(rows), tmp_path / "in.parquet")
    else:
        json_lines(tmp_path / "in.jsonl", list(rows))
    asked: dict[str, Any] = {"questions": "asked"} if task == "answer" else {}
    options = OPTIONS.get(task, {})
    report = run(
        tmp_path / f"in.{form}",
        tmp_path / "out",
        task=task,
        model=models(task),
        column="text",
        keep=["id"],
        workers=0,
        errors="column",
        options=options,
        **asked,
    )
    assert (report.rows, report.failed) == (len(rows), 2)
    given: Any = [(QUESTION, text) for text in texts] if task == "answer" else texts
    expected = [plain(task, each) for each in getattr(torso, task)(given, model=models(task), **options)]
    found = result(tmp_path / "out")
    assert found.column_names == ["id", *RESULTS[task].names, "tokens", "truncated", "error"]
    made = found.to_pylist()
    assert [{name: row[name] for name in expected[0]} for row in made[:-2]] == expected
    assert [row["id"] for row in made] == list(range(len(rows)))
    assert all(row[name] is None for row in made[-2:] for name in RESULTS[task].names)
    assert ["E_TEXT" in made[-2]["error"], "E_TOO_LONG" in made[-1]["error"]] == [True, True]
    if task == "embed":
        assert pa.types.is_fixed_size_list(found.schema.field("vector").type)
    assert check_job(tmp_path / "out") == []


def test_one_question_of_every_text(tmp_path, models) -> None:
    json_lines(tmp_path / "in.jsonl", [{"text": text} for text in TEXTS])
    run(
        tmp_path / "in.jsonl",
        tmp_path / "out",
        task="answer",
        model=models("answer"),
        column="text",
        workers=0,
        question=QUESTION,
    )
    expected = torso.answer([(QUESTION, text) for text in TEXTS], model=models("answer"))
    found = result(tmp_path / "out")["answers"].to_pylist()
    assert [[part["text"] for part in row] for row in found] == [[part.text for part in each] for each in expected]


@pytest.mark.parametrize("given", [{}, {"question": "a", "questions": "b"}])
def test_answer_takes_one_question_or_a_column(given) -> None:
    with pytest.raises(InputError, match="one question, or a column"):
        Job.of("answer", "m", "text", given, "run")
    with pytest.raises(InputError, match="one question, or a column"):
        Job.of("classify", "m", "text", {"question": "a"}, "run")


def test_a_misspelt_setting_is_refused_with_the_name_meant() -> None:
    with pytest.raises(InputTypeError, match="keep"):
        Job.of("classify", "m", "text", {"kep": []}, "run")  # pyright: ignore


def test_every_task_has_its_columns() -> None:
    assert set(TASKS) == set(RESULTS)
