"""Quantised checkpoints give the logits of the matrices that their own tools make of them; faulty ones are refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

import torso
from lazy import LazyModule
from torso.architecture import Task
from torso.errors import TorsoError, UnsupportedError
from torso.weights import dequantise
from torso.weights.weights import open_weights

from .quantisers import CASES, Tensors, gptq
from .test_gguf_models import disturbed, logits, text

transformers = LazyModule("transformers")
mxfp4 = LazyModule("transformers.integrations.mxfp4")
PROJECTION = "model.layers.0.mlp.up_proj"


def folder_of(path: Path, tensors: Tensors, **config: Any) -> Path:
    path.mkdir(exist_ok=True)
    save_file({name: each.contiguous() for name, each in tensors.items()}, path / "model.safetensors")
    (path / "config.json").write_text(json.dumps(config), encoding="utf-8")
    return path


@pytest.mark.parametrize("name", CASES)
def test_logits_of_what_its_own_tools_make_of_it(tmp_path: Path, name: str) -> None:
    quantise, said = CASES[name]
    # bitsandbytes 0.50 on a CPU gives other numbers for rows that are no multiple of a block: 64.
    sizes = dict(vocab_size=64, hidden_size=64, intermediate_size=128, num_hidden_layers=2, num_attention_heads=4)
    model = disturbed(transformers.LlamaForCausalLM(transformers.LlamaConfig(**sizes, max_position_embeddings=64)))
    tensors: Tensors = {}
    with torch.no_grad():
        for key, value in model.state_dict().items():
            if "proj" not in key:
                tensors[key] = value.clone()
                continue
            parts, made = quantise(value)
            assert made.shape == value.shape
            tensors |= {f"{key.removesuffix('.weight')}.{part}": each for part, each in parts.items()}
            assert float((made - value).abs().max()) < (1.0 if name == "gptq-2" else 0.4)
            value.copy_(made)
        wanted = model(text()[None]).logits[0]
    folder = folder_of(tmp_path, tensors, **{**model.config.to_dict(), "quantization_config": said})
    assert torch.allclose(logits(folder, text()), wanted, atol=2e-5, rtol=1e-5)
    assert torso.load(folder, Task.CAUSAL_LM).report.unclaimed == ()


def test_experts_of_gpt_oss() -> None:
    some = torch.Generator().manual_seed(0)
    blocks = torch.randint(0, 256, (3, 8, 2, 16), dtype=torch.uint8, generator=some)
    scales = torch.randint(110, 140, (3, 8, 2), dtype=torch.uint8, generator=some)
    wanted = mxfp4.convert_moe_packed_tensors(blocks, scales, dtype=torch.float32)
    found = dequantise.microscaled(blocks.numpy(), scales.numpy())
    assert np.array_equal(found, wanted.numpy())


def test_experts_in_a_file(tmp_path: Path) -> None:
    blocks = torch.arange(256, dtype=torch.uint8).reshape(1, 8, 2, 16)
    tensors = {
        "mlp.experts.down_proj_blocks": blocks,
        "mlp.experts.down_proj_scales": torch.full((1, 8, 2), 127).byte(),
    }
    weights = open_weights(folder_of(tmp_path, tensors))
    assert weights.entries["mlp.experts.down_proj"].shape == (1, 64, 8)
    assert weights.read("mlp.experts.down_proj").data.max() == 6
    assert weights.quantised == ("MXFP4",)


@pytest.mark.parametrize("dtype", [torch.float8_e4m3fn, torch.float8_e5m2, torch.float8_e8m0fnu])
def test_every_number_of_eight_bits(dtype: torch.dtype) -> None:
    bits = torch.arange(256, dtype=torch.uint8)
    name = {torch.float8_e4m3fn: "F8_E4M3", torch.float8_e5m2: "F8_E5M2"}.get(dtype, "F8_E8M0")
    found, wanted = dequantise.eighths(bits.numpy(), name), bits.view(dtype).float().numpy()
    assert np.array_equal(found, wanted, equal_nan=True)


@pytest.mark.parametrize("bits", range(1, 9))
def test_numbers_in_words(bits: int) -> None:
    from compressed_tensors.compressors.pack_quantized.helpers import pack_to_int32

    numbers = torch.randint(-(1 << bits - 1), 1 << bits - 1, (3, 64), dtype=torch.int8)
    found = dequantise.unpacked(pack_to_int32(numbers, bits).numpy(), bits)
    assert np.array_equal(found.astype(int) - (1 << bits - 1), numbers.numpy())


def test_blocks_that_the_last_rows_cut(tmp_path: Path) -> None:
    tensors = {f"{PROJECTION}.weight": torch.ones(5, 7).to(torch.float8_e4m3fn)}
    tensors[f"{PROJECTION}.weight_scale_inv"] = torch.arange(6.0).reshape(2, 3) + 1
    said = {"quant_method": "fp8", "weight_block_size": [3, 3]}
    found = open_weights(folder_of(tmp_path, tensors, quantization_config=said)).read(f"{PROJECTION}.weight").data
    assert found[:, 0].tolist() == [1, 1, 1, 4, 4]
    assert found[0].tolist() == [1, 1, 1, 2, 2, 2, 3]


def test_families_whose_matrices_are_stored_transposed_are_refused(tmp_path: Path) -> None:
    config = transformers.GPT2Config(n_embd=64, n_layer=1, n_head=4, vocab_size=64, n_positions=64)
    model = transformers.GPT2LMHeadModel(config)
    tensors = {key: value for key, value in model.state_dict().items() if "c_proj.weight" not in key}
    tensors |= {f"transformer.h.0.attn.c_proj.{part}": each for part, each in gptq(torch.randn(64, 64))[0].items()}
    tensors.pop("lm_head.weight")
    with pytest.raises(UnsupportedError, match="GPTQ") as caught:
        torso.load(folder_of(tmp_path, tensors, **config.to_dict()), "causal-lm")
    assert caught.value.code == "E_QUANTISED"


@pytest.mark.parametrize("nested", [False, True])
def test_a_block_larger_than_all_takes_no_more_memory(tmp_path: Path, nested: bool) -> None:
    parts = {
        **(NESTED if nested else FOUR),
        NAMED: state(blocksize=1 << 40, nested_blocksize=1 << 40, nested_offset=0.5),
    }
    parts["weight.absmax"] = parts["weight.absmax"][:1]
    tensors = {f"{PROJECTION}.{part}": each for part, each in parts.items()}
    assert (
        open_weights(folder_of(tmp_path, tensors)).read(f"{PROJECTION}.weight").data == (1.5 if nested else 1)
    ).all()


Ints, Floats = (lambda *shape: torch.zeros(shape, dtype=torch.int32)), torch.ones
GPTQ: Tensors = {"qweight": Ints(4, 8), "qzeros": Ints(1, 1), "scales": Floats(1, 8), "g_idx": Ints(32)}
AWQ: Tensors = {"qweight": Ints(32, 1), "qzeros": Ints(1, 1), "scales": Floats(1, 8)}
PACKED: Tensors = {"weight_packed": Ints(8, 4), "weight_scale": Floats(8, 1), "weight_shape": torch.tensor([8, 32])}
SCB: Tensors = {"weight": torch.zeros(8, 4, dtype=torch.int8), "SCB": Floats(8)}
EIGHTHS: Tensors = {"weight": torch.ones(8, 4).to(torch.float8_e4m3fn), "weight_scale": Floats(8, 1)}
STATE = {"quant_type": "nf4", "blocksize": 64, "dtype": "float32", "shape": [8, 16]}


def state(**values: Any) -> torch.Tensor:
    return torch.frombuffer(bytearray(json.dumps({**STATE, **values}).encode()), dtype=torch.uint8)


NAMED = "weight.quant_state.bitsandbytes__nf4"
FOUR: Tensors = {
    "weight": torch.zeros(64, 1, dtype=torch.uint8),
    "weight.absmax": Floats(2),
    "weight.quant_map": Floats(16),
    NAMED: state(),
}
NESTED: Tensors = {
    **FOUR,
    "weight.absmax": torch.zeros(2, dtype=torch.uint8),
    "weight.nested_absmax": Floats(1),
    "weight.nested_quant_map": Floats(256),
    NAMED: state(nested_blocksize=256, nested_offset=0.5),
}
LARGE: Tensors = {"_blocks": torch.full((1, 8, 2, 16), 119).byte(), "_scales": torch.full((1, 8, 2), 255).byte()}
EXPERTS: Tensors = {"_blocks": torch.zeros(1, 8, 2, 16).byte(), "_scales": torch.zeros(1, 8, 2).byte()}
FAULTS: list[tuple[str, Tensors, dict[str, Any], str]] = [
    ("gptq scales short", GPTQ, {"scales": Floats(1, 7)}, "E_SHAPE"),
    ("gptq scales of one axis", GPTQ, {"scales": Floats(8)}, "E_SHAPE"),
    ("gptq scales whole", GPTQ, {"scales": Ints(1, 8)}, "E_SHAPE"),
    ("gptq scales gone", GPTQ, {"scales": None}, "E_SHAPE"),
    ("gptq no group", GPTQ, {"scales": Floats(0, 8)}, "E_SHAPE"),
    ("gptq scales nan", GPTQ, {"scales": Floats(1, 8) * float("nan")}, "E_NONFINITE"),
    ("gptq scales infinite", GPTQ, {"scales": Floats(1, 8) * float("inf")}, "E_NONFINITE"),
    ("gptq zeros gone", GPTQ, {"qzeros": None}, "E_SHAPE"),
    ("gptq zeros short", GPTQ, {"qzeros": Ints(2, 1)}, "E_SHAPE"),
    ("gptq groups too high", GPTQ, {"g_idx": Ints(32) + 1}, "E_SHAPE"),
    ("gptq groups negative", GPTQ, {"g_idx": Ints(32) - 1}, "E_SHAPE"),
    ("gptq groups huge", GPTQ, {"g_idx": Ints(32) + (1 << 30)}, "E_SHAPE"),
    ("gptq groups empty", GPTQ, {"g_idx": Ints(0)}, "E_QUANTISED"),
    ("gptq groups of floats", GPTQ, {"g_idx": Floats(32)}, "E_SHAPE"),
    ("gptq five bits", GPTQ, {"g_idx": Ints(25)}, "E_QUANTISED"),
    ("gptq weight of floats", GPTQ, {"qweight": Floats(4, 8)}, "E_SHAPE"),
    ("gptq weight of three axes", GPTQ, {"qweight": Ints(1, 4, 8)}, "E_SHAPE"),
    ("gptq weight wide", GPTQ, {"qweight": Ints(4, 9)}, "E_SHAPE"),
    ("awq zeros gone", AWQ, {"qzeros": None}, "E_SHAPE"),
    ("awq zeros short", AWQ, {"qzeros": Ints(2, 1)}, "E_SHAPE"),
    ("awq groups uneven", AWQ, {"scales": Floats(3, 8), "qzeros": Ints(3, 1)}, "E_SHAPE"),
    ("awq no group", AWQ, {"scales": Floats(0, 8), "qzeros": Ints(0, 1)}, "E_SHAPE"),
    ("awq scales nan", AWQ, {"scales": Floats(1, 8) * float("nan")}, "E_NONFINITE"),
    ("packed shape gone", PACKED, {"weight_shape": None}, "E_SHAPE"),
    ("packed shape of three", PACKED, {"weight_shape": torch.tensor([8, 32, 1])}, "E_SHAPE"),
    ("packed shape negative", PACKED, {"weight_shape": torch.tensor([8, -32])}, "E_SHAPE"),
    ("packed shape huge", PACKED, {"weight_shape": torch.tensor([8, 1 << 60])}, "E_SHAPE"),
    ("packed shape of other rows", PACKED, {"weight_shape": torch.tensor([1 << 40, 32])}, "E_SHAPE"),
    ("packed shape of floats", PACKED, {"weight_shape": torch.tensor([8.0, 32.0])}, "E_SHAPE"),
    ("packed shape too narrow", PACKED, {"weight_shape": torch.tensor([8, 1])}, "E_SHAPE"),
    ("packed scale gone", PACKED, {"weight_scale": None}, "E_SHAPE"),
    ("packed scale of other rows", PACKED, {"weight_scale": Floats(7, 1)}, "E_SHAPE"),
    ("packed scale uneven", PACKED, {"weight_scale": Floats(8, 5)}, "E_SHAPE"),
    ("packed scale empty", PACKED, {"weight_scale": Floats(8, 0)}, "E_SHAPE"),
    ("packed zeros short", PACKED, {"weight_zero_point": Ints(1, 7)}, "E_SHAPE"),
    ("packed groups too high", PACKED, {"weight_scale": Floats(8, 2), "weight_g_idx": Ints(32) + 2}, "E_SHAPE"),
    ("packed groups short", PACKED, {"weight_scale": Floats(8, 2), "weight_g_idx": Ints(31)}, "E_SHAPE"),
    ("packed bytes", PACKED, {"weight_packed": torch.zeros(8, 4).byte()}, "E_QUANTISED"),
    ("int8 scales short", SCB, {"SCB": Floats(7)}, "E_SHAPE"),
    ("int8 scales of two axes", SCB, {"SCB": Floats(8, 1)}, "E_SHAPE"),
    ("int8 scales nan", SCB, {"SCB": Floats(8) * float("nan")}, "E_NONFINITE"),
    ("int8 weight gone", SCB, {"weight": None}, "E_SHAPE"),
    ("int8 weight of floats", SCB, {"weight": Floats(8, 4)}, "E_SHAPE"),
    ("fp8 scales short", EIGHTHS, {"weight_scale": Floats(3, 1)}, "E_SHAPE"),
    ("fp8 scales of three axes", EIGHTHS, {"weight_scale": Floats(1, 8, 1)}, "E_SHAPE"),
    ("fp8 scales empty", EIGHTHS, {"weight_scale": Floats(0, 1)}, "E_SHAPE"),
    ("fp8 scales nan", EIGHTHS, {"weight_scale": Floats(8, 1) * float("nan")}, "E_NONFINITE"),
    ("fp8 not a number", EIGHTHS, {"weight": torch.full((8, 4), 127).byte().view(torch.float8_e4m3fn)}, "E_NONFINITE"),
    ("fp8 weight of floats", EIGHTHS, {"weight": Floats(8, 4)}, "E_QUANTISED"),
    ("nf4 no JSON", FOUR, {NAMED: torch.zeros(9).byte()}, "E_SHAPE"),
    ("nf4 a list", FOUR, {NAMED: torch.frombuffer(bytearray(b"[1]"), dtype=torch.uint8)}, "E_SHAPE"),
    ("nf4 deep", FOUR, {NAMED: torch.frombuffer(bytearray(b"[" * 9000), dtype=torch.uint8)}, "E_SHAPE"),
    ("nf4 long", FOUR, {NAMED: torch.zeros(1 << 20).byte()}, "E_SHAPE"),
    ("nf4 no shape", FOUR, {NAMED: state(shape=None)}, "E_SHAPE"),
    ("nf4 shape of floats", FOUR, {NAMED: state(shape=[8.0, 16.0])}, "E_SHAPE"),
    ("nf4 shape negative", FOUR, {NAMED: state(shape=[-8, -16])}, "E_SHAPE"),
    ("nf4 shape huge", FOUR, {NAMED: state(shape=[1 << 40, 1 << 40])}, "E_SHAPE"),
    ("nf4 shape short", FOUR, {NAMED: state(shape=[4, 16])}, "E_SHAPE"),
    ("nf4 block zero", FOUR, {NAMED: state(blocksize=0)}, "E_SHAPE"),
    ("nf4 block huge", FOUR, {NAMED: state(blocksize=1 << 70)}, "E_SHAPE"),
    ("nf4 block a text", FOUR, {NAMED: state(blocksize="x")}, "E_SHAPE"),
    ("nf4 levels short", FOUR, {"weight.quant_map": Floats(15)}, "E_SHAPE"),
    ("nf4 levels nan", FOUR, {"weight.quant_map": Floats(16) * float("nan")}, "E_NONFINITE"),
    ("nf4 scales gone", FOUR, {"weight.absmax": None}, "E_SHAPE"),
    ("nf4 scales short", FOUR, {"weight.absmax": Floats(1)}, "E_SHAPE"),
    ("nested map short", NESTED, {"weight.nested_quant_map": Floats(255)}, "E_SHAPE"),
    ("nested scales short", NESTED, {"weight.nested_absmax": Floats(2)}, "E_SHAPE"),
    ("nested block zero", NESTED, {NAMED: state(nested_blocksize=0, nested_offset=0.5)}, "E_SHAPE"),
    ("nested offset infinite", NESTED, {NAMED: state(nested_blocksize=256, nested_offset=1e39)}, "E_NONFINITE"),
    ("nested offset gone", NESTED, {NAMED: state(nested_blocksize=256)}, "E_SHAPE"),
    ("experts' scales gone", EXPERTS, {"_scales": None}, "E_SHAPE"),
    ("experts' scales short", EXPERTS, {"_scales": torch.zeros(1, 8, 1).byte()}, "E_SHAPE"),
    ("experts' blocks flat", EXPERTS, {"_blocks": torch.zeros(8, 16).byte()}, "E_SHAPE"),
    ("experts' blocks of floats", EXPERTS, {"_blocks": Floats(1, 8, 2, 16)}, "E_SHAPE"),
    ("experts too large", EXPERTS, LARGE, "E_NONFINITE"),
]


@pytest.mark.parametrize(("name", "good", "changes", "code"), FAULTS, ids=[each[0] for each in FAULTS])
def test_faulty_parts_are_refused(tmp_path: Path, name: str, good: Tensors, changes: dict[str, Any], code: str) -> None:
    dot = "" if good is EXPERTS else "."
    whole = "" if good is EXPERTS else ".weight"
    for number, parts in enumerate(({**good, **changes}, good)):
        tensors = {f"{PROJECTION}{dot}{part}": each for part, each in parts.items() if each is not None}
        folder = folder_of(tmp_path / str(number), tensors, quantization_config={"bits": 4})
        if parts is good:
            assert open_weights(folder).read(f"{PROJECTION}{whole}").data.ndim >= 2
            continue
        with pytest.raises(TorsoError) as caught:
            open_weights(folder).read(f"{PROJECTION}{whole}")
        assert caught.value.code == code
        assert str(tmp_path) in str(caught.value)
