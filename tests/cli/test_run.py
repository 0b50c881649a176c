"""``classify``, ``tag``, ``fill`` and ``encode``: texts in every way they can come, predictions in every form."""

from __future__ import annotations

import gc
import json
from collections.abc import Callable
from pathlib import Path

import numpy
import pytest

from torso.tasks import classify, encode, tag

from .conftest import Result

LINES = "我有大梦想\r\n\n今天天气很好\n这本书不好看".encode()
TEXTS = ["我有大梦想", "", "今天天气很好", "这本书不好看"]


def test_arguments_a_file_and_a_pipe_give_the_same(call: Callable[..., Result], models: Path, tmp_path: Path) -> None:
    (tmp_path / "texts.txt").write_bytes(b"\xef\xbb\xbf" + LINES)
    model = ["--model", models / "sequence", "--json"]
    wanted = call("classify", *TEXTS, *model).rows
    assert [row["text"] for row in wanted] == TEXTS
    assert call("classify", "--file", tmp_path / "texts.txt", *model).rows == wanted
    assert call("classify", *model, input=LINES).rows == wanted
    assert call("classify", "--file", "-", *model, input=LINES).rows == wanted
    made = classify(TEXTS, model=models / "sequence")
    assert all(row["scores"] == pytest.approx(each.scores) for row, each in zip(wanted, made, strict=True))


def test_forms_for_people(call: Callable[..., Result], models: Path) -> None:
    one = call("classify", "我有", "--model", models / "sequence").out.splitlines()
    assert one[0] == "我有"
    assert {line.split()[0] for line in one[1:]} == {"负面", "正面"}
    many = call("classify", "我", "有", "--model", models / "sequence").out.splitlines()
    assert [line.split("\t")[2] for line in many] == ["我", "有"]


def test_tagging(call: Callable[..., Result], models: Path) -> None:
    model = ["--model", models / "token"]
    row = call("tag", "今天 天气", *model, "--json").json
    wanted = tag("今天 天气", model=models / "token")
    assert [(span["text"], span["start"], span["end"]) for span in row["spans"]] == [
        (span.text, span.start, span.end) for span in wanted
    ]
    assert call("tag", "今天", *model).out.splitlines()[0].split() == ["text", "label", "span", "score"]
    assert call("tag", "今天", "天气", *model).out.count("\n") == 2


def test_filling(call: Callable[..., Result], models: Path) -> None:
    model = ["--model", models / "masked"]
    row = call("fill", "我[MASK]梦[MASK]", "--top", 2, *model, "--json").json
    assert [len(mask) for mask in row["masks"]] == [2, 2]
    assert call("fill", "我[MASK]梦", "--top", 2, *model).out.count("\n") == 2
    assert call("fill", "我[MASK]", "[MASK]你", *model).out.count("\n") == 2
    assert "E_NO_MASK" in call("fill", "我", *model).err
    assert "E_ARGUMENT" in call("fill", "我[MASK]", "--top", 0, *model).err


def test_vectors(call: Callable[..., Result], models: Path, tmp_path: Path) -> None:
    model = ["--model", models / "masked", "--pooling", "mean", "--normalize"]
    rows = call("encode", *TEXTS, *model, "--json").rows
    assert [row["text"] for row in rows] == TEXTS
    assert {(row["pooling"], row["normalized"]) for row in rows} == {("mean", True)}
    wanted = numpy.array([row["vector"] for row in rows], dtype=numpy.float32)
    made = encode(TEXTS, model=models / "masked", pooling="mean", normalize=True)
    numpy.testing.assert_allclose(wanted, numpy.array(made), atol=1e-6)
    done = call("encode", *model, "--output", tmp_path / "v.npy", input=LINES)
    assert "4 vectors of 32 numbers" in done.out
    numpy.testing.assert_allclose(numpy.load(tmp_path / "v.npy"), wanted, atol=1e-6)
    call("encode", *TEXTS, *model, "--output", tmp_path / "v.jsonl")
    assert [json.loads(line)["text"] for line in (tmp_path / "v.jsonl").read_text("utf-8").splitlines()] == TEXTS
    assert "mean of 3 tokens, length 1" in call("encode", "我", *model).out


def test_no_half_file_of_vectors_is_left(call: Callable[..., Result], models: Path, tmp_path: Path) -> None:
    model = ["--model", models / "masked", "--pooling", "mean"]
    done = call("encode", *model, "--output", tmp_path / "v.npy", input=b"\xe6\x88\x91\n\xff\n")
    assert "Line 2 of - is not UTF-8: byte 0xff" in done.err
    assert call("encode", "我", *model, "--output", tmp_path / "v.csv").status == 3
    assert list(tmp_path.iterdir()) == []


def test_errors_on_the_command_line(call: Callable[..., Result], models: Path, tmp_path: Path) -> None:
    model = ["--model", models / "sequence"]
    done = call("classify", "我" * 100, *model)
    assert done.status == 3
    assert done.err.splitlines()[0] == "torso: Text 0 is 102 tokens; this model takes 64. Nothing was run."
    assert done.err.splitlines()[-1].split() == ["code", "E_TOO_LONG"]
    row = call("classify", "我" * 100, *model, "--long", "truncate", "--json").json
    assert row["truncated"] is True
    missing = call("classify", "--file", tmp_path / "no.txt", *model, "--json")
    assert missing.status == 3
    assert missing.json["error"]["code"] == "E_MISSING_FILE"
    assert call("classify", "--file", tmp_path, *model).status == 3
    assert call("classify", "我", "--file", tmp_path, *model).status == 3
    assert "E_NO_FOLDER" in call("classify", "我", "--model", tmp_path / "none").err
    assert call("classify", *model, input=b"").out == ""


def test_a_dash_is_a_text_after_two(call: Callable[..., Result], models: Path) -> None:
    done = call("classify", "--model", models / "sequence", "--", "--json", "我")
    assert done.status == 0
    assert done.out.count("\t") == 4


def test_the_collector_is_as_the_program_had_it(call, monkeypatch: pytest.MonkeyPatch) -> None:
    before, within = gc.get_threshold(), []
    monkeypatch.setattr("torso.cli.entry._invoke", lambda _: within.append(gc.get_threshold()) or 0)
    call("--version")
    assert within[0] > before
    assert gc.get_threshold() == before
