"""Reconciliation of a config's three statements of its labels: id2label, label2id and num_labels."""

from __future__ import annotations

from collections.abc import Mapping
from operator import index
from typing import Any, SupportsIndex, cast

from torso.errors import ConfigError

MOST = 200_000
"""More labels than any published classifier has; beyond it a file is broken or hostile."""
_DIGITS = 20  # Python refuses to convert thousands of them


def numbered(id2label: object) -> object:
    """Convert the keys of ``id2label`` to int: JSON has only strings as keys. Malformed input is returned unchanged."""
    if not isinstance(id2label, Mapping):
        return id2label
    table = cast("Mapping[object, object]", id2label)
    return {_number(key): value for key, value in table.items()}


def _number(key: object) -> object:
    if isinstance(key, str):
        return int(key) if key.isdecimal() and len(key) <= _DIGITS else key
    return index(key) if isinstance(key, SupportsIndex) and not isinstance(key, bool) else key


def reconcile(
    num_labels: int | None, id2label: Mapping[int, str] | None, label2id: Mapping[str, int] | None
) -> dict[str, Any]:
    """Return all three statements of labels from those given: names win; a count alone gives ``LABEL_0`` and so on.

    Raises:
        ConfigError: ``E_CONFIG``, for gaps, too many labels, or statements that contradict each other.
    """
    if id2label is None:
        if num_labels is None:
            return {"label2id": None}
        _limit(num_labels)
        id2label = {i: f"LABEL_{i}" for i in range(num_labels)}
    _limit(len(id2label))
    if sorted(id2label) != list(range(len(id2label))):
        raise ConfigError(
            "E_CONFIG",
            "id2label numbers its {count} labels {found}; they must be 0 to {last}.",
            cure="Number the labels from 0 without gaps.",
            values=dict(count=len(id2label), found=_some(sorted(id2label)), last=len(id2label) - 1),
        )
    if num_labels is not None and num_labels != len(id2label):
        raise ConfigError(
            "E_CONFIG",
            "num_labels is {number}, but id2label names {count} labels: {found}.",
            cure="Give one of the two; the count follows from the names.",
            values=dict(number=num_labels, count=len(id2label), found=_some(list(id2label.values()))),
        )
    names = {i: id2label[i] for i in range(len(id2label))}
    inverse = {name: i for i, name in names.items()}
    if label2id is not None and len(inverse) == len(names) and dict(label2id) != inverse:
        raise ConfigError(
            "E_CONFIG",
            "label2id is not the inverse of id2label: it says {theirs}, the inverse is {ours}.",
            cure="Leave label2id out; it follows from id2label.",
            values=dict(theirs=_some(list(label2id.items())), ours=_some(list(inverse.items()))),
        )
    return {"num_labels": len(names), "id2label": names, "label2id": dict(label2id or inverse)}


def _limit(count: int) -> None:
    if count > MOST:
        raise ConfigError(
            "E_CONFIG",
            "The config names {count} labels; torso takes at most {most}.",
            cure="Check id2label and num_labels in config.json.",
            values=dict(count=count, most=MOST),
        )


def _some(items: list[Any]) -> str:
    shown = ", ".join(str(item) for item in items[:6])
    return f"{shown}, ..." if len(items) > 6 else shown
