"""A complete model on this machine means no request: proven with sockets that raise and, where possible, no network."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from .conftest import NAME, Machine, Rig, get, refused
from .isolation import without_network

EVERYTHING = """
import os, sys
import torso
from torso.cli import main
from torso.hub import resolve
name, *caches = sys.argv[1:]
for cache in caches:
    os.environ["HF_HUB_CACHE"] = cache  # settings are read at each call
    resolve(name)
    torso.AutoConfig.from_pretrained(name)
    torso.AutoTokenizer.from_pretrained(name)("hello")
assert not {"torch", "numpy", "ssl", "urllib3", "http.client"} & set(sys.modules), sorted(sys.modules)
for cache in caches:
    os.environ["HF_HUB_CACHE"] = cache
    assert main(["check", name]) == main(["list"]) == main(["get", name]) == 0
assert not {"torch", "numpy"} & set(sys.modules), sorted(sys.modules)
for cache in caches:
    os.environ["HF_HUB_CACHE"] = cache
    torso.AutoModel.from_pretrained(name)
"""
OFFICIAL = "import sys; from huggingface_hub import snapshot_download; print(snapshot_download(sys.argv[1]))"


def run(command: list[str]) -> str:
    """What a command prints; its failure is the test's."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def official(machine: Machine, code: str = OFFICIAL, *arguments: str) -> str:
    """What the official client prints, in a process of its own."""
    import sys

    return run([sys.executable, "-c", code, *(arguments or (NAME,))])


def test_everything_about_a_complete_model_is_offline(rig: Rig):
    """Resolve, config, tokenize, check, list, get, load: a cache of ours, of the official client, of an older one."""
    get()
    caches = [rig.machine.cache, rig.machine.home / "official", rig.machine.home / "older"]
    rig.machine.set(HF_HUB_CACHE=str(caches[1]))
    official(rig.machine)
    shutil.copytree(caches[1], caches[2], symlinks=True)
    shutil.rmtree(caches[2] / "models--acme--tiny" / "trees")  # listings are kept since huggingface_hub 1.18
    rig.forget()
    run(without_network(EVERYTHING, NAME, *caches))
    assert rig.requests() == 0


def test_model_of_an_older_client_without_listings_is_whole(rig: Rig):
    official(rig.machine)
    for trees in rig.machine.cache.glob("*/trees"):
        shutil.rmtree(trees)
    rig.forget()
    rig.assert_whole(get())
    assert rig.requests() == 0


@pytest.mark.parametrize("variable", ["HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "TORSO_OFFLINE"])
def test_offline_is_read_at_the_call(rig: Rig, variable: str):
    rig.machine.set(**{variable: "1"})
    with refused("E_OFFLINE") as caught:
        get()
    assert NAME in str(caught.value)
    assert str(rig.machine.cache) in str(caught.value)
    assert f"torso get {NAME} --to tiny" in caught.value.cure
    assert rig.requests() == 0
    rig.machine.set(**{variable: "0"})
    rig.assert_whole(get())


def test_partial_cache_offline_names_what_is_absent(rig: Rig):
    folder = get()
    (folder / "vocab.txt").unlink()
    rig.machine.set(HF_HUB_OFFLINE="1")
    with refused("E_OFFLINE") as caught:
        get()
    assert "vocab.txt" in str(caught.value)
    assert "model.safetensors" not in caught.value.what


def test_partial_cache_online_fetches_only_what_is_absent(rig: Rig):
    folder = get()
    (folder / "vocab.txt").resolve().unlink()
    rig.forget()
    rig.assert_whole(get())
    assert rig.sent() == 0
    assert len(rig.front.requests("/vocab.txt", method="GET")) == 2  # and its redirect


def test_partial_download_of_the_official_client_is_completed(rig: Rig):
    code = "import sys; from huggingface_hub import hf_hub_download; print(hf_hub_download(sys.argv[1], 'config.json'))"
    official(rig.machine, code)
    rig.forget()
    rig.assert_whole(get())
    assert rig.front.requests("/config.json", method="GET") == []


def test_branch_that_was_never_fetched_is_absent_offline(rig: Rig):
    get()
    rig.machine.set(HF_HUB_OFFLINE="1")
    with refused("E_OFFLINE"):
        get(revision="v2")
