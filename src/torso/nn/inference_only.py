"""Modules that may have been made to run only, and then say so to whoever would train, move, copy or save them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, cast

import torch
from torch import Tensor, nn

from torso.errors import UnsupportedError

if TYPE_CHECKING:
    from typing import Self


class Sealable(nn.Module):
    """A module that is sealed once its weights lie as a processor's kernels want them.

    What would silently do nothing then, or leave the kernels with memory that is no longer theirs, is an error: also
    where a wrapper around the module is asked, or a part of it. `eval`, and what leaves the weights as they are, stay
    allowed.

    Attributes:
        sealed: whether the module only runs.
    """

    sealed: bool = False

    def laid_out(self) -> Iterable[Tensor]:
        """What the module holds of weights beside parameters and buffers, in any order that stays: dense tensors."""
        return ()

    def refuse_optimised(self) -> None:
        """Refuses what a model can no longer do after `torso.optimise`.

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
        """Refuses to run where weights were asked to learn one by one, past `requires_grad_`.

        Raises:
            UnsupportedError: ``E_OPTIMISED``.
        """
        if self.sealed and torch.is_grad_enabled() and any(each.requires_grad for each in self.parameters()):
            self.refuse_optimised()

    def train(self, mode: bool = True) -> Self:
        """Puts the module into training mode, or out of it.

        Raises:
            UnsupportedError: ``E_OPTIMISED``, for a model that was made to run only.
        """
        if mode:
            self.refuse_optimised()
        return super().train(mode)

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Lets the weights learn, or keeps them from it.

        Raises:
            UnsupportedError: ``E_OPTIMISED``, for a model that was made to run only.
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
        """Seals the module and its parts."""
        for part in cast("Iterable[nn.Module]", self.modules()):
            if isinstance(part, Sealable):
                part.sealed = True

    def __reduce_ex__(self, protocol: Any) -> Any:
        self.refuse_optimised()
        return super().__reduce_ex__(protocol)
