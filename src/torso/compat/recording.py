"""Refusal of what records a call as a graph: torch.export, ONNX export, torch.jit."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import torch

from torso.errors import UnsupportedError

_ABOUT = (
    "This model cannot be exported or traced (torch.export, ONNX, torch.jit): it computes no padding, so its shapes "
    "follow from the numbers in attention_mask. To export it: model.save_pretrained(folder), which transformers loads "
    "and exports. [E_EXPORT]"
)


def refuse_recording() -> None:
    """Raise where the call is recorded: how many rows are computed follows from the mask's numbers, not its shape.

    Raises:
        UnsupportedError: ``E_EXPORT``. Where PyTorch reads the code instead of running it (``strict=True``), it raises
            its own ``Unsupported``, with the same reason.
    """
    if torch.compiler.is_dynamo_compiling():
        if torch.compiler.is_exporting():  # pyright: ignore[reportPrivateImportUsage]
            _unreadable()
    elif torch.compiler.is_exporting() or torch.jit.is_tracing():  # pyright: ignore[reportPrivateImportUsage]
        raise UnsupportedError(
            "E_EXPORT",
            "This model cannot be exported or traced (torch.export, ONNX, torch.jit): it computes no padding, so its "
            "shapes follow from the numbers in attention_mask.",
            cure="To run it without PyTorch: torso.compiled(folder). To export it: model.save_pretrained(folder), "
            "which transformers loads and exports.",
        )


def _nothing() -> None:
    """Do nothing, where nobody reads."""


# Whoever reads the code stops here, and shows the reason with PyTorch's own error.
_unreadable = cast("Callable[[], None]", torch.compiler.disable(_nothing, reason=_ABOUT))
