"""Weights in forms that torso does not load are named, before anything else is said of them; so are families."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

import torso
from torso.architecture import architectures
from torso.config.hub_families import KNOWN_TO_THE_HUB
from torso.errors import NotFoundError, UnsupportedError

from .gguf_builder import gguf
from .test_gguf import llama

LLAMA = {
    "model_type": "llama",
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_hidden_layers": 1,
    "num_attention_heads": 4,
    "vocab_size": 100,
}
PROJECTION = "model.layers.0.mlp.up_proj"
QUANTISED = {
    "HQQ": ("W_q", "scale", "zero"),
    "MLX": ("weight", "scales", "biases"),
    "compressed-tensors": ("weight_packed", "weight_scale", "weight_shape"),  # of bytes: NVFP4
}


def folder_of(path: Path, **changes: object) -> Path:
    path.mkdir(exist_ok=True)
    (path / "config.json").write_text(json.dumps(LLAMA | changes))
    return path


@pytest.mark.parametrize("form", QUANTISED)
def test_quantised_weights_are_named(tmp_path, form) -> None:
    folder = folder_of(tmp_path, quantization_config={"quant_method": "x"})
    tensors = {f"{PROJECTION}.{name}": np.zeros((8, 8), np.uint8) for name in QUANTISED[form]}
    save_file(tensors | {"model.embed_tokens.weight": np.zeros((100, 64), np.float32)}, folder / "model.safetensors")
    with pytest.raises(UnsupportedError, match=f"quantised .*: {re.escape(form)} ") as caught:
        torso.load(folder, "causal-lm")
    assert caught.value.code == "E_QUANTISED"


FILES = {
    "ggml-model.bin": "llama.cpp",
    "model.onnx": "ONNX",
    "onnx/model.onnx": "ONNX",
    "tf_model.h5": "TensorFlow",
    "flax_model.msgpack": "Flax",
    "model.keras": "Keras",
    "openvino_model.xml": "OpenVINO",
    "model.nemo": "another framework",
}


@pytest.mark.parametrize("with_config", [True, False])
@pytest.mark.parametrize("name", FILES)
def test_weights_of_other_libraries_are_named(tmp_path, name, with_config) -> None:
    if with_config:
        folder_of(tmp_path)
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_bytes(b"x" * 40)
    with pytest.raises(NotFoundError, match=f"of {FILES[name]}: {re.escape(name)}"):
        torso.load(tmp_path, "causal-lm")
    if "/" not in name:
        with pytest.raises(NotFoundError, match=f"holds weights of {FILES[name]}"):
            torso.load(tmp_path / name, "causal-lm")


@pytest.mark.parametrize("family", ["xlnet", "mamba", "jamba", "glm4_moe_lite", "mpt", "llava"])
def test_a_family_of_the_hub_is_no_misspelling(tmp_path, family) -> None:
    with pytest.raises(UnsupportedError, match="a family that the Hub has") as caught:
        torso.load(folder_of(tmp_path, model_type=family))
    assert "Nearest" not in str(caught.value)


def test_the_table_of_families_is_that_of_the_reference() -> None:
    code = "from transformers.models.auto.configuration_auto import CONFIG_MAPPING_NAMES as C; print(*C)"
    printed = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert set(printed.split()) == KNOWN_TO_THE_HUB
    ours = {name for each in architectures() for name in each.model_types}
    assert len(ours & KNOWN_TO_THE_HUB) > 30


@pytest.mark.parametrize("with_config", [True, False])
def test_a_folder_of_several_models_asks_for_one(tmp_path: Path, with_config: bool) -> None:
    if with_config:
        folder_of(tmp_path)
    for name in ("a.Q4_0.gguf", "b.Q8_0.gguf"):
        (tmp_path / name).write_bytes(gguf(*llama()))
    with pytest.raises(NotFoundError, match=r"2 GGUF files.*a\.Q4_0\.gguf, b\.Q8_0\.gguf"):
        torso.load(tmp_path, "causal-lm")
    assert torso.load(tmp_path / "b.Q8_0.gguf", "causal-lm").config.hidden_size == 64


def test_a_folder_of_one_model_is_that_model(tmp_path: Path) -> None:
    (tmp_path / "a.Q4_0.gguf").write_bytes(gguf(*llama()))
    assert torso.load(tmp_path, "causal-lm").config.hidden_size == 64
