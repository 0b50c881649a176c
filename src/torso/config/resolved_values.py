"""Values of a family's parameters in a config file, resolved as transformers resolves them, with notes on oddities.

Callers must obey every rule; a file only those that affect results. What it states wrongly of training,
of token ids or of the inverse of its labels has no effect, and is noted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import Field
from typing import TYPE_CHECKING, Any, cast

from torso.config.config_file import ConfigFile
from torso.config.fields import check_value, field_info
from torso.config.labels import numbered
from torso.errors import TorsoError
from torso.weights.tensor_entry import Note

if TYPE_CHECKING:
    from torso.config.hub_config import HubConfig

_LONGEST = 100  # characters of a value in a note


def stated(kind: type[HubConfig], file: ConfigFile) -> tuple[dict[str, Any], list[Note]]:
    """Return the parameters that a file gives a config of ``kind``, and notes on how they were read."""
    notes = [
        Note("N_REPEATED", "{path} has the key {name} more than once; the last one counts.", _values(file, key, None))
        for key in file.repeated
    ]
    notes += file.notes
    given: dict[str, Any] = {}
    known = {each.name: each for each in kind.declared()}
    for key, value in file.values.items():
        name = kind.aliases.get(key, key)
        if name not in known or (name != key and name in file.values):
            continue
        if _is_unsaid(known[name], value):
            continue
        if _is_harmless(kind, known[name], value):
            notes.append(
                Note(
                    "N_NO_EFFECT",
                    "{name} in {path} is {value}, which cannot be; it changes no result and is read as {default}.",
                    {**_values(file, name, value), "default": repr(known[name].default)},
                )
            )
            continue
        given[name] = value
    _resolve_labels(given, file, notes)
    return given, notes


def _is_unsaid(declared: Field[Any], value: object) -> bool:
    """Return whether a value is the null that files write for the default of a flag, or of a choice of one value."""
    return value is None and (declared.default is False or field_info(declared).fixed is not None)


def _is_harmless(kind: type, declared: Field[Any], value: object) -> bool:
    # What changes no result need not be right in a file; several files on the Hub hold odd token ids.
    if field_info(declared).acts not in ("none", "train"):
        return False
    try:
        check_value(kind, declared, value)
    except TorsoError:
        return True
    return False


def _resolve_labels(given: dict[str, Any], file: ConfigFile, notes: list[Note]) -> None:
    """Reconcile the three statements of the labels: id2label counts, as in transformers."""
    names = given.get("id2label")
    if names is None:
        if given.pop("label2id", None) is not None:
            what = "{path} has label2id without id2label; it names no label and is left aside."
            notes.append(Note("N_LABELS", what, _values(file, "label2id", None)))
        return
    given.pop("num_labels", None)
    inverse = given.pop("label2id", None)
    if not isinstance(names, dict):
        return
    table = cast("dict[object, object]", names)
    if any(_is_number(name) for name in table.values()):
        what = "{path} has numbers for names in id2label; they are read as text."
        notes.append(Note("N_LABELS", what, _values(file, "id2label", None)))
        table = {key: str(name) if _is_number(name) else name for key, name in table.items()}
        given["id2label"] = table
    resolved = cast("Mapping[object, object]", numbered(table))
    if not all(isinstance(name, str) for name in resolved.values()):
        return
    if inverse is None or inverse == {name: number for number, name in resolved.items()}:
        return
    if len(set(map(str, resolved.values()))) < len(resolved) and isinstance(inverse, dict):
        given["label2id"] = inverse  # several labels of one name: the file alone can say which is meant
        return
    what = "label2id in {path} is not the inverse of id2label; id2label counts, and label2id follows from it."
    notes.append(Note("N_LABELS", what, _values(file, "label2id", inverse)))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _values(file: ConfigFile, name: str, value: object) -> dict[str, object]:
    text = repr(value)
    shown = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
    return dict(path=file.path, name=name[:_LONGEST], value=shown)
