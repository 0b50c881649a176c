"""Weights in several files, and which of several forms is taken."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from tensors import tensor_of
from torso.errors import TorsoError, UnsafeFileError
from torso.weights import safetensors
from torso.weights.weights import open_weights

from .builders import INDEX, SAFETENSORS, TORCH, TORCH_INDEX, shard_index, torch_bytes

TENSORS = {"a": torch.arange(3.0), "b": torch.ones(2, 2), "c": torch.tensor(7)}
MAP = {"a": "m-1-of-2", "b": "m-1-of-2", "c": "m-2-of-2"}


def split(folder: Path, form: str) -> None:
    size = sum(tensor.nbytes for tensor in TENSORS.values())
    name = INDEX if form == "safetensors" else TORCH_INDEX
    (folder / name).write_bytes(shard_index(MAP, metadata={"total_size": size}))
    for shard in set(MAP.values()):
        part = {name: TENSORS[name] for name in MAP if MAP[name] == shard}
        if form == "safetensors":
            safetensors.write(folder / shard, part)
        else:
            (folder / shard).write_bytes(torch_bytes(part))


@pytest.mark.parametrize("form", ["safetensors", "pytorch"])
def test_weights_in_several_files_are_one(tmp_path: Path, form: str):
    split(tmp_path, form)
    weights = open_weights(tmp_path)
    assert weights.format == form
    assert [file.name for file in weights.files] == ["m-1-of-2", "m-2-of-2"]
    assert list(weights.entries) == list(TENSORS)
    assert weights.notes == ()
    for name, tensor in TENSORS.items():
        assert torch.equal(tensor_of(weights.read(name)), tensor)


def test_the_forms_are_tried_in_order(tmp_path: Path):
    found: list[str] = []
    (tmp_path / TORCH).write_bytes(torch_bytes(TENSORS))
    split(tmp_path, "pytorch")
    found.append(open_weights(tmp_path).files[0].name)
    split(tmp_path, "safetensors")
    found.append(open_weights(tmp_path).files[0].name)
    safetensors.write(tmp_path / SAFETENSORS, TENSORS)
    found.append(open_weights(tmp_path).files[0].name)
    assert found == [TORCH, "m-1-of-2", SAFETENSORS]


def test_a_file_in_the_hubs_cache_is_a_link_to_its_blob(tmp_path: Path):
    snapshot, blobs = tmp_path / "models--a--b" / "snapshots" / "c0ffee", tmp_path / "models--a--b" / "blobs"
    snapshot.mkdir(parents=True)
    blobs.mkdir()
    safetensors.write(blobs / "e7a6", TENSORS)
    (snapshot / SAFETENSORS).symlink_to("../../blobs/e7a6")
    assert open_weights(snapshot).entries.keys() == TENSORS.keys()
    elsewhere = tmp_path / "e7a6"
    elsewhere.write_bytes((blobs / "e7a6").read_bytes())
    (snapshot / SAFETENSORS).unlink()
    (snapshot / SAFETENSORS).symlink_to("../../../e7a6")
    with pytest.raises(UnsafeFileError):
        open_weights(snapshot)


@pytest.mark.parametrize("module", ["0_Transformer", "0_BERT", "2_Dense", "models/0_Transformer"])
def test_a_file_of_a_module_is_a_link_to_a_blob_of_its_own_repository(tmp_path: Path, module: str):
    repository = tmp_path / "models--a--b"
    folder = repository / "snapshots" / "c0ffee" / module
    folder.mkdir(parents=True)
    for blobs in (repository / "blobs", repository / "other", tmp_path / "models--a--c" / "blobs"):
        blobs.mkdir(parents=True)
        safetensors.write(blobs / "e7a6", TENSORS)
    for blobs, allowed in (("blobs", True), ("other", False), ("../models--a--c/blobs", False)):
        (folder / SAFETENSORS).symlink_to(repository / blobs / "e7a6")
        if allowed:
            assert open_weights(folder).entries.keys() == TENSORS.keys()
        else:
            with pytest.raises(UnsafeFileError):
                open_weights(folder)
        (folder / SAFETENSORS).unlink()


JSON = some.recursive(
    some.none()
    | some.booleans()
    | some.integers()
    | some.floats()
    | some.text(max_size=5)
    | some.sampled_from(["m", "../m"]),
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(JSON | some.fixed_dictionaries({"weight_map": some.dictionaries(some.text(max_size=3), JSON), "metadata": JSON}))
def test_any_json_as_an_index_is_refused(tmp_path: Path, index: object):
    (tmp_path / INDEX).write_text(json.dumps(index))
    with pytest.raises(TorsoError):
        open_weights(tmp_path)


def test_messages_in_chinese_hold_the_same_facts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / SAFETENSORS).write_bytes(b"")
    with pytest.raises(TorsoError) as raised:
        open_weights(tmp_path)
    monkeypatch.setenv("TORSO_LANG", "zh")
    assert "是空文件" in str(raised.value)
    assert f"torso repair {tmp_path}" in raised.value.cure
