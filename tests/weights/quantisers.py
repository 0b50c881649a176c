"""Matrices quantised as the formats' own tools do it, and the numbers that these tools give them back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch

from lazy import LazyModule

bitsandbytes = LazyModule("bitsandbytes.functional")
packing = LazyModule("compressed_tensors.compressors.pack_quantized.base")
schemes = LazyModule("compressed_tensors.quantization")
finegrained = LazyModule("transformers.integrations.finegrained_fp8")

Tensors = dict[str, torch.Tensor]
Quantised = tuple[Tensors, torch.Tensor]
"""The tensors of a file by their names behind the module's, and the matrix that they stand for."""


def pack(numbers: torch.Tensor, bits: int) -> torch.Tensor:
    """Pack rows [k, n] into words of 32 bits along axis 0, the lowest bits first, as AutoGPTQ's ``pack`` does."""
    words = torch.zeros(-(-len(numbers) * bits // 32), numbers.shape[1], dtype=torch.int64)
    for row in range(len(numbers)):
        at, shift = divmod(row * bits, 32)
        value = numbers[row].long() << shift
        words[at] |= value & 0xFFFFFFFF
        if shift + bits > 32:
            words[at + 1] |= value >> 32
    return words.to(torch.int32) if words.max() < 1 << 31 else (words - ((words >> 31) << 32)).to(torch.int32)


def groups_of(weight: torch.Tensor, size: int, bits: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Scales, zeros [g, out] and quants [in, out] of an asymmetric quantisation."""
    rows = weight.t().float()
    parts = rows.reshape(-1, size, rows.shape[1])
    low, high = parts.amin(1).clamp(max=0), parts.amax(1).clamp(min=0)
    scales = ((high - low) / (2**bits - 1)).half()
    zeros = (-low / scales.float()).round().clamp(1, 2**bits - 1).int()
    quants = (parts / scales.float()[:, None]).round().int() + zeros[:, None]
    return scales, zeros, quants.clamp(0, 2**bits - 1).reshape(rows.shape)


def gptq(weight: torch.Tensor, *, bits: int = 4, size: int = 32, order: bool = False, version: int = 1) -> Quantised:
    """AutoGPTQ's layout; with ``order``, inputs are in groups by activation order."""
    chosen = torch.arange(weight.shape[1])
    if order:
        chosen = torch.randperm(weight.shape[1], generator=torch.Generator().manual_seed(3))
    scales, zeros, quants = groups_of(weight[:, chosen], size, bits)
    groups = torch.empty_like(chosen)
    groups[chosen] = torch.arange(weight.shape[1]) // size
    back = torch.empty_like(quants)
    back[chosen] = quants
    stored = zeros - (1 if version == 1 else 0)
    parts = {
        "qweight": pack(back, bits),
        "qzeros": pack(stored.t(), bits).t().contiguous(),
        "scales": scales,
        "g_idx": groups.int(),
    }
    return parts, ((back - zeros[groups]).float() * scales.float()[groups]).t()


def awq(weight: torch.Tensor, *, size: int = 32) -> Quantised:
    """AutoAWQ's layout: columns of eight in the order 0, 2, 4, 6, 1, 3, 5, 7."""
    scales, zeros, quants = groups_of(weight, size, 4)

    def words(numbers: torch.Tensor) -> torch.Tensor:
        found = torch.zeros(len(numbers), numbers.shape[1] // 8, dtype=torch.int64)
        for column in range(numbers.shape[1] // 8):
            for place, own in enumerate((0, 2, 4, 6, 1, 3, 5, 7)):
                found[:, column] |= numbers[:, column * 8 + own].long() << (place * 4)
        return (found - ((found >> 31) << 32)).to(torch.int32)

    made = (quants - zeros.repeat_interleave(size, 0)).float() * scales.float().repeat_interleave(size, 0)
    return {"qweight": words(quants), "qzeros": words(zeros), "scales": scales}, made.t()


def four_bits(weight: torch.Tensor, *, kind: str = "nf4", nested: bool = True) -> Quantised:
    """What bitsandbytes saves of a matrix in four bits."""
    packed, state = bitsandbytes.quantize_4bit(weight, blocksize=64, quant_type=kind, compress_statistics=nested)
    parts = {f"weight.{name}": each for name, each in state.as_dict(packed=True).items()}
    return {"weight": packed, **parts}, bitsandbytes.dequantize_4bit(packed, state)


def eight_bits(weight: torch.Tensor) -> Quantised:
    """What bitsandbytes saves of a matrix in eight bits."""
    largest = weight.float().abs().amax(1)
    quants = (weight.float() * (127 / largest)[:, None]).round().to(torch.int8)
    parts = {"weight": quants, "SCB": largest, "weight_format": torch.tensor(0, dtype=torch.uint8)}
    return parts, bitsandbytes.int8_vectorwise_dequant(quants, largest)


def compressed(weight: torch.Tensor, *, bits: int = 4, strategy: str = "group", symmetric: bool = True) -> Quantised:
    """compressed-tensors' packed integers, and the library's own numbers of them."""
    arguments = schemes.QuantizationArgs(
        num_bits=bits, strategy=strategy, symmetric=symmetric, group_size=32 if strategy == "group" else None
    )
    scheme = schemes.QuantizationScheme(targets=["Linear"], weights=arguments)
    width = 32 if strategy == "group" else weight.shape[1]
    parts = weight.float().reshape(len(weight), -1, width)
    low, high = parts.amin(2), parts.amax(2)
    given = {"weight": weight.float(), "weight_scale": (high - low).clamp(min=1e-4) / (2**bits - 2)}
    if symmetric:
        given["weight_scale"] = parts.abs().amax(2) / (2 ** (bits - 1) - 1)
    else:
        zero = -(2 ** (bits - 1)) - (low / given["weight_scale"]).round()
        given["weight_zero_point"] = zero.clamp(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1).to(torch.int8)
    compressor = packing.PackedQuantizationCompressor
    stored = compressor.compress(given, scheme)
    return dict(stored), compressor.decompress(dict(stored), scheme)["weight"]


def eighths(weight: torch.Tensor, *, block: int | None = None, dtype: torch.dtype = torch.float8_e4m3fn) -> Quantised:
    """FP8 in blocks, as DeepSeek's and Qwen's files; without a block, one scale for each row."""
    most = torch.finfo(dtype).max
    if block is None:
        scale = weight.float().abs().amax(1, keepdim=True) / most
        quants = (weight.float() / scale).to(dtype)
        return {"weight": quants, "weight_scale": scale}, quants.float() * scale
    rows, columns = weight.shape
    parts = weight.float().reshape(rows // block, block, columns // block, block)
    scale = parts.abs().amax((1, 3)) / most
    quants = (parts / scale[:, None, :, None]).reshape(weight.shape).to(dtype)
    judge = finegrained.Fp8Dequantize(None)
    return {"weight": quants, "weight_scale_inv": scale}, judge._dequantize_one(quants, scale, torch.float32)


def one_scale(weight: torch.Tensor) -> Quantised:
    """FP8 with one scale for the matrix, and one for its inputs, which nothing is done with."""
    scale = weight.float().abs().max() / 448
    quants = (weight.float() / scale).to(torch.float8_e4m3fn)
    return {"weight": quants, "weight_scale": scale, "input_scale": torch.tensor(1.0)}, quants.float() * scale


def whole_bytes(weight: torch.Tensor) -> Quantised:
    """compressed-tensors' integers of eight bits, unpacked."""
    scale = (weight.float().abs().amax(1, keepdim=True) / 127).bfloat16()
    quants = (weight.float() / scale.float()).round().to(torch.int8)
    return {"weight": quants, "weight_scale": scale}, quants.float() * scale.float()


CASES: Mapping[str, tuple[Callable[[torch.Tensor], Quantised], dict[str, Any]]] = {
    "gptq": (gptq, {"quant_method": "gptq", "bits": 4}),
    "gptq-2": (lambda w: gptq(w, bits=2), {"quant_method": "gptq", "bits": 2}),
    "gptq-3": (lambda w: gptq(w, bits=3), {"quant_method": "gptq", "bits": 3}),
    "gptq-8": (lambda w: gptq(w, bits=8, size=64), {"quant_method": "gptq", "bits": 8}),
    "gptq-order": (lambda w: gptq(w, order=True), {"quant_method": "gptq", "bits": 4, "desc_act": True}),
    "gptq-v2": (lambda w: gptq(w, version=2), {"quant_method": "gptq", "bits": 4, "checkpoint_format": "gptq_v2"}),
    "awq": (awq, {"quant_method": "awq", "bits": 4, "group_size": 32, "version": "gemm"}),
    "nf4": (four_bits, {"quant_method": "bitsandbytes", "load_in_4bit": True}),
    "nf4-plain": (lambda w: four_bits(w, nested=False), {"quant_method": "bitsandbytes"}),
    "fp4": (lambda w: four_bits(w, kind="fp4"), {"quant_method": "bitsandbytes"}),
    "int8": (eight_bits, {"quant_method": "bitsandbytes", "load_in_8bit": True}),
    "compressed": (compressed, {"quant_method": "compressed-tensors", "format": "pack-quantized"}),
    "compressed-rows": (lambda w: compressed(w, strategy="channel"), {"quant_method": "compressed-tensors"}),
    "compressed-8": (lambda w: compressed(w, bits=8), {"quant_method": "compressed-tensors"}),
    "compressed-3": (lambda w: compressed(w, bits=3), {"quant_method": "compressed-tensors"}),
    "compressed-zeros": (lambda w: compressed(w, symmetric=False), {"quant_method": "compressed-tensors"}),
    "compressed-bytes": (whole_bytes, {"quant_method": "compressed-tensors", "format": "int-quantized"}),
    "fp8-blocks": (lambda w: eighths(w, block=32), {"quant_method": "fp8", "weight_block_size": [32, 32]}),
    "fp8-rows": (eighths, {"quant_method": "compressed-tensors", "format": "float-quantized"}),
    "fp8-e5m2": (lambda w: eighths(w, dtype=torch.float8_e5m2), {"quant_method": "fp8"}),
    "fp8": (one_scale, {"quant_method": "fp8", "activation_scheme": "static"}),
}
