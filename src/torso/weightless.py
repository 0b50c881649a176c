"""Building a model without weights: shapes alone, no memory, no initial values."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch.overrides import TorchFunctionMode


class _Uninitialised(TorchFunctionMode):
    """Leaves out every call of ``torch.nn.init``: values on the meta device are nothing, and drawing them is slow."""

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        given = kwargs or {}
        if getattr(func, "__module__", None) == "torch.nn.init":
            return args[0] if args else given["tensor"]
        return func(*args, **given)


@contextmanager
def weightless() -> Generator[None]:
    """Inside it, modules are built on the meta device: their parameters have shapes and take no memory."""
    with torch.device("meta"), _Uninitialised():
        yield
