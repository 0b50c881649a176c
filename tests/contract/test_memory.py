"""Loading holds little more memory than the weights, and a config that asks for the moon costs nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from torso import BertConfig, Task, new_model
from torso.loading.save import hub_tensors

from .forms import FORMS, rewritten, weights

MEBIBYTE = 1 << 20

# Peaks are read by the child itself, after it has imported everything and loaded a small model once.
LOAD = """
import json, sys, time
from torso import load
from torso.errors import TorsoError

def peak():
    with open("/proc/self/status") as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) * 1024

load(sys.argv[1])
told = []
for folder in sys.argv[2:]:
    before, start, code = peak(), time.process_time(), None
    try:
        model = load(folder)
        size = sum(each.numel() * each.element_size() for each in model.parameters())
    except TorsoError as error:
        size, code = 0, error.code
    told.append({"grown": peak() - before, "seconds": time.process_time() - start, "size": size, "code": code})
print(json.dumps(told))
"""


def loaded_in_a_child(small: Path, *folders: Path) -> list[dict]:
    done = subprocess.run(
        [sys.executable, "-c", LOAD, str(small), *map(str, folders)],
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    assert done.stderr == ""
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def small(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("small")
    config = BertConfig(vocab_size=30, hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8)
    new_model(config, Task.FEATURES, seed=0).save(folder)
    return folder


@pytest.fixture(scope="module")
def large(tmp_path_factory) -> Path:
    """A hundred megabytes of weights: half of it one table, half of it blocks."""
    folder = tmp_path_factory.mktemp("large")
    config = BertConfig(
        vocab_size=25_000, hidden_size=512, num_hidden_layers=4, num_attention_heads=8, intermediate_size=2048
    )
    new_model(config, Task.FEATURES, seed=0).save(folder)
    return folder


@pytest.mark.parametrize(
    ("form", "dtype"),
    [
        ("safetensors", torch.float32),
        ("zip", torch.float32),
        ("legacy", torch.float32),
        ("safetensors", torch.bfloat16),
    ],
)
def test_the_peak_is_at_most_a_tenth_above_the_weights(small, large, form, dtype, tmp_path, deviations) -> None:
    folder = large
    if (form, dtype) != ("safetensors", torch.float32):
        tensors = {name: value.to(dtype) for name, value in weights(large).items()}
        folder = rewritten(large, tmp_path / "form", tensors, form)
    (told,) = loaded_in_a_child(small, folder)
    assert told["code"] is None
    assert told["size"] > 90 * MEBIBYTE
    ratio = told["grown"] / told["size"]
    deviations.largest[f"peak memory / weights: {form} {dtype}"] = ratio
    assert 0.9 < ratio <= 1.1


MOON = {
    "hidden_size": 10**9,
    "vocab_size": 2**40,
    "num_hidden_layers": 10**9,
    "intermediate_size": 10**12,
    "max_position_embeddings": 2**62,
    "type_vocab_size": 10**15,
}


def test_a_config_that_asks_for_the_moon_is_refused_before_anything_is_made(small, tmp_path) -> None:
    folders = [
        rewritten(small, tmp_path / name, weights(small), **{name: value, "num_attention_heads": 1})
        for name, value in MOON.items()
    ]
    for name, told in zip(MOON, loaded_in_a_child(small, *folders), strict=True):
        assert told["code"] == "E_CONFIG_WEIGHTS", name
        assert told["seconds"] < 10, name
        assert told["grown"] < 8 * MEBIBYTE, name


def test_a_million_labels_are_refused_at_once(small, tmp_path) -> None:
    named = {"id2label": {str(i): str(i) for i in range(10**6)}}
    folders = [
        rewritten(small, tmp_path / "counted", weights(small), num_labels=10**9),
        rewritten(small, tmp_path / "named", weights(small), **named),
    ]
    for told in loaded_in_a_child(small, *folders):
        assert told["code"] in ("E_CONFIG", "E_LIMIT")
        assert told["seconds"] < 10


def test_the_helpers_of_these_tests_write_what_they_should(large) -> None:
    assert set(weights(large)) == set(hub_tensors(new_model(BertConfig(num_hidden_layers=4), Task.FEATURES)))
    assert len(FORMS) == 6
