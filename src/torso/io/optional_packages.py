"""Optional packages: what needs one that is not installed says the command that installs it."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from torso.errors import MissingPackageError


@contextmanager
def pytorch_for(purpose: str) -> Generator[None]:
    """Import modules that need PyTorch within this context.

    Args:
        purpose: what needs it, for the message.

    Raises:
        MissingPackageError: E_NO_TORCH, where PyTorch is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if not is_pytorch(error):
            raise
        raise no_pytorch(purpose) from None


def is_pytorch(error: ModuleNotFoundError) -> bool:
    """Return whether the module that was not found is PyTorch, and not a part that an installed one lacks."""
    return error.name == "torch"


def no_pytorch(purpose: str) -> MissingPackageError:
    """Build the error of what needs PyTorch where it is not installed."""
    return MissingPackageError(
        "E_NO_TORCH",
        "{purpose} needs PyTorch, which is not installed.",
        cure='Install it: pip install "torso[torch]"',
        values=dict(purpose=purpose),
    )
