"""Counts and ids in generation_config.json that no model has: a typed error, or no effect, and never no end."""

from __future__ import annotations

from pathlib import Path

import pytest

import torso
from torso.errors import TorsoError

from .small import llama

HUGE = [1 << 63, 1_000_000, 1 << 100]
ENDS = {"eos_token_id": 500, "bos_token_id": 500, "max_new_tokens": 3}


@pytest.mark.parametrize("value", HUGE, ids=str)
@pytest.mark.parametrize("name", ["min_new_tokens", "min_length", "top_k", "no_repeat_ngram_size"])
def test_counts_above_what_can_be_change_nothing(tmp_path: Path, name: str, value: int) -> None:
    wanted = torso.generate("hello", model=str(llama(tmp_path / "a", **ENDS)))
    assert torso.generate("hello", model=str(llama(tmp_path / "b", **ENDS, **{name: value}))) == wanted


@pytest.mark.parametrize("value", [*HUGE, -1, 501], ids=str)
@pytest.mark.parametrize("name", ["suppress_tokens", "begin_suppress_tokens", "bad_words_ids"])
def test_ids_that_no_token_has_are_never_written_anyway(tmp_path: Path, name: str, value: int) -> None:
    wanted = torso.generate("hello", model=str(llama(tmp_path / "a", **ENDS)))
    given: object = [[value]] if name == "bad_words_ids" else [value]
    assert torso.generate("hello", model=str(llama(tmp_path / "b", **ENDS, **{name: given}))) == wanted


@pytest.mark.parametrize("value", [*HUGE, -1, 501], ids=str)
def test_an_id_that_no_token_has_cannot_be_forced(tmp_path: Path, value: int) -> None:
    with pytest.raises(TorsoError, match="forced_eos_token_id") as caught:
        torso.generate("hello", model=str(llama(tmp_path, **ENDS, forced_eos_token_id=value)))
    assert caught.value.code == "E_CONFIG"


@pytest.mark.parametrize("name", ["temperature", "repetition_penalty", "length_penalty", "top_p", "min_p"])
@pytest.mark.parametrize("value", [10**400, "1e999"], ids=["10**400", "1e999"])
def test_numbers_that_fit_no_float_are_refused(tmp_path: Path, name: str, value: object) -> None:
    folder = llama(tmp_path, **ENDS, do_sample=True, **{name: "NUMBER"})
    path = folder / "generation_config.json"
    path.write_text(path.read_text().replace('"NUMBER"', str(value)))
    with pytest.raises(TorsoError) as caught:
        # A file's length penalty acts on beams alone.
        torso.generate("hello", model=str(folder), num_beams=2 if name == "length_penalty" else 1)
    assert caught.value.code == "E_CONFIG"
