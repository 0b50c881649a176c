"""Weights of an adapter folder. Loads no torch."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from torso.errors import NotFoundError
from torso.io.paths import shown
from torso.weights.safetensors import SafetensorsFile

if TYPE_CHECKING:
    from torso.weights.torch_file import TorchFile

CONFIG = "adapter_config.json"
FILES = ("adapter_model.safetensors", "adapter_model.bin")


def open_adapter(folder: Path) -> SafetensorsFile | TorchFile:
    """Open the weights of an adapter folder, safetensors before PyTorch's own form.

    Raises:
        NotFoundError: ``E_MISSING_WEIGHTS``.
        TorsoError: as `SafetensorsFile` and `TorchFile`.
    """
    for name in FILES:
        if (folder / name).exists():
            if name.endswith(".safetensors"):
                return SafetensorsFile(folder / name)
            from torso.weights.torch_file import TorchFile

            return TorchFile(folder / name)
    raise NotFoundError(
        "E_MISSING_WEIGHTS",
        "{folder} holds adapter_config.json and no weights of the adapter: {wanted}.",
        cure="Download them: torso repair {folder}",
        values=dict(folder=shown(folder), wanted=" / ".join(FILES)),
    )
