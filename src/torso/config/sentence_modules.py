"""Modules of a sentence-transformers folder, and which of them holds the model. Loads no torch."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from torso.config.rotary_xlm_roberta import is_rotary_xlm_roberta
from torso.errors import ConfigError, TorsoError, UnsupportedError
from torso.io.files import inside, is_there, read_json, shown
from torso.language import say

MODULES = "modules.json"
LIMIT = 1 << 20
"""Bytes of one of these files at most."""
TRANSFORMERS = ("Transformer", "MLMTransformer")
"""Modules that hold the transformer; the second, of earlier versions, is one with a masked-LM head."""

TABLE = "StaticEmbedding"
"""The module that is a table of token embeddings and their mean, with no transformer (model2vec)."""


@dataclass(frozen=True, slots=True)
class Module:
    """One entry of ``modules.json``.

    Attributes:
        kind: name of its class, without sentence-transformers' packages, which versions name differently; a class of
            another package keeps its whole name, since what it does is in code that comes with the checkpoint.
        path: folder of its files, relative to the model's; empty for the model's own folder.
    """

    kind: str
    path: str


@dataclass(frozen=True, slots=True)
class _Unnamed:
    """The name of a module that has none: equal to no other."""

    number: int


def read_modules(folder: Path) -> tuple[Module, ...]:
    """Return the modules of a model folder, in order; empty without ``modules.json``.

    Of two modules of one name the later takes the place of the earlier, as in sentence-transformers.

    Raises:
        FileFormatError, ConfigError: E_POOLING for a file that lists no modules.
    """
    path = folder / MODULES
    if not is_there(path):
        return ()
    listed = read_json(path, limit=LIMIT, code="E_POOLING")
    found: dict[object, Module] = {}
    for number, each in enumerate(cast("list[Any]", listed if isinstance(listed, list) else [listed])):
        if not isinstance(each, Mapping):
            raise unusable(path, "no list of modules")
        entry = cast("Mapping[str, Any]", each)
        kind, module_path = entry.get("type"), entry.get("path")
        if not isinstance(kind, str) or not isinstance(module_path, str):
            raise unusable(path, "a module without type or path")
        package, _, own = kind.rpartition(".")
        name = entry.get("name", _Unnamed(number))
        if not isinstance(name, Hashable):
            raise unusable(path, "a module whose name is a list")
        known = package.partition(".")[0] == "sentence_transformers" or _is_known_code(folder, kind, module_path)
        own = own if known else kind
        found[name] = Module(own, "" if module_path in (".", "./") else module_path)
    return tuple(found.values())


def _is_known_code(folder: Path, kind: str, path: str) -> bool:
    """Return whether a module is code of a checkpoint that does what sentence-transformers' class of the name does.

    That of Jina Embeddings 3 does, where no task is chosen; see `torso.tasks.chosen_adapter` for those.
    """
    if kind != "custom_st.Transformer":
        return False
    config = inside(folder, f"{path}/config.json" if path else "config.json")
    values = read_json(config, limit=LIMIT, code="E_CONFIG") if is_there(config) else None
    return isinstance(values, dict) and is_rotary_xlm_roberta(cast("dict[str, Any]", values))


def transformer_folder(folder: Path) -> Path:
    """Return the folder of config.json, weights and tokenizer: the one that ``modules.json`` names, or ``folder``.

    The first versions wrote a ``0_Transformer``, and beside it a ``config.json`` that held their own version.

    Raises:
        UnsupportedError: E_POOLING for a model that begins with neither a transformer nor a `TABLE`.
        UnsafeFileError: E_UNSAFE_PATH for a path that leads out of the folder.
    """
    if not is_there(folder / "config.json"):
        return _named_folder(folder) or folder
    try:
        named = _named_folder(folder)
    except TorsoError:  # a recipe for vectors that cannot be followed does not keep the model itself from loading
        return folder
    return named if named is not None and (begins_with_table(folder) or is_there(named / "config.json")) else folder


def begins_with_table(folder: Path) -> bool:
    """Return whether the first module of a folder is a `TABLE`, which has no ``config.json``; False where none is."""
    try:
        return [module.kind for module in read_modules(folder)[:1]] == [TABLE]
    except TorsoError:  # as in `transformer_folder`
        return False


def _named_folder(folder: Path) -> Path | None:
    """Return the folder that ``modules.json`` names for the transformer; None where it names none."""
    modules = read_modules(folder)
    for number, module in enumerate(modules):
        if module.kind in TRANSFORMERS or (module.kind == TABLE and not number):
            return inside(folder, f"{module.path}/config.json").parent if module.path else None
    if modules:
        raise UnsupportedError(
            "E_POOLING",
            "{path} begins with the module {kind}; torso runs models that begin with a Transformer or StaticEmbedding.",
            cure="Use a model with one of them, such as sentence-transformers/all-MiniLM-L6-v2.",
            values=dict(path=shown(folder / MODULES), kind=repr(modules[0].kind[:60])),
        )
    return None


def unusable(path: Path, found: str) -> ConfigError:
    """Build the error for a file with unusable contents."""
    return ConfigError(
        "E_POOLING",
        "{path} does not say how to pool: {found}.",
        cure="Download it again, or say pooling=... to leave the file aside.",
        values=dict(path=shown(path), found=say(found)),
    )
