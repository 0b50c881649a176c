"""`--mode`: models served in other arithmetic give what the library gives in it."""

from __future__ import annotations

import numpy as np
import pytest

import torso
import torso.serve
from torso.architecture import Task
from torso.errors import InputError, TorsoError
from torso.serve.served_source import ModelSource, in_modes

from .conftest import serving

TEXTS = ["the cat sat", "a good book about old cities near the sea"]


@pytest.mark.parametrize("mode", ["bf16", "int8"])
def test_vectors_of_a_mode_are_the_library_s(folders, mode: str) -> None:
    source = str(folders["embed"])
    try:
        model = torso.compiled(source, Task.FEATURES, mode)
    except TorsoError as refused:  # a processor without such instructions: the server says the same
        with pytest.raises(type(refused), match=refused.code):
            torso.serve.app(f"m={source}", mode=mode)
        return
    wanted = np.stack([each.vector for each in torso.encode(TEXTS, model=model)])
    exact = np.stack([each.vector for each in torso.encode(TEXTS, model=source)])
    with serving({"m": source}, mode=mode) as client:
        data = client.post("/v1/embeddings", json={"input": TEXTS}).json()["data"]
        about = client.get("/v1/models/m").json()["torso"]
    assert (np.array([each["embedding"] for each in data], np.float32) == wanted).all()
    assert not (wanted == exact).all()
    assert mode in about["precision"]


def test_texts_of_a_mode_are_the_library_s(folders) -> None:
    source = str(folders["llama"])
    asked = {"prompt": "the cat", "max_tokens": 8, "temperature": 0}
    wanted = torso.generate("the cat", model=torso.compiled_decoder(source, "int8"), max_new_tokens=8, do_sample=False)
    with serving({"m": source, "other": str(folders["embed"])}, mode={"m": "int8"}) as client:
        got = client.post("/v1/completions", json=asked).json()["choices"][0]["text"]
        precision = {each["id"]: each["torso"]["precision"] for each in client.get("/v1/models").json()["data"]}
    assert got == wanted[0].text
    assert "int8" in precision["m"]
    assert "int8" not in precision["other"], "the mode was given to the other alone"


def test_what_has_no_mode_is_refused_by_name(folders) -> None:
    source = str(folders["embed"])
    for mode, more in (("int9", {}), ("int8", {"device": "cuda"}), ({"n": "int8"}, {}), ("int4", {})):
        with pytest.raises(TorsoError) as refused:
            torso.serve.app(f"m={source}", mode=mode, **more)
        assert refused.value.code in ("E_MODE", "E_ARGUMENT")
    with pytest.raises(InputError, match="loaded already"):
        torso.serve.app({"m": torso.load(source, Task.FEATURES)}, mode="int8")


def test_modes_are_of_all_models_or_of_each() -> None:
    sources = [ModelSource("a", "x"), ModelSource("b", "y")]
    assert [each.mode for each in in_modes(sources, "bf16")] == ["bf16", "bf16"]
    assert [each.mode for each in in_modes(sources, {"b": "int8"})] == ["exact", "int8"]
    assert [each.mode for each in in_modes(sources, {})] == ["exact", "exact"]


def test_the_command_takes_a_mode_for_all_or_for_each() -> None:
    from click import UsageError

    from torso.cli.serve import _modes

    assert _modes(()) == {}
    assert _modes(("int8",)) == "int8"
    assert _modes(("a=int8", "b=bf16")) == {"a": "int8", "b": "bf16"}
    for given in (("int8", "bf16"), ("int8", "a=bf16")):
        with pytest.raises(UsageError):
            _modes(given)
