"""Laying out a model that PyTorch runs, for inference on a CPU in float32: what tasks do with a model of their own.

oneDNN's layers keep their weights in the order that its products read, and fuse an activation. An encoder before a
decoder runs by the kernels, if they know it; then so do the other layers, since PyTorch's threads would still be
spinning while the kernels run next. The weights are no parameters any more: such a model is never given to a user.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any, TypeVar, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from torso.engines.native_trunk import NativeTrunk
from torso.kernels.library import FLOAT32, Library, library
from torso.kernels.linear import NativeLinear
from torso.kernels.support import products, unsupported_trunk
from torso.model import Model
from torso.nn.activations import activation
from torso.nn.feedforward import FeedForward
from torso.nn.trunk import EncoderDecoder

Out = TypeVar("Out")

FUSED = {F.gelu: ("gelu", "none"), F.relu: ("relu", ""), F.silu: ("swish", ""), torch.tanh: ("tanh", "")}
"""Activations that oneDNN fuses into a matmul, by its names."""


class PackedLinear(nn.Module):
    """oneDNN linear layer x [T, in] -> [T, out] with a prepacked weight, in float32.

    A row's result does not depend on the rest of the batch, and no global setting is changed.

    Args:
        linear: the layer that it replaces.
        act: an activation of `FUSED` to fuse.
    """

    def __init__(self, linear: nn.Linear, act: Any = None) -> None:
        super().__init__()
        self.in_features, self.out_features = linear.in_features, linear.out_features
        # Neither parameter nor buffer: an opaque packed weight can be neither saved nor moved.
        self._packed: Tensor = torch.ops.mkldnn._reorder_linear_weight(linear.weight.detach().contiguous())
        bias: Tensor | None = getattr(linear, "bias", None)
        self.bias = None if bias is None else nn.Parameter(bias.detach(), requires_grad=False)
        self.act, self._algorithm = FUSED.get(act, ("none", ""))

    def forward(self, x: Tensor) -> Tensor:
        """Map x [T, in] to [T, out]."""
        return torch.ops.mkldnn._linear_pointwise(x, self._packed, self.bias, self.act, [], self._algorithm)


def prepacked(model: Model[Out]) -> Model[Out]:
    """Prepack a model's weights in place, for inference alone; return it, unchanged where nothing can be done.

    Args:
        model: one that nobody else holds.
    """
    if model.device.type != "cpu" or model.dtype != torch.float32:
        return model
    model.eval().requires_grad_(False)
    kernels, trunk = library(), model.trunk
    beside: Library | None = None
    if kernels is not None and isinstance(trunk, EncoderDecoder) and unsupported_trunk(trunk.encoder.of) is None:
        kinds = dict.fromkeys(products(trunk.encoder.of), FLOAT32)
        trunk.encoder = cast("Any", NativeTrunk(kernels, trunk.encoder, kinds))
        beside = kernels
    if beside is None and not _available():
        return model
    modules = cast("Iterable[tuple[str, nn.Module]]", model.named_modules())
    for name, linear in [(name, each) for name, each in modules if type(each) is nn.Linear]:
        place, _, own = name.rpartition(".")
        parent, act = model.get_submodule(place), None
        if isinstance(parent, FeedForward) and own == "up" and parent.act in FUSED:
            act, parent.act = parent.act, activation("linear")
        layer = PackedLinear(linear, act) if beside is None else NativeLinear(beside, linear, FLOAT32, act)
        setattr(parent, own, layer)
    return model


@cache
def _available() -> bool:
    """Return whether this build of PyTorch has these layers."""
    if not torch.backends.mkldnn.is_available():
        return False
    probe, x = nn.Linear(16, 16), torch.linspace(-1, 1, 32).view(2, 16)
    try:
        return torch.allclose(PackedLinear(probe)(x), probe(x).detach(), atol=1e-6)
    except (RuntimeError, AttributeError, NotImplementedError):
        return False
