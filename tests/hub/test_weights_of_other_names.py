"""Repositories whose weights torso does not read: get, list, check and repair say the same."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from torso.hub.unread_weights import unread_weights

from .conftest import Rig, get, refused

OTHERS = {
    "model.fp16.safetensors": "under another name",
    "tf_model.h5": "of TensorFlow",
    "flax_model.msgpack": "of Flax",
    "model.gguf": "of llama.cpp",
    "onnx/model.onnx": "of ONNX",
    "adapter_model.safetensors": "an adapter",
    "pytorch_model.pt": "under another name",
    "unet/diffusion_pytorch_model.safetensors": "in a folder of its own",
}


def _add(rig: Rig, *names: str) -> None:
    files = {name: rig.files[name] for name in ("config.json", "vocab.txt", "tokenizer_config.json")}
    rig.shelf.add("acme/other", files | dict.fromkeys(names, rig.weights))


@pytest.mark.parametrize("name", OTHERS)
def test_get_says_what_is_left_and_why(rig: Rig, name: str):
    _add(rig, name)
    for options in ([], ["--dry-run"], ["--to", "out"], ["--exclude", "*.md"]):
        done = rig.machine.torso("get", "acme/other", *options)
        assert done.returncode == 3, done.stdout + done.stderr
        assert f"{name} ({OTHERS[name]}" in done.stderr
        assert "already here" not in done.stdout + done.stderr
    assert rig.sent() == 0


def test_repository_without_any_weights(rig: Rig):
    _add(rig)
    with refused("E_MISSING_WEIGHTS"):
        get("acme/other")


@pytest.mark.parametrize("options", [["--config-only"], ["--include", "*.json"], ["--all"]])
def test_what_is_asked_for_by_name_is_got(rig: Rig, options: list[str]):
    _add(rig, "tf_model.h5")
    for _ in range(2):
        done = rig.machine.torso("get", "acme/other", *options)
        assert done.returncode == 0, done.stderr
    (listed,) = json.loads(rig.machine.torso("list", "--json").stdout)
    assert "model.safetensors" in listed["missing"]
    assert "lacks" in rig.machine.torso("list").stdout


def test_check_and_repair_say_what_get_says(rig: Rig):
    _add(rig, "model.fp16.safetensors")
    assert rig.machine.torso("get", "acme/other", "--all").returncode == 0
    folder = Path(rig.machine.torso("get", "acme/other", "--all").stdout.strip())
    (folder / "vocab.txt").unlink()
    done = rig.machine.torso("check", "acme/other")
    assert done.returncode == 1
    assert "model.fp16.safetensors (under another name)" in done.stdout
    assert "torso repair acme/other" in done.stdout  # of the vocabulary
    done = rig.machine.torso("repair", "acme/other")
    assert done.returncode == 1
    assert "fetched again: vocab.txt\n" in done.stdout
    assert "torso repair" not in done.stdout
    assert "model.fp16.safetensors (under another name)" in done.stdout


def test_repair_of_a_plain_folder(rig: Rig):
    _add(rig, "tf_model.h5")
    assert rig.machine.torso("get", "acme/other", "--config-only", "--to", "out").returncode == 0
    done = rig.machine.torso("repair", "out")
    assert done.returncode == 1
    assert "fetched again" not in done.stdout
    assert "tf_model.h5 (of TensorFlow)" in done.stdout


def test_offline_says_so_too(rig: Rig):
    _add(rig, "tf_model.h5")
    assert rig.machine.torso("get", "acme/other", "--config-only").returncode == 0
    rig.machine.set(HF_HUB_OFFLINE="1")
    with refused("E_MISSING_WEIGHTS"):
        get("acme/other")


@pytest.mark.parametrize(
    "name", ["optimizer.pt", "training_args.bin", "scheduler.pt", "rng_state_0.pth", "config.json", "README.md"]
)
def test_state_of_training_is_no_weights(name: str):
    assert unread_weights([name]) == {}
