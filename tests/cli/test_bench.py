"""``torso bench`` measures what it says; how fast that is, no test asks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from .conftest import Result


def test_every_mode_of_a_model(call: Callable[..., Result], tmp_path: Path) -> None:
    lines = tmp_path / "texts.txt"
    lines.write_text("这本书很好看\n等了两个小时还没上菜\n不错\n" * 4, encoding="utf-8")
    (told,) = call("bench", "--file", lines, "--rounds", 1, "--json").rows
    assert told["texts"] == 12
    assert told["tokens"] == 4 * (8 + 12 + 4)
    assert told["rows"][0]["mode"] == "as loaded"
    assert {row["mode"] for row in told["rows"]} == {"as loaded", "exact", "bf16", "int8"}
    for row in told["rows"]:
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
    from torso import load
    from torso.runtime.measuring import random_ids

    ids = random_ids(load("torso:sentiment"), 50)
    assert ids == random_ids(load("torso:sentiment"), 50)
    assert len(ids) == 50
    assert max(map(len, ids)) <= 512
    assert 20 < sum(map(len, ids)) / 50 < 100
