"""Optional packages: what needs one that is not installed says the command that installs it."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

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


def no_pytorch(purpose: str, extra: str = "torch") -> MissingPackageError:
    """Build the error of what needs PyTorch where it is not installed; ``extra`` brings it and what else is needed."""
    return MissingPackageError(
        "E_NO_TORCH",
        "{purpose} needs PyTorch, which is not installed.",
        cure='Install it: pip install "torso[{extra}]"',
        values=dict(purpose=purpose, extra=extra),
    )


def optional_module(module: str, extra: str, *further: str) -> Any:
    """Import a module of an optional package.

    Args:
        module: its name.
        extra: of torso, that installs its package.
        further: packages that the extra does not bring.

    Raises:
        MissingPackageError: E_EXTRA, where it is not installed.
    """
    try:
        return import_module(module)
    except ImportError:
        raise MissingPackageError(
            "E_EXTRA",
            "This needs {module}, which is not installed.",
            cure="Install it: pip install {packages}",
            values=dict(
                module=module.partition(".")[0],
                packages=" ".join(f'"{each}"' for each in (f"torso[{extra}]", *further)),
            ),
        ) from None
