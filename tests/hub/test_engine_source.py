"""What a name means, decided by its form and by what is here."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from torso.errors import InputError, InputTypeError, NotFoundError, TorsoError
from torso.hub.source import Source, parse_source

from .conftest import Machine

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("gpt2", Source("hub", "gpt2")),
        ("hfl/rbt3", Source("hub", "hfl/rbt3")),
        ("hf:hfl/rbt3", Source("hub", "hfl/rbt3")),
        ("hfl/rbt3@v1.0", Source("hub", "hfl/rbt3", "v1.0")),
        (f"hfl/rbt3@{COMMIT}", Source("hub", "hfl/rbt3", COMMIT)),
        ("hfl/rbt3@refs/pr/1", Source("hub", "hfl/rbt3", "refs/pr/1")),
        ("modelscope:Qwen/Qwen3-0.6B", Source("modelscope", "Qwen/Qwen3-0.6B")),
        ("torso:sentiment", Source("bundled", "sentiment")),
        ("https://huggingface.co/hfl/rbt3", Source("hub", "hfl/rbt3", None, "https://huggingface.co")),
        ("https://huggingface.co/gpt2/tree/main", Source("hub", "gpt2", "main", "https://huggingface.co")),
        (
            "https://hf-mirror.com/hfl/rbt3/resolve/v1/model.safetensors",
            Source("hub", "hfl/rbt3", "v1", "https://hf-mirror.com"),
        ),
        ("https://huggingface.co/hfl/rbt3.git", Source("hub", "hfl/rbt3", None, "https://huggingface.co")),
        (
            "https://www.modelscope.cn/models/Qwen/Qwen3-0.6B/files",
            Source("modelscope", "Qwen/Qwen3-0.6B", None, "https://www.modelscope.cn"),
        ),
        ("http://127.0.0.1:8000/org/name", Source("hub", "org/name", None, "http://127.0.0.1:8000")),
        ("git+https://host/org/name", Source("git", "https://host/org/name")),
        ("git+https://host/org/name.git@v1", Source("git", "https://host/org/name.git", "v1")),
        ("git+http://localhost:80/org/name", Source("git", "http://localhost:80/org/name")),
    ],
)
def test_forms(machine: Machine, text: str, wanted: Source):
    assert parse_source(text) == wanted


def test_folder_wins_over_an_id_and_is_known_as_bare(machine: Machine):
    Path("hfl/rbt3").mkdir(parents=True)
    assert parse_source("hfl/rbt3") == Source("folder", "hfl/rbt3", ambiguous=True)
    assert parse_source("hf:hfl/rbt3").kind == "hub"
    assert parse_source("./hfl/rbt3") == Source("folder", "hfl/rbt3")


def test_path_object_is_always_a_folder(machine: Machine):
    with pytest.raises(NotFoundError, match="E_NO_FOLDER"):
        parse_source(Path("hfl/rbt3"))


def test_folder_with_an_at_sign(machine: Machine):
    Path("rbt3@old").mkdir()
    assert parse_source("rbt3@old") == Source("folder", "rbt3@old", ambiguous=True)


def test_nearest_folder_is_named(machine: Machine):
    (machine.home / "rbt3").mkdir()
    with pytest.raises(NotFoundError) as caught:
        parse_source(str(machine.home / "rbt"))
    assert str(machine.home / "rbt3") in caught.value.what


def test_file_is_told_from_a_folder(machine: Machine):
    (machine.home / "model.bin").write_bytes(b"x")
    with pytest.raises(NotFoundError, match="is a file"):
        parse_source("./model.bin")


def test_two_revisions_are_refused(machine: Machine):
    assert parse_source("a/b@v1", "v1").revision == "v1"
    with pytest.raises(InputError, match="Two revisions"):
        parse_source("a/b@v1", "v2")


def test_folder_has_no_revision(machine: Machine):
    (machine.home / "m").mkdir()
    assert parse_source("./m", "main").kind == "folder"
    with pytest.raises(InputError, match="one version"):
        parse_source("./m", "v2")


@pytest.mark.parametrize("value", [None, 7, b"a/b", ["a/b"], object()])
def test_what_is_no_text(value: object):
    with pytest.raises(InputTypeError, match="E_SOURCE"):
        parse_source(value)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text",
    [
        "https://huggingface.co/datasets/a/b",
        "https://huggingface.co/",
        "https://example.com/a/b",
        "ftp://huggingface.co/a/b",
        "modelscope:name",
        "a/b--c",
        "a" * 97,
        "a\nb",
        "git+https://host",
    ],
)
def test_what_means_nothing(machine: Machine, text: str):
    with pytest.raises(TorsoError) as caught:
        parse_source(text)
    assert caught.value.code in ("E_SOURCE", "E_NO_FOLDER")


def meaning(text: str) -> Source | TorsoError:
    """What a text means, or why it means nothing; any other exception is a fault."""
    try:
        return parse_source(text)
    except TorsoError as error:
        return error


@given(st.text(max_size=40))
@settings(max_examples=300, deadline=None)
def test_any_text_is_a_source_or_a_typed_error(text: str):
    found = meaning(text)
    if isinstance(found, TorsoError):
        assert found.code in ("E_SOURCE", "E_NO_FOLDER")
        assert found.cure
    elif found.kind in ("hub", "modelscope"):
        assert ".." not in found.name
        assert not any(mark in found.name for mark in "\\ ?#%\0")
        assert found.name.count("/") <= 1


@given(st.text("abcXYZ019._-/@~:\\", max_size=24))
@settings(max_examples=300, deadline=None)
def test_what_looks_like_a_path_is_never_an_id(text: str):
    found = meaning(text)
    looks_like_path = text.strip().startswith(("/", "./", "../", "~")) or text.split("@")[0].count("/") > 1
    assert isinstance(found, TorsoError) or found.kind == "folder" or not looks_like_path


@given(st.sampled_from(["https://", "http://", "git+https://", "git+http://"]), st.text(max_size=20))
@settings(max_examples=200, deadline=None)
def test_any_address_is_a_source_or_a_typed_error(scheme: str, rest: str):
    found = meaning(scheme + rest)
    assert isinstance(found, Source) or found.code == "E_SOURCE"
