"""The commands that get, check, repair, list and remove models, as a person types them."""

from __future__ import annotations

import io
import json
import os
import pty
import socket
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

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


def test_config_only_does_not_speak_of_weights(rig: Rig):
    assert "model.safetensors" not in said(rig.machine.torso("get", NAME, "--config-only"))


@pytest.mark.parametrize(
    "options",
    [
        ["--all", "--config-only"],
        ["--all", "--include", "*.json"],
        ["--pytorch", "--config-only"],
        ["--offline", "--update"],
        ["--offline", "--force"],
        ["--git", "--source", "hf"],
        ["--remember"],
    ],
)
def test_options_of_which_one_would_do_nothing(rig: Rig, options: list[str]):
    said(rig.machine.torso("get", NAME, *options), 2)
    assert rig.requests() == 0


@pytest.mark.parametrize(
    ("name", "options"),
    [
        (".", ["--to", "x"]),
        ("torso:sentiment", ["--update"]),
        (".", ["--source", "hf"]),
        (f"https://huggingface.co/{NAME}", ["--source", "hf-mirror"]),
        (f"git+https://example.org/{NAME}", ["--source", "hf"]),
        (f"modelscope:{NAME}", ["--source", "hf"]),
    ],
)
def test_option_that_does_nothing_for_a_name(rig: Rig, name: str, options: list[str]):
    said(rig.machine.torso("get", name, *options), 2)
    assert rig.requests() == 0


def test_two_processes_make_one_folder(rig: Rig):
    """One download, whichever comes first; and nothing of torso's is left but the lock file that says what it is."""
    target = rig.machine.home / "plain"
    running = [rig.machine.start("get", NAME, "--to", target) for _ in range(3)]
    for process in running:
        _, text = process.communicate(timeout=60)
        assert process.returncode == 0, text
    rig.assert_whole(target)
    assert rig.sent() == len(rig.weights)
    assert {path.name for path in target.iterdir()} == {*CHOSEN, "README.md", "torso.lock.json"}


def test_part_of_the_configuration_is_no_model_offline(rig: Rig):
    """What is on this machine is not called whole where the weights are missing."""
    said(rig.machine.torso("get", NAME, "--config-only"))
    rig.machine.set(HF_HUB_OFFLINE="1")
    assert "model.safetensors" in said(rig.machine.torso("get", NAME), 3)
    assert "model.safetensors" in said(rig.machine.torso("get", NAME, "--to", "plain"), 3)
    assert "model.safetensors" in said(rig.machine.torso("get", NAME, "--include", "*.safetensors"), 3)
    said(rig.machine.torso("get", NAME, "--include", "*.json", "--to", "plain"))
    assert (rig.machine.home / "plain" / "config.json").read_bytes() == rig.files["config.json"]


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


def test_source_is_remembered(rig: Rig):
    """``--remember`` saves the source for later calls, of the library too; ``--source`` still wins over it."""
    mirror = rig.mirror()
    rig.machine.set(TORSO_SETTINGS=str(rig.machine.home / "settings" / "torso.json"))
    said(rig.machine.torso("get", NAME, "--source", "hf-miror", "--remember"), 3)
    text = said(rig.machine.torso("get", NAME, "--source", mirror.url, "--remember", "--config-only"))
    assert "torso.json" in text
    assert json.loads((rig.machine.home / "settings" / "torso.json").read_text()) == {"source": mirror.url}
    get()
    assert rig.requests() == 0
    assert mirror.sent("/model.safetensors") == len(rig.weights)
    said(rig.machine.torso("get", NAME, "--source", "auto", "--update"))
    assert rig.requests() > 0


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


def on_terminal(rig: Rig, *arguments: str | Path) -> str:
    """What a command that succeeds writes on standard error where that is a terminal."""
    rig.machine.set(HF_HUB_DISABLE_PROGRESS_BARS="0", TERM="xterm", COLUMNS="200", CI="")
    ours, theirs = pty.openpty()
    process = subprocess.Popen(rig.machine.command(*arguments), stderr=theirs, stdout=subprocess.DEVNULL)
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
    return shown.decode()


@pytest.mark.parametrize("where", ["listing", "file"])
def test_waiting_is_explained_on_a_terminal(rig: Rig, where: str):
    """Row 7: a person who looks at a download that waits sees why, before its first byte too."""
    rig.machine.set(TORSO_LONGEST_WAIT="5")
    (rig.storage if where == "file" else rig.front).plan(Say(Answer(429, [("Retry-After", "1")])))
    assert "429" in on_terminal(rig, "get", NAME)


def test_source_that_cannot_be_reached_is_named_on_a_terminal(rig: Rig):
    """Why a mirror is asked, and that the dead one is asked once: nobody waits twice for what does not answer."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # and never listens
        dead = f"http://127.0.0.1:{closed.getsockname()[1]}"
        rig.machine.set(TORSO_ENDPOINTS=f"{dead},{rig.url}", TORSO_BACKOFF="600")
        shown = on_terminal(rig, "get", NAME)  # one wait would outlast its limit of 60 seconds
    assert dead.removeprefix("http://") in shown
    assert "Asking the next source" in shown


def test_progress_below_a_cell_of_a_notebook(monkeypatch: pytest.MonkeyPatch):
    """One line that is written over, with what has come, the rate and the time left; notes stay above it."""
    stream = type("OutStream", (io.StringIO,), {"__module__": "ipykernel.iostream"})()
    monkeypatch.setattr("sys.stderr", stream)
    now = [0.0]
    monkeypatch.setattr("torso.hub.transfer.progress.time", SimpleNamespace(monotonic=lambda: now[0]))
    from torso.hub.transfer.progress import TransferProgress

    with TransferProgress("acme/tiny", 100_000_000) as meter:
        for _ in range(8):
            now[0] += 1
            meter.advance(10_000_000)
            meter.refresh()
        meter.note("{host} cannot be trusted: {cause}.", {"host": "h", "cause": "c"})
        meter.refresh()
    lines = stream.getvalue().split("\n")
    assert "h cannot be trusted: c." in lines[1]
    last = lines[0].split("\r")[-1]
    assert "acme/tiny  80.0 MB / 100 MB" in last
    assert "10.0 MB/s  0:02" in last
    assert lines[-1] == ""


def test_get_loads_no_torch_and_no_numpy(rig: Rig):
    code = "import sys; from torso.cli import main; status = main(sys.argv[1:]); "
    code += "assert not {'torch', 'numpy', 'huggingface_hub', 'modelscope'} & set(sys.modules), sorted(sys.modules); "
    done = subprocess.run(
        [sys.executable, "-c", code + "sys.exit(status)", "get", NAME], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_help_is_quick(rig: Rig):
    """It asks no server and imports nothing that takes long."""
    code = "import sys; from torso.cli import main; status = main(['get', '--help']); "
    code += "heavy = {'torch', 'numpy', 'rich', 'tokenizers', 'urllib3', 'torso.hub'} & sys.modules.keys(); "
    code += "assert not heavy, heavy; sys.exit(status)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert rig.requests() == 0
