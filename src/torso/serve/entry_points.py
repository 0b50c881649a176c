"""Ways to start the server: as an ASGI application, or as a process. Loads neither torch nor the extra."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, cast

from torso.errors import MissingPackageError
from torso.serve.serve_settings import ServeSettings

if TYPE_CHECKING:
    from starlette.applications import Starlette

    from torso.tasks.ready import Usable

_PACKAGES = ("uvicorn", "httptools", "starlette", "msgspec", "orjson", "prometheus_client")


def app(
    models: str | Sequence[str] | Mapping[str, Usable[Any]],
    settings: ServeSettings | None = None,
    *,
    device: str | None = None,
    mode: str | Mapping[str, str] = "exact",
) -> Starlette:
    """Make an ASGI application that serves models, for any ASGI server or to be mounted in another application.

    Its lifespan starts and stops the models' threads: a framework that it is mounted in must run it.

    Args:
        models: sources in the form of the command line, ``[NAME=]SOURCE[:task]``; or sources by their names, which
            may be folders, names, loaded models, or models made ready.
        settings: limits, keys and hosts; None for the defaults.
        device: where to load the weights; None for a CUDA card, where there is one, and else the CPU.
        mode: arithmetic on a CPU, of all models or of each by its name: ``exact`` is float32; ``bf16``, ``int8``,
            ``int4`` for what writes, or ``auto`` for what reads, as of `torso.compiled` and `torso.compiled_decoder`.

    Raises:
        MissingPackageError: E_EXTRA, without the packages of the extra ``serve``.
        InputError: E_ARGUMENT, for two models of one name, or a mode that cannot be had.
        TorsoError: as `torso.load`, `torso.compiled` and `torso.compiled_decoder`.
    """
    require_extra()
    from torso.serve.application import build
    from torso.serve.served_source import ModelSource, in_modes

    if isinstance(models, Mapping):
        named = cast("Mapping[str, Any]", models)
        sources = [ModelSource(name, source) for name, source in named.items()]
    else:
        sources = [ModelSource.parse(each) for each in ([models] if isinstance(models, str) else models)]
    return build(in_modes(sources, mode), settings or ServeSettings(), device)


def require_extra() -> None:
    """Refuse to serve without the packages of the extra ``serve``.

    Raises:
        MissingPackageError: E_EXTRA.
    """
    missing = [name for name in _PACKAGES if find_spec(name) is None]
    if missing:
        raise MissingPackageError(
            "E_EXTRA",
            "Serving needs packages that are not installed: {names}.",
            cure='pip install "torso[serve]"',
            values=dict(names=", ".join(missing)),
        )
