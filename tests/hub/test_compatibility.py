"""The cache is the Hub's own: what torso writes, the official client and transformers read, and the other way round."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import FOREVER, NAME, Rig, get, sha256
from .faultd import Refuse
from .isolation import without_network
from .test_crash import start_and_hold
from .test_offline import official, run

TRANSFORMERS = """
import sys, torch
from transformers import AutoModel, AutoTokenizer
for name in sys.argv[1:]:
    tokenizer, model = AutoTokenizer.from_pretrained(name), AutoModel.from_pretrained(name)
    print(model(**tokenizer("a b", return_tensors="pt")).last_hidden_state.shape[-1])
"""
EACH = """
import sys
from huggingface_hub import hf_hub_download, scan_cache_dir, try_to_load_from_cache
for name in sys.argv[2:]:
    assert hf_hub_download(sys.argv[1], name, local_files_only=True) == try_to_load_from_cache(sys.argv[1], name)
scan = scan_cache_dir()
assert not scan.warnings, scan.warnings
repo, = scan.repos
print(repo.repo_id, repo.size_on_disk, sorted(next(iter(repo.revisions)).refs))
"""
SOME = """
import json, sys
from huggingface_hub import snapshot_download
snapshot_download(sys.argv[1], allow_patterns=json.loads(sys.argv[2]))
"""
FAILING = """
import sys
from huggingface_hub import snapshot_download
try:
    snapshot_download(sys.argv[1])
except Exception:
    print("failed")
"""
TAKEN = ["config.json", "tokenizer_config.json", "vocab.txt", "model.safetensors", "README.md"]


def tree_of(cache: Path) -> dict[str, str]:
    """Every file of a cache with its hash, every link with its target, every listing with its meaning."""
    found: dict[str, str] = {}
    for path in sorted(cache.rglob("*")):
        name = str(path.relative_to(cache))
        if path.is_symlink():
            found[name] = "-> " + os.readlink(path)
        elif path.suffix == ".json" and path.parent.name in ("trees", "listings"):
            # Ours lies aside, since the official client takes a snapshot that lacks any of its listing for incomplete.
            found[name.replace("/listings/", "/trees/")] = json.dumps(json.loads(path.read_text()), sort_keys=True)
        elif path.is_file():
            found[name] = sha256(path.read_bytes())
    return found


def test_same_cache_as_the_official_client(rig: Rig, tmp_path: Path):
    """Blob for blob, link for link: but for Xet's hashes in the listing, which plain http has no use for."""
    get()
    taken = json.dumps(sorted(path.name for path in (rig.machine.cache.glob("*/snapshots/*/*"))))
    rig.machine.set(HF_HUB_CACHE=str(tmp_path / "official"), HF_HUB_DISABLE_SHARED_BLOBS="1")
    official(rig.machine, SOME, NAME, taken)
    ours, theirs = tree_of(rig.machine.home / "hf" / "hub"), tree_of(tmp_path / "official")
    for tree in (ours, theirs):
        for name in [name for name in tree if "/trees/" in name]:
            table = json.loads(tree[name])
            for entry in table["files"].values():
                entry.pop("xet_hash", None)
            tree[name] = json.dumps(table, sort_keys=True)
    assert ours == theirs


def test_official_client_reads_our_cache(rig: Rig):
    get()
    rig.machine.set(HF_HUB_OFFLINE="1")
    rig.forget()
    said = official(rig.machine, EACH, NAME, *TAKEN)
    assert said.split()[0] == NAME
    assert "['main']" in said
    assert rig.requests() == 0


def test_official_client_adds_to_our_cache(rig: Rig):
    """It takes our blobs and fetches the rest only."""
    folder = get()
    rig.forget()
    assert Path(official(rig.machine).strip()) == folder
    assert rig.sent() == 0


OFFLINE = """
import sys
from huggingface_hub import snapshot_download
print(snapshot_download(sys.argv[1], local_files_only=True))
"""


@pytest.mark.parametrize("options", [[], ["--all"], ["--config-only"], ["--pytorch"], ["--include", "*.json"]])
def test_official_client_finds_our_snapshot_offline(rig: Rig, options: list[str]):
    """As it finds what transformers fetched: files that were left on purpose make no snapshot incomplete."""
    rig.repository.commit({"pytorch_model.bin": bytes(reversed(rig.weights)), "tf_model.h5": b"h5" * 1000})
    done = rig.machine.torso("get", NAME, *options)
    assert done.returncode == 0, done.stderr
    rig.forget()
    assert official(rig.machine, OFFLINE, NAME).strip() == done.stdout.strip()
    rig.machine.set(HF_HUB_OFFLINE="1")
    assert official(rig.machine, OFFLINE, NAME).strip() == done.stdout.strip()
    assert rig.requests() == 0
    if not options:
        assert rig.machine.torso("check", NAME).returncode == 0


def test_unfinished_download_is_incomplete_to_the_official_client(rig: Rig):
    get()
    commit = rig.repository.commit({"config.json": rig.files["config.json"] + b" "})
    rig.front.plan(Refuse(), "resolve", times=FOREVER)
    done = rig.machine.torso("get", NAME, "--update")
    assert done.returncode != 0
    with pytest.raises(AssertionError, match="IncompleteSnapshotError"):
        official(rig.machine, OFFLINE.replace("local_files_only", f"revision={commit!r}, local_files_only"), NAME)


def test_official_client_verifies_our_cache(rig: Rig):
    get()
    done = subprocess.run(
        [sys.executable, "-m", "huggingface_hub.cli.hf", "cache", "verify", NAME],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_transformers_loads_offline_from_our_cache_and_folder(rig: Rig):
    get()
    plain = rig.machine.home / "plain"
    done = rig.machine.torso("get", NAME, "--to", plain)
    assert done.returncode == 0, done.stderr
    rig.machine.set(HF_HUB_OFFLINE="1")
    assert run(without_network(TRANSFORMERS, NAME, plain)).split() == ["64", "64"]


def test_official_client_after_our_killed_download(rig: Rig):
    """Our part is none of its files, and is no hindrance."""
    process = start_and_hold(rig)
    process.kill()
    process.communicate()
    folder = Path(official(rig.machine).strip())
    assert (folder / "model.safetensors").read_bytes() == rig.weights
    rig.forget()
    assert get() == folder
    assert rig.requests() == 0
    assert "torso-part" not in rig.machine.torso("list").stdout


def test_parts_of_the_official_client_are_left_alone(rig: Rig):
    home = rig.machine.cache / "models--acme--tiny"
    (home / "blobs").mkdir(parents=True)
    theirs = home / "blobs" / f"{sha256(rig.weights)}.0a1b2c3d.incomplete"
    theirs.write_bytes(b"theirs")
    folder = get()
    assert (folder / "model.safetensors").read_bytes() == rig.weights
    assert theirs.read_bytes() == b"theirs"


def test_refused_official_download_leaves_nothing_that_looks_whole(rig: Rig):
    """Its snapshot folder exists with half the files; torso sees that, with and without the kept listing."""
    rig.storage.plan(Refuse(), times=FOREVER)
    assert official(rig.machine, FAILING).strip() == "failed"
    rig.storage.plans.clear()
    rig.assert_whole(get())
