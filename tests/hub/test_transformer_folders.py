"""Repositories of old versions of sentence-transformers, whose transformer has a folder of its own."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from torso.hub.file_selection import absent, choose, has_weights, required, transformer_home, weight_files

from .conftest import Rig, get, refused

HOMES = ["0_Transformer", "0_BERT", "0_XLNet"]
SHARDS = tuple(f"0_Transformer/model-0000{n}-of-00002.safetensors" for n in (1, 2))


def _add(rig: Rig, home: str) -> dict[str, bytes]:
    modules = [
        {"idx": 0, "name": "0", "path": home, "type": "sentence_transformers.models.Transformer"},
        {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
    ]
    pooling = {"word_embedding_dimension": 64, "pooling_mode_mean_tokens": True}
    files = {f"{home}/{name}": content for name, content in rig.files.items() if name != "README.md"}
    files |= {"modules.json": json.dumps(modules).encode(), "1_Pooling/config.json": json.dumps(pooling).encode()}
    rig.shelf.add("acme/old", files)
    return files


@pytest.mark.parametrize("home", HOMES)
def test_it_is_got_found_checked_and_loaded(rig: Rig, home: str):
    files = _add(rig, home)
    folder = get("acme/old")
    assert {name for name in files if not (folder / name).is_file()} <= {f"{home}/.gitattributes"}
    rig.forget()
    for kept in ("trees", "listings"):  # with a listing, and in a cache of a client that keeps none
        assert get("acme/old") == folder
        (model,) = json.loads(rig.machine.torso("list", "--json").stdout)
        assert model["missing"] == []
        done = rig.machine.torso("check", "acme/old")
        assert done.returncode == 0, done.stdout + done.stderr
        shutil.rmtree(folder.parent.parent / kept, ignore_errors=True)
    assert rig.requests() == 0
    done = rig.machine.torso("embed", "你好", "--model", "acme/old")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("home", HOMES)
def test_what_it_lacks_is_named_and_repaired(rig: Rig, home: str):
    files = _add(rig, home)
    folder = Path(rig.machine.torso("get", "acme/old", "--to", "out").stdout.strip())
    for name in (f"{home}/vocab.txt", f"{home}/model.safetensors"):
        (folder / name).unlink()
    done = rig.machine.torso("check", "out")
    assert done.returncode == 1
    done = rig.machine.torso("repair", "out")
    assert done.returncode == 0, done.stdout + done.stderr
    assert all((folder / name).read_bytes() == files[name] for name in (f"{home}/vocab.txt", f"{home}/config.json"))


def test_one_without_weights_that_torso_reads(rig: Rig):
    files = {name: content for name, content in _add(rig, "0_BERT").items() if not name.endswith(".safetensors")}
    rig.shelf.add("acme/flax", files | {"0_BERT/flax_model.msgpack": b"flax"})
    with refused("E_MISSING_WEIGHTS") as caught:
        get("acme/flax")
    assert "0_BERT/flax_model.msgpack (of Flax)" in str(caught.value)


@pytest.mark.parametrize(
    ("names", "home", "weights"),
    [
        (["modules.json", "0_BERT/config.json", "0_BERT/pytorch_model.bin"], "0_BERT/", ("0_BERT/pytorch_model.bin",)),
        (["config.json", "modules.json", "0_BERT/config.json", "model.safetensors"], "", ("model.safetensors",)),
        (["0_BERT/config.json", "0_BERT/pytorch_model.bin"], "", ()),
        (["modules.json", "1_Dense/config.json", "1_Dense/model.safetensors"], "", ()),
        (
            ["modules.json", "0_Transformer/model.safetensors.index.json", *SHARDS],
            "0_Transformer/",
            ("0_Transformer/model.safetensors.index.json", *SHARDS),
        ),
    ],
)
def test_where_the_transformer_is(names: list[str], home: str, weights: tuple[str, ...]):
    assert transformer_home(names) == home
    assert weight_files(names) == weights
    assert has_weights(names) == bool(weights)
    assert set(weights) <= set(choose(names).take)
    assert set(weights) <= set(required(names))


def test_one_format_of_its_weights():
    both = ["0_Transformer/model.safetensors", "0_Transformer/pytorch_model.bin"]
    names = ["modules.json", "0_Transformer/config.json", *both]
    assert [name for name in choose(names).take if name in both] == both[:1]
    assert [name for name in choose(names, pytorch=True).take if name in both] == both[1:]


def test_what_a_folder_without_a_listing_lacks():
    names = {"modules.json", "0_BERT/config.json", "0_BERT/vocab.txt", "0_BERT/pytorch_model.bin"}
    assert absent(names) == ()
    assert absent(names - {"0_BERT/vocab.txt"}) == ("0_BERT/tokenizer.json",)
    assert absent(names - {"0_BERT/config.json"}) == ("0_BERT/config.json",)
    assert absent({"modules.json", *SHARDS[:1], "0_Transformer/model.safetensors.index.json"})[-1] == SHARDS[1]


@pytest.mark.parametrize("home", HOMES)
@pytest.mark.parametrize("place", ["models", "hub/models", "hub", "."])
def test_modelscope_s_old_layouts_are_listed_and_found(rig: Rig, home: str, place: str):
    folder = rig.machine.home / "modelscope" / place / "acme" / "old-v1___5"
    for name, content in _add(rig, home).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    (model,) = json.loads(rig.machine.torso("list", "--json").stdout)
    assert (model["name"], model["missing"]) == ("modelscope:acme/old-v1.5", [])
    assert get("modelscope:acme/old-v1.5") == folder
    (folder / home / "model.safetensors").unlink()
    (model,) = json.loads(rig.machine.torso("list", "--json").stdout)
    assert model["missing"]
