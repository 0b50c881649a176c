from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

import torso
from tasks import small
from tasks.reference import MINILM
from torso.cli.heat import Ink, colour, picture
from torso.cli.tour_drawing import Artist
from torso.config.text_table import width
from torso.tasks import classify, encode

from .conftest import Result

TEXT = "弱小的我也有大梦想！hello"
STAGES = ["source", "config", "tokens", "features", "attention", "head"]


@pytest.mark.parametrize("name", ["sequence", "token", "masked", "span", "choice"])
def test_the_python_of_every_stage_runs(call: Callable[..., Result], models: Path, name: str) -> None:
    done = call("tour", TEXT, "--model", models / name, "--json").json
    assert [stage["stage"] for stage in done["stages"]] == STAGES
    scope: dict[str, object] = {}
    last: dict[str, object] = {}
    for stage in done["stages"]:
        first, second = stage["python"]
        exec(first, scope)
        try:
            last[stage["stage"]] = eval(second, scope)
        except SyntaxError:
            exec(second, scope)
    features, stages = scope["features"], {stage["stage"]: stage for stage in done["stages"]}
    assert str(last["source"]) == stages["source"]["folder"]
    assert scope["encoding"].ids == stages["tokens"]["ids"]  # pyright: ignore[reportAttributeAccessIssue]
    rows = features.hidden.rows.tolist()  # pyright: ignore[reportAttributeAccessIssue]
    assert rows[1] == pytest.approx(stages["features"]["last_hidden_state"][1], abs=1e-5)
    weights = last["attention"].tolist()  # pyright: ignore[reportAttributeAccessIssue]
    assert weights[2] == pytest.approx(stages["attention"]["weights"][2], abs=1e-5)


def test_what_each_head_says(call: Callable[..., Result], models: Path) -> None:
    heads = {
        name: call("tour", TEXT, "--model", models / name, "--json").json["stages"][-1]
        for name in ("sequence", "token", "masked", "span", "choice")
    }
    assert heads["sequence"]["scores"] == pytest.approx(classify(TEXT, model=models / "sequence").scores, abs=1e-5)
    assert all(TEXT[span["start"] : span["end"]] == span["text"] for span in heads["token"]["spans"])
    assert heads["masked"]["text"].count("[MASK]") == 1
    assert heads["masked"]["proposals"]
    assert heads["span"]["answers"]
    assert all(TEXT[each["start"] : each["end"]] == each["text"] for each in heads["span"]["answers"])
    assert sum(heads["choice"]["scores"].values()) == pytest.approx(1, abs=1e-5)
    shown = call("tour", TEXT, "--model", models / "span").out
    assert heads["span"]["answers"][0]["text"] in shown
    assert "choose(" in call("tour", TEXT, "--model", models / "choice").out


def test_a_model_made_for_vectors_ends_with_one(call: Callable[..., Result]) -> None:
    last = call("tour", "Hello world", "--model", MINILM, "--json").json["stages"][-1]
    assert (last["stage"], last["task"], last["pooling"], last["normalized"]) == ("head", "features", "mean", True)
    assert last["vector"] == pytest.approx(encode("Hello world", model=MINILM).vector.tolist(), abs=1e-5)
    assert "384 numbers, mean of 4 tokens, length 1" in call("tour", "Hello world", "--model", MINILM).out


def test_a_checkpoint_without_a_head_says_so(call: Callable[..., Result], tmp_path: Path) -> None:
    folder = small.save(tmp_path, torso.Task.FEATURES)
    assert call("tour", TEXT, "--model", folder, "--json").json["stages"][-1]["task"] is None
    assert "holds no head" in call("tour", TEXT, "--model", folder).out


@pytest.mark.parametrize("columns", [60, 80, 120])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_it_fits_the_terminal(
    call: Callable[..., Result], models: Path, monkeypatch: pytest.MonkeyPatch, columns: int, language: str
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    done = call("tour", TEXT, "--model", models / "sequence", "--lang", language)
    assert done.status == 0
    assert "\x1b" not in done.out
    lines = done.out.splitlines()
    assert all(width(line.rstrip()) <= columns for line in lines if ">>>" not in line and str(models) not in line)
    titles = [line for line in lines if line[:1].isdigit()]
    assert [title[0] for title in titles] == list("123456")
    assert ("模型从哪里来" if language == "zh" else "Where the model comes from") in done.out
    assert "弱" in done.out


def test_a_text_that_is_too_long(call: Callable[..., Result], models: Path) -> None:
    done = call("tour", "我" * 63, "--model", models / "sequence")
    assert done.status == 3
    assert "E_TOO_LONG" in done.err


def test_a_missing_pooler_is_said(call: Callable[..., Result], models: Path) -> None:
    assert call("tour", TEXT, "--model", models / "token", "--json").json["stages"][3]["pooled"] is None
    assert "holds no pooler" in call("tour", TEXT, "--model", models / "token").out


@pytest.mark.parametrize("ink", [Ink(True, True), Ink(False, True), Ink(False, False)])
@pytest.mark.parametrize("count", [1, 5, 300])
def test_the_picture_stays_straight(ink: Ink, count: int) -> None:
    tokens = [["弱", "[CLS]", "hello", "！", "##ington"][index % 5] for index in range(count)]
    weights = [[1 / count] * count for _ in tokens]
    lines = picture(weights, tokens, 80, ink)
    shown = len(lines) - 3
    assert shown == min(count, 22)
    assert {line.cell_len for line in lines[1:-2]} == {lines[1].cell_len}
    assert all(line.cell_len <= 80 for line in lines)
    assert all(line.plain.isascii() or ink.unicode or "弱" in line.plain or "！" in line.plain for line in lines)


def test_colours_grow_lighter() -> None:
    light = [sum(colour(step / 20)) for step in range(21)]
    assert light == sorted(light)
    console = Console(color_system="truecolor", force_terminal=True, width=80)
    with console.capture() as captured:
        console.print(Ink(True, True).cell(1.0))
    assert "48;2;252;255;164" in captured.get()


def test_the_bundled_models_are_the_default(call: Callable[..., Result]) -> None:
    done = call("tour", "--json")
    assert done.status == 0, done.err + done.out
    assert [stage["stage"] for stage in done.json["stages"]] == [*STAGES, "tagger"]
    assert done.json["text"] == "弱小的我也有大梦想！"
    assert done.json["stages"][5]["task"] == torso.Task.SEQUENCE_CLASSIFICATION.name


def test_a_terminal_without_colours_gets_shades() -> None:
    plain = Console(color_system="truecolor", force_terminal=True, no_color=True, width=80)
    assert not Artist(plain).ink.colours
    assert Artist(Console(color_system="256", force_terminal=True, no_color=False, width=80)).ink.colours
    assert not Artist(Console(color_system="standard", force_terminal=True, no_color=False, width=80)).ink.colours
