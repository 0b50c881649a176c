"""Git hosts and repositories that are hostile, slow or damaged: each question to git ends, with an error of torso."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from torso.errors import TorsoError
from torso.hub.local import git_process
from torso.hub.local.git_objects import files_of

from .conftest import FOREVER, IMPATIENT, NAME, Rig, get, refused, sha256
from .faultd import Change, Proxy, Say
from .gitd import Git
from .httpd import Answer, Exchange
from .repository import Repository, git_environment, pointer

Front = tuple[Git, Proxy]


@pytest.fixture
def git(rig: Rig) -> Iterator[Front]:
    """A git host with LFS, and the fault proxy that stands before both."""
    with Git(rig.shelf) as server, Proxy(server.url) as front:
        server.storage = front.url
        yield server, front


def address(front: Proxy, name: str = NAME) -> str:
    """The source that a person types."""
    return f"git+{front.url}/{name}.git"


def _git(folder: Path, *arguments: str, stdin: bytes = b"") -> str:
    done = subprocess.run(
        ["git", "-C", str(folder), *arguments],
        input=stdin,
        capture_output=True,
        check=True,
        env=git_environment()
        | {"GIT_AUTHOR_NAME": "r", "GIT_AUTHOR_EMAIL": "r@localhost"}
        | {"GIT_COMMITTER_NAME": "r", "GIT_COMMITTER_EMAIL": "r@localhost"},
    )
    return done.stdout.decode().strip()


def _nest(repository: Repository, bottom: bytes, *, levels: int) -> None:
    """Makes main a tree that holds the same tree ten times, level by level, beside a config.json."""
    home = repository.path
    tree = _git(home, "mktree", stdin=bottom)
    for _ in range(levels):
        tree = _git(home, "mktree", stdin="".join(f"040000 tree {tree}\td{n}\n" for n in range(10)).encode())
    blob = _git(home, "hash-object", "-w", "--stdin", stdin=b"{}")
    entries = f"100644 blob {blob}\tconfig.json\n040000 tree {tree}\ttree\n"
    commit = _git(home, "commit-tree", "-m", "x", _git(home, "mktree", stdin=entries.encode()))
    _git(home, "update-ref", "refs/heads/main", commit)


@pytest.mark.parametrize("kind", ["files", "nothing"])
def test_tree_of_ten_thousand_million_paths(rig: Rig, git: Front, kind: str):
    """The entries are counted as git prints them; folders too, so that a tree of empty folders is none the longer."""
    blob = _git(rig.repository.path, "hash-object", "-w", "--stdin", stdin=b"x")
    bottom = "".join(f"100644 blob {blob}\tf{n}\n" for n in range(10)).encode() if kind == "files" else b""
    _nest(rig.repository, bottom, levels=9)
    with refused("E_LIMIT"):
        get(address(git[1]))
    assert not list(rig.machine.home.rglob(".git-*"))


def test_path_without_end(rig: Rig, git: Front):
    home = rig.repository.path
    blob = _git(home, "hash-object", "-w", "--stdin", stdin=b"x")
    tree = _git(home, "mktree", stdin=f"100644 blob {blob}\tconfig.json\n".encode())
    for _ in range(500):
        tree = _git(home, "mktree", stdin=f"040000 tree {tree}\t{'d' * 200}\n".encode())
    _git(home, "update-ref", "refs/heads/main", _git(home, "commit-tree", "-m", "x", tree))
    with refused("E_LIMIT", "E_UNSAFE_PATH"):
        get(address(git[1]))


def _drip(every: float) -> Change:
    """Answers after some seconds."""

    def change(exchange: Exchange, answer: Answer) -> Answer:
        time.sleep(every)
        return answer

    return Change(change)


@pytest.mark.parametrize("path", ["info/refs", "git-upload-pack"])
def test_git_host_that_never_ends(rig: Rig, git: Front, path: str):
    rig.machine.set(TORSO_LISTING="1", **IMPATIENT)
    git[1].plan(_drip(20), path, times=FOREVER)
    begin = time.monotonic()
    with refused("E_TIMEOUT", "E_TOO_SLOW", "E_GIT"):
        get(address(git[1]))
    assert time.monotonic() - begin < 18


def test_what_is_waited_for_is_said(rig: Rig, git: Front, monkeypatch: pytest.MonkeyPatch, capsys):
    monkeypatch.setattr("torso.hub.transfer.progress._WAITING_AFTER", 0.05)
    git[1].plan(_drip(0.4), "info/refs", times=FOREVER)
    monkeypatch.delenv("HF_HUB_DISABLE_PROGRESS_BARS")
    get(address(git[1]))
    said = capsys.readouterr().err
    assert "waiting for 127.0.0.1" in said
    assert "branches" in said


@pytest.mark.parametrize("revision", ["nosuch", None])
@pytest.mark.parametrize("ref", ["refs/stash", "refs/x", "refs/pull/1/head", "refs/notes/commits"])
def test_refs_of_every_depth(rig: Rig, git: Front, ref: str, revision: str | None):
    repository = rig.shelf.add("acme/refs", rig.files, branch="trunk")
    _git(repository.path, "update-ref", ref, "refs/heads/trunk")
    if revision is None:  # two branches, and HEAD names one that is gone
        _git(repository.path, "update-ref", "refs/heads/other", "refs/heads/trunk")
        (repository.path / "HEAD").write_text("ref: refs/heads/gone\n")
    with refused("E_REVISION") as caught:
        get(address(git[1], "acme/refs"), revision=revision)
    assert "trunk" in str(caught.value)


@pytest.mark.parametrize("said", ["a\u202eb", "\x1b]0;pwn\x07", "a\u2028b\u200f", "\x9b2J"])
def test_words_of_a_server_are_shown_escaped(rig: Rig, git: Front, said: str):
    body = b"%04xERR %s" % (len(said.encode()) + 8, said.encode())
    head = [("Content-Type", "application/x-git-upload-pack-advertisement")]
    git[1].plan(Say(Answer(200, head, body)), "info/refs", times=FOREVER)
    with refused("E_GIT") as caught:
        get(address(git[1]))
    assert all(character.isprintable() for character in str(caught.value))


@pytest.mark.parametrize("taken", ["model.safetensors", "pytorch_model.bin", "model.safetensors.index.json"])
def test_weights_that_are_a_link(rig: Rig, git: Front, taken: str):
    files = {name: data for name, data in rig.files.items() if name != "model.safetensors"}
    repository = rig.shelf.add("acme/linked", files | {"weights.dat": b"w"})
    repository.commit({}, links={taken: "weights.dat"})
    with refused("E_MISSING_WEIGHTS") as caught:
        get(address(git[1], "acme/linked"))
    if not taken.endswith(".json"):
        assert f"{taken} (a symbolic link)" in str(caught.value)


@pytest.mark.parametrize("name", ["README.md", "special_tokens_map.json", "deep/er.txt"])
def test_links_that_are_left_out_are_named(rig: Rig, git: Front, name: str):
    rig.repository.commit({}, links={name: "config.json"})
    done = rig.machine.torso("get", address(git[1]))
    assert done.returncode == 0, done.stderr
    assert f"Left out, being a symbolic link: {name}" in done.stderr


def _clone(git: Front, target: Path, *options: str) -> None:
    subprocess.run(
        ["git", "clone", "--quiet", *options, f"{git[0].url}/{NAME}.git", str(target)],
        check=True,
        capture_output=True,
        env=git_environment(),
    )


def _lose(clone: Path, name: str) -> None:
    """Takes the object of a file out of a clone, whether it lies alone or in a pack."""
    blob = _git(clone, "rev-parse", f"HEAD:{name}")
    for pack in list((clone / ".git" / "objects" / "pack").glob("*.pack")):
        moved = clone / pack.name
        pack.rename(moved)
        for other in pack.parent.glob(f"{pack.stem}.*"):
            other.unlink()
        _git(clone, "unpack-objects", "-q", stdin=moved.read_bytes())
        moved.unlink()
    (clone / ".git" / "objects" / blob[:2] / blob[2:]).unlink()


@pytest.mark.parametrize("name", ["config.json", "vocab.txt", "model.safetensors", "README.md"])
def test_clone_that_has_lost_an_object(rig: Rig, git: Front, name: str):
    clone = rig.machine.home / "clone"
    _clone(git, clone)
    (clone / "model.safetensors").write_bytes(rig.weights)
    _lose(clone, name)
    done = rig.machine.torso("check", clone)
    assert done.returncode == 0, done.stdout + done.stderr
    assert name in done.stdout.split("no hash of it is known here")[1]


def test_file_whose_object_a_clone_has_lost_is_fetched_again(rig: Rig, git: Front):
    clone = rig.machine.home / "clone"
    _clone(git, clone)
    _lose(clone, "vocab.txt")
    (clone / "vocab.txt").unlink()
    assert rig.machine.torso("check", clone).returncode == 1
    done = rig.machine.torso("repair", clone)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (clone / "vocab.txt").read_bytes() == rig.files["vocab.txt"]
    assert not (clone / ".cache").exists()


@pytest.mark.parametrize("is_lost", [False, True], ids=["held", "lost"])
@pytest.mark.parametrize("link", [".cache", ".cache/torso", ".cache/torso.lock"])
def test_repair_of_a_clone_follows_no_link(rig: Rig, git: Front, link: str, is_lost: bool):
    """A refused path is no lost object: nothing is fetched in its place."""
    clone, victim = rig.machine.home / "clone", rig.machine.home / "victim"
    _clone(git, clone)
    (clone / "model.safetensors").write_bytes(rig.weights)
    if is_lost:
        _lose(clone, "vocab.txt")
    (clone / "vocab.txt").unlink()
    victim.mkdir()
    (clone / link).parent.mkdir(exist_ok=True)
    (clone / link).symlink_to(victim)
    before = len(git[0].log)
    done = rig.machine.torso("repair", clone)
    assert "E_UNSAFE_PATH" in done.stderr
    assert str(clone / link) in done.stderr
    assert len(git[0].log) == before
    assert not list(victim.iterdir())
    assert not (clone / "vocab.txt").exists()
    (clone / link).unlink()
    done = rig.machine.torso("repair", clone)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (len(git[0].log) > before) == is_lost
    assert (clone / "vocab.txt").read_bytes() == rig.files["vocab.txt"]


def test_partial_clone_is_checked(rig: Rig, git: Front):
    clone = rig.machine.home / "clone"
    _clone(git, clone, "--filter=blob:none", "--no-checkout")
    done = rig.machine.torso("check", clone)
    assert done.returncode == 1
    assert "fault of torso" not in done.stderr
    assert not list((clone / ".git" / "objects").rglob("*.tmp"))


@pytest.mark.parametrize(
    "setting",
    [
        ("remote.origin.url", "ext::sh -c touch% {marker}"),
        ("core.sshCommand", "touch {marker}"),
        ("core.fsmonitor", "touch {marker}"),
        ("core.pager", "touch {marker}"),
        ("core.alternateRefsCommand", "touch {marker}"),
        ("filter.lfs.smudge", "touch {marker}"),
    ],
)
def test_settings_of_a_clone_run_nothing(rig: Rig, git: Front, setting: tuple[str, str], monkeypatch):
    """Not even by a git that does not know GIT_NO_LAZY_FETCH: the protocols that git may use are ours to name."""
    clone, marker = rig.machine.home / "clone", rig.machine.home / "marker"
    _clone(git, clone)
    _git(clone, "config", setting[0], setting[1].format(marker=marker))
    for name, value in (
        ("core.repositoryFormatVersion", "1"),
        ("extensions.partialClone", "origin"),
        ("protocol.ext.allow", "always"),
        ("protocol.allow", "always"),
    ):
        _git(clone, "config", name, value)
    _lose(clone, "config.json")
    monkeypatch.setitem(git_process._QUIET, "GIT_NO_LAZY_FETCH", "0")
    with suppress(TorsoError):
        files_of(clone, "HEAD")
    assert not marker.exists()


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirect_of_a_git_host_is_judged(rig: Rig, git: Front, status: int):
    """A host may move a repository; git itself follows nothing."""
    moved = Answer(status, [("Location", f"{git[0].url}/{NAME}.git/info/refs?service=git-upload-pack")])
    git[1].plan(Say(moved), "info/refs", times=FOREVER)
    rig.assert_whole(get(address(git[1])))


@pytest.mark.parametrize(
    "target", ["http://169.254.169.254", "http://[fe80::1]", "ftp://127.0.0.1", "http://0.0.0.0:1"]
)
def test_redirect_of_a_git_host_that_is_refused(rig: Rig, git: Front, target: str):
    moved = Answer(302, [("Location", f"{target}/x.git/info/refs?service=git-upload-pack")])
    git[1].plan(Say(moved), "info/refs", times=FOREVER)
    with refused("E_REDIRECT"):
        get(address(git[1]))


def test_redirect_after_the_first_question_is_not_followed(rig: Rig, git: Front):
    with Proxy(git[0].url) as elsewhere:
        moved = Answer(302, [("Location", f"{elsewhere.url}/{NAME}.git/info/refs?service=git-upload-pack")])
        git[1].plan(Say(moved), "info/refs", times=FOREVER, skip=1)
        with refused("E_GIT"):
            get(address(git[1]))
        assert elsewhere.log == []


def test_pointers_are_read_one_by_one(rig: Rig):
    """Thousands of small files: what git prints is never held whole."""
    repository = rig.shelf.add("acme/many", {f"f{n}.txt": f"{n}".encode() for n in range(3000)})
    repository.commit({"p.bin": b"weights"})
    tree = files_of(repository.path, "main")
    assert len(tree.files) == 3001
    (large,) = [file for file in tree.files if file.is_large]
    assert (large.path, large.etag, large.size) == ("p.bin", sha256(b"weights"), 7)
    assert pointer(b"weights")
