"""State dict in a torch.save file: the tensors by name, whatever wraps it."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from torso.errors import FileFormatError, LimitError
from torso.io.paths import shown
from torso.weights.storages import StoredTensor
from torso.weights.tensor_entry import MOST_TENSORS, Note

_SHOWN = 5


def state_dict(saved: object, path: Path) -> tuple[dict[str, StoredTensor], list[Note]]:
    """Return the tensors of a saved state dict by name, and notes on what else was saved.

    A training checkpoint such as ``{"model": {...}, "epoch": 3}`` is opened where exactly one of its values is a state
    dict.

    Raises:
        FileFormatError: E_NOT_STATE_DICT.
        LimitError: E_LIMIT: more than 200,000 tensors.
    """
    table = _named(saved)
    tensors, notes = _tensors(table), list[Note]()
    if not tensors:
        # By identity: a pickle may refer to one large table as often as it likes, and it is searched once.
        values = {id(value): (name, value) for name, value in reversed(table.items())}
        inner = {name: found for name, value in reversed(values.values()) if (found := _tensors(_named(value)))}
        if len(inner) > 1 or not (inner or _is_empty(saved)):
            raise FileFormatError(
                "E_NOT_STATE_DICT",
                "{path} holds no state dict, or several: {found}.",
                cure="Ask its author for torch.save(model.state_dict(), ...), or for safetensors.",
                values=dict(path=shown(path), found=_listed(list(inner)) or type(saved).__name__),
            )
        for name, found in inner.items():
            notes.append(_note("N_NESTED", "The weights in {path} were taken from its part {names}.", path, [name]))
            tensors, table = found, {**table, **_named(table[name])}
            del table[name]
    if len(tensors) > MOST_TENSORS:
        raise LimitError(
            "E_LIMIT",
            "{path} holds more than {limit} tensors, the most that torso reads.",
            cure="Check that this is the file you mean.",
            values=dict(path=shown(path), limit=f"{MOST_TENSORS:,}"),
        )
    others = [name for name in table if name not in tensors]
    if others:
        notes.append(_note("N_NOT_TENSORS", "{path} also holds what are no weights: {names}.", path, others))
    return tensors, notes


def _named(value: object) -> dict[str, object]:
    if not isinstance(value, dict):
        return {}
    return {key: item for key, item in cast("dict[object, object]", value).items() if isinstance(key, str)}


def _tensors(table: dict[str, object]) -> dict[str, StoredTensor]:
    return {name: value for name, value in table.items() if isinstance(value, StoredTensor)}


def _is_empty(saved: object) -> bool:
    return isinstance(saved, dict) and not saved


def _note(code: str, template: str, path: Path, names: list[str]) -> Note:
    return Note(code, template, dict(path=shown(path), names=_listed(names)))


def _listed(names: list[str]) -> str:
    more = ", …" if len(names) > _SHOWN else ""
    return ", ".join(shown(name[:100]) for name in names[:_SHOWN]) + more
