"""Fingerprint of a model in memory: a hash of everything that determines its outputs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, cast

from torch import Tensor, nn

from torso.weights.tensor_bits import memory_of

if TYPE_CHECKING:
    from torso.model import Model


def fingerprint(model: Model[Any]) -> str:
    """Return the hexadecimal SHA-256 of a model's family, task, config and weights in memory.

    The files that a model was loaded from do not identify one that was trained further.

    Args:
        model: on any device.
    """
    stated = [model.architecture.family, model.task.name, model.config.text()]
    digest = hashlib.sha256(json.dumps(stated).encode())
    for name, module in cast("Iterable[tuple[str, nn.Module]]", model.named_modules()):
        own: list[tuple[str, Tensor]] = [
            *module.named_parameters(name, recurse=False),
            *module.named_buffers(name, recurse=False),
        ]
        for place, tensor in own:
            dense = tensor.detach().cpu().contiguous()
            digest.update(json.dumps([place, str(dense.dtype), list(dense.shape)]).encode())
            digest.update(memory_of(dense))
    return digest.hexdigest()
