"""The kernels' matmul with an unpacked PyTorch weight."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache

import torch
from torch import Tensor

from torso.kernels import library as native


def product() -> Callable[[Tensor, Tensor, Tensor | None], Tensor] | None:
    """Return the matmul of rows [..., inputs] with a weight [outputs, inputs] and a bias, all float32 on the CPU.

    None without kernels. It is batch-invariant: a row's result is the same to the last bit whatever the other rows and
    the number of threads.
    """
    return None if os.environ.get(native.SETTING) == "0" else _multiply()


@cache
def _multiply() -> Callable[[Tensor, Tensor, Tensor | None], Tensor] | None:
    library = native.library()
    if library is None:
        return None
    library.share_threads()  # it may have been loaded before PyTorch
    run = library.call.torso_product

    def multiply(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        outputs, inputs = weight.shape
        x, weight = x.contiguous(), weight.contiguous()
        bias = None if bias is None else bias.contiguous()
        out = torch.empty((*x.shape[:-1], outputs), dtype=torch.float32, device="cpu")
        if out.numel():
            count = out.numel() // outputs
            bias_address = None if bias is None else bias.data_ptr()
            threads = torch.get_num_threads()
            run(x.data_ptr(), count, weight.data_ptr(), outputs, inputs, bias_address, out.data_ptr(), threads)
        return out

    return multiply
