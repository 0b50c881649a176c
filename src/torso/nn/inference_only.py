"""Inference-only modules: training, moving, copying or saving an optimised one raises ``E_OPTIMISED``."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, cast

import torch
from torch import Tensor, nn

from torso.errors import UnsupportedError

if TYPE_CHECKING:
    from typing import Self


class Sealable(nn.Module):
    """A module that can be sealed: inference-only, its weights packed for the processor's kernels.

    An operation on a sealed module that would silently have no effect, or free memory that the kernels use, raises;
    also through a wrapper of the module or on a part of it. `eval`, and whatever does not change the weights, stay
    allowed.

    Attributes:
        sealed: whether the module is inference-only.
    """

    sealed: bool = False

    def laid_out(self) -> Iterable[Tensor]:
        """Return weights held outside parameters and buffers, as dense tensors in a stable order."""
        return ()

    def refuse_optimised(self) -> None:
        """Raise if the module is sealed (`torso.optimise`).

        Raises:
            UnsupportedError: ``E_OPTIMISED``.
        """
        if self.sealed:
            raise UnsupportedError(
                "E_OPTIMISED",
                "This model was optimised: it runs, and is neither trained, changed, moved, copied nor saved.",
                cure="Load it again for that.",
            )

    def refuse_learning(self) -> None:
        """Raise if the module is sealed and a parameter had ``requires_grad`` set directly.

        Raises:
            UnsupportedError: ``E_OPTIMISED``.
        """
        if self.sealed and torch.is_grad_enabled() and any(each.requires_grad for each in self.parameters()):
            self.refuse_optimised()

    def train(self, mode: bool = True) -> Self:
        """Set training or evaluation mode.

        Raises:
            UnsupportedError: ``E_OPTIMISED``, for an optimised model.
        """
        if mode:
            self.refuse_optimised()
        return super().train(mode)

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Set whether gradients of the parameters are computed.

        Raises:
            UnsupportedError: ``E_OPTIMISED``, for an optimised model.
        """
        if requires_grad:
            self.refuse_optimised()
        return super().requires_grad_(requires_grad)

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        # What `to`, `half`, `cuda`, `share_memory` and their like do to every tensor.
        if not self.sealed:
            return super()._apply(fn, recurse)
        probe = torch.empty(1)
        if fn(probe) is not probe or probe.is_shared():
            self.refuse_optimised()
        return self

    def _save_to_state_dict(self, destination: Any, prefix: Any, keep_vars: Any) -> None:
        self.refuse_optimised()
        super()._save_to_state_dict(destination, prefix, keep_vars)

    def _load_from_state_dict(
        self,
        state_dict: Any,
        prefix: Any,
        local_metadata: Any,
        strict: Any,
        missing_keys: Any,
        unexpected_keys: Any,
        error_msgs: Any,
    ) -> None:
        self.refuse_optimised()
        super()._load_from_state_dict(
            state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs
        )

    def seal(self) -> None:
        """Seal the module and its submodules."""
        for part in cast("Iterable[nn.Module]", self.modules()):
            if isinstance(part, Sealable):
                part.sealed = True

    def __reduce_ex__(self, protocol: Any) -> Any:
        self.refuse_optimised()
        return super().__reduce_ex__(protocol)
