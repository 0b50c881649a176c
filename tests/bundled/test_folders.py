from __future__ import annotations

import json
import re
from importlib.resources import files
from math import prod
from pathlib import Path
from typing import Any

import pytest

import torso
from torso.architecture import Task

HOME = Path(str(files("torso.bundled")))
NAMES = ("sentiment", "tagger")
FILES = {
    "config.json",
    "model.safetensors",
    "vocab.txt",
    "tokenizer_config.json",
    "README.md",
    "training.json",
}
POOLING = {"modules.json", "1_Pooling/config.json"}
"""How the sentiment model makes one vector of a text."""


def record(name: str) -> dict[str, Any]:
    return json.loads((HOME / name / "training.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", NAMES)
def test_a_folder_holds_exactly_what_a_model_needs(name: str) -> None:
    there = {path.relative_to(HOME / name).as_posix() for path in (HOME / name).rglob("*") if path.is_file()}
    assert there == FILES | (POOLING if name == "sentiment" else set())


def test_together_they_are_small_enough_for_a_package() -> None:
    size = sum(path.stat().st_size for name in NAMES for path in (HOME / name).rglob("*"))
    assert size <= 12 * 1000 * 1000


@pytest.mark.parametrize(
    ("name", "task"),
    [("sentiment", Task.SEQUENCE_CLASSIFICATION), ("sentiment", Task.MASKED_LM), ("tagger", Task.TOKEN_CLASSIFICATION)],
)
def test_every_head_comes_from_the_file(name: str, task: Task[Any]) -> None:
    report = torso.load(f"torso:{name}", task).report
    assert report is not None
    assert not report.new
    heads = ("classifier.", "cls.predictions.", "bert.pooler.")
    assert all(key.startswith(heads) for key in report.unclaimed)


def test_labels_say_what_they_mean() -> None:
    assert torso.load("torso:sentiment", Task.SEQUENCE_CLASSIFICATION).config.id2label == {0: "negative", 1: "positive"}
    labels = torso.load("torso:tagger", Task.TOKEN_CLASSIFICATION).config.id2label
    assert labels is not None
    places: dict[str, set[str]] = {}
    for label in labels.values():
        found = re.fullmatch(r"([BIES])-([A-Za-z]+)", label)
        assert found, label
        places.setdefault(found[2], set()).add(found[1])
    assert {"nr", "ns", "nt", "n", "v", "a", "w"} <= places.keys()
    assert all("E" in found for found in places.values() if "B" in found)
    assert all("B" in found for found in places.values() if found & {"I", "E"})


@pytest.mark.parametrize("name", NAMES)
def test_the_vocabulary_is_of_characters_with_special_tokens_at_berts_places(name: str) -> None:
    lines = (HOME / name / "vocab.txt").read_text(encoding="utf-8").splitlines()
    assert len(lines) == torso.AutoConfig.from_pretrained(f"torso:{name}").vocab_size
    assert len(set(lines)) == len(lines)
    places = {token: number for number, token in enumerate(lines) if re.fullmatch(r"\[[A-Z]+\]", token)}
    assert places == {"[PAD]": 0, "[UNK]": 100, "[CLS]": 101, "[SEP]": 102, "[MASK]": 103}
    assert all(re.fullmatch(r"\[unused\d+\]", lines[place]) for place in range(1, 100))
    assert all(len(token.removeprefix("##") or token) == 1 for token in lines[104:])
    assert all(character in lines for character in "abcxyz0189，。！的一是")
    assert all(f"##{character}" in lines for character in "az09ａ１")


@pytest.mark.parametrize("name", NAMES)
def test_the_card_tells_the_scores_of_the_log(name: str) -> None:
    card = (HOME / name / "README.md").read_text(encoding="utf-8")
    told = record(name)
    for scores in (told["test"], *told["baselines"].values()):
        for score, value in scores.items():
            # Left out of the card: the regression's strength, and a third score of half-width text.
            if score not in ("C", "half_width_words"):
                assert f"{100 * value:.2f} %" in card, score
    for word in (told["archive_sha256"], "MIT", f"{told['parameters']:,}", f"{told['counts']['reviews']:,}"):
        assert word in card


def test_the_scores_are_above_the_baselines() -> None:
    sentiment, tagger = record("sentiment"), record("tagger")
    assert sentiment["counts"]["reviews"] == 17363
    for baseline in sentiment["baselines"].values():
        assert sentiment["test"]["sentiment"] > baseline["sentiment"]
    assert tagger["test"]["segmentation"] >= 0.93
    assert tagger["test"]["characters"] >= 0.90
    assert tagger["test"]["words"] >= 0.90


@pytest.mark.parametrize(
    ("name", "task"), [("sentiment", Task.SEQUENCE_CLASSIFICATION), ("tagger", Task.TOKEN_CLASSIFICATION)]
)
def test_the_log_counts_the_parameters_of_the_file(name: str, task: Task[Any]) -> None:
    from torso.weights.weights import open_weights

    entries = open_weights(HOME / name).entries
    assert record(name)["parameters"] == sum(prod(entry.shape) for entry in entries.values())
    assert {entry.dtype for entry in entries.values()} == {"F16"}
    assert torso.load(HOME / name, task).report is not None
