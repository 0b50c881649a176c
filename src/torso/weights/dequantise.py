"""Numbers of quantised matrices, by the rule of each format, in float32.

Every function takes the tensors of one matrix by the names that they have behind the module's, and returns the matrix
as [out, in]. Shapes that do not fit each other raise ValueError, with what does not fit.

Sources: GPTQ https://arxiv.org/abs/2210.17323, as AutoGPTQ and GPTQModel pack it; AWQ https://arxiv.org/abs/2306.00978,
as AutoAWQ packs it; QLoRA https://arxiv.org/abs/2305.14314 and LLM.int8() https://arxiv.org/abs/2208.07339, as
bitsandbytes stores them; compressed-tensors; FP8 https://arxiv.org/abs/2209.05433; OCP microscaling formats (MX), v1.0.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]
    Parts = Mapping[str, Array]

_AWQ_ORDER = (0, 4, 1, 5, 2, 6, 3, 7)
_FP4 = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, -0.0, -0.5, -1.0, -1.5, -2.0, -3.0, -4.0, -6.0)
WORD = 32


def require(fits: bool, what: str) -> None:
    """Raise ValueError, with what does not fit, unless it does."""
    if not fits:
        raise ValueError(what)


def unpacked(words: Array, bits: int) -> Array:
    """Return the numbers in words of 32 bits, the lowest bits first: [..., k] -> [..., 32 k / bits], uint8.

    Numbers of 3, 5, 6 or 7 bits go on from one word into the next.
    """
    import numpy as np

    octets = np.ascontiguousarray(words).view(np.uint8)
    if bits == 8:
        return octets
    if bits == 4:
        return np.stack([octets & 15, octets >> 4], axis=-1).reshape(*octets.shape[:-1], -1)
    single = np.unpackbits(octets, axis=-1, bitorder="little")
    single = single[..., : single.shape[-1] // bits * bits].reshape(*single.shape[:-1], -1, bits)
    return (single << np.arange(bits, dtype=np.uint8)).sum(axis=-1, dtype=np.uint8)


def gptq(parts: Parts, bits: int, *, offset: int) -> Array:
    """Return GPTQ's matrix: ``qweight`` packed along the inputs, ``qzeros`` along the outputs, ``scales`` [g, out].

    Args:
        parts: and ``g_idx`` [in], the group of each input; without it groups follow each other.
        bits: 2, 3, 4 or 8.
        offset: what was taken off the zeros before they were packed: 1 in the first version of the format.
    """
    import numpy as np

    quants = unpacked(parts["qweight"].T, bits)
    out, width = quants.shape
    scales = parts["scales"]
    zeros = unpacked(parts["qzeros"], bits)[:, :out].astype(np.float32) + np.float32(offset)
    require(scales.ndim == 2 and zeros.shape == scales.shape == (len(scales), out), "scales, qzeros")
    groups = parts.get("g_idx")
    if groups is None:
        require(len(scales) > 0 and width % len(scales) == 0, "scales")
        groups = np.repeat(np.arange(len(scales)), width // len(scales))
    require(groups.shape == (width,) and (not width or 0 <= groups.min() <= groups.max() < len(scales)), "g_idx")
    made = quants.astype(np.float32)
    made -= zeros.T[:, groups]
    made *= scales.T[:, groups]
    return made


def awq(parts: Parts) -> Array:
    """Return the matrix of AWQ: ``qweight`` [in, out / 8], ``qzeros`` [g, out / 8], ``scales`` [g, out]; 4 bits."""
    import numpy as np

    scales = parts["scales"]
    quants, zeros = (_in_order(unpacked(parts[name], 4)) for name in ("qweight", "qzeros"))
    width, out = quants.shape
    require(scales.shape == zeros.shape == (len(scales), out), "scales, qzeros")
    require(len(scales) > 0 and width % len(scales) == 0, "scales")
    apart = quants.reshape(len(scales), -1, out).astype(np.float32)
    apart -= zeros[:, None].astype(np.float32)
    apart *= scales[:, None]
    return apart.reshape(width, out).T


def _in_order(quants: Array) -> Array:
    """Return eight columns of each word in order: AutoAWQ packs the even ones, then the odd ones."""
    eights = quants.reshape(len(quants), -1, 8)
    return eights[..., _AWQ_ORDER].reshape(quants.shape)


def packed_integers(parts: Parts, bits: int, shape: tuple[int, ...]) -> Array:
    """Return the matrix of compressed-tensors' packed integers, of an offset by half of their range.

    Args:
        parts: ``weight_packed`` [out, words], ``weight_scale`` [out, g], or [out / rows, in / columns] of blocks;
            ``weight_zero_point`` [out, g], packed along the outputs; ``weight_g_idx`` [in].
        bits: 1 to 8.
        shape: of the matrix.
    """
    import numpy as np

    out, width = shape
    quants = unpacked(parts["weight_packed"], bits)[:, :width]
    require(quants.shape == shape, "weight_packed")
    made = quants.astype(np.float32)
    half = np.float32(1 << (bits - 1))
    zero = parts.get("weight_zero_point")
    if zero is None:
        made -= half
    elif zero.dtype == np.int32:  # packed along the outputs, in the same offset, which cancels out
        made -= _spread(unpacked(zero.T, bits)[:, :out].T.astype(np.float32), shape, parts.get("weight_g_idx"))
    else:
        made -= half + _spread(zero.astype(np.float32), shape, parts.get("weight_g_idx"))
    made *= _spread(parts["weight_scale"], shape, parts.get("weight_g_idx"))
    return made


def scaled(parts: Parts, block: tuple[int, int] | None) -> Array:
    """Return a matrix of FP8 or 8-bit integers times its scales.

    Args:
        parts: ``weight`` [..., out, in] as float32; ``weight_scale`` or ``weight_scale_inv``: one for all, for each
            row, or for each block; ``weight_zero_point`` of the same shape.
        block: rows and columns of a block, where the last ones may be cut; None for blocks that fill the matrix.
    """
    import numpy as np

    made = parts["weight"].astype(np.float32)
    zero = parts.get("weight_zero_point")
    if zero is not None:
        made -= _spread(zero.astype(np.float32), made.shape, parts.get("weight_g_idx"), block)
    scale = parts.get("weight_scale", parts.get("weight_scale_inv"))
    if scale is not None:
        made *= _spread(scale, made.shape, parts.get("weight_g_idx"), block)
    return made


def _spread(
    values: Array, shape: tuple[int, ...], groups: Array | None = None, block: tuple[int, int] | None = None
) -> Array:
    """Return a number for each element, or what NumPy spreads to that."""
    import numpy as np

    if values.size == 1:
        return values.reshape(())
    if values.ndim == 1 and len(shape) == 2:
        values = values[:, None]
    require(len(shape) >= 2 and values.ndim == len(shape) and values.shape[:-2] == shape[:-2], "scales")
    if groups is not None and values.shape[-1] > 1:
        require(groups.shape == shape[-1:] and 0 <= groups.min() <= groups.max() < values.shape[-1], "weight_g_idx")
        values = values[..., groups]
    for axis, given in ((-2, block and block[0]), (-1, block and block[1])):
        have, size = values.shape[axis], shape[axis]
        if have in (1, size):
            continue
        step = given or (size // have if have and size % have == 0 else 0)
        require(step > 0 and -(-size // step) == have, "scales")
        values = np.repeat(values, step, axis=axis)
        values = values[..., :size, :] if axis == -2 else values[..., :size]
    return values


def blockwise(parts: Parts, shape: tuple[int, ...], *, block: int, nested: tuple[int, float] | None) -> Array:
    """Return the matrix of bitsandbytes' 4 bits: two to a byte, the first in its high half.

    Args:
        parts: ``weight``, ``absmax``, ``quant_map`` [16]; where scales are quantised too, ``nested_absmax`` and
            ``nested_quant_map`` [256].
        shape: of the matrix.
        block: numbers that share a scale.
        nested: scales that share a scale, and what was taken off them all.
    """
    import numpy as np

    levels = parts["quant_map"].reshape(-1)
    octets = parts["weight"].reshape(-1)
    count = prod(shape)
    require(levels.shape == (16,) and octets.size == -(-count // 2), "weight")
    scales = parts["absmax"].reshape(-1)
    if nested is not None:
        size, offset = min(nested[0], max(1, scales.size)), nested[1]  # a block is no larger than what there is
        table, larger = parts["nested_quant_map"].reshape(-1), parts["nested_absmax"].reshape(-1)
        require(table.shape == (256,) and size > 0 and len(larger) == -(-len(scales) // size), "nested_absmax")
        scales = table[scales] * np.repeat(larger, size)[: len(scales)] + np.float32(offset)
    block = min(block, max(1, count))
    require(block > 0 and len(scales) == -(-count // block), "absmax")
    made = levels[np.stack([octets >> 4, octets & 15], axis=-1).reshape(-1)[:count]]
    made *= np.repeat(scales.astype(np.float32), block)[:count]
    return made.reshape(shape)


def by_rows(parts: Parts) -> Array:
    """Return the matrix of bitsandbytes' 8 bits: ``weight`` [out, in] times ``SCB`` [out] / 127."""
    import numpy as np

    weight, largest = parts["weight"], parts["SCB"]
    require(weight.ndim == 2 and largest.shape == weight.shape[:1], "SCB")
    return weight.astype(np.float32) * (largest * np.float32(1 / 127))[:, None]


def microscaled(blocks: Array, scales: Array) -> Array:
    """Return MXFP4's matrices as gpt-oss has them, [experts, in, out], of blocks [experts, out, g, 16]."""
    import numpy as np

    require(blocks.ndim >= 3 and blocks.shape[:-1] == scales.shape, "scales")
    levels = np.array(_FP4, np.float32)
    made = levels[np.stack([blocks & 15, blocks >> 4], axis=-1).reshape(*blocks.shape[:-1], -1)]
    made = np.ldexp(made, scales[..., None].astype(np.int32) - 127)
    return made.reshape(*scales.shape[:-1], -1).swapaxes(-1, -2)


def eighths(bits: Array, kind: str) -> Array:
    """Return numbers of 8 bits as float32: ``F8_E4M3``, ``F8_E5M2``, or powers of two, ``F8_E8M0``."""
    import numpy as np

    if kind == "F8_E5M2":
        return (bits.astype(np.uint16) << np.uint16(8)).view(np.float16).astype(np.float32)
    codes = np.arange(256)
    if kind == "F8_E8M0":
        table = np.where(codes == 255, np.nan, np.ldexp(1.0, codes - 127))
    else:
        exponent, fraction = codes >> 3 & 15, codes & 7
        size = np.where(exponent == 0, np.ldexp(fraction / 8, -6), np.ldexp(1 + fraction / 8, exponent - 7))
        table = np.where(codes & 127 == 127, np.nan, np.where(codes > 127, -size, size))
    return table.astype(np.float32)[bits]
