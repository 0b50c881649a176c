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


def test_deepseek_v3_reads_no_layer_behind_the_last(tmp_path) -> None:
    """Layer 61 foretells the token after the next; any other layer too many is a fault."""
    made = make("deepseek_v3", "plain", "causal-lm", tmp_path)
    path = tmp_path / "model.safetensors"
    tensors = load_file(path)
    more = torch.zeros(3)
    save_file({**tensors, "model.layers.61.enorm.weight": more}, path, {"format": "pt"})
    assert load(tmp_path, Task.CAUSAL_LM).report.unclaimed == ("model.layers.61.enorm.weight",)
    save_file({**tensors, "model.layers.2.enorm.weight": more}, path, {"format": "pt"})
    with pytest.raises(WeightsError) as caught:
        load(tmp_path, Task.CAUSAL_LM)
    assert caught.value.code == "E_UNCLAIMED"
    assert made.folder == tmp_path
