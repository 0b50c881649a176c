"""Git: the git binary for what git keeps, torso's own engine for LFS, and clones that are there already."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from .conftest import FOREVER, MEBIBYTE, NAME, Rig, attempt, get, refused, sha256
from .faultd import Cut, Flip, Proxy, Say
from .gitd import Git
from .httpd import Answer
from .models import bert
from .repository import git_environment, pointer


@pytest.fixture
def git(rig: Rig) -> Iterator[tuple[Git, Proxy]]:
    """A git host with LFS, and the fault proxy that stands before both."""
    with Git(rig.shelf) as server, Proxy(server.url) as front:
        server.storage = front.url
        yield server, front


def address(front: Proxy) -> str:
    """The source that a person types."""
    return f"git+{front.url}/{NAME}.git"


def lfs_bytes(front: Proxy) -> int:
    """Bytes of LFS objects that reached the client."""
    return sum(one.sent for one in front.requests("/lfs/") if one.method == "GET")


def test_clone_has_real_weights_without_git_lfs(rig: Rig, git: tuple[Git, Proxy]):
    folder = get(address(git[1]))
    rig.assert_whole(folder)
    assert lfs_bytes(git[1]) == len(rig.weights)


def test_clone_is_found_again_without_a_request(rig: Rig, git: tuple[Git, Proxy]):
    folder = get(address(git[1]))
    git[1].forget()
    assert get(address(git[1])) == folder
    assert git[1].log == []


def test_object_is_not_kept_twice(rig: Rig, git: tuple[Git, Proxy]):
    get(address(git[1]))
    size = len(rig.weights)
    copies = [
        path
        for path in rig.machine.home.rglob("*")
        if path.is_file() and not path.is_symlink() and path.stat().st_size == size
    ]
    assert len(copies) == 1


def test_only_one_weight_format_is_fetched(rig: Rig, git: tuple[Git, Proxy]):
    rig.repository.commit({"pytorch_model.bin": bytes(reversed(rig.weights)), "tf_model.h5": b"h5" * 500_000})
    get(address(git[1]))
    assert lfs_bytes(git[1]) == len(rig.weights)


@pytest.mark.parametrize("reset", [False, True])
def test_lfs_object_resumes(rig: Rig, git: tuple[Git, Proxy], reset: bool):
    git[1].plan(Cut(1_234_567, reset=reset), "/lfs/")
    rig.assert_whole(get(address(git[1])))
    assert lfs_bytes(git[1]) - len(rig.weights) <= MEBIBYTE


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_address_of_an_object_that_expired(rig: Rig, git: tuple[Git, Proxy], status: int):
    """What the batch API gives holds for a while: a long download asks it again and goes on."""
    git[1].plan(Cut(1_234_567), "/lfs/")
    git[1].plan(Say(Answer(status)), "^/lfs/", skip=1)
    rig.assert_whole(get(address(git[1])))
    assert lfs_bytes(git[1]) - len(rig.weights) <= MEBIBYTE
    assert len(git[1].requests("/objects/batch")) == 2


def test_address_of_an_object_that_never_holds(rig: Rig, git: tuple[Git, Proxy]):
    git[1].plan(Say(Answer(403)), "^/lfs/", times=FOREVER)
    with refused("E_HTTP_STATUS"):
        get(address(git[1]))
    assert len(git[1].requests("/objects/batch")) == 2


def test_lfs_object_is_verified(rig: Rig, git: tuple[Git, Proxy]):
    git[1].plan(Flip(5), "/lfs/", times=FOREVER)
    with refused("E_HASH"):
        get(address(git[1]))


def test_lfs_object_that_the_host_lost(rig: Rig, git: tuple[Git, Proxy]):
    git[0].missing.add(sha256(rig.weights))
    with refused("E_LFS_MISSING", "E_FILE_NOT_FOUND", "E_LFS") as caught:
        get(address(git[1]))
    assert "model.safetensors" in str(caught.value)


def test_lfs_host_unavailable(rig: Rig, git: tuple[Git, Proxy]):
    git[0].lfs_status = 503
    with refused("E_SERVER"):
        get(address(git[1]))
    git[0].lfs_status = 0
    rig.assert_whole(get(address(git[1])))


def test_repository_that_is_not_there(rig: Rig, git: tuple[Git, Proxy]):
    with refused("E_GIT", "E_REPO_NOT_FOUND"):
        get(f"git+{git[1].url}/acme/absent.git")


def test_git_that_asks_for_a_password_does_not_hang(rig: Rig, git: tuple[Git, Proxy]):
    git[1].plan(Say(Answer(401, [("WWW-Authenticate", 'Basic realm="rig"')])), "info/refs", times=FOREVER)
    with refused("E_GIT", "E_REPO_NOT_FOUND", "E_PRIVATE"):
        get(address(git[1]))


def test_default_branch_that_is_master(rig: Rig, git: tuple[Git, Proxy]):
    rig.shelf.add("acme/old", rig.files, branch="master")
    folder = get(f"git+{git[1].url}/acme/old.git")
    assert (folder / "model.safetensors").read_bytes() == rig.weights


def test_head_that_points_to_nowhere(rig: Rig, git: tuple[Git, Proxy]):
    repository = rig.shelf.add("acme/odd", rig.files, branch="master")
    (repository.path / "HEAD").write_text("ref: refs/heads/main\n")
    folder = get(f"git+{git[1].url}/acme/odd.git")
    assert (folder / "model.safetensors").read_bytes() == rig.weights


@pytest.mark.parametrize("revision", ["v1", "side"])
def test_tag_and_branch(rig: Rig, git: tuple[Git, Proxy], revision: str):
    rig.repository.tag("v1", rig.commit)
    rig.repository.commit({**rig.files, "vocab.txt": b"side\n"}, branch="side")
    folder = get(address(git[1]), revision=revision)
    assert ((folder / "vocab.txt").read_bytes() == b"side\n") == (revision == "side")


def test_lfsconfig_of_a_repository_is_not_obeyed(rig: Rig, git: tuple[Git, Proxy]):
    """The repository may not say where its objects come from: that would be an address of anyone's choosing."""
    with Proxy(git[0].url) as elsewhere:
        rig.repository.commit({".lfsconfig": f"[lfs]\n\turl = {elsewhere.url}/x.git/info/lfs\n".encode()})
        get(address(git[1]))
        assert elsewhere.log == []


@pytest.mark.parametrize("target", ["/etc/passwd", "../../../../../../etc/passwd", "/dev/zero", ".."])
def test_link_out_of_a_repository_is_refused(rig: Rig, git: tuple[Git, Proxy], target: str):
    rig.repository.commit({}, links={"special_tokens_map.json": target})
    folder = attempt(address(git[1]), "E_UNSAFE_PATH")
    path = folder / "special_tokens_map.json" if folder else rig.machine.home / "absent"
    assert not path.exists() or path.resolve().is_relative_to(rig.machine.home)


@pytest.mark.parametrize(
    "text",
    [
        "git+file:///etc",
        "git+ssh://host/x",
        "git+ext::sh -c true",
        "git+--upload-pack=true",
        "git+https://user:secret@host/x",
        "git+http://example.test/x",
        "git+https://",
    ],
)
def test_addresses_that_git_must_not_see(rig: Rig, text: str):
    with refused("E_SOURCE"):
        get(text)


def _clone(git: tuple[Git, Proxy], target: Path) -> None:
    """What ``git clone`` leaves on a machine without git-lfs: pointers, and no word about them."""
    subprocess.run(
        ["git", "clone", "--quiet", f"{git[0].url}/{NAME}.git", str(target)],
        check=True,
        capture_output=True,
        env=git_environment(),
    )


def test_existing_clone_of_pointers_is_diagnosed(rig: Rig, git: tuple[Git, Proxy]):
    clone = rig.machine.home / "clone"
    _clone(git, clone)
    assert (clone / "model.safetensors").read_bytes() == pointer(rig.weights)
    done = rig.machine.torso("check", clone)
    assert done.returncode == 1
    assert "Git LFS pointer" in done.stdout + done.stderr
    assert "torso repair" in done.stdout + done.stderr


def test_existing_clone_is_repaired_from_its_remote(rig: Rig, git: tuple[Git, Proxy]):
    clone = rig.machine.home / "clone"
    _clone(git, clone)
    done = rig.machine.torso("repair", clone)
    assert done.returncode == 0, done.stderr
    assert (clone / "model.safetensors").read_bytes() == rig.weights
    assert rig.machine.torso("check", clone).returncode == 0


def test_existing_clone_is_repaired_from_its_own_objects(rig: Rig, git: tuple[Git, Proxy]):
    """The object is in .git/lfs/objects: no network is needed, and what is there is verified."""
    clone = rig.machine.home / "clone"
    _clone(git, clone)
    oid = sha256(rig.weights)
    kept = clone / ".git" / "lfs" / "objects" / oid[:2] / oid[2:4] / oid
    kept.parent.mkdir(parents=True)
    kept.write_bytes(rig.weights)
    git[0].forget()
    rig.machine.set(HF_HUB_OFFLINE="1")
    done = rig.machine.torso("repair", clone)
    assert done.returncode == 0, done.stderr
    assert (clone / "model.safetensors").read_bytes() == rig.weights
    assert git[0].log == []


def test_own_object_with_a_wrong_byte_is_not_taken(rig: Rig, git: tuple[Git, Proxy]):
    clone = rig.machine.home / "clone"
    _clone(git, clone)
    oid = sha256(rig.weights)
    kept = clone / ".git" / "lfs" / "objects" / oid[:2] / oid[2:4] / oid
    kept.parent.mkdir(parents=True)
    kept.write_bytes(bytes(reversed(rig.weights)))
    done = rig.machine.torso("repair", clone)
    assert done.returncode == 0, done.stderr
    assert (clone / "model.safetensors").read_bytes() == rig.weights


def test_command_clones_into_a_folder(rig: Rig, git: tuple[Git, Proxy]):
    """``torso get --git URL``: a real clone, with the PyTorch weights in place."""
    done = rig.machine.torso("get", "--git", f"{git[1].url}/{NAME}.git", "--to", rig.machine.home / "out")
    assert done.returncode == 0, done.stderr
    for name, data in bert().items():
        if name not in (".gitattributes", "README.md"):
            assert (rig.machine.home / "out" / name).read_bytes() == data


def test_dry_run_of_a_repository(rig: Rig, git: tuple[Git, Proxy]):
    """What git itself keeps is looked at, no object is fetched, and nothing stays."""
    target = rig.machine.home / "out"
    done = rig.machine.torso("get", "--git", f"{git[1].url}/{NAME}.git", "--to", target, "--dry-run")
    assert done.returncode == 0, done.stderr
    assert "model.safetensors" in done.stdout
    assert lfs_bytes(git[1]) == 0
    assert not target.exists()


@pytest.mark.parametrize("ending", ["", ".git"])
def test_name_in_the_list_is_a_name_for_every_command(rig: Rig, git: tuple[Git, Proxy], ending: str):
    """What ``torso list`` calls a git repository's model is taken by get, check, repair and remove."""
    folder = get(f"git+{git[1].url}/{NAME}{ending}")
    (listed,) = json.loads(rig.machine.torso("list", "--json").stdout)
    name = listed["name"]
    assert rig.machine.torso("check", name).returncode == 0
    for path, data in (("vocab.txt", b"x" * len(rig.files["vocab.txt"])), ("model.safetensors", b"short")):
        (folder / path).resolve().write_bytes(data)
    assert rig.machine.torso("check", name).returncode == 1
    git[1].forget()
    done = rig.machine.torso("repair", name)
    assert done.returncode == 0, done.stdout + done.stderr
    assert lfs_bytes(git[1]) == len(rig.weights)
    assert (folder / "vocab.txt").read_bytes() == rig.files["vocab.txt"]
    assert rig.machine.torso("remove", name, "--yes").returncode == 0
    assert not folder.exists()
    assert json.loads(rig.machine.torso("list", "--json").stdout) == []
