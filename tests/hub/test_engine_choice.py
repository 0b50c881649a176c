"""Which files make a model, and which are missing from one."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from torso.hub.file_selection import absent, choose, required, weight_files

RBT3 = [
    ".gitattributes",
    "README.md",
    "added_tokens.json",
    "config.json",
    "flax_model.msgpack",
    "pytorch_model.bin",
    "special_tokens_map.json",
    "tf_model.h5",
    "tokenizer.json",
    "tokenizer_config.json",
    "vocab.txt",
]


def test_other_frameworks_stay():
    choice = choose(RBT3)
    assert choice.take[-1] == "pytorch_model.bin"
    assert choice.leave == (".gitattributes", "flax_model.msgpack", "tf_model.h5")


def test_one_weight_format():
    names = [*RBT3, "model.safetensors", "model.fp16.safetensors", "onnx/model.onnx", "onnx/config.json", "run.py"]
    taken = choose(names).take
    assert "model.safetensors" in taken
    assert not {"pytorch_model.bin", "model.fp16.safetensors", "onnx/config.json", "run.py"} & set(taken)
    assert weight_files(names, pytorch=True) == ("pytorch_model.bin",)
    assert "pytorch_model.bin" in choose(names, pytorch=True).take


def test_shards_come_with_their_index():
    shards = [f"model-0000{n}-of-00003.safetensors" for n in (1, 2, 3)]
    names = ["config.json", "model.safetensors.index.json", *shards, "pytorch_model.bin"]
    assert weight_files(names) == ("model.safetensors.index.json", *shards)
    assert "pytorch_model.bin.index.json" not in choose([*names, "pytorch_model.bin.index.json"]).take
    assert absent({*names, "vocab.txt"} - {shards[1], "pytorch_model.bin"}) == (shards[1],)


def test_sentence_transformers_modules():
    names = ["config.json", "modules.json", "vocab.txt", "model.safetensors", "1_Pooling/config.json"]
    names += ["2_Dense/config.json", "2_Dense/model.safetensors", "2_Dense/pytorch_model.bin", "eval/results.json"]
    taken = set(choose(names).take)
    assert {"1_Pooling/config.json", "2_Dense/model.safetensors"} <= taken
    assert not {"2_Dense/pytorch_model.bin", "eval/results.json"} & taken
    assert "1_Pooling/config.json" in required(names)


def test_config_only_has_no_weights():
    assert choose(RBT3, config_only=True).take == (
        "added_tokens.json",
        "config.json",
        "special_tokens_map.json",
        "tokenizer.json",
        "tokenizer_config.json",
        "vocab.txt",
    )


def test_patterns():
    assert choose(RBT3, include=["*.h5"]).take == ("tf_model.h5",)
    assert "pytorch_model.bin" not in choose(RBT3, exclude=["*.bin"]).take
    assert set(choose(RBT3, everything=True).take) == set(RBT3)
    assert choose(["a/b.txt", "a/c/d.txt", "b.txt"], include=["a/"]).take == ("a/b.txt", "a/c/d.txt")


@pytest.mark.parametrize(
    ("names", "missing"),
    [
        ({"config.json", "vocab.txt", "pytorch_model.bin"}, ()),
        ({"config.json", "pytorch_model.bin"}, ("tokenizer.json",)),
        ({"config.json", "vocab.json", "pytorch_model.bin"}, ("tokenizer.json",)),
        ({"config.json", "vocab.json", "merges.txt", "model.safetensors"}, ()),
        ({"vocab.txt"}, ("config.json", "model.safetensors")),
        (set[str](), ("config.json", "tokenizer.json", "model.safetensors")),
    ],
)
def test_what_a_folder_lacks(names: set[str], missing: tuple[str, ...]):
    assert absent(names) == missing


NAMES = st.lists(st.sampled_from([*RBT3, "model.safetensors", "modules.json", "1_Pooling/config.json", "x/y.bin"]))


@given(NAMES, st.booleans())
@settings(deadline=None)
def test_every_file_is_taken_or_left_and_what_is_required_is_taken(names: list[str], config_only: bool):
    choice = choose(names, config_only=config_only)
    assert sorted((*choice.take, *choice.leave)) == sorted(set(names))
    assert set(required(set(names), config_only=config_only)) <= set(choice.take)


def test_layers_of_sparse_and_multi_vector_results_come_along() -> None:
    names = [
        "config.json",
        "pytorch_model.bin",
        "sparse_linear.pt",
        "colbert_linear.pt",
        "other.pt",
        "artifact.metadata",
    ]
    chosen = choose(names)
    assert set(chosen.take) == set(names) - {"other.pt"}
    assert set(choose(names, config_only=True).take) == {"config.json", "artifact.metadata"}
    assert {"sparse_linear.pt", "colbert_linear.pt", "artifact.metadata"} <= set(required(names))
