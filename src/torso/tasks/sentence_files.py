"""What the files of sentence-transformers say about making one vector of a text. Loads no torch."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from torso.errors import ConfigError, UnsupportedError
from torso.files import inside, read_json, shown
from torso.language import say
from torso.tasks.recipe import ACTIVATIONS, MODES, SIMILARITIES, Dense, Recipe

_FLAGS = {
    "pooling_mode_cls_token": "cls",
    "pooling_mode_max_tokens": "max",
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_mean_sqrt_len_tokens": "mean_sqrt_len_tokens",
    "pooling_mode_weightedmean_tokens": "weightedmean",
    "pooling_mode_lasttoken": "lasttoken",
}
_LIMIT = 1 << 20


def read_recipe(folder: Path) -> Recipe | None:
    """The recipe in a model folder: ``modules.json`` and what it names; None where there is no such file.

    Raises:
        UnsupportedError: E_POOLING for a module or a mode that torso does not have: leaving it out would change every
            number.
        FileFormatError, ConfigError: E_POOLING for files that say nothing usable.
    """
    path = folder / "modules.json"
    if not path.exists():
        return None
    modes: tuple[str, ...] = ()
    dense: list[Dense] = []
    normalize = False
    for kind, place in _modules(path):
        # Vectors are brought to length 1 in the end or not at all: that is what the result can state.
        if kind not in ("Transformer", "Pooling", "Dense", "Normalize") or (kind == "Dense" and normalize):
            raise UnsupportedError(
                "E_POOLING",
                "{path} asks for the module {kind}, which torso does not have at this place.",
                cure="It has Transformer, Pooling, Dense and Normalize, in this order. Say pooling=... to leave the "
                "file aside.",
                values=dict(path=shown(path), kind=repr(kind[:60])),
            )
        own = inside(folder, f"{place}/config.json" if place else "config.json")
        if kind == "Pooling":
            modes = _modes(own)
        elif kind == "Dense":
            dense.append(_dense(own))
        normalize = normalize or kind == "Normalize"
    if not modes:
        raise _unusable(path, "no Pooling module")
    settings = _table(folder / "sentence_bert_config.json")
    limit = settings.get("max_seq_length")
    prompts, prompt, similarity = _prompts(folder / "config_sentence_transformers.json")
    return Recipe(
        modes,
        normalize,
        limit if isinstance(limit, int) and limit > 0 else None,
        settings.get("do_lower_case") is True,
        prompt,
        tuple(dense),
        prompts,
        similarity,
    )


def _modules(path: Path) -> list[tuple[str, str]]:
    modules = read_json(path, limit=_LIMIT, code="E_POOLING")
    found: list[tuple[str, str]] = []
    for each in cast("list[Any]", modules if isinstance(modules, list) else [modules]):
        if not isinstance(each, Mapping):
            raise _unusable(path, "no list of modules")
        entry = cast("Mapping[str, Any]", each)
        kind, place = entry.get("type"), entry.get("path")
        if not isinstance(kind, str) or not isinstance(place, str):
            raise _unusable(path, "a module without type or path")
        # Older and newer versions name the same module by other packages; its last word is the same.
        found.append((kind.rpartition(".")[2], place))
    return found


def _modes(path: Path) -> tuple[str, ...]:
    table = _table(path)
    stated = table.get("pooling_mode")
    if stated is None:
        # With every flag off sentence-transformers falls back to the mean; a file that says nothing is refused here.
        named: list[Any] = [mode for flag, mode in _FLAGS.items() if table.get(flag) is True]
    else:
        named = cast("list[Any]", stated) if isinstance(stated, list) else [stated]
    if table.get("include_prompt") is False:
        raise UnsupportedError(
            "E_POOLING",
            "{path} leaves prompts out of the pooling, which torso does not do.",
            cure="Say pooling=... to leave the file aside.",
            values=dict(path=shown(path)),
        )
    if not named or any(mode not in MODES for mode in named):
        raise _unusable(path, "no known pooling mode")
    return tuple(cast("list[str]", named))


def _dense(path: Path) -> Dense:
    table = _table(path)
    width, out, bias = table.get("in_features"), table.get("out_features"), table.get("bias", True)
    activation = str(table.get("activation_function", "Tanh")).rpartition(".")[2]
    odd = table.get("use_residual") is True or table.get("module_input_name", "sentence_embedding") != (
        "sentence_embedding"
    )
    if not isinstance(width, int) or not isinstance(out, int) or width < 1 or out < 1 or not isinstance(bias, bool):
        raise _unusable(path, "a Dense module without sizes")
    if activation not in ACTIVATIONS or odd:
        raise UnsupportedError(
            "E_POOLING",
            "{path} describes a Dense module that torso does not have: activation {activation}.",
            cure="It has Dense from vector to vector, with one of: {known}.",
            values=dict(path=shown(path), activation=repr(activation[:60]), known=", ".join(ACTIVATIONS)),
        )
    return Dense(path.parent, width, out, bias, activation)


def _prompts(path: Path) -> tuple[dict[str, str], str, str]:
    table = _table(path)
    given = table.get("prompts")
    prompts: dict[str, str] = {}
    for name, prompt in cast("Mapping[str, Any]", given if isinstance(given, Mapping) else {}).items():
        if not isinstance(prompt, str | None):
            raise _unusable(path, "a prompt without text")
        prompts[name] = prompt or ""
    name = table.get("default_prompt_name")
    if name is not None and name not in prompts:
        raise _unusable(path, "a prompt without text")
    similarity = table.get("similarity_fn_name") or "cosine"
    if similarity not in SIMILARITIES:
        raise _unusable(path, "no known similarity")
    return prompts, "" if name is None else prompts[name], similarity


def _table(path: Path) -> Mapping[str, Any]:
    value: object = read_json(path, limit=_LIMIT, code="E_POOLING") if path.exists() else dict[str, Any]()
    if not isinstance(value, Mapping):
        raise _unusable(path, "no table")
    return cast("Mapping[str, Any]", value)


def _unusable(path: Path, found: str) -> ConfigError:
    return ConfigError(
        "E_POOLING",
        "{path} does not say how to pool: {found}.",
        cure="Download it again, or say pooling=... to leave the file aside.",
        values=dict(path=shown(path), found=say(found)),
    )
