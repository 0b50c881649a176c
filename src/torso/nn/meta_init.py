"""Building models on the meta device (shapes, no memory, no initialisation), and putting weights in place."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode


class _Uninitialised(TorchFunctionMode):
    """Skips ``torch.nn.init``: the meta device holds no values, and drawing them is slow."""

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
    """Build modules on the meta device within this context: parameters have shapes and take no memory."""
    with torch.device("meta"), _Uninitialised():
        yield


def place(model: nn.Module, name: str, value: Tensor) -> None:
    """Replace the parameter of that name by a tensor."""
    module, _, own = name.rpartition(".")
    home = model.get_submodule(module)
    fixed = not getattr(home, own).requires_grad
    setattr(home, own, value if isinstance(value, nn.Parameter) else nn.Parameter(value, requires_grad=not fixed))
