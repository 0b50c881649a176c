"""Modules of a sentence-transformers folder, and which of them holds the transformer. Loads no torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from torso.errors import ConfigError, UnsupportedError
from torso.io.files import inside, read_json, shown
from torso.language import say

MODULES = "modules.json"
LIMIT = 1 << 20
"""Bytes of one of these files at most."""


@dataclass(frozen=True, slots=True)
class Module:
    """One entry of ``modules.json``.

    Attributes:
        kind: name of its class, without the package, which older and newer versions name differently.
        path: folder of its files, relative to the model's; empty for the model's own folder.
    """

    kind: str
    path: str


def read_modules(folder: Path) -> tuple[Module, ...]:
    """Return the modules of a model folder, in order; empty without ``modules.json``.

    Raises:
        FileFormatError, ConfigError: E_POOLING for a file that lists no modules.
    """
    path = folder / MODULES
    if not path.exists():
        return ()
    listed = read_json(path, limit=LIMIT, code="E_POOLING")
    found: list[Module] = []
    for each in cast("list[Any]", listed if isinstance(listed, list) else [listed]):
        if not isinstance(each, Mapping):
            raise unusable(path, "no list of modules")
        entry = cast("Mapping[str, Any]", each)
        kind, module_path = entry.get("type"), entry.get("path")
        if not isinstance(kind, str) or not isinstance(module_path, str):
            raise unusable(path, "a module without type or path")
        found.append(Module(kind.rpartition(".")[2], module_path))
    return tuple(found)


def transformer_folder(folder: Path) -> Path:
    """Return the folder of config.json, weights and tokenizer: ``folder``, or an older ``0_Transformer``.

    Raises:
        UnsupportedError: E_POOLING for a model that has no transformer.
        UnsafeFileError: E_UNSAFE_PATH for a path that leads out of the folder.
    """
    if (folder / "config.json").exists():
        return folder
    modules = read_modules(folder)
    for module in modules:
        if module.kind == "Transformer" and module.path:
            return inside(folder, f"{module.path}/config.json").parent
    if modules and all(module.kind != "Transformer" for module in modules):
        raise UnsupportedError(
            "E_POOLING",
            "{path} begins with the module {kind}; torso runs models that begin with a Transformer.",
            cure="Use a model with a Transformer, such as sentence-transformers/all-MiniLM-L6-v2.",
            values=dict(path=shown(folder / MODULES), kind=repr(modules[0].kind[:60])),
        )
    return folder


def unusable(path: Path, found: str) -> ConfigError:
    """Build the error for a file with unusable contents."""
    return ConfigError(
        "E_POOLING",
        "{path} does not say how to pool: {found}.",
        cure="Download it again, or say pooling=... to leave the file aside.",
        values=dict(path=shown(path), found=say(found)),
    )
