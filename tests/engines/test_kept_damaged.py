"""A kept file that somebody changed, cut or forged: one typed error, nothing replaced, the model as it was."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tensors import tensor_of
from torso import Batch, CompiledModel, Layout, Task, new_model, optimise
from torso.engines.model_source import on_host
from torso.errors import InputError
from torso.kernels import about
from torso.models.bert import BertConfig
from torso.weights import safetensors, verified_safetensors
from torso.weights.safetensors import SafetensorsFile
from torso.weights.tensor_bits import bits_of

pytestmark = pytest.mark.skipif(about().instruction_set is None, reason=f"there are no kernels: {about().reason}")

SMALL = dict(vocab_size=80, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=48)
BATCH = Batch(torch.arange(30) % 80, Layout.of([7, 1, 22]))

Tensors = dict[str, torch.Tensor]
Metadata = dict[str, str]


def bert():
    return new_model(BertConfig(**SMALL, initializer_range=0.2), Task.FEATURES, seed=4).eval()


def rows(model) -> torch.Tensor:
    if isinstance(model, CompiledModel):
        return torch.from_numpy(model.run(on_host(BATCH)).hidden.rows)
    with torch.no_grad():
        return model(BATCH).hidden.rows


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file as torso writes it."""
    file = tmp_path_factory.mktemp("kept") / "model.packed"
    optimise(bert(), "exact", file=file)
    return file


def contents(file: Path) -> tuple[Tensors, Metadata]:
    opened = SafetensorsFile(file)
    tensors = {name: tensor_of(each) for name, each in verified_safetensors.read(opened).items()}
    return tensors, {name: text for name, text in opened.metadata.items() if name != "sha256"}


def refused(file: Path) -> str:
    """The message of the one error, once the model is known to be as it was and the file untouched."""
    before, model = file.read_bytes(), bert()
    wanted = rows(model)
    with pytest.raises(InputError) as caught:
        optimise(model, "exact", file=file)
    assert caught.value.code == "E_KEPT"
    assert caught.value.cure
    assert file.read_bytes() == before
    assert all(each.requires_grad for each in model.parameters())
    assert rows(model).equal(wanted)
    return str(caught.value)


def forged(kept: Path, file: Path, change: Callable[[Tensors, Metadata], None]) -> Path:
    """The file with other contents, under a hash that fits them."""
    tensors, metadata = contents(kept)
    change(tensors, metadata)
    verified_safetensors.write(file, {name: bits_of(each.contiguous()) for name, each in tensors.items()}, metadata)
    return file


FIRST = "layers.0.attn.qkv|0|packed"


def fact(name: str, value: object) -> Callable[[Tensors, Metadata], None]:
    def change(tensors: Tensors, metadata: Metadata) -> None:
        metadata["facts"] = json.dumps(json.loads(metadata["facts"]) | {name: value})

    return change


def text(value: str) -> Callable[[Tensors, Metadata], None]:
    return lambda tensors, metadata: metadata.update(facts=value)


def tensor(name: str, make: Callable[[torch.Tensor], torch.Tensor]) -> Callable[[Tensors, Metadata], None]:
    return lambda tensors, metadata: tensors.update({name: make(tensors[name])})


FORGED: dict[str, Callable[[Tensors, Metadata], Any]] = {
    "fewer bytes": tensor(FIRST, lambda each: each[:-64]),
    "more bytes": tensor(FIRST, lambda each: torch.cat([each, each])),
    "nothing": tensor(FIRST, lambda each: each[:0]),
    "another shape": tensor(FIRST, lambda each: each.view(-1, 4)),
    "another dtype": tensor(FIRST, lambda each: each.view(torch.float32)),
    "a short bias": tensor("layers.1.ffn.up|0|bias", lambda each: each[:8]),
    "no bias": lambda tensors, metadata: tensors.pop("layers.1.ffn.up|0|bias"),
    "a weight too few": lambda tensors, metadata: tensors.pop(FIRST),
    "a weight too many": lambda tensors, metadata: tensors.update({"layers.9.ffn.up|0|packed": tensors[FIRST]}),
    "scales where there are none": lambda tensors, metadata: tensors.update(
        {"layers.0.attn.qkv|0|scales": torch.ones(4)}
    ),
    "no tensors": lambda tensors, metadata: tensors.clear(),
    "a mode that was not asked for": fact("mode", "bf16"),
    "an unknown mode": fact("mode", "fp4"),
    "a mode that is no text": fact("mode", ["exact"]),
    "layers spared without eight bits": fact("kept", ["trunk.layers.0.attn.qkv"]),
    "layers that are no list": fact("kept", 5),
    "layers that are not there": fact("kept", ["trunk.layers.7.attn.qkv"]),
    "a fidelity below what is asked for": fact("fidelity", 0.5),
    "a fidelity that cannot be": fact("fidelity", 2.0),
    "a fidelity that is no number": fact("fidelity", None),
    "no facts": lambda tensors, metadata: metadata.pop("facts"),
    "facts that are empty": text("{}"),
    "facts that are no JSON": text(""),
    "facts with NaN": text('{"mode": "exact", "fidelity": NaN, "kept": []}'),
    "facts that say a thing twice": text('{"mode": "exact", "mode": "exact", "fidelity": 1.0, "kept": []}'),
    "facts that nest": text("[" * 100_000),
}


@pytest.mark.parametrize("change", FORGED.values(), ids=FORGED.keys())
def test_sizes_and_facts_are_held_to_the_model(change, kept: Path, tmp_path: Path) -> None:
    """Also where the hash fits, which anybody can compute."""
    assert "was changed or damaged" in refused(forged(kept, tmp_path / "a", change))


DAMAGED: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda data: b"",
    "cut in the header": lambda data: data[:300],
    "cut in the data": lambda data: data[:-100],
    "longer": lambda data: data + b"\0" * 64,
    "a bit of the data": lambda data: data[:-1000] + bytes([data[-1000] ^ 1]) + data[-999:],
    "zeros": lambda data: data[:-5000] + bytes(5000),
    "another hash": lambda data: re.sub(rb'"sha256":"[0-9a-f]{8}', b'"sha256":"' + b"0" * 8, data),
    "a page": lambda data: b"<!DOCTYPE html><html></html>",
}


@pytest.mark.parametrize("damage", DAMAGED.values(), ids=DAMAGED.keys())
def test_a_damaged_file_is_refused(damage, kept: Path, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(damage(kept.read_bytes()))
    refused(tmp_path / "a")


def test_a_file_without_a_hash_is_refused(kept: Path, tmp_path: Path) -> None:
    tensors, metadata = contents(kept)
    safetensors.write(tmp_path / "a", tensors, metadata)
    assert "SHA-256" in refused(tmp_path / "a")


def test_what_the_message_says_to_do_helps(kept: Path, tmp_path: Path) -> None:
    file = forged(kept, tmp_path / "a", FORGED["no bias"])
    assert "Delete it" in refused(file)
    file.unlink()
    optimise(bert(), "exact", file=file)
    assert file.read_bytes() == kept.read_bytes()


def test_a_file_that_is_cut_while_the_model_runs_changes_nothing(kept: Path, tmp_path: Path) -> None:
    file = Path(shutil.copy(kept, tmp_path / "a"))
    model = optimise(bert(), "exact", file=file)
    wanted = rows(model)
    with file.open("r+b") as opened:
        opened.truncate(100)
    assert rows(model).equal(wanted)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_change_of_a_file_is_refused_or_without_effect(kept: Path, tmp_path: Path, data: st.DataObject) -> None:
    whole = bytearray(kept.read_bytes())
    header = int.from_bytes(whole[:8], "little") + 8
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, header - 1) | st.integers(0, len(whole) - 1))
        whole[place] = data.draw(st.integers(0, 255))
    if data.draw(st.booleans()):
        del whole[data.draw(st.integers(0, len(whole))) :]
    file = tmp_path / "a"
    file.write_bytes(whole)
    model = bert()
    wanted = rows(model)
    with suppress(InputError):  # another key: it is written again
        optimise(model, "exact", file=file)
    torch.testing.assert_close(rows(model), wanted, rtol=1e-5, atol=1e-5)
