"""Optimised weights in a file: mapped again where they fit, made anew where they do not, nothing replaced."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import torch

from processor import needs
from torso import Batch, CompiledModel, Layout, Task, compiled, new_model, optimise
from torso.engines.compiling import Compiler
from torso.engines.model_source import on_host, source_of
from torso.engines.optimise import MODES
from torso.errors import InputError, UnsupportedError
from torso.kernels import about
from torso.kernels.library import library
from torso.models.bert import BertConfig
from torso.models.deberta_v2 import DebertaV2Config
from torso.models.llama import LlamaConfig

pytestmark = pytest.mark.skipif(about().instruction_set is None, reason=f"there are no kernels: {about().reason}")

SMALL = dict(vocab_size=80, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=48)
BATCH = Batch(torch.arange(30) % 80, Layout.of([7, 1, 22]))


def bert(seed: int = 4):
    return new_model(BertConfig(**SMALL, initializer_range=0.2), Task.FEATURES, seed=seed).eval()


def with_eps(seed: int):
    """The same weights in another model."""
    return new_model(BertConfig(**SMALL, initializer_range=0.2, layer_norm_eps=1e-3), Task.FEATURES, seed=seed).eval()


def rows(model) -> torch.Tensor:
    if isinstance(model, CompiledModel):
        return torch.from_numpy(model.run(on_host(BATCH)).hidden.rows)
    with torch.no_grad():
        return model(BATCH).hidden.rows


def forbidden(*given: object) -> None:
    raise AssertionError("measured or laid out again")


@pytest.mark.parametrize("mode", [*MODES, "auto"])
def test_what_was_kept_is_mapped_and_not_made_again(mode, tmp_path, monkeypatch, capfd) -> None:
    needs(mode)
    file = tmp_path / "model.packed"
    first = optimise(bert(), mode, fidelity=0.99, file=file)
    capfd.readouterr()
    monkeypatch.setattr("torso.engines.calibration.Calibration.means", forbidden)
    monkeypatch.setattr("torso.kernels.packing.PackedWeight", forbidden)
    again = optimise(bert(), mode, fidelity=0.99, file=file)
    assert again.done == first.done
    assert rows(again).equal(rows(first))
    assert capfd.readouterr() == ("", "")
    for each in again.encoder.packed.values():
        assert all(part is None or not part.size or part.ctypes.data % 64 == 0 for part in each.arrays)


def test_what_layers_were_spared_is_kept_too(tmp_path) -> None:
    needs("int8")
    first = optimise(bert(), "int8", fidelity=0.9999, file=tmp_path / "a")
    assert first.done.kept
    again = optimise(bert(), "int8", fidelity=0.9999, file=tmp_path / "a")
    assert again.done == first.done
    assert {kind for _, kind in again.encoder.packed} == {1, 2}
    assert rows(again).equal(rows(first))


@pytest.mark.parametrize("mode", MODES)
def test_rows_of_distances_are_kept_too(mode, tmp_path, monkeypatch) -> None:
    """With what projects them: no product of the kernels, so that no mode is asked about it."""
    needs(mode)

    def deberta():
        settings = DebertaV2Config(**SMALL, relative_attention=True, pos_att_type="c2p|p2c", initializer_range=0.2)
        return new_model(settings, Task.FEATURES, seed=4).eval()

    assert not [name for name in Compiler(source_of(deberta())).linears if ".position_" in name]
    first = optimise(deberta(), mode, fidelity=0.99, file=tmp_path / "a")
    assert first.done.kernels
    assert len([name for name, _ in first.encoder.packed if ".position_" in name]) == 4
    monkeypatch.setattr("torso.kernels.packing.PackedWeight", forbidden)
    again = optimise(deberta(), mode, fidelity=0.99, file=tmp_path / "a")
    assert rows(again).equal(rows(first))


def test_other_weights_questions_and_processors_make_it_anew(tmp_path, monkeypatch) -> None:
    file = tmp_path / "model.packed"

    def key() -> str:
        return load_header(file)["key"]

    optimise(bert(), "exact", file=file)
    keys = [key()]
    for model, how in (
        (bert(5), dict(mode="exact")),
        (bert(5), dict(mode="auto")),
        (bert(5), dict(mode="auto", fidelity=0.9)),
        (bert(5), dict(mode="auto", fidelity=0.9, sample=BATCH)),
        (bert(5), dict(mode="auto", fidelity=0.9, sample=Batch(BATCH.tokens, Layout.of([8, 22])))),
        (bert(5), dict(mode="auto", fidelity=0.9, sample=replace(BATCH, segments=torch.ones(30).long()))),
        (with_eps(5), dict(mode="auto", fidelity=0.9, sample=BATCH)),
    ):
        wanted = rows(model)
        made = optimise(model, file=file, **how)
        torch.testing.assert_close(rows(made), wanted, rtol=0.05, atol=0.05)
        keys.append(key())
    monkeypatch.setattr("torso.engines.packed_file.VERSION", 999)
    optimise(bert(5), "auto", fidelity=0.9, sample=BATCH, file=file)
    keys.append(key())
    monkeypatch.setattr(library(), "set", "another")
    optimise(bert(5), "auto", fidelity=0.9, sample=BATCH, file=file)
    keys.append(key())
    assert len(set(keys)) == len(keys) == 10


def load_header(file) -> dict[str, str]:
    with file.open("rb") as opened:
        return json.loads(opened.read(int.from_bytes(opened.read(8), "little")))["__metadata__"]


def test_another_file_is_not_replaced(tmp_path) -> None:
    bert().save(tmp_path)
    file = tmp_path / "model.safetensors"
    before = file.read_bytes()
    with pytest.raises(InputError) as caught:
        optimise(bert(), "exact", file=file)
    assert caught.value.code == "E_KEPT"
    assert file.read_bytes() == before
    other = tmp_path / "notes.txt"
    other.write_text("nothing of the kind")
    with pytest.raises(ValueError, match=r"notes\.txt"):
        optimise(bert(), "exact", file=other)
    assert other.read_text() == "nothing of the kind"


def test_only_what_the_kernels_run_can_be_kept(tmp_path, monkeypatch) -> None:
    llama = new_model(LlamaConfig(**SMALL, num_key_value_heads=2), Task.CAUSAL_LM, seed=1)
    with pytest.raises(UnsupportedError) as caught:
        optimise(llama, "exact", file=tmp_path / "a")
    assert caught.value.code == "E_MODE"
    monkeypatch.setenv("TORSO_KERNELS", "0")
    with pytest.raises(UnsupportedError):
        optimise(bert(), "exact", file=tmp_path / "a")
    assert not (tmp_path / "a").exists()


def test_a_folder_that_is_not_there_says_so(tmp_path) -> None:
    with pytest.raises(OSError, match="nowhere"):
        optimise(bert(), "exact", file=tmp_path / "nowhere" / "a")


def test_what_was_kept_of_files_is_read_again(tmp_path, monkeypatch) -> None:
    bert().save(tmp_path / "model")
    first = compiled(tmp_path / "model", file=tmp_path / "a")
    monkeypatch.setattr("torso.engines.calibration.Calibration.means", forbidden)
    monkeypatch.setattr("torso.kernels.packing.PackedWeight", forbidden)
    again = compiled(tmp_path / "model", file=tmp_path / "a")
    assert rows(again).equal(rows(first))
    assert again.fingerprint() == first.fingerprint()
    monkeypatch.undo()
    bert(5).save(tmp_path / "model")
    assert not rows(compiled(tmp_path / "model", file=tmp_path / "a")).equal(rows(first))
