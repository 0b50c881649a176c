"""What the files of sentence-transformers say about making one vector of a text. Loads no torch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from torso.config.sentence_modules import MODULES, TABLE, read_modules, transformer_folder, unusable
from torso.errors import UnsupportedError
from torso.io.files import inside, is_there, shown
from torso.tasks.dense_activations import ACTIVATIONS
from torso.tasks.embedding_recipe import MODES, Dense, Layer, LayerNorm, Recipe, Unit
from torso.tasks.sentence_settings import (
    Reading,
    read_reading,
    read_stated,
    read_table,
    require_known,
    unknown,
)

_FLAGS = {
    "pooling_mode_cls_token": "cls",
    "pooling_mode_max_tokens": "max",
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_mean_sqrt_len_tokens": "mean_sqrt_len_tokens",
    "pooling_mode_weightedmean_tokens": "weightedmean",
    "pooling_mode_lasttoken": "lasttoken",
}
_ROWS, _VECTOR = "token_embeddings", "sentence_embedding"
_OTHER_KINDS = {
    "SpladePooling": ("embed_sparse", "--sparse"),
    "MultiVectorMask": ("embed_multi_vector", "--multi-vector"),
    "pylate.": ("embed_multi_vector", "--multi-vector"),
}
"""How modules begin whose models give no single vector of a text, and what those models are for."""


def read_recipe(folder: Path) -> Recipe | None:
    """The recipe in a model folder: ``modules.json`` and what it names; None where there is no such file.

    Raises:
        UnsupportedError: E_POOLING for a module, a mode or a key that torso does not have: leaving it out would change
            every number.
        FileFormatError, ConfigError: E_POOLING for files that say nothing usable.
    """
    path = folder / MODULES
    if not is_there(path):
        return None
    modules = read_modules(folder)
    kinds = [module.kind for module in modules]
    is_table = kinds[:1] == [TABLE]  # which gives the mean of its rows, and not the rows
    # Each Pooling makes the vector of the rows again, so that the last one counts, and what is done to earlier
    # vectors does not.
    first, last = (
        (kinds.index("Pooling"), len(kinds) - 1 - kinds[::-1].index("Pooling")) if "Pooling" in kinds else (0, 0)
    )
    modes: tuple[str, ...] = ("mean",) if is_table else ()
    with_prompt = True
    on_rows: list[Layer] = []
    on_vectors: list[Layer] = []
    for number, module in enumerate(modules):
        kind, place = module.kind, module.path
        own = inside(folder, f"{place}/config.json" if place else "config.json")
        if kind in ("Transformer", TABLE) and number == 0:
            continue
        if kind == "Pooling" and number and not is_table:
            modes, with_prompt = _pooling(own)
        elif kind in _LAYERS:
            layer, input_kind = _LAYERS[kind](own)
            if layer is None:
                continue
            if (input_kind == _VECTOR and number < first) or (input_kind == _ROWS and is_table):
                raise out_of_place(path, kind)
            if input_kind == _ROWS and number < last:
                on_rows.append(layer)
            elif input_kind == _VECTOR and number > last:
                on_vectors.append(layer)
        else:
            raise out_of_place(path, kind)
    if not modes:
        raise unusable(path, "no Pooling module")
    normalize = bool(on_vectors) and isinstance(on_vectors[-1], Unit)
    reading = Reading() if is_table else read_reading(transformer_folder(folder), "feature-extraction")
    stated = read_stated(folder)
    return Recipe(
        modes,
        normalize,
        reading.max_tokens,
        reading.lowercase,
        stated.prompt,
        tuple(on_vectors[:-1] if normalize else on_vectors),
        stated.prompts,
        stated.similarity,
        tuple(on_rows),
        stated.dimensions,
        with_prompt,
    )


def out_of_place(path: Path, kind: str) -> UnsupportedError:
    """Return the error for a module that torso does not have where a file names it."""
    other = next((each for start, each in _OTHER_KINDS.items() if kind.startswith(start)), None)
    if other is not None:
        return UnsupportedError(
            "E_POOLING",
            "{path} asks for the module {kind}: this model gives no single vector of a text.",
            cure="Use torso.{function} (torso embed {option}); or say pooling=... (--pooling mean) for a vector that "
            "it was not trained for.",
            values=dict(path=shown(path), kind=repr(kind[:60]), function=other[0], option=other[1]),
        )
    return UnsupportedError(
        "E_POOLING",
        "{path} asks for the module {kind}, which torso does not have at this place.",
        cure="It has a Transformer, layers on its rows, one Pooling, then layers on vectors: {layers}. Say pooling=... "
        "to leave the file aside.",
        values=dict(path=shown(path), kind=repr(kind[:60]), layers=", ".join(_LAYERS)),
    )


def _pooling(path: Path) -> tuple[tuple[str, ...], bool]:
    """The modes, and whether the rows of prompts are pooled, too."""
    table = read_table(path)
    stated = table.get("pooling_mode")
    if stated is None:
        # With every flag off sentence-transformers falls back to the mean; a file that says nothing is refused here.
        named: list[Any] = [mode for flag, mode in _FLAGS.items() if table.get(flag) is True]
    else:
        named = cast("list[Any]", stated) if isinstance(stated, list) else [stated]
    if not named or not all(isinstance(mode, str) and mode in MODES for mode in named):
        raise unusable(path, "no known pooling mode")
    with_prompt = table.get("include_prompt", True)
    if not isinstance(with_prompt, bool):
        raise unknown(path, "include_prompt", with_prompt)
    sizes = ("word_embedding_dimension", "embedding_dimension")
    require_known(path, table, (*_FLAGS, *sizes, "pooling_mode", "include_prompt"))
    return tuple(cast("list[str]", named)), with_prompt


LayerEntry = tuple[Layer | None, str]
"""A layer, None for one that does nothing outside training; and what it reads."""


def _dense(path: Path) -> LayerEntry:
    table = read_table(path)
    width, out, bias = table.get("in_features"), table.get("out_features"), table.get("bias", True)
    if not isinstance(width, int) or not isinstance(out, int) or width < 1 or out < 1 or not isinstance(bias, bool):
        raise unusable(path, "a Dense module without sizes")
    stated = str(table.get("activation_function", "torch.nn.Tanh"))
    package, _, activation = stated.rpartition(".")
    if activation not in ACTIVATIONS or not package.startswith("torch.nn"):
        raise UnsupportedError(
            "E_POOLING",
            "{path} describes a Dense module that torso does not have: activation {activation}.",
            cure="It has Dense with one of torch.nn's: {known}. Say pooling=... to leave the file aside.",
            values=dict(path=shown(path), activation=repr(stated[:60]), known=", ".join(ACTIVATIONS)),
        )
    residual = table.get("use_residual", False)
    if not isinstance(residual, bool):
        raise unknown(path, "use_residual", residual)
    known = ("in_features", "out_features", "bias", "activation_function", "use_residual", *_NAMES)
    require_known(path, table, known)
    return Dense(path.parent, width, out, bias, activation, residual), _reads(path)


def _layer_norm(path: Path) -> LayerEntry:
    table = read_table(path)
    width = table.get("dimension")
    if isinstance(width, bool) or not isinstance(width, int) or width < 1:
        raise unusable(path, "a LayerNorm module without its size")
    require_known(path, table, ("dimension",))
    return LayerNorm(path.parent, width), _VECTOR


def _unit(path: Path) -> LayerEntry:
    # Older versions write no file for it; in the model's own folder lies the config of the transformer.
    if is_there(path.parent / MODULES):
        return Unit(), _VECTOR
    require_known(path, read_table(path), _NAMES)
    return Unit(), _reads(path)


def _dropout(_: Path) -> LayerEntry:
    return None, _ROWS


_NAMES = ("module_input_name", "module_output_name")


def _reads(path: Path) -> str:
    """What a module reads and writes: one and the same, of rows and vector."""
    table = read_table(path)
    name = table.get("module_input_name", _VECTOR)
    if name not in (_ROWS, _VECTOR):
        raise unknown(path, "module_input_name", name)
    if table.get("module_output_name") not in (None, name):
        raise unknown(path, "module_output_name", table["module_output_name"])
    return name


_LAYERS = {"Dense": _dense, "LayerNorm": _layer_norm, "Normalize": _unit, "Dropout": _dropout}


@dataclass(frozen=True, slots=True)
class Found:
    """A layer that a module is.

    Attributes:
        layer: None for one that does nothing outside training.
        on_rows: whether it reads rows, and not vectors of whole texts.
    """

    layer: Layer | None
    on_rows: bool


def layer_of(kind: str, path: Path, *, on_rows: bool) -> Found | None:
    """Return the layer that a module is; None for one of another kind.

    Args:
        kind: of the module.
        path: its config.
        on_rows: what a Dense layer reads whose config does not say.

    Raises:
        TorsoError: as `read_recipe`.
    """
    if kind not in _LAYERS:
        return None
    layer, input_kind = _LAYERS[kind](path)
    usual = on_rows and isinstance(layer, Dense) and read_table(path).get("module_input_name") is None
    return Found(layer, usual or input_kind == _ROWS)
