"""Lazy namespaces in the manner of SPEC 1: a package names its attributes, and each is imported on first use.

Type checkers read the ``__init__.pyi`` beside the package; tests hold the two equal.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module

from torso.io.quiet_imports import quiet_imports


def attach(
    package: str,
    homes: Mapping[str, Sequence[str]],
    *,
    own: Sequence[str] = (),
    submodules: Sequence[str] = (),
    missing: Callable[[str], object] | None = None,
) -> tuple[Callable[[str], object], Callable[[], list[str]], list[str]]:
    """Return ``__getattr__``, ``__dir__`` and ``__all__`` of a package whose names are imported on first use.

    No name may also be the name of a module of the package: importing that module would replace the name.

    Args:
        package: the package's ``__name__``.
        homes: the modules that define the names, by their full dotted names, each with its names.
        own: names that the package itself defines, for ``__dir__`` alone.
        submodules: modules of the package that are attributes as well; neither in ``__dir__`` nor in ``__all__``.
        missing: returns the value of any other name, private names excepted, or raises an AttributeError.
    """
    home_of = {name: home for home, names in homes.items() for name in names}
    public = sorted(home_of)

    def __getattr__(name: str) -> object:  # noqa: N807 - it becomes the package's
        if name in submodules:
            return import_module(f"{package}.{name}")
        if name in home_of:
            value: object = _imported(home_of[name], f"{package}.{name}", name)
        elif missing is not None and not name.startswith("_"):
            try:
                value = missing(name)
            except AttributeError as error:
                raise _as_import(error, f"{package}.{name}", sys._getframe(1).f_code.co_name) from None  # pyright: ignore[reportPrivateUsage]
        else:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        setattr(sys.modules[package], name, value)
        return value

    def __dir__() -> list[str]:  # noqa: N807 - it becomes the package's
        return sorted([*public, *own])

    return __getattr__, __dir__, public


def _as_import(error: AttributeError, name: str, caller: str) -> Exception:
    """Return the error as an ImportError where ``from package import name`` asked, which keeps nothing of any other.

    Args:
        error: of the attribute.
        name: full name of what was asked for; a module that there is is no error.
        caller: the function that asked: the import system first tests whether the package has the name.
    """
    from importlib.util import find_spec

    from torso.errors import MissingNameError, TorsoError

    if caller != "_handle_fromlist" or not isinstance(error, TorsoError) or find_spec(name) is not None:
        return error
    what, _, cure = error.templates
    return MissingNameError(error.code, what, cure=cure, values=error.values)


def _imported(module: str, purpose: str, name: str) -> object:
    """Return a name of a module.

    Raises:
        MissingPackageError: E_NO_TORCH, where the module needs PyTorch, which is not installed.
    """
    try:
        with quiet_imports():
            return getattr(import_module(module), name)
    except ModuleNotFoundError as error:
        from torso.io.optional_packages import is_pytorch, no_pytorch

        if not is_pytorch(error):
            raise
        raise no_pytorch(purpose) from None
