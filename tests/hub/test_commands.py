"""The commands that get, check, repair, list and remove models, as a person types them."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
import time

from .conftest import FOREVER, NAME, Rig, get, sha256
from .faultd import Refuse, Say
from .httpd import Answer

CHOSEN = {"config.json", "tokenizer_config.json", "vocab.txt", "model.safetensors"}


def said(done: subprocess.CompletedProcess[str], code: int = 0) -> str:
    """Everything a command printed, on one line; its exit status is as expected and it shows no traceback."""
    text = done.stdout + done.stderr
    assert done.returncode == code, text
    assert "Traceback" not in text
    return " ".join(text.split())


def test_get_prints_where_it_is_and_which_commit(rig: Rig):
    text = said(rig.machine.torso("get", NAME))
    assert rig.commit[:7] in text
    rig.assert_whole(get())


def test_get_again_asks_nobody(rig: Rig):
    said(rig.machine.torso("get", NAME))
    rig.forget()
    said(rig.machine.torso("get", NAME))
    assert rig.requests() == 0


def test_get_to_a_folder(rig: Rig):
    """Plain files with a lock; no link, nothing in the cache, and `torso check` verifies it offline."""
    target = rig.machine.home / "plain"
    said(rig.machine.torso("get", NAME, "--to", target))
    names = {str(path.relative_to(target)) for path in target.rglob("*") if path.is_file()}
    assert names >= CHOSEN
    assert not any(path.is_symlink() for path in target.rglob("*"))
    assert (target / "model.safetensors").read_bytes() == rig.weights
    lock = json.loads((target / "torso.lock.json").read_text())
    assert lock["commit"] == rig.commit
    assert lock["files"]["model.safetensors"]["sha256"] == sha256(rig.weights)
    assert lock["files"]["vocab.txt"]["sha256"] == sha256(rig.files["vocab.txt"])
    assert not list(rig.machine.cache.glob("*/blobs/*"))
    rig.forget()
    said(rig.machine.torso("check", target))
    assert rig.requests() == 0


def test_get_to_a_folder_takes_what_the_cache_has(rig: Rig):
    get()
    rig.forget()
    said(rig.machine.torso("get", NAME, "--to", rig.machine.home / "plain"))
    assert rig.sent() == 0


def test_get_to_a_folder_does_not_overwrite(rig: Rig):
    target = rig.machine.home / "plain"
    target.mkdir()
    (target / "config.json").write_text('{"mine": true}')
    said(rig.machine.torso("get", NAME, "--to", target), 3)
    assert (target / "config.json").read_text() == '{"mine": true}'


def test_hand_placed_files_are_accepted_after_their_hash(rig: Rig):
    """A person fetched the weights by other means: they are taken, and only the rest is fetched."""
    target = rig.machine.home / "plain"
    target.mkdir()
    (target / "model.safetensors").write_bytes(rig.weights)
    said(rig.machine.torso("get", NAME, "--to", target))
    assert rig.sent() == 0


def test_config_only(rig: Rig):
    said(rig.machine.torso("get", NAME, "--config-only"))
    assert rig.sent() == 0
    assert list(rig.machine.cache.glob("*/snapshots/*/config.json"))


def test_dry_run_fetches_nothing_and_says_what_it_would(rig: Rig):
    rig.repository.commit({"tf_model.h5": b"h5" * 1000})
    text = said(rig.machine.torso("get", NAME, "--dry-run"))
    assert "model.safetensors" in text
    assert "tf_model.h5" in text
    assert rig.sent() == 0
    assert rig.front.requests("resolve") == []
    assert not list(rig.machine.cache.glob("*/snapshots/*/*"))


def test_include_and_exclude(rig: Rig):
    target = rig.machine.home / "some"
    said(
        rig.machine.torso("get", NAME, "--to", target, "--include", "*.json", "--include", "*.txt", "--exclude", "tok*")
    )
    names = {path.name for path in target.iterdir()} - {"torso.lock.json"}
    assert names == {"config.json", "vocab.txt"}


def test_one_weight_format_and_what_is_left_is_said(rig: Rig):
    extra = {"pytorch_model.bin": b"bin" * 9999, "tf_model.h5": b"h5" * 9999, "flax_model.msgpack": b"mp" * 9999}
    rig.repository.commit(extra)
    text = said(rig.machine.torso("get", NAME))
    for name in extra:
        assert name in text
    assert rig.sent() == len(rig.weights)


def test_update_moves_the_branch(rig: Rig):
    said(rig.machine.torso("get", NAME))
    second = rig.repository.commit({"vocab.txt": b"new\n"})
    rig.forget()
    said(rig.machine.torso("get", NAME))
    assert rig.requests() == 0
    assert second[:7] in said(rig.machine.torso("get", NAME, "--update"))
    rig.assert_whole(get(), commit=second)
    assert rig.sent() == 0


def test_source_flag(rig: Rig):
    mirror = rig.mirror()
    said(rig.machine.torso("get", NAME, "--source", mirror.url))
    assert rig.front.log == []
    rig.assert_whole(get())


def test_list_shows_every_model_on_the_machine(rig: Rig):
    get()
    folder = rig.machine.home / "modelscope" / "models" / "scope--other" / "snapshots" / "master"
    folder.mkdir(parents=True)
    for name, data in rig.files.items():
        (folder / name).write_bytes(data)
    rig.forget()
    text = said(rig.machine.torso("list"))
    assert NAME in text
    assert "scope/other" in text
    assert rig.commit[:7] in text
    assert "2.7 MB" in text
    assert rig.requests() == 0


def test_list_marks_what_is_not_complete(rig: Rig):
    (get() / "vocab.txt").unlink()
    assert "vocab.txt" in said(rig.machine.torso("list")) or "incomplete" in said(rig.machine.torso("list"))


def test_remove_frees_the_space_and_nothing_else(rig: Rig):
    get()
    rig.shelf.add("acme/other", rig.files)
    get("acme/other")
    said(rig.machine.torso("remove", NAME, "--yes"))
    left = {path.name for path in rig.machine.cache.iterdir()}
    assert "models--acme--tiny" not in left
    assert "models--acme--other" in left
    rig.forget()
    assert (get("acme/other") / "model.safetensors").read_bytes() == rig.weights
    assert rig.requests() == 0


def test_remove_of_what_is_not_there(rig: Rig):
    said(rig.machine.torso("remove", "acme/absent", "--yes"), 3)


def test_remove_asks_first(rig: Rig):
    folder = get()
    done = rig.machine.torso("remove", NAME)
    assert done.returncode != 0
    assert (folder / "model.safetensors").exists()


def test_failure_names_every_source_and_a_way_on(rig: Rig):
    mirror = rig.mirror()
    rig.machine.set(TORSO_ENDPOINTS=f"{rig.url},{mirror.url}")
    rig.front.plan(Refuse(), times=FOREVER)
    mirror.plan(Refuse(), times=FOREVER)
    text = said(rig.machine.torso("get", NAME), 3)
    assert rig.url.removeprefix("http://") in text
    assert mirror.url.removeprefix("http://") in text
    assert "--source" in text


def test_waiting_is_explained_on_a_terminal(rig: Rig):
    """Row 7: a person who looks at a download that waits sees why."""
    rig.machine.set(TORSO_LONGEST_WAIT="5", HF_HUB_DISABLE_PROGRESS_BARS="0", TERM="xterm", COLUMNS="200")
    rig.storage.plan(Say(Answer(429, [("Retry-After", "1")])))
    ours, theirs = pty.openpty()
    process = subprocess.Popen(rig.machine.command("get", NAME), stderr=theirs, stdout=subprocess.DEVNULL)
    os.close(theirs)
    shown = b""
    try:
        while block := os.read(ours, 4096):
            shown += block
    except OSError:  # how a pseudo-terminal ends on Linux
        pass
    finally:
        os.close(ours)
    assert process.wait(20) == 0, shown
    assert b"429" in shown


def test_get_loads_no_torch_and_no_numpy(rig: Rig):
    code = "import sys; from torso.cli import main; status = main(sys.argv[1:]); "
    code += "assert not {'torch', 'numpy', 'huggingface_hub', 'modelscope'} & set(sys.modules), sorted(sys.modules); "
    done = subprocess.run(
        [sys.executable, "-c", code + "sys.exit(status)", "get", NAME], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_help_is_quick(rig: Rig):
    """At most 250 ms, of which the interpreter's own start is most; the best of five, since machines are shared."""
    best = 9.0
    for _ in range(5):
        begun = time.perf_counter()
        said(rig.machine.torso("get", "--help"))
        best = min(best, time.perf_counter() - begun)
    assert best <= 0.25
