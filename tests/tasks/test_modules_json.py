"""modules.json as sentence-transformers reads it: what it loads and means one thing is never refused."""

from __future__ import annotations

import contextlib
import json
import shutil
from pathlib import Path
from typing import Any

import numpy
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

import torso
from torso.errors import TorsoError, UnsupportedError
from torso.tasks import encode

from .reference import save

pytestmark = pytest.mark.filterwarnings("ignore")
TEXTS = ["the cat sits outside", "How to reset a LOGIN", "弱小的我"]
OURS = "sentence_transformers.models."


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model whose modules lie in the folder and, with other weights, in folders of their own."""
    from sentence_transformers import SentenceTransformer, models

    home = tmp_path_factory.mktemp("modules")
    for name, seed in (("one", 1), ("two", 2)):
        base = save(home / f"base-{name}", "Model", seed=seed)
        made = [models.Transformer(str(base)), models.Pooling(32), models.Normalize(), models.Dense(32, 8)]
        SentenceTransformer(modules=made, device="cpu").save(str(home / name))
    inner = home / "one" / "0_Transformer"
    inner.mkdir()
    for path in (home / "two").iterdir():
        if path.is_file() and path.name not in ("modules.json", "config_sentence_transformers.json", "README.md"):
            shutil.copy(path, inner)
    return home / "one"


def judged(folder: Path) -> numpy.ndarray | None:
    """The vectors of sentence-transformers; None where it does not load or run the folder."""
    from sentence_transformers import SentenceTransformer

    try:
        model = SentenceTransformer(str(folder), device="cpu", local_files_only=True)
        vectors = model.encode(TEXTS)
    except Exception:
        return None
    return vectors if isinstance(vectors, numpy.ndarray) and vectors.ndim == 2 else None


def vectors(folder: Path) -> numpy.ndarray:
    return numpy.array(encode(TEXTS, model=folder, long="truncate"))


def entry(kind: str, path: str, name: object, **more: object) -> dict[str, object]:
    return {"idx": 0, "name": name, "path": path, "type": OURS + kind, **more}


PARTS = {
    "body": ("Transformer", ""),
    "inner": ("Transformer", "0_Transformer"),
    "pooling": ("Pooling", "1_Pooling"),
    "unit": ("Normalize", "2_Normalize"),
    "dense": ("Dense", "3_Dense"),
}
ODD: Any = some.recursive(
    some.sampled_from(["null", "true", "NaN", "-Infinity", "1e999", '""', "3", '"x"', '"\\ud83d\\ude00"', "-0.0"]),
    lambda inner: (
        some.lists(inner, max_size=2).map(lambda items: f"[{', '.join(items)}]")
        | inner.map(lambda item: f'{{"a": {item}, "a": {item}}}')
    ),
    max_leaves=3,
)
UNUSED = some.sampled_from(["foreign", "kwargs", "idx", "module_kwargs", "Type", "name ", "version", ""])


@some.composite
def written(draw: Any) -> str:
    """The text of a modules.json: modules in an order that mostly runs, with keys that say nothing."""
    order = draw(some.sampled_from([
        ["body", "pooling"], ["inner", "pooling"], ["body", "pooling", "unit"], ["body", "pooling", "dense"],
        ["body", "pooling", "unit", "dense"], ["body", "pooling", "dense", "unit"], ["inner", "pooling", "dense"],
        ["body", "pooling", "pooling"], ["pooling", "body"], ["body"],
    ]))  # fmt: skip
    found: list[str] = []
    for number, part in enumerate(order):
        kind, path = PARTS[part]
        name = draw(some.sampled_from([str(number)] * 6 + ["0", "1", "2"]))
        members = [f'"type": "{OURS}{kind}"', f'"path": "{path}"', f'"name": "{name}"', f'"idx": {number}']
        members = draw(some.permutations(members))
        for key, value in draw(some.lists(some.tuples(UNUSED, ODD), max_size=3)):
            at = draw(some.integers(0, len(members)))
            members.insert(at, f"{json.dumps(key)}: {value}")
        if draw(some.booleans()):  # the last of two equal keys counts
            members.insert(0, draw(some.sampled_from(['"path": "elsewhere"', '"type": null', '"name": []'])))
        found.append("{" + ", ".join(members) + "}")
    return "[" + ", ".join(found) + "]"


@settings(deadline=None, max_examples=40, suppress_health_check=list(HealthCheck))
@given(written())
def test_what_sentence_transformers_loads_gives_its_vectors(folder: Path, text: str) -> None:
    (folder / "modules.json").write_text(text, encoding="utf-8")
    wanted = judged(folder)
    if wanted is None:
        with contextlib.suppress(TorsoError):
            vectors(folder)
        return
    numpy.testing.assert_allclose(vectors(folder), wanted, atol=1e-5, rtol=1e-4)


def test_the_later_of_two_modules_of_one_name_takes_the_place(folder: Path) -> None:
    listed = [entry("Transformer", "", "0"), entry("Pooling", "1_Pooling", "1"), entry("Dense", "3_Dense", "2")]
    (folder / "modules.json").write_text(json.dumps([*listed, entry("Normalize", "2_Normalize", "2")]))
    wanted = judged(folder)
    assert wanted is not None
    assert wanted.shape == (3, 32)
    numpy.testing.assert_allclose(vectors(folder), wanted, atol=1e-5, rtol=1e-4)
    for each in listed:
        del each["name"]
    (folder / "modules.json").write_text(json.dumps(listed))
    assert vectors(folder).shape == (3, 8), "modules without a name are all there"


def test_the_named_transformer_is_read_and_not_the_one_beside_it(folder: Path) -> None:
    found: list[numpy.ndarray] = []
    for path in ("", "0_Transformer"):
        listed = [entry("Transformer", path, "0"), entry("Pooling", "1_Pooling", "1")]
        (folder / "modules.json").write_text(json.dumps(listed))
        found.append(vectors(folder))
        numpy.testing.assert_allclose(found[-1], judged(folder), atol=1e-5, rtol=1e-4)
    assert not numpy.allclose(*found, atol=0.01)


@pytest.mark.parametrize("kind", ["custom_st.Transformer", "modeling.Transformer", "my.models.Transformer", "BERT"])
def test_a_module_of_a_checkpoints_own_code_is_refused_by_its_name(folder: Path, kind: str) -> None:
    listed = [entry("", "", "0") | {"type": kind}, entry("Pooling", "1_Pooling", "1")]
    (folder / "modules.json").write_text(json.dumps(listed))
    with pytest.raises(UnsupportedError, match=rf"'{kind}'.*E_POOLING"):
        encode("x", model=folder)
    assert encode("x", model=folder, pooling="mean").vector.shape == (32,)
    assert torso.AutoConfig.from_pretrained(folder).hidden_size == 32
