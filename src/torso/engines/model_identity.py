"""What a model in memory is: a hash of all that decides the numbers it gives."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, cast

from torch import Tensor, nn

from torso.nn.inference_only import Sealable
from torso.weights.read_tensor import memory

if TYPE_CHECKING:
    from torso.model import Model


def fingerprint(model: Model[Any]) -> str:
    """SHA-256 in hexadecimal of a model's family, task, config, mode and weights, as they are in memory now.

    The files that a model was loaded from say nothing of one that was trained further, or optimised.

    Args:
        model: on any device, optimised or not; an optimised one differs from the same model before, and from the same
            on another processor.
    """
    optimised = model.optimised
    mode = None if optimised is None else [optimised.mode, *optimised.kept]
    stated = [model.architecture.family, model.task.name, model.config.text(), mode]
    whole = hashlib.sha256(json.dumps(stated).encode())
    for name, module in cast("Iterable[tuple[str, nn.Module]]", model.named_modules()):
        own: list[tuple[str, Tensor]] = [
            *module.named_parameters(name, recurse=False),
            *module.named_buffers(name, recurse=False),
        ]
        if isinstance(module, Sealable):
            own += [(f"{name}|{number}", each) for number, each in enumerate(module.laid_out())]
        for place, tensor in own:
            dense = tensor.detach().cpu().contiguous()
            whole.update(json.dumps([place, str(dense.dtype), list(dense.shape)]).encode())
            whole.update(memory(dense))
    return whole.hexdigest()
