"""Checks of labels, and the weights of classes. Loads no torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from torso.errors import InputError
from torso.training.data_files import Table


def named_weights(given: Mapping[str, float], labels: Sequence[str]) -> list[float]:
    """Return the weight of each label; 1 for those that are not named.

    Raises:
        InputError: ``E_LABELS``, for a name that no text has.
    """
    for name in given:
        if name not in labels:
            raise InputError(
                "E_LABELS",
                "class_weights names the label {label}, which no text has.",
                cure="The labels are: {known}.",
                values=dict(label=repr(name), known=", ".join(labels)),
            )
    return [float(given.get(name, 1.0)) for name in labels]


def balanced_weights(counts: Mapping[str, int], labels: Sequence[str]) -> list[float]:
    """Return weights inverse to how often each label occurs, 1 on average over what is counted."""
    total = sum(counts.values())
    return [total / (len(labels) * max(counts.get(name, 0), 1)) for name in labels]


def require_several(labels: Sequence[str], column: str, table: Table) -> None:
    """Refuse labels that are all the same.

    Raises:
        InputError: ``E_LABELS``.
    """
    if len(labels) < 2:
        raise InputError(
            "E_LABELS",
            "Column {column} of {file} has only the label {label}: there is nothing to tell apart.",
            cure="Add rows with another label, or name another column: --label COLUMN",
            values=dict(column=repr(column), file=table.name, label=", ".join(labels) or "-"),
        )


def unusable_row(table: Table, row: int, reason: str) -> InputError:
    """Build the error of a row that cannot be learnt from."""
    return InputError(
        "E_ROW",
        "Row {row} of {file} cannot be learnt from: {reason}.",
        cure="Correct that row, or leave it out.",
        values=dict(row=table.lines[row], file=table.name, reason=reason),
    )
