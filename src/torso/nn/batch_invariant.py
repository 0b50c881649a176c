"""Matrix products on the CPU in true float32, by the library that gives each row the same sum in any company.

PyTorch's default product of float32 matrices orders its sums by the shape of the whole batch, so a text's last digits
would depend on its neighbours; on some processors it is also half as fast. oneDNN's product does neither. PyTorch takes
it when float32 products may be computed in bfloat16, which on a processor without bfloat16 tiles never happens: the
product stays float32. That is not taken on trust but tried once per process, and left alone where it does not hold.

The many small products inside attention are another matter: for them oneDNN takes up to ten times as long, and
PyTorch's own are of one text and head each, so that company changes nothing there. `small_products` is for them.
"""

from __future__ import annotations

import threading
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from types import TracebackType
from typing import Any

import torch
from torch import Tensor


@cache
def is_exact() -> bool:
    """Whether oneDNN's product is true float32 here: tried with numbers that bfloat16 and TF32 cannot hold."""
    if not torch.backends.mkldnn.is_available():
        return False
    before = _precision()
    try:
        _set_precision("bf16")
        numbers = 1 + torch.arange(64 * 64, dtype=torch.float32).view(64, 64) * 2.0**-22
        return all(torch.equal(product @ torch.eye(64), product) for product in (numbers, numbers.T.contiguous()))
    except RuntimeError:  # a build without this setting
        return False
    finally:
        _set_precision(before)


def _backend() -> Any:
    return torch.backends.mkldnn


def _precision() -> str:
    return str(_backend().matmul.fp32_precision)


def _set_precision(value: str) -> None:
    _backend().matmul.fp32_precision = value


class RowwiseProducts:
    """Inside it, float32 products on the CPU give each row the same sum whatever the other rows are.

    The setting is the process's own, so the first to enter sets it and the last to leave puts it back. What a person
    has set is not touched.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._aside = 0
        self._before = "none"

    def __enter__(self) -> None:
        with self._lock:
            self._inside += 1
            if self._inside == 1:
                self._before = _precision()
                if self._before == "none":
                    _set_precision("bf16")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0 and self._before == "none":
                _set_precision("none")

    def put_aside(self) -> None:
        """Takes the setting back until `take_up`."""
        with self._lock:
            self._aside += 1
            if self._aside == 1 and self._inside and self._before == "none":
                _set_precision("none")

    def take_up(self) -> None:
        """Ends what `put_aside` began."""
        with self._lock:
            self._aside -= 1
            if self._aside == 0 and self._inside and self._before == "none":
                _set_precision("bf16")


_PRODUCTS = RowwiseProducts()


class SmallProducts:
    """Inside it, the setting of `RowwiseProducts` is put aside.

    The setting is the process's own: of several threads that run models, one may meet the other's and round otherwise
    in its last digits.
    """

    def __enter__(self) -> None:
        _PRODUCTS.put_aside()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _PRODUCTS.take_up()


_SMALL = SmallProducts()


def small_products(q: Tensor) -> AbstractContextManager[None]:
    """What to compute attention of ``q`` in: on a CPU, in float32, the setting for large products is put aside."""
    return _SMALL if q.device.type == "cpu" and q.dtype == torch.float32 else nullcontext()


def rowwise_products(tokens: Tensor, dtype: torch.dtype) -> AbstractContextManager[None]:
    """The setting for a model of ``dtype`` that reads ``tokens``: on a CPU, in float32, where it is exact."""
    if tokens.device.type != "cpu" or dtype != torch.float32 or torch.compiler.is_compiling() or not is_exact():
        return nullcontext()
    return _PRODUCTS
