"""Compiled models: as near to float32 as they say, the same in any company, and beside a model that stays as it was."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import torso
from processor import has, needs
from torso import Batch, CompiledModel, Layout, Task, compiled, load, new_model, optimise
from torso.engines.calibration import cosines, mean_rows
from torso.engines.compiled_base import Optimised
from torso.engines.model_source import on_host
from torso.engines.optimise import FIDELITY, MODES
from torso.engines.prepacking import PackedLinear, prepacked
from torso.engines.torch_runner import TorchRunner
from torso.errors import InputError, InputTypeError, TooLongError, UnsupportedError
from torso.host_batch import Rows, Wanted, to_host
from torso.kernels import about
from torso.kernels.linear import NativeLinear
from torso.models.bert import BertConfig
from torso.models.llama import LlamaConfig
from torso.models.t5 import T5Config

pytestmark = pytest.mark.skipif(about().instruction_set is None, reason=f"there are no kernels: {about().reason}")

SMALL = dict(vocab_size=80, hidden_size=32, num_hidden_layers=3, num_attention_heads=4, intermediate_size=48)
T5 = dict(vocab_size=80, d_model=32, d_kv=8, d_ff=48, num_layers=2, num_heads=4)
SIZES = (5, 1, 12, 12, 7)


def batch(sizes: tuple[int, ...] = SIZES, seed: int = 0) -> Batch:
    dice = torch.Generator().manual_seed(seed)
    return Batch(torch.randint(0, 80, (sum(sizes),), generator=dice), Layout.of(sizes))


def bert(act: str = "gelu", task: Task[Any] = Task.FEATURES) -> torso.Model[Any]:
    """With weights large enough to move every row: born small, they would leave rows that no mode can change."""
    return new_model(BertConfig(**SMALL, hidden_act=act, num_labels=3, initializer_range=0.2), task, seed=4).eval()


def rows(model: Any, given: Batch) -> Rows:
    if isinstance(model, CompiledModel):
        return model.run(on_host(given)).hidden.rows
    with torch.no_grad():
        return model(given).hidden.rows.numpy()


@pytest.mark.parametrize("act", ["gelu", "relu", "gelu_new", "silu", "tanh", "quick_gelu"])
def test_exact_is_exact(act) -> None:
    wanted = rows(bert(act), batch())
    made = optimise(bert(act), "exact")
    np.testing.assert_allclose(rows(made, batch()), wanted, rtol=1e-5, atol=1e-5)
    assert made.done == Optimised("exact", 1.0, kernels=about().instruction_set)
    assert optimise(bert(act), "exact", sample=batch()).done.fidelity > FIDELITY["exact"]


def test_the_model_itself_stays_as_it_is(tmp_path) -> None:
    model, wanted = bert(), rows(bert(), batch())
    model.train()
    made = optimise(model, "int8", fidelity=0.5) if has("int8") else optimise(model, "exact")
    assert model.training
    assert all(each.requires_grad for each in model.parameters())
    model.eval()
    assert np.array_equal(rows(model, batch()), wanted)
    before = rows(made, batch())
    with torch.no_grad():
        for each in model.trunk.layers.parameters():
            each.zero_()
    assert np.array_equal(rows(made, batch()), before), "its weights are copies"
    model.save(tmp_path)
    for name in ("train", "to", "save", "parameters"):
        assert not hasattr(made, name)


@pytest.mark.parametrize("mode", MODES)
def test_the_fidelity_is_that_of_the_sample(mode) -> None:
    needs(mode)
    sample = batch((9, 4, 20), seed=3)
    made = optimise(bert(), mode, sample=sample)
    met = cosines(*(mean_rows(rows(each, sample), on_host(sample)) for each in (bert(), made))).min()
    assert made.done.fidelity == pytest.approx(float(met), abs=1e-6)
    assert made.done.fidelity >= FIDELITY[mode]


@pytest.mark.parametrize("mode", MODES)
def test_a_text_is_the_same_in_any_company(mode) -> None:
    needs(mode)
    made, dice = optimise(bert(), mode, fidelity=0.5), random.Random(2)
    texts = list(batch().tokens.split(list(SIZES)))
    alone = [rows(made, Batch(text, Layout.of([len(text)]))) for text in texts]
    for _ in range(4):
        order = dice.sample(range(len(texts)), len(texts))
        together = rows(made, Batch(torch.cat([texts[n] for n in order]), Layout.of([len(texts[n]) for n in order])))
        bounds = np.cumsum([len(texts[n]) for n in order])[:-1]
        for n, mine in zip(order, np.split(together, bounds), strict=True):
            assert np.array_equal(mine, alone[n])


def test_eight_bits_spare_the_layers_that_cost_most() -> None:
    needs("int8")
    done = optimise(bert(), "int8", fidelity=0.9999).done
    assert done.kept
    assert done.fidelity >= 0.9999
    assert len(done.kept) < 12
    whole = optimise(bert(), "int8", fidelity=0.9).done
    assert whole.kept == ()
    assert whole.fidelity < done.fidelity


def test_a_fidelity_that_cannot_be_kept_is_an_error() -> None:
    needs("bf16")
    with pytest.raises(UnsupportedError) as caught:
        optimise(bert(), "bf16", fidelity=0.9999999999)
    assert caught.value.code == "E_FIDELITY"


def test_numbers_that_are_not_finite_are_an_error() -> None:
    model = bert()
    with torch.no_grad():
        model.trunk.layers[1].ffn_norm.weight[3] = float("inf")
    with pytest.raises(UnsupportedError, match="not finite"):
        optimise(model, "exact", sample=batch())


def test_auto_takes_the_fastest_that_is_near_enough_and_says_so_once(monkeypatch, capfd) -> None:
    times = {"exact": 3.0, "bf16": 1.0, "int8": 2.0}
    here = [mode for mode in times if has(mode)]
    fastest = min(here, key=times.__getitem__)
    timed: list[str] = []

    def seconds(_: object, encoder: Any) -> float:
        kinds = {kind for _, kind in encoder.packed}
        timed.append("int8" if 2 in kinds else "bf16" if 1 in kinds else "exact")
        return times[timed[-1]]

    monkeypatch.setattr("torso.engines.calibration.Calibration.seconds", seconds)
    made = optimise(bert(), "auto", fidelity=0.99)
    assert made.done.mode == fastest
    out, err = capfd.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert err.startswith(f"torso: {fastest} is the fastest here with a cosine of at least 0.99 to float32 (met: ")
    assert float(err.rpartition("met: ")[2].rstrip(").\n")) >= 0.99
    assert timed == here
    monkeypatch.setenv("TORSO_LANG", "zh")
    assert optimise(bert(), "auto", fidelity=0.9999995).done.mode == "exact"
    assert "exact 最快" in capfd.readouterr().err
    optimise(bert(), "exact")
    assert capfd.readouterr() == ("", ""), "what was asked for needs no word"


def test_what_the_kernels_do_not_run_is_refused_with_the_reason(monkeypatch) -> None:
    adapted = bert()
    torso.lora(adapted)
    pruned = bert()
    pruned.trunk.layers[1].ffn.down = nn.Linear(48, 32, bias=False)
    for model, code, reason in (
        (new_model(LlamaConfig(**SMALL, num_key_value_heads=2), Task.CAUSAL_LM, seed=1), "E_MODE", "compiled_decoder"),
        (
            new_model(T5Config(vocab_size=80, d_model=32, d_kv=8, d_ff=48, num_heads=4), Task.SEQ2SEQ_LM),
            "E_MODE",
            "compiled_decoder",
        ),
        (bert("mish"), "E_MODE", "another activation"),
        (pruned, "E_MODE", "layers.1.ffn.down was replaced"),
        (adapted, "E_LORA", "adapter"),
        (bert().to("meta"), "E_MODE", "meta"),
    ):
        with pytest.raises(UnsupportedError, match=reason) as caught:
            optimise(model, "exact")
        assert caught.value.code == code
    with pytest.raises(InputTypeError) as wrong:
        optimise(nn.Linear(2, 2), "exact")  # pyright: ignore[reportArgumentType]
    assert wrong.value.code == "E_MODEL"
    with pytest.raises(InputError) as unknown:
        optimise(bert(), "fast")  # pyright: ignore[reportArgumentType]
    assert unknown.value.code == "E_MODE"
    monkeypatch.setenv("TORSO_KERNELS", "0")
    with pytest.raises(UnsupportedError, match="TORSO_KERNELS=0"):
        optimise(bert(), "auto")


NO_SAMPLE = {
    "a list": ([1, 2, 3], "E_SAMPLE"),
    "no text": (batch(()), "E_SAMPLE"),
    "a text without tokens": (batch((3, 0)), "E_SAMPLE"),
    "a text that is too long": (batch((3, 600)), "E_TOO_LONG"),
    "another tokenizer's": (Batch(torch.tensor([3, 80]), Layout.of([2])), "E_IDS"),
}


@pytest.mark.parametrize("mode", ["exact", "auto"])
@pytest.mark.parametrize("case", NO_SAMPLE)
def test_what_nothing_can_be_measured_on_is_refused(mode, case) -> None:
    sample, code = NO_SAMPLE[case]
    with pytest.raises((InputError, InputTypeError, TooLongError)) as caught:
        optimise(bert(), mode, sample=sample)  # pyright: ignore[reportArgumentType]
    assert caught.value.code == code


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("found", "tokens", "segments"), [(80, [3, 80], None), (-1, [-1], None), (2, [3, 4], [1, 2])])
def test_ids_without_a_row_are_named(mode, found, tokens, segments) -> None:
    needs(mode)
    given = Batch(torch.tensor(tokens), Layout.of([len(tokens)]), None if segments is None else torch.tensor(segments))
    with pytest.raises(InputError, match=f"{'tokens' if segments is None else 'segments'} holds {found};") as caught:
        optimise(bert(), mode, fidelity=0.9).run(on_host(given))
    assert caught.value.code == "E_IDS"
    with pytest.raises(TooLongError, match="Text 1 is 513 tokens"):
        optimise(bert(), "exact").run(on_host(batch((2, 513))))


@pytest.mark.parametrize("mode", ["bf16", "int8"])
def test_a_mode_that_this_processor_lacks_is_refused(mode) -> None:
    if has(mode):
        pytest.skip(f"this processor has {mode}")
    with pytest.raises(UnsupportedError) as caught:
        optimise(bert(), mode)
    assert caught.value.code == "E_MODE"


@pytest.mark.parametrize("saved", [torch.float32, torch.bfloat16, torch.float16])
def test_a_model_is_compiled_from_its_files_as_from_memory(tmp_path: Path, saved) -> None:
    bert().to(saved).save(tmp_path)
    made, other = compiled(tmp_path), optimise(load(tmp_path), "exact")
    assert np.array_equal(rows(made, batch()), rows(other, batch()))
    assert replace(made.report, base_name=load(tmp_path).report.base_name) == load(tmp_path).report
    assert made.trained
    np.testing.assert_allclose(rows(made, batch()), rows(load(tmp_path), batch()), rtol=1e-5, atol=1e-5)
    for mode in MODES:
        if has(mode):
            assert compiled(tmp_path, mode=mode, fidelity=0.5).done.mode == mode


def test_what_a_task_opens_runs_on_the_kernels_or_on_pytorch(monkeypatch) -> None:
    from torso.tasks import make_ready

    ready = make_ready("torso:sentiment", Task.FEATURES)
    own = load("torso:sentiment")
    assert make_ready(own, Task.FEATURES).model is own
    given = torso.pack(ready.tokenizer.encodings(["这本书很好看", "不错"]))
    assert isinstance(ready.runner, CompiledModel)
    np.testing.assert_allclose(rows(ready.runner, given), rows(own, given), rtol=1e-5, atol=1e-5)
    monkeypatch.setenv("TORSO_KERNELS", "0")
    other = make_ready("torso:sentiment", Task.FEATURES)
    assert isinstance(other.runner, TorchRunner)
    assert any(isinstance(module, PackedLinear) for module in other.model.modules())
    got = to_host(other.runner.run(on_host(given), Wanted()).hidden.rows)
    np.testing.assert_allclose(got, rows(own, given), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("kernels", [None, "0"])
def test_a_writer_that_a_task_opens_is_laid_out_and_writes_the_same(kernels, monkeypatch) -> None:
    if kernels is not None:
        monkeypatch.setenv("TORSO_KERNELS", kernels)
    config = T5Config(**T5, initializer_range=0.2)
    for model in (
        new_model(config, Task.SEQ2SEQ_LM, seed=2).eval(),
        new_model(LlamaConfig(**SMALL, num_key_value_heads=2, initializer_range=0.2), Task.CAUSAL_LM, seed=1).eval(),
    ):
        given = batch()
        if model.task is Task.SEQ2SEQ_LM:
            given = Batch(given.tokens, given.layout, source=batch((7, 2, 4, 9, 3), seed=2))
        with torch.no_grad():
            wanted = model(given).logits
            laid = prepacked(model)
            torch.testing.assert_close(laid(given).logits, wanted, rtol=1e-5, atol=1e-5)
        kinds = {type(module) for module in laid.modules()}
        assert nn.Linear not in kinds
        native = kernels is None and model.task is Task.SEQ2SEQ_LM
        assert (NativeLinear in kinds, PackedLinear in kinds) == (native, not native)
        with pytest.raises(UnsupportedError) as caught:
            laid.save("/nowhere")
        assert caught.value.code == "E_REPLACED"


DEFAULTS = """
import sys
import numpy as np
from torso import compiled
torch_too = len(sys.argv) > 2
if torch_too:
    import torch
from torso.host_batch import HostBatch
from torso.engines.calibration import Ids
made = compiled(sys.argv[1])
out = made.run(HostBatch.of([Ids([3, 4, 5], [0] * 3), Ids([6] * 40, [0] * 40)])).hidden.rows
sys.stdout.buffer.write(out.tobytes())
assert torch_too or "torch" not in sys.modules
"""


def test_it_gives_the_same_with_and_without_pytorch_and_on_any_number_of_threads(tmp_path) -> None:
    bert().save(tmp_path)
    made = [
        subprocess.run(
            [sys.executable, "-c", DEFAULTS, str(tmp_path), *more],
            env=os.environ | {"OMP_NUM_THREADS": threads},
            capture_output=True,
            check=True,
        ).stdout
        for more in ([], ["torch"])
        for threads in ("1", "3")
    ]
    assert len(made[0]) == 43 * 32 * 4
    assert len(set(made)) == 1
