"""The rows of the catalogue of malformed inputs that concern weight files: the promised code, in bounds."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from malformed import GIB, Case, Outcome, check, run
from torso.weights.weights import open_weights

from .builders import INDEX, PAGE, POINTER, STATE, TORCH, entry, safetensors, torch_bytes, write
from .malformed_folders import FOLDER_CASES
from .malformed_headers import HEADER_CASES
from .malformed_pickles import PICKLE_CASES
from .malformed_values import VALUE_CASES

CASES = HEADER_CASES + FOLDER_CASES + PICKLE_CASES


@pytest.fixture(scope="module")
def without_torch(tmp_path_factory: pytest.TempPathFactory) -> dict[Case, Outcome]:
    return run(CASES, tmp_path_factory.mktemp("headers"), memory=GIB)


@pytest.fixture(scope="module")
def with_torch(tmp_path_factory: pytest.TempPathFactory) -> dict[Case, Outcome]:
    return run(VALUE_CASES, tmp_path_factory.mktemp("values"), memory=4 * GIB)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_opening(case: Case, without_torch: dict[Case, Outcome]):
    check(case, without_torch)
    assert not without_torch[case].torch


@pytest.mark.parametrize("case", VALUE_CASES, ids=str)
def test_reading(case: Case, with_torch: dict[Case, Outcome]):
    check(case, with_torch)


def test_messages_name_what_matters(without_torch: dict[Case, Outcome], with_torch: dict[Case, Outcome]):
    texts = {str(case): outcome.text for case, outcome in {**without_torch, **with_torch}.items()}
    assert "90,868,376 bytes" in texts["2-pointer"]
    assert re.search("has 4,067 of 4,0[0-9]+ bytes", texts["8-cut to 4067"])
    assert "os.system" in texts["51-os.system, zip True, protocol 2"]
    assert "a.safetensors, b.safetensors" in texts["36-shards missing"]
    assert "w in" in texts["25-nan"]
    assert "[2]" in texts["25-nan"]
    assert "[1, 1]" in texts["25-NaN, transposed"]
    assert "BF16" in texts["21-F99"]
    assert "\n" not in texts["64-newline and right-to-left"]


def test_facts_are_noted(tmp_path: Path):
    header = {"zero": entry("F32", [1, 2], 0, 8), "fine": entry("F32", [2], 8, 16), "bias": entry("F32", [2], 16, 24)}
    (tmp_path / "a.safetensors").write_bytes(safetensors(header, bytes(15) + b"\x40" + bytes(8)))
    (tmp_path / INDEX).write_text(
        json.dumps({"metadata": {"total_size": 99}, "weight_map": {"zero": "a.safetensors", "bias": "a.safetensors"}})
    )
    weights = open_weights(tmp_path)
    assert [note.code for note in weights.notes] == ["N_NOT_IN_INDEX", "N_TOTAL_SIZE"]
    weights.read("zero")
    weights.read("zero")
    weights.read("bias")  # a bias may well be all zero
    assert [note.code for note in weights.notes][2:] == ["N_CONSTANT"]
    assert "zero" in str(weights.notes[2])
    assert "99" in str(weights.notes[1])


@pytest.mark.parametrize("junk", [POINTER, PAGE, b""], ids=["pointer", "page", "empty"])
def test_a_file_that_never_came_is_passed_over(tmp_path: Path, junk: bytes):
    write(tmp_path, st=junk, bin=torch_bytes(STATE))
    weights = open_weights(tmp_path)
    assert weights.format == "pytorch"
    assert weights.files == (tmp_path / TORCH,)
    assert [note.code for note in weights.notes] == ["N_PASSED_OVER"]
