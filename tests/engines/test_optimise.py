"""Optimised models: as near to float32 as they say, the same in any company, and never trained or saved by accident."""

from __future__ import annotations

import os
import platform
import random
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

import torso
from processor import has, needs
from torso import Batch, Layout, Task, load, new_model, optimise, unpack
from torso.engines import packed_linear
from torso.engines.calibration import Optimised
from torso.engines.optimise import FIDELITY, MODES
from torso.engines.packed_linear import PackedLinear, QuantisedLinear, available
from torso.errors import InputError, InputTypeError, TooLongError, UnsupportedError
from torso.kernels import about
from torso.kernels.encoder import NativeTrunk
from torso.kernels.library import library
from torso.kernels.linear import NativeLinear
from torso.models.bert import BertConfig
from torso.models.llama import LlamaConfig
from torso.models.qwen import Qwen3Config
from torso.models.t5 import T5Config

ENCODERS = {"kernels": None, "pytorch": "0"}


@pytest.fixture(params=ENCODERS, autouse=True)
def runs(request, monkeypatch) -> str:
    """Everything here holds with the kernels and without them."""
    if ENCODERS[request.param] is not None:
        monkeypatch.setenv("TORSO_KERNELS", ENCODERS[request.param])
    elif about().instruction_set is None:
        pytest.skip(f"there are no kernels: {about().reason}")
    return request.param


SMALL = dict(vocab_size=80, hidden_size=32, num_hidden_layers=3, num_attention_heads=4, intermediate_size=48)
SIZES = (5, 1, 12, 12, 7)


def batch(sizes: tuple[int, ...] = SIZES, seed: int = 0) -> Batch:
    dice = torch.Generator().manual_seed(seed)
    return Batch(torch.randint(0, 80, (sum(sizes),), generator=dice), Layout.of(sizes))


def bert(act: str = "gelu", task=Task.FEATURES) -> torso.Model:
    """With weights large enough to move every row: born small, they would leave rows that no mode can change."""
    return new_model(BertConfig(**SMALL, hidden_act=act, num_labels=3, initializer_range=0.2), task, seed=4).eval()


def rows(model: torso.Model, given: Batch) -> torch.Tensor:
    with torch.no_grad():
        return model(given).hidden.rows


@pytest.mark.parametrize("act", ["gelu", "relu", "gelu_new", "silu", "tanh", "mish"])
def test_exact_is_exact(act) -> None:
    wanted = rows(bert(act), batch())
    model = optimise(bert(act), "exact")
    torch.testing.assert_close(rows(model, batch()), wanted, rtol=1e-5, atol=1e-5)
    assert model.optimised.mode == "exact"
    assert model.optimised.fidelity > FIDELITY["exact"]


@pytest.mark.parametrize(
    "task",
    [Task.FEATURES, Task.SEQUENCE_CLASSIFICATION, Task.TOKEN_CLASSIFICATION, Task.MASKED_LM, Task.QUESTION_ANSWERING],
    ids=str,
)
@pytest.mark.parametrize("mode", MODES)
def test_no_linear_layer_is_left(mode, task, runs) -> None:
    needs(mode)
    kind = NativeTrunk if runs == "kernels" else QuantisedLinear if mode == "int8" else PackedLinear
    model = optimise(bert(task=task), mode, fidelity=0.5)
    left = [name for name, module in model.named_modules() if isinstance(module, nn.Linear)]
    assert left == []
    assert any(isinstance(module, kind) for module in model.modules())
    with torch.no_grad():
        model(batch())


@pytest.mark.parametrize("mode", MODES)
def test_the_fidelity_is_that_of_the_sample(mode) -> None:
    needs(mode)
    sample = batch((9, 4, 20), seed=3)
    before, model = bert(), optimise(bert(), mode, sample=sample)
    means = [
        torch.stack([each.float().mean(0) for each in unpack(rows(m, sample), sample.layout)]) for m in (before, model)
    ]
    met = float(torch.cosine_similarity(*means, dim=1).min())
    assert model.optimised.fidelity == pytest.approx(met, abs=1e-6)
    assert model.optimised.fidelity >= FIDELITY[mode]


@pytest.mark.parametrize("mode", ["exact", "bf16"])
def test_a_text_is_the_same_in_any_company(mode) -> None:
    needs(mode)
    model, dice = optimise(bert(), mode), random.Random(2)
    texts = list(batch().tokens.split(list(SIZES)))
    alone = [rows(model, Batch(text, Layout.of([len(text)]))) for text in texts]
    for _ in range(4):
        order = dice.sample(range(len(texts)), len(texts))
        together = rows(model, Batch(torch.cat([texts[n] for n in order]), Layout.of([len(texts[n]) for n in order])))
        for n, mine in zip(order, together.split([len(texts[n]) for n in order]), strict=True):
            torch.testing.assert_close(mine, alone[n], rtol=1e-6, atol=1e-6 if mode == "exact" else 2e-2)


def test_eight_bits_spare_the_layers_that_cost_most(monkeypatch) -> None:
    """A layer with one huge column is what one scale per call cannot hold: it is found and left in bfloat16."""
    monkeypatch.setenv("TORSO_KERNELS", "0")
    needs("int8")
    model = bert()
    with torch.no_grad():
        model.trunk.layers[1].ffn_norm.weight[3] = 60.0
    done = optimise(model, "int8", fidelity=0.9995).optimised
    assert done.kept
    assert done.fidelity >= 0.9995
    assert any(name.startswith("trunk.layers.2") for name in done.kept)
    by_type = {name: type(model.get_submodule(name)) for name in done.kept}
    assert set(by_type.values()) == {PackedLinear}
    assert any(isinstance(module, QuantisedLinear) for module in model.modules())


def test_eight_bits_of_the_kernels_spare_layers_too(monkeypatch) -> None:
    monkeypatch.delenv("TORSO_KERNELS", raising=False)
    needs("int8")
    done = optimise(bert(), "int8", fidelity=0.9999).optimised
    assert done.kept
    assert done.fidelity >= 0.9999
    assert len(done.kept) < 12
    whole = optimise(bert(), "int8", fidelity=0.9).optimised
    assert whole.kept == ()
    assert whole.fidelity < done.fidelity


def test_eight_bits_scale_each_row_by_itself(runs) -> None:
    """Where the kernels do not run the blocks as a whole, their products stand in for the layers."""
    model = new_model(Qwen3Config(**SMALL, num_key_value_heads=2, head_dim=8), Task.CAUSAL_LM, seed=1)
    needs("int8", model)
    optimise(model, "int8")
    kinds = {type(module) for module in model.modules()}
    assert (NativeLinear in kinds, QuantisedLinear in kinds) == (runs == "kernels", runs == "pytorch")


def test_a_fidelity_that_cannot_be_kept_is_an_error_and_leaves_the_model_as_it_was() -> None:
    needs("bf16")
    model, wanted = bert(), rows(bert(), batch())
    with pytest.raises(UnsupportedError) as caught:
        optimise(model, "bf16", fidelity=0.9999999999)
    assert caught.value.code == "E_FIDELITY"
    assert model.optimised is None
    assert rows(model, batch()).equal(wanted)
    assert sum(isinstance(module, nn.Linear) for module in model.modules()) == 13


def test_auto_takes_the_fastest_that_is_near_enough_and_says_so_once(monkeypatch, capfd) -> None:
    monkeypatch.setenv("TORSO_KERNELS", "0")
    times = {"exact": 3.0, "bf16": 1.0, "int8": 2.0}
    here = [mode for mode in times if has(mode)]
    fastest = min(here, key=times.__getitem__)
    timed: list[str] = []

    def seconds(bench) -> float:
        kinds = {type(module) for module in bench.model.modules()}
        dtypes = {module.dtype for module in bench.model.modules() if isinstance(module, PackedLinear)}
        mode = "int8" if QuantisedLinear in kinds else "bf16" if torch.bfloat16 in dtypes else "exact"
        timed.append(mode)
        return times[mode]

    monkeypatch.setattr("torso.engines.calibration.Calibration.seconds", seconds)
    model = optimise(bert(), "auto", fidelity=0.99)
    assert model.optimised.mode == fastest
    out, err = capfd.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert err.startswith(f"torso: {fastest} is the fastest here with a cosine of at least 0.99 to float32 (met: ")
    assert float(err.rpartition("met: ")[2].rstrip(").\n")) >= 0.99
    assert timed == here
    monkeypatch.setenv("TORSO_LANG", "zh")
    assert optimise(bert(), "auto", fidelity=0.9999995).optimised.mode == "exact"
    assert "exact 最快" in capfd.readouterr().err
    optimise(bert(), "exact")
    assert capfd.readouterr() == ("", ""), "what was asked for needs no word"


def test_an_optimised_model_is_neither_trained_nor_changed_nor_saved(tmp_path) -> None:
    model = optimise(bert(), "exact")
    for attempt in (
        model.train,
        lambda: model.set({"hidden_dropout_prob": 0.0}),
        lambda: model.save(tmp_path / "again"),
        lambda: optimise(model, "bf16"),
    ):
        with pytest.raises(UnsupportedError) as caught:
            attempt()
        assert caught.value.code == "E_OPTIMISED"
    assert not (tmp_path / "again").exists()
    assert model.eval() is model
    assert not any(each.requires_grad for each in model.parameters())


def test_a_mode_that_is_none_or_is_not_here_is_refused(monkeypatch) -> None:
    with pytest.raises(InputError) as caught:
        optimise(bert(), "fast")  # pyright: ignore[reportArgumentType]
    assert caught.value.code == "E_MODE"
    monkeypatch.setenv("TORSO_KERNELS", "0")
    monkeypatch.setattr("torso.engines.linear_swap.available", lambda mode: False)
    with pytest.raises(UnsupportedError) as caught:
        optimise(bert(), "auto")
    assert caught.value.code == "E_MODE"
    with pytest.raises(UnsupportedError) as caught:
        optimise(bert().to("meta"), "exact")
    assert caught.value.code == "E_MODE"


NO_SAMPLE = {
    "a list": ([1, 2, 3], "E_SAMPLE"),
    "no text": (batch(()), "E_SAMPLE"),
    "a text without tokens": (batch((3, 0)), "E_SAMPLE"),
    "a text that is too long": (batch((3, 600)), "E_TOO_LONG"),
    "another tokenizer's": (Batch(torch.tensor([3, 80]), Layout.of([2])), "E_IDS"),
}


@pytest.mark.parametrize("mode", ["exact", "auto"])
@pytest.mark.parametrize("case", NO_SAMPLE)
def test_what_nothing_can_be_measured_on_is_refused_and_changes_nothing(mode, case) -> None:
    sample, code = NO_SAMPLE[case]
    model = bert()
    wanted = rows(model, batch())
    with pytest.raises((InputError, InputTypeError, TooLongError)) as caught:
        optimise(model, mode, sample=sample)
    assert caught.value.code == code
    assert rows(model, batch()).equal(wanted)
    assert optimise(model, "exact", sample=batch()).optimised


@pytest.mark.parametrize("mode", [None, "exact", "bf16", "int8"])
@pytest.mark.parametrize(("found", "tokens", "segments"), [(80, [3, 80], None), (-1, [-1], None), (2, [3, 4], [1, 2])])
def test_ids_without_a_row_are_named(mode, found, tokens, segments) -> None:
    needs(mode or "exact")
    model = bert() if mode is None else optimise(bert(), mode, fidelity=0.9)
    given = Batch(torch.tensor(tokens), Layout.of([len(tokens)]), None if segments is None else torch.tensor(segments))
    with pytest.raises(InputError, match=f"{'tokens' if segments is None else 'segments'} holds {found};") as caught:
        model(given)
    assert caught.value.code == "E_IDS"


@pytest.mark.parametrize("mode", ["bf16", "int8"])
def test_a_mode_that_this_processor_lacks_is_refused(mode) -> None:
    if has(mode):
        pytest.skip(f"this processor has {mode}")
    model = bert()
    wanted = rows(model, batch())
    with pytest.raises(UnsupportedError, match=f"the mode {mode}") as caught:
        optimise(model, mode)
    assert caught.value.code == "E_MODE"
    assert model.optimised is None
    assert rows(model, batch()).equal(wanted)
    assert all(each.requires_grad for each in model.parameters())


_WIDE = {"avx512f", "avx512bw", "avx512vl", "avx512dq", "avx512_vnni"}
FLAGS = {
    "bf16": _WIDE | {"avx512_bf16"},
    "int8": _WIDE,
}
"""What a processor must have for the kernels' products of a mode, as Linux names it."""


@pytest.mark.parametrize("mode", FLAGS)
def test_the_kernels_have_the_modes_of_the_processor(mode, runs) -> None:
    """Else tests of a mode could be skipped where it should run."""
    about_it = Path("/proc/cpuinfo")
    if runs != "kernels" or not about_it.exists() or platform.machine() != "x86_64" or "TORSO_KERNELS" in os.environ:
        pytest.skip("only of the kernels, on Linux, with the instruction set they choose")
    flags = {word for line in about_it.read_text().splitlines() if line.startswith("flags") for word in line.split()}
    assert has(mode) == (FLAGS[mode] <= flags)


@pytest.mark.parametrize("instruction_set", ["avx2", "baseline"])
def test_a_processor_that_lacks_a_mode_has_the_others(instruction_set) -> None:
    """PyTorch may have the mode; the kernels run the encoder, and so do not."""
    code = """
from torso import Task, new_model, optimise
from torso.errors import UnsupportedError
from torso.models.bert import BertConfig

def model():
    return new_model(BertConfig(vocab_size=80, hidden_size=32, num_hidden_layers=2, num_attention_heads=4,
                                intermediate_size=48, initializer_range=0.2), Task.FEATURES, seed=4)

for mode in ("bf16", "int8"):
    given = model()
    try:
        optimise(given, mode)
    except UnsupportedError as error:
        assert given.optimised is None and error.code == "E_MODE"
        print(error.code)
print(optimise(model(), "auto").optimised.mode)
"""
    if instruction_set not in (library_sets := library().sets if library() else ()):
        pytest.skip(f"only {library_sets} here")
    environment = os.environ | {"TORSO_KERNELS": instruction_set}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False)
    assert done.stdout.split() == ["E_MODE", "E_MODE", "exact"], done.stderr


def test_a_build_without_the_kernels_is_noticed(monkeypatch) -> None:
    class Broken(nn.Module):
        def __init__(self, *given: object) -> None:
            super().__init__()

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.zeros(2, 16)

    probe = available.__wrapped__  # what is told once is kept
    assert probe("exact")
    monkeypatch.setattr(packed_linear, "PackedLinear", Broken)
    assert not probe("exact")

    def missing(*given: object) -> nn.Module:
        raise AttributeError("no such operator")

    monkeypatch.setattr(packed_linear, "PackedLinear", missing)
    assert not probe("exact")
    assert not probe("bf16")


T5 = dict(vocab_size=80, d_model=32, d_kv=8, d_ff=48, num_layers=2, num_heads=4)
TRUNKS = {
    "llama": (LlamaConfig(**SMALL, num_key_value_heads=2), Task.CAUSAL_LM),
    "qwen3": (Qwen3Config(**SMALL, num_key_value_heads=2, head_dim=8), Task.CAUSAL_LM),
    "t5": (T5Config(**T5), Task.SEQ2SEQ_LM),
    "t5-gated": (T5Config(**T5, feed_forward_proj="gated-gelu"), Task.FEATURES),
}


@pytest.mark.parametrize("trunk", TRUNKS)
def test_every_kind_of_trunk(trunk) -> None:
    config, task = TRUNKS[trunk]
    wanted = rows(new_model(config, task, seed=1).eval(), batch())
    model = optimise(new_model(config, task, seed=1).eval(), "exact")
    torch.testing.assert_close(rows(model, batch()), wanted, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("trunk", TRUNKS)
def test_every_kind_of_trunk_in_bfloat16(trunk) -> None:
    config, task = TRUNKS[trunk]
    model = new_model(config, task, seed=1).eval()
    needs("bf16", model)
    wanted = rows(model, batch())
    near = optimise(model, "bf16")
    assert float(torch.cosine_similarity(rows(near, batch()), wanted, dim=1).min()) > 0.999


def test_what_a_checkpoint_in_half_precision_becomes(tmp_path: Path) -> None:
    bert().bfloat16().save(tmp_path)
    model = optimise(load(tmp_path, dtype=torch.bfloat16), "exact")
    torch.testing.assert_close(rows(model, batch()), rows(load(tmp_path), batch()), rtol=1e-5, atol=1e-5)


def test_what_a_task_loads_it_prepacks(tmp_path: Path, runs) -> None:
    from torso.tasks import make_ready

    ready = make_ready("torso:sentiment", Task.FEATURES)
    kernels = about().instruction_set
    assert (kernels is None) == (runs == "pytorch")
    assert ready.model.optimised == Optimised("exact", 1.0, kernels=kernels)
    assert not [module for module in ready.model.modules() if isinstance(module, nn.Linear)]
    own = load("torso:sentiment")
    assert make_ready(own, Task.FEATURES).model is own
    assert own.optimised is None
    given = torso.pack(ready.tokenizer.encodings(["这本书很好看", "不错"]))
    torch.testing.assert_close(rows(ready.model, given), rows(own, given), rtol=1e-5, atol=1e-5)
