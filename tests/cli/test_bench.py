"""``torso bench`` measures what it says; how fast that is, no test asks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest

from processor import has
from torso.engines.benchmark import EVERY, Measured, Measurement
from torso.loading.load import load_tokenizer

from .conftest import Result

DONE = Measurement(
    texts=2,
    tokens=1234,
    threads=3,
    parameters=4_500_000,
    peak=512 << 20,
    kernels="avx2",
    without=None,
    rows=(
        Measured("as loaded", 2000.4, 1.0, 1.26, 2.54, 1.0, 1.0),
        Measured("int8", 5000.0, 2.5, 0.5, 0.61, 0.998765, 0.999876, kept=2),
        Measured("bf16", refused="no kernels for bf16"),
    ),
)


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, object]]:
    """What `measure` is asked; it answers `DONE`."""
    asked: list[dict[str, object]] = []

    def measure(folder, texts=None, *, modes, rounds, report) -> Measurement:
        report("int8")
        asked.append(dict(folder=folder, texts=texts, modes=modes, rounds=rounds))
        return DONE

    monkeypatch.setattr("torso.engines.benchmark.measure", measure)
    return asked


def test_what_is_asked_is_what_is_measured(call, measured, models: Path, tmp_path: Path) -> None:
    lines, table = tmp_path / "texts.txt", tmp_path / "pairs.tsv"
    lines.write_text("我\n" + "我" * 5000 + "\n", encoding="utf-8")
    table.write_text("a\tb\n我\t不\n", encoding="utf-8")
    model = models / "sequence"
    call("bench", "--model", model)
    call("bench", "--model", model, "--mode", "int8", "--mode", "bf16", "--rounds", 7, "--file", lines)
    call("bench", "--model", model, "--file", table, "--column", "a", "--column", "b")
    assert [each["folder"] for each in measured] == [model] * 3
    assert [each["rounds"] for each in measured] == [5, 7, 5]
    assert [each["modes"] for each in measured] == [EVERY, ("as loaded", "int8", "bf16"), EVERY]
    tokenizer = load_tokenizer(model)
    assert measured[0]["texts"] is None
    assert measured[1]["texts"] == [tokenizer(each, truncation=True).input_ids for each in ("我", "我" * 5000)]
    assert measured[2]["texts"] == [tokenizer("我", "不").input_ids]


def test_a_mode_of_decoders_is_not_passed_over(call, measured, models: Path) -> None:
    done = call("bench", "--model", models / "sequence", "--mode", "int4")
    assert (done.status, measured) == (3, [])
    assert "Leave --mode int4 out" in done.err


def test_the_table_says_all_of_it(call, measured, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    done = call("bench")
    lines = [line.split("  ") for line in done.out.splitlines()]
    cells = [[cell.strip() for cell in line if cell.strip()] for line in lines]
    assert cells[2] == ["as loaded", "2,000", "1.00", "1.3 ms", "2.5 ms", "1.000000", "1.000000"]
    assert cells[3] == ["int8", "5,000", "2.50", "0.5 ms", "0.6 ms", "0.998765", "0.999876", "(2 layers kept in bf16)"]
    assert cells[4] == ["bf16", "-", "-", "-", "-", "-", "no kernels for bf16"]
    assert "2 texts, 1,234 tokens; 3 threads; 4.5 M parameters; at most 512 MB\n" in done.out
    assert "run by the compiled kernels (avx2)\n" in done.out
    assert done.err == "", "progress is for terminals"
    assert call("bench", "--json").rows == [{**asdict(DONE), "rows": [asdict(row) for row in DONE.rows]}]
    chinese = call("--lang", "zh", "bench").out
    assert "2 条文本，1,234 个词元" in chinese
    assert "（2 层保留 bf16）" in chinese


def test_a_file_without_texts_is_refused(call, measured, tmp_path: Path) -> None:
    (tmp_path / "none.txt").touch()
    done = call("bench", "--file", tmp_path / "none.txt", "--json")
    assert done.status == 3
    assert done.json["error"]["code"] == "E_ARGUMENT"
    assert measured == []


def test_a_stop_is_one_line(call, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*given: object, **named: object) -> Measurement:
        raise KeyboardInterrupt

    monkeypatch.setattr("torso.engines.benchmark._seconds", stopped)
    done = call("bench", "--rounds", 1, "--mode", "exact", "--json")
    assert (done.status, done.out, done.err) == (130, "", "\ntorso: stopped.\n")


def test_every_mode_of_a_model(call: Callable[..., Result], tmp_path: Path) -> None:
    lines = tmp_path / "texts.txt"
    lines.write_text("这本书很好看\n等了两个小时还没上菜\n不错\n" * 4, encoding="utf-8")
    (told,) = call("bench", "--file", lines, "--rounds", 1, "--json").rows
    assert told["texts"] == 12
    assert told["tokens"] == 4 * (8 + 12 + 4)
    assert told["rows"][0]["mode"] == "as loaded"
    assert {row["mode"] for row in told["rows"]} == {"as loaded", "exact", "bf16", "int8"}
    for row in told["rows"]:
        assert (not row["refused"]) == (row["mode"] == "as loaded" or has(row["mode"]))
        assert row["refused"] or (row["tokens_per_second"] > 0 and row["latency_95"] >= row["latency"] > 0)
    assert told["rows"][0]["cosine"] > 0.999999
    assert told["rows"][0]["times"] == 1


def test_modes_can_be_chosen_and_are_checked(call: Callable[..., Result], tmp_path: Path) -> None:
    lines = tmp_path / "texts.txt"
    lines.write_text("这本书很好看\n不错\n", encoding="utf-8")
    done = call("bench", "--file", lines, "--rounds", 1, "--mode", "exact")
    assert done.status == 0
    assert "as loaded" in done.out
    assert "exact" in done.out
    assert "\nbf16" not in done.out
    assert "2 texts, 12 tokens" in done.out
    refused = call("bench", "--mode", "fast")
    assert refused.status != 0
    assert "There is no mode 'fast'" in refused.err
    assert "auto" not in refused.err, "which is no mode that is measured"


def test_it_says_what_ran_the_modes(call: Callable[..., Result], monkeypatch) -> None:
    from torso.kernels import about

    kernels = about().instruction_set
    asked = ("bench", "--rounds", 1, "--mode", "exact")
    told = "run by PyTorch" if kernels is None else f"run by the compiled kernels ({kernels})"
    assert told in call(*asked).out
    monkeypatch.setenv("TORSO_KERNELS", "0")
    assert "run by PyTorch: TORSO_KERNELS=0 turns them off" in call(*asked).out
    (row,) = call(*asked, "--json").rows
    assert row["kernels"] is None


def test_without_texts_it_makes_its_own() -> None:
    from torso import compiled
    from torso.engines.benchmark import random_ids

    ids = random_ids(compiled("torso:sentiment"), 50)
    assert ids == random_ids(compiled("torso:sentiment"), 50)
    assert len(ids) == 50
    assert max(map(len, ids)) <= 512
    assert 20 < sum(map(len, ids)) / 50 < 100
