"""Checkpoints with a low-rank adapter for each of several tasks in one file, as Jina Embeddings 3 comes.

Each matrix stands under ``parametrizations.weight.original``; beside it the factors of all tasks, stacked. Read with
an adapter, a matrix is ``original + alpha / rank * product`` of the task's factors: ``B A`` of a linear layer, ``A B``
of a table of embeddings. Source: jinaai/xlm-roberta-flash-implementation, modeling_lora.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from torso.errors import ConfigError, InputError, WeightsError
from torso.io.files import is_there, read_json
from torso.io.paths import shown
from torso.io.typed_values import fitted
from torso.weights.number_bits import NumberBits
from torso.weights.read_tensor import write_computed
from torso.weights.tensor_entry import Note, TensorEntry

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from torso.weights.weights import Weights

_CONFIG_BYTES = 16 << 20
_ORIGINAL = ".parametrizations.weight.original"
_A, _B = ".parametrizations.weight.0.lora_A", ".parametrizations.weight.0.lora_B"
_ROWS = 1 << 14
"""Rows of a product that are made at a time: a table of 250,000 tokens has no second copy."""


@dataclass(frozen=True, slots=True)
class TaskAdapters:
    """What a config says of the adapters of its checkpoint.

    Attributes:
        instructions: what each task puts before its texts, by the name of the task, in the order of the factors.
        alpha: the scale of an update, times its rank.
    """

    instructions: Mapping[str, str]
    alpha: float


def stated_adapters(folder: Path) -> TaskAdapters | None:
    """Return what the config.json of a folder says of adapters for tasks; None where it names none.

    Raises:
        ConfigError: ``E_CONFIG``, for names, instructions or a scale that are none.
        FileFormatError, LimitError: as `torso.io.files.read_json`.
    """
    path = folder / "config.json"
    config = read_json(path, limit=_CONFIG_BYTES, code="E_CONFIG") if is_there(path) else None
    said: Mapping[str, Any] = cast("Mapping[str, Any]", config) if isinstance(config, dict) else {}
    names: object = said.get("lora_adaptations")
    if not names:
        return None
    try:
        kept: tuple[str, ...] = fitted(names, tuple[str, ...], "lora_adaptations")
        texts: Mapping[str, object] = fitted(
            said.get("task_instructions") or {}, Mapping[str, object], "task_instructions"
        )
        instructions: dict[str, str] = {name: fitted(texts.get(name, ""), str, name) for name in kept}
        alpha: float = fitted(said.get("lora_alpha", 1), float, "lora_alpha")
    except ValueError:
        raise _unusable(path) from None
    if len(instructions) < len(kept):
        raise _unusable(path)
    return TaskAdapters(instructions, float(alpha))


def with_adapter(weights: Weights, adapter: str | None) -> Weights:
    """Return weights with each adapted matrix under its usual name, that of one task added; None for the base alone.

    Raises:
        InputError: ``E_ADAPTER``, for an adapter that the checkpoint does not have.
        WeightsError: ``E_SHAPE``, for factors that do not fit their matrix.
        ConfigError: as `stated_adapters`.
    """
    if not any(name.endswith(_ORIGINAL) for name in weights.entries):
        if adapter is not None:
            raise no_adapter(shown(weights.folder), adapter, ())
        return weights
    stated = stated_adapters(weights.folder)
    names = () if stated is None else tuple(stated.instructions)
    if adapter is not None and adapter not in names:
        raise no_adapter(shown(weights.folder), adapter, names)
    note = Note(
        "N_ADAPTERS",
        "{folder} holds adapters for tasks ({names}); read here: {chosen}.",
        dict(folder=shown(weights.folder), names=", ".join(names), chosen=adapter or "none"),
    )
    return weights.through(AdaptedWeights(weights, stated, adapter), note, adapter=adapter)


def _unusable(path: Path) -> ConfigError:
    return ConfigError(
        "E_CONFIG",
        "{path} does not say what the adapters of its checkpoint are: lora_adaptations, task_instructions or "
        "lora_alpha is of another form.",
        cure="Download config.json again.",
        values=dict(path=shown(path)),
    )


def no_adapter(model: str, name: str, known: tuple[str, ...]) -> InputError:
    """Build the error for an adapter that a model does not have, with those that it has."""
    if not known:
        return InputError(
            "E_ADAPTER",
            "{model} has no adapters for tasks, and none named {name}.",
            cure="Leave it out; a prompt is chosen with prompt_name=... (--prompt-name).",
            values=dict(model=model, name=repr(name[:60])),
        )
    return InputError(
        "E_ADAPTER",
        "{model} has no adapter named {name}.",
        cure="It has: {known}.",
        values=dict(model=model, name=repr(name[:60]), known=", ".join(known)),
    )


class AdaptedWeights:
    """Weights in which every adapted matrix stands under its usual name.

    Args:
        weights: the open files.
        stated: what the config says of adapters.
        adapter: the task whose adapter is added; None for the base.

    Attributes:
        entries: type and shape of every tensor but the factors.
        forms: formats of few bits: none.

    Raises:
        WeightsError: ``E_SHAPE``, for factors that do not fit their matrix or the config.
    """

    forms: tuple[str, ...] = ()

    def __init__(self, weights: Weights, stated: TaskAdapters | None, adapter: str | None) -> None:
        self._weights = weights
        self._alpha = 1.0 if stated is None else stated.alpha
        names = [] if stated is None else [*stated.instructions]
        self._place = None if adapter is None else names.index(adapter)
        self._stems = {
            f"{name.removesuffix(_ORIGINAL)}.weight": name.removesuffix(_ORIGINAL)
            for name in weights.entries
            if name.endswith(_ORIGINAL)
        }
        for stem in self._stems.values():
            self._require_fit(stem, len(names))
        parts = {f"{stem}{part}" for stem in self._stems.values() for part in (_ORIGINAL, _A, _B)}
        kept = {name: entry for name, entry in weights.entries.items() if name not in parts}
        made = {name: self._entry(stem) for name, stem in self._stems.items()}
        self.entries: Mapping[str, TensorEntry] = {**kept, **made}

    def read_into(self, name: str, out: NumberBits, *, allow_nonfinite: bool = False) -> None:
        """Read a tensor into ``out``; see `torso.weights.weights.Weights.read_into`."""
        stem = self._stems.get(name)
        if stem is None or self._place is None:
            stored = name if stem is None else f"{stem}{_ORIGINAL}"
            self._weights.read_into(stored, out, allow_nonfinite=allow_nonfinite)
            return
        path, entry = self._weights.files[0], TensorEntry("F32", self.entries[name].shape)
        write_computed(
            lambda: self._adapted(stem, allow_nonfinite), out, path, entry, name, allow_nonfinite=allow_nonfinite
        )

    def _adapted(self, stem: str, allow_nonfinite: bool) -> NDArray[Any]:
        made, *factors = (
            self._weights.read(f"{stem}{part}", "F32", allow_nonfinite=allow_nonfinite).data
            for part in (_ORIGINAL, _A, _B)
        )
        a, b = (each[self._place] for each in factors)
        left, right = (a, b) if _is_table(stem) else (b, a)
        scale = self._alpha / left.shape[1]
        for start in range(0, len(made), _ROWS):
            made[start : start + _ROWS] += left[start : start + _ROWS] @ right * made.dtype.type(scale)
        return made

    def _entry(self, stem: str) -> TensorEntry:
        return self._weights.entries[f"{stem}{_ORIGINAL}"]

    def _require_fit(self, stem: str, tasks: int) -> None:
        entry, a, b = (self._weights.entries.get(f"{stem}{part}") for part in (_ORIGINAL, _A, _B))
        if entry is not None and a is not None and b is not None and len(a.shape) == len(b.shape) == 3:
            left, right = (a.shape, b.shape) if _is_table(stem) else (b.shape, a.shape)
            fits = left[0] == right[0] == tasks and left[2] == right[1] and (left[1], right[2]) == entry.shape
            if fits and entry.is_float and a.is_float and b.is_float and left[2] > 0:
                return
        there = {"original": entry, "lora_A": a, "lora_B": b}
        found = ", ".join(f"{name} {list(each.shape) if each else '-'}" for name, each in there.items())
        raise WeightsError(
            "E_SHAPE",
            "The factors of {stem} in {folder} do not fit their matrix and {tasks} tasks: {found}.",
            cure="Get the files again, all of one download.",
            values=dict(stem=shown(stem), folder=shown(self._weights.folder), tasks=tasks, found=found),
        )


def _is_table(stem: str) -> bool:
    return stem.endswith("_embeddings")
