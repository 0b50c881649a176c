"""ModelScope, by its own endpoints and with its traps, and the caches of its own tools."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from .conftest import FOREVER, MEBIBYTE, NAME, Rig, attempt, get, refused
from .faultd import Change, Cut, First, Flip, Proxy, Refuse, Say
from .httpd import Answer, Exchange
from .hubd import storage_etag
from .models import bert, weights
from .modelscoped import ModelScope


class Scope:
    """ModelScope behind a fault proxy, with the rig's model on its default branch, ``master``."""

    def __init__(self, rig: Rig, server: ModelScope, front: Proxy) -> None:
        self.rig = rig
        self.server = server
        self.front = front
        self.repository = rig.shelf.add("scope/tiny", rig.files, branch="master")

    def assert_whole(self, folder: Path) -> None:
        """The model's files are there with the right bytes."""
        for name, data in self.rig.files.items():
            if name not in (".gitattributes", "README.md"):
                assert (folder / name).read_bytes() == data, name
        assert self.rig.machine.parts() == []


@pytest.fixture
def scope(rig: Rig) -> Iterator[Scope]:
    """ModelScope as the machine knows it."""
    with ModelScope(rig.shelf, rig.storage.url) as server, Proxy(server.url) as front:
        rig.machine.set(MODELSCOPE_ENDPOINT=front.url)
        yield Scope(rig, server, front)


def test_model_is_fetched_verified_and_found_again(scope: Scope):
    folder = get("modelscope:scope/tiny")
    scope.assert_whole(folder)
    asked = len(scope.front.log)
    assert get("modelscope:scope/tiny") == folder
    assert len(scope.front.log) == asked
    assert scope.rig.front.log == []


def test_source_setting_and_argument(scope: Scope):
    from torso.hub import resolve

    scope.assert_whole(resolve("scope/tiny", hub="modelscope").folder)
    assert scope.rig.front.log == []


def test_auto_falls_back_and_says_where_from(scope: Scope):
    """The Hub is dead; ModelScope has a model of the same id."""
    from torso.hub import resolve

    scope.rig.machine.set(TORSO_ENDPOINTS=f"{scope.rig.url},modelscope:")
    scope.rig.front.plan(Refuse(), times=FOREVER)
    found = resolve("scope/tiny")
    scope.assert_whole(found.folder)
    assert scope.front.url.removeprefix("http://") in found.origin or "modelscope" in found.origin


def test_cut_resumes(scope: Scope):
    size = len(scope.rig.weights)
    scope.rig.storage.plan(Cut(1_234_567, reset=True))
    scope.assert_whole(get("modelscope:scope/tiny"))
    assert scope.rig.sent() - size <= MEBIBYTE


def test_cut_in_a_git_file_starts_again(scope: Scope):
    """Git files ignore Range and answer with the whole."""
    scope.front.plan(Cut(20), "/repo$", times=2)
    scope.assert_whole(get("modelscope:scope/tiny"))


def test_large_git_file_that_ignores_range(scope: Scope):
    scope.repository.commit({"tokenizer.json": weights(3)}, branch="master")
    scope.front.plan(Cut(2_000_000), "/repo$")
    folder = get("modelscope:scope/tiny")
    assert (folder / "tokenizer.json").read_bytes() == weights(3)


def test_flipped_byte_is_found_out(scope: Scope):
    scope.rig.storage.plan(Flip(1_000_000), times=FOREVER)
    with refused("E_HASH"):
        get("modelscope:scope/tiny")
    assert not list(scope.rig.machine.cache.glob("*/snapshots/*/model.safetensors"))


def test_flipped_byte_in_a_git_file_is_found_out(scope: Scope):
    scope.front.plan(Flip(3), "/repo$", times=FOREVER)
    with refused("E_HASH"):
        get("modelscope:scope/tiny")


def test_file_that_changed_under_its_address(scope: Scope):
    """A branch moves while a file of it is read: what comes is another file, and is refused or fetched anew."""
    scope.front.plan(
        First(lambda _: scope.repository.commit({"model.safetensors": weights(1)}, branch="master")), "/repo$"
    )
    folder = attempt("modelscope:scope/tiny", "E_HASH", "E_OTHER_VERSION")
    kept = list(scope.rig.machine.cache.glob("*/snapshots/*/model.safetensors"))
    assert [path.read_bytes() == weights(0) for path in kept] == ([True] if folder else [])


def test_listing_that_is_cut_off_in_silence(scope: Scope):
    """3,000 entries and no word that there are more; the weights come after them."""
    many = {f"a{folder}/{number}.md": b"x" for folder in range(4) for number in range(900)}
    scope.repository.commit(many, branch="master")
    scope.assert_whole(get("modelscope:scope/tiny"))
    assert len(scope.front.requests("/repo/files")) <= 20


def test_listing_refused_for_no_reason(scope: Scope):
    scope.server.spurious_403 = 1
    scope.assert_whole(get("modelscope:scope/tiny"))


def test_missing_model(scope: Scope):
    with refused("E_REPO_NOT_FOUND") as caught:
        get("modelscope:scope/absent")
    assert "scope/absent" in str(caught.value)


def test_missing_revision(scope: Scope):
    with refused("E_REVISION") as caught:
        get("modelscope:scope/tiny", revision="v9")
    assert "v9" in str(caught.value)


def test_private_model_with_a_token(scope: Scope):
    scope.server.private.add("scope/tiny")
    scope.server.tokens.add("ms-secret")
    with refused("E_REPO_NOT_FOUND"):
        get("modelscope:scope/tiny")
    scope.rig.machine.set(MODELSCOPE_API_TOKEN="ms-secret", TORSO_TRUSTED_ENDPOINTS=scope.front.url)
    scope.assert_whole(get("modelscope:scope/tiny"))
    assert all("cookie" not in exchange.headers for exchange in scope.rig.storage.log)


def test_token_of_the_hub_does_not_go_to_modelscope(scope: Scope):
    scope.rig.machine.set(HF_TOKEN="hf_secret", TORSO_TRUSTED_ENDPOINTS=scope.rig.url)
    get("modelscope:scope/tiny")
    assert all("hf_secret" not in str(exchange.headers) for exchange in scope.front.log)


@pytest.mark.parametrize("path", ["../model.safetensors", "/x", "C:\\x", "a\0b", "con", "", None, 7])
def test_unsafe_path_in_a_listing(scope: Scope, path: object):
    def change(exchange: Exchange, answer: Answer) -> Answer:
        import gzip
        import json

        body = gzip.decompress(answer.body) if answer.body[:2] == b"\x1f\x8b" else answer.body
        table = json.loads(body)
        table["Data"]["Files"][-1]["Path"] = path
        return Answer(200, [("Content-Type", "application/json")], json.dumps(table).encode())

    scope.front.plan(Change(change), "/repo/files", times=FOREVER)
    with refused("E_UNSAFE_PATH", "E_BAD_SERVER"):
        get("modelscope:scope/tiny")
    assert not list(scope.rig.machine.cache.glob("*/blobs/*"))


@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"[]", b"{}", b'{"Code":200,"Data":null}', b'{"Data":{"Files":7}}', b'{"Data":{"Files":[7]}}'],
)
def test_listing_that_is_none(scope: Scope, body: bytes):
    scope.front.plan(Say(Answer(200, [("Content-Type", "application/json")], body)), "/repo/files", times=FOREVER)
    with refused("E_BAD_SERVER"):
        get("modelscope:scope/tiny")


LAYOUTS = ["models/acme--tiny/snapshots/master", "models/acme/tiny", "hub/models/acme/tiny", "hub/acme/tiny"]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_own_caches_are_read_in_place(scope: Scope, layout: str):
    folder = scope.rig.machine.home / "modelscope" / layout
    folder.mkdir(parents=True)
    for name, data in bert().items():
        (folder / name).write_bytes(data)
    (folder / ".msc").write_bytes(b"\x80\x04cos\nsystem\n.")  # their index is a pickle, and is never read
    assert get(NAME) == folder
    assert get(f"modelscope:{NAME}") == folder
    assert scope.front.log == scope.rig.front.log == []


def test_half_of_a_modelscope_cache_is_not_taken_for_whole(scope: Scope):
    folder = scope.rig.machine.home / "modelscope" / "models" / "scope--tiny" / "snapshots" / "master"
    folder.mkdir(parents=True)
    for name, data in bert().items():
        if name != "model.safetensors":
            (folder / name).write_bytes(data)
    scope.assert_whole(get("modelscope:scope/tiny"))


def test_dots_in_a_name_of_the_old_layout(scope: Scope):
    folder = scope.rig.machine.home / "modelscope" / "hub" / "scope" / "tiny-v1___5"
    folder.mkdir(parents=True)
    for name, data in bert().items():
        (folder / name).write_bytes(data)
    assert get("modelscope:scope/tiny-v1.5") == folder
    shutil.rmtree(folder)
    with refused("E_REPO_NOT_FOUND"):
        get("modelscope:scope/tiny-v1.5")


def test_rig_etag_of_storage_is_not_the_hash(scope: Scope):
    """The rig does not make it easier than the real thing: the storage's etag says nothing about the content."""
    entry = scope.repository.entries(scope.repository.resolve("master") or "")["model.safetensors"]
    assert entry.sha256
    assert entry.sha256 not in storage_etag(scope.repository.object_path(entry.sha256))
