"""What files of later decoders hold beside a model's own tensors, or instead of them."""

from __future__ import annotations

import pytest
import torch
from safetensors.torch import load_file, save_file

from lazy import LazyModule
from torso import Task, load
from torso.compat.padded_model import PaddedModel
from torso.errors import WeightsError

from .reference import batch, close, make

mxfp4 = LazyModule("transformers.integrations.mxfp4")


def test_gpt_oss_is_read_from_mxfp4(tmp_path) -> None:
    made = make("gpt_oss", "plain", "causal-lm", tmp_path, hidden_size=64, intermediate_size=32)
    path, dice = tmp_path / "model.safetensors", torch.Generator().manual_seed(3)
    tensors = load_file(path)
    for layer, block in enumerate(made.model.model.layers):
        for name in ("gate_up_proj", "down_proj"):
            key, own = f"model.layers.{layer}.mlp.experts.{name}", getattr(block.mlp.experts, name)
            count, inputs, outputs = own.shape
            blocks = torch.randint(0, 256, (count, outputs, inputs // 32, 16), dtype=torch.uint8, generator=dice)
            scales = torch.randint(122, 126, (count, outputs, inputs // 32), dtype=torch.uint8, generator=dice)
            own.data = mxfp4.convert_moe_packed_tensors(blocks, scales, dtype=torch.float32)
            assert own.shape == (count, inputs, outputs)
            del tensors[key]
            tensors |= {f"{key}_blocks": blocks, f"{key}_scales": scales}
    save_file(tensors, path, {"format": "pt"})
    given = batch(made, "right")
    with torch.no_grad():
        theirs, ours = made.model(**given.shared), PaddedModel(load(tmp_path, Task.CAUSAL_LM))(**given.shared)
    close(ours.logits[given.here], theirs.logits[given.here])


@pytest.mark.parametrize("family", ["deepseek_v3", "glm4_moe"])
def test_layers_that_predict_further_ahead_are_not_read(family, tmp_path) -> None:
    """They stand behind the last one, whatever its number, and hold ``eh_proj``; any other layer is a fault."""
    made = make(family, "plain", "causal-lm", tmp_path)
    path, depth = tmp_path / "model.safetensors", made.config.num_hidden_layers
    tensors, more = load_file(path), torch.zeros(3)
    ahead = [f"model.layers.{depth + i}.{name}.weight" for i in range(2) for name in ("eh_proj", "mlp.gate")]
    save_file({**tensors, **{key: more.clone() for key in ahead}}, path, {"format": "pt"})
    assert set(load(tmp_path, Task.CAUSAL_LM).report.unclaimed) == set(ahead)
    for key, code in (
        (f"model.layers.{depth}.mlp.gate.weight", "E_CONFIG_WEIGHTS"),  # a layer that nothing marks
        ("model.layers.0.eh_proj.weight", "E_UNCLAIMED"),  # a mark in a layer of the trunk
    ):
        save_file({**tensors, key: more}, path, {"format": "pt"})
        with pytest.raises(WeightsError) as caught:
            load(tmp_path, Task.CAUSAL_LM)
        assert caught.value.code == code


@pytest.mark.parametrize("family", ["deepseek_v3", "glm4_moe", "ernie4_5_moe"])
def test_corrections_of_routers_are_not_narrowed(family, tmp_path) -> None:
    """They differ by less than bfloat16 tells apart, and decide."""
    made = make(family, "plain", "causal-lm", tmp_path)
    path = tmp_path / "model.safetensors"
    tensors = load_file(path)
    keys = [key for key in tensors if key.endswith("e_score_correction_bias")]
    fine = {key: 8 + 1e-3 * torch.randn_like(tensors[key]) for key in keys}
    save_file({**tensors, **fine}, path, {"format": "pt"})
    model = load(tmp_path, Task.CAUSAL_LM, dtype="bfloat16")
    read = {name: each for name, each in model.named_parameters() if name.endswith(".correction")}
    assert len(read) == len(keys) > 0
    assert made.folder == tmp_path
    for name, each in read.items():
        layer = name.split(".")[2]
        [own] = [value for key, value in fine.items() if f".layers.{layer}." in key]
        assert each.equal(own)
    assert {each.dtype for name, each in model.named_parameters() if name not in read} == {torch.bfloat16}
    assert model.dtype == torch.bfloat16
