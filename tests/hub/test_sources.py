"""What a hub refuses, told apart; what a name means, and what never reaches a network."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import FOREVER, NAME, Rig, get, refused
from .faultd import Refuse, Say
from .httpd import Answer
from .hubd import Access


@pytest.fixture
def trusted(rig: Rig) -> Rig:
    """The rig's Hub may see the token."""
    rig.machine.set(TORSO_TRUSTED_ENDPOINTS=rig.url)
    return rig


def test_missing_repository(rig: Rig):
    with refused("E_REPO_NOT_FOUND") as caught:
        get("acme/absent")
    assert "acme/absent" in str(caught.value)


def test_missing_repository_for_someone_logged_in(trusted: Rig):
    trusted.hub.tokens.add("good")
    trusted.machine.set(HF_TOKEN="good")
    with refused("E_REPO_NOT_FOUND"):
        get("acme/absent")


def test_missing_revision(rig: Rig):
    with refused("E_REVISION") as caught:
        get(revision="v9")
    assert "v9" in str(caught.value)


def test_private_repository(trusted: Rig):
    trusted.hub.access[NAME] = Access(private=True, readers={"good"})
    trusted.hub.tokens |= {"good", "other"}
    with refused("E_REPO_NOT_FOUND"):
        get()
    trusted.machine.set(HF_TOKEN="other")
    with refused("E_REPO_NOT_FOUND"):
        get()
    trusted.machine.set(HF_TOKEN="good")
    trusted.assert_whole(get())


@pytest.mark.parametrize("access", [Access(private=True, readers={"good"}), Access(gated=True, readers={"good"})])
def test_private_model_is_not_named_to_mirrors(trusted: Rig, access: Access):
    """A mirror that hears the name and commit of a private model has heard too much; not even for bytes."""
    mirror = trusted.mirror()
    trusted.hub.access[NAME] = access
    trusted.hub.tokens.add("good")
    trusted.machine.set(HF_TOKEN="good", TORSO_ENDPOINTS=f"{trusted.url},{mirror.url}")
    trusted.storage.plan(Refuse(), "/repos/", times=FOREVER)
    with refused("E_CONNECTION_LOST"):
        get()
    trusted.storage.plans.clear()
    trusted.assert_whole(get())
    assert mirror.log == []


def test_gated_repository(trusted: Rig):
    trusted.hub.access[NAME] = Access(gated=True, readers={"good"})
    trusted.hub.tokens |= {"good", "other"}
    with refused("E_GATED"):
        get()
    trusted.machine.set(HF_TOKEN="other")
    with refused("E_GATED"):
        get()
    trusted.machine.set(HF_TOKEN="good")
    trusted.assert_whole(get())


def test_disabled_repository(rig: Rig):
    rig.hub.access[NAME] = Access(disabled=True)
    with refused("E_DISABLED"):
        get()


@pytest.mark.parametrize(
    "words",
    [
        "You may not read acme/{}",
        "Forbidden: org.{} is not yours",
        "{}-v2 needs a licence",
    ],
)
@pytest.mark.parametrize("name", ["aggregated", "gated", "disabled", "the-disabled"])
def test_names_in_a_refusal_are_no_reasons(rig: Rig, name: str, words: str):
    """A server may repeat a model's name, and names hold words."""
    rig.front.plan(Say(Answer(403, [("X-Error-Message", words.format(name))])), "/api/", times=FOREVER)
    for asked in (NAME, f"acme/{name}", name):
        with refused("E_FORBIDDEN"):
            get(asked)


@pytest.mark.parametrize(
    ("words", "code"),
    [("This model is gated.", "E_GATED"), ("gated", "E_GATED"), ("Model disabled by its owner", "E_DISABLED")],
)
def test_reasons_in_a_refusal(rig: Rig, words: str, code: str):
    rig.front.plan(Say(Answer(403, [("X-Error-Message", words)])), "/api/", times=FOREVER)
    with refused(code):
        get()


def test_bad_token_on_a_public_model(trusted: Rig):
    """A stale token must not make a public model look absent."""
    trusted.machine.set(HF_TOKEN="stale")
    with refused("E_BAD_TOKEN") as caught:
        get()
    assert "stale" not in str(caught.value)


def test_rate_limit(rig: Rig):
    rig.front.plan(Say(Answer(429, [("RateLimit", '"api";r=0;t=55')])), times=FOREVER)
    with refused("E_RATE_LIMIT"):
        get()


@pytest.mark.parametrize("revision", ["main", "v1", "feature/x", None])
def test_revisions(rig: Rig, revision: str | None):
    first = rig.commit
    rig.repository.tag("v1", first)
    rig.repository.commit({**rig.files, "config.json": b'{"model_type": "bert", "more": 1}'}, branch="feature/x")
    second = rig.repository.resolve("feature/x")
    assert second
    folder = get(revision=revision)
    rig.assert_whole(folder, commit=second if revision == "feature/x" else first)
    assert folder.name == (second if revision == "feature/x" else first)


def test_commit_as_revision(rig: Rig):
    first = rig.commit
    rig.repository.commit({"vocab.txt": b"new\n"})
    rig.assert_whole(get(f"{NAME}@{first}"), commit=first)


def test_branch_is_pinned_until_update(rig: Rig):
    from torso.hub import resolve

    first = rig.commit
    assert resolve(NAME).revision == first
    second = rig.repository.commit({"vocab.txt": b"new\n"})
    rig.forget()
    assert resolve(NAME).revision == first
    assert rig.requests() == 0
    assert resolve(NAME, update=True).revision == second
    rig.assert_whole(get(), commit=second)
    assert rig.sent() == 0, "the weights did not change and were fetched again"


def test_files_are_shared_between_commits(rig: Rig):
    get()
    commit = rig.repository.commit({"copy/model.safetensors": rig.weights, "vocab.txt": b"new\n"})
    rig.forget()
    get(revision=commit)
    assert rig.sent() == 0


@pytest.mark.parametrize(
    "text",
    [
        "/data/rbt",
        "./rbt",
        "../rbt",
        "~/rbt",
        "C:\\rbt",
        "C:/rbt",
        "a/b/c",
        "rbt/",
        ".\\rbt",
        "~nobody",
        "../..rbt",
        "a\\b",
    ],
)
def test_paths_never_reach_a_network(rig: Rig, text: str):
    with refused("E_NO_FOLDER", "E_SOURCE", "E_NOT_A_MODEL"):
        get(text)
    assert rig.requests() == 0


@pytest.mark.parametrize(
    "text",
    ["", " ", "a/b?c", "a b/c", "-x/y", "a/b@", "a/b@-x", "a/b@../c", "a/b@x..y", "..a/b", "a/b.git", "a/\u200bb"],
)
def test_names_that_mean_nothing_never_reach_a_network(rig: Rig, text: str):
    with refused("E_SOURCE"):
        get(text)
    assert rig.requests() == 0


def test_none_is_refused_at_the_door(rig: Rig):
    from torso.hub import resolve

    with refused("E_SOURCE"):
        resolve(None)  # type: ignore[arg-type]
    assert rig.requests() == 0


def test_folder_wins_over_the_network(rig: Rig, tmp_path: Path):
    folder = rig.machine.home / "acme" / "tiny"
    folder.mkdir(parents=True)
    for name, data in rig.files.items():
        (folder / name).write_bytes(data)
    assert get().resolve() == folder
    assert get("./acme/tiny").resolve() == folder
    assert rig.requests() == 0


def test_address_of_a_page(rig: Rig):
    rig.repository.tag("v1", rig.commit)
    rig.assert_whole(get(f"{rig.url}/{NAME}/tree/v1"))


def test_name_without_an_owner(rig: Rig):
    rig.shelf.add("solo", rig.files)
    assert (get("solo") / "model.safetensors").read_bytes() == rig.weights
