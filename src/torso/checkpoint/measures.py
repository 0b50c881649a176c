"""The sizes of a model as a weight file shows them: in its shapes, and in the numbers of its layers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from torso.checkpoint.names import Names, Shape
from torso.checkpoint.parameters import Axis, Count


def measured(names: Names, measures: Axis | Count, prefix: str, shapes: Mapping[str, Shape]) -> tuple[int, str] | None:
    """The value of a parameter as the file's shapes tell it, and the key that tells; None where the file does not."""
    if not isinstance(measures, Axis):
        count = _layers_in(shapes, names, measures.modules, prefix)
        return (count, f"{measures.modules}.{count - 1}") if count else None
    keys = names.keys(f"{measures.module}.weight", prefix)
    if any(key not in shapes for key in keys):
        return None
    shape = _stacked([shapes[key] for key in keys])
    shape = shape[::-1] if names.form(f"{measures.module}.weight") == "transposed" else shape
    return (shape[measures.axis], keys[0]) if len(shape) > measures.axis else None


def _layers_in(keys: Iterable[str], names: Names, modules: str, prefix: str) -> int:
    """How many layers a file holds, counted in its keys: one more than the highest number."""
    stems: set[str] = set()
    for ours, row in names.rows.items():
        if ours.startswith(f"{modules}.{{i}}."):
            stems.update(prefix + each.partition("{i}")[0] for each in ((row,) if isinstance(row, str) else row.theirs))
    highest = -1
    for key in keys:
        for stem in stems:
            if key.startswith(stem):
                number = key[len(stem) :].partition(".")[0]
                highest = max(highest, int(number)) if number.isdecimal() and len(number) < 10 else highest
    return highest + 1


def _stacked(shapes: list[Shape]) -> Shape:
    """The shape of tensors put one under another; the first one's where they do not fit together."""
    first = shapes[0]
    if len(shapes) == 1 or any(each[1:] != first[1:] or not each for each in shapes):
        return first
    return (sum(each[0] for each in shapes), *first[1:])
